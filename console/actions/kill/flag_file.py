"""The engine's own two files: the flag, whose existence is the trip, and the state file that says so too.

The flag needs no lock and no space, and it is the first thing that a trip writes. Standard library only.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from console.actions.durable import ChangedError, DurableError, Reserve, digest, replace_file
from console.actions.faults import points_of
from console.actions.kill.actuator import WHOLE, Act, Answer, Order, Scope
from console.actions.removal import Identity, identity_of, remove_file

FLAG = b"1"
STATE_KEY = "tripped"
"""What a trip says that it has changed in the state file."""
_MODE = 0o644
"""Of a new file, whatever the umask is: the engine may be another user's."""
_LARGEST = 1024 * 1024
_TRIES = 4
"""How often a state file is read anew that the engine writes at the same instant."""


@dataclass(frozen=True, slots=True)
class FlagFile:
    """Sets `state/ops_kill_switch.flag`. A full disk is met with the reserve, else with an empty flag."""

    flag: Path
    reserve: Reserve | None = None
    deadline: float = 1.0
    name: str = "flag file"
    scopes: frozenset[Scope] = WHOLE

    def fire(self, order: Order) -> Answer:
        """Write a fresh flag even over an old one, so that a reset under way sees that it came later."""
        before, old = self._look()
        words, unread = "was set already" if before == "set" else "set", Act.DONE
        try:
            replace_file(
                self.flag, FLAG, expected=None, point=points_of("flag"), keep_owner=False, mode=_MODE
            )
        except DurableError as error:
            words = self._with_no_space(error) if error.full and not error.written else str(error)
            unread = Act.UNKNOWN if error.full or error.written else Act.FAILED
        after, new = self._look()
        ours = before != "unreadable" and unread is not Act.FAILED
        found = _replaced(old, new) if ours else {}
        act = {"set": Act.DONE, "not set": Act.FAILED}.get(after, unread)
        return Answer(act, words, before, after, found)

    def clear(self, seen: Identity | None) -> Answer:
        """Remove the flag that was `seen`; one that came later is a trip, and stays."""
        before = self.said()
        try:
            if seen is not None:
                remove_file(self.flag, seen, points_of("reset flag"))
        except ChangedError as error:
            return Answer(Act.REFUSED, str(error), before, self.said())
        except DurableError as error:
            return Answer(Act.FAILED, str(error), before, self.said())
        after = self.said()
        if after == "set":
            return Answer(Act.REFUSED, "was written anew, and stays", before, after)
        if after == "unreadable":
            return Answer(Act.UNKNOWN, "can't be read back", before, after)
        return Answer(Act.DONE, "removed" if before == "set" else "was gone already", before, after)

    def said(self) -> str:
        """What the surface says now: `set`, `not set` or `unreadable`."""
        return self._look()[0]

    def _look(self) -> tuple[str, Identity | None]:
        """What the surface says now, and which flag it is that is set."""
        try:
            flag = identity_of(self.flag)
        except DurableError:
            return "unreadable", None
        return ("not set" if flag is None else "set"), flag

    def _with_no_space(self, error: DurableError) -> str:
        """What is left on a full disk: the reserve, then a name alone, for which there often is room."""
        if self.reserve is not None:
            try:
                self.reserve.become(self.flag, FLAG, point=points_of("flag from reserve"))
            except DurableError as failure:
                error = failure  # such as another user's, which can only be removed
                self.reserve.give_up()
            else:
                return "set; the disk is full, the reserve was used"
        try:
            handle = os.open(self.flag, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, _MODE)
        except OSError:
            return str(error)
        with suppress(OSError):  # another user's is a flag as good
            os.fchmod(handle, _MODE)
        os.close(handle)
        return "set; the disk is full, so the flag may be empty"


def is_of_trips(flag: Identity, found: Mapping[str, str | None]) -> bool:
    """Whether `flag` was written by the trips that have `found` this, of which the first found none.

    One that somebody else has written, before the first of them or after the last, is not.
    """
    earlier, at = dict(found), _key(flag)
    while at in earlier:
        before = earlier.pop(at)
        if before is None:
            return True
        at = before
    return False


@dataclass(frozen=True, slots=True)
class StateFile:
    """Sets `tripped` in `state/ops_state.json`, which engines rewrite from memory about once a second."""

    state: Path
    reserve: Reserve | None = None
    deadline: float = 2.0
    name: str = "state file"
    scopes: frozenset[Scope] = WHOLE

    def fire(self, order: Order) -> Answer:
        """Write it in the engine's own format, other fields kept; what is no such file is written anew."""
        try:
            before, fields = _read(_content(self.state))
            if before == "tripped":
                return Answer(Act.DONE, "was tripped already", before, before)
            self._write(_text(fields, tripped=True))
        except ChangedError as error:  # by the engine, which writes what it has in memory
            after, _ = _read(error.found)
            act = Act.DONE if after == "tripped" else Act.FAILED
            return Answer(act, "was written over at once", before, after)
        except DurableError as error:
            if not error.written:
                return Answer(Act.FAILED, str(error), before, before)
            return Answer(Act.DONE, str(error), before, "tripped", {STATE_KEY: before})
        except OSError as error:
            return Answer(Act.FAILED, f"{self.state}: {(error.strerror or str(error)).lower()}")
        words = "was no engine's state, so it was written anew" if before == "unreadable" else "set"
        return Answer(Act.DONE, words, before, "tripped", {STATE_KEY: before})

    def clear(self) -> Answer:
        """Write that it isn't tripped. An engine that runs writes what it has in memory: then that counts."""
        before = self.said()
        for _ in range(_TRIES):
            try:
                content = _content(self.state)
                said, fields = _read(content)
                if content is None or said == "clear":
                    return Answer(Act.DONE, f"is {said}", before, said)
                if said == "unreadable":
                    return Answer(Act.FAILED, "is no engine's state", before, said)
                self._clear_once(content, _text(fields, tripped=False))
                return Answer(Act.DONE, "set to clear", before, "clear")
            except ChangedError:
                continue
            except DurableError as error:
                return Answer(Act.FAILED, str(error), before, self.said())
            except OSError as error:
                return Answer(Act.FAILED, f"{self.state}: {(error.strerror or str(error)).lower()}", before)
        return Answer(Act.FAILED, f"was written over at once, {_TRIES} times", before, self.said())

    def said(self) -> str:
        """What the surface says now: `tripped`, `clear`, `missing` or `unreadable`."""
        try:
            return _read(_content(self.state))[0]
        except OSError:
            return "unreadable"

    def _clear_once(self, seen: bytes, text: bytes) -> None:
        points = points_of("reset state")
        replace_file(self.state, text, expected=digest(seen), point=points, keep_owner=False)

    def _write(self, text: bytes) -> None:
        points = points_of("state")
        try:
            replace_file(self.state, text, expected=None, point=points, keep_owner=False, mode=_MODE)
        except DurableError as error:
            if not error.full or self.reserve is None or not self.reserve.give_up():
                raise
            replace_file(self.state, text, expected=None, point=points, keep_owner=False, mode=_MODE)


def _replaced(old: Identity | None, new: Identity | None) -> dict[str, str | None]:
    """What a trip says that it has found: the flag in whose place its own came, None for no flag."""
    if new is None or new == old:
        return {}
    return {_key(new): None if old is None else _key(old)}


def _key(flag: Identity) -> str:
    return f"flag {flag}"


def _content(state: Path) -> bytes | None:
    """What the file holds, None where there is none. Raises OSError."""
    try:
        with state.open("rb") as stream:
            return stream.read(_LARGEST)
    except FileNotFoundError:
        return None


def _text(fields: dict[str, object], *, tripped: bool) -> bytes:
    """The file's text when it says `tripped`, in the engine's own format."""
    import json  # noqa: PLC0415 (the flag is written before)

    return json.dumps({**fields, "tripped": tripped}, separators=(",", ":")).encode() + b"\n"


def _read(content: bytes | None) -> tuple[str, dict[str, object]]:
    """`missing`, `unreadable`, `clear` or `tripped`, and the fields; an engine's first, if there are none."""
    import json  # noqa: PLC0415

    if content is None:
        return "missing", _FIRST
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return "unreadable", _FIRST
    if not isinstance(document, dict):
        return "unreadable", _FIRST
    return "tripped" if document.get("tripped") is True else "clear", document


_FIRST: dict[str, object] = {
    "counters": {"rest": 0, "ws": 0, "duplicates": 0, "stale": 0},
    "last_ts": {},
}
