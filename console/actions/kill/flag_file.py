"""The engine's own two files: the flag, whose existence is the trip, and the state file that says so too.

The flag needs no lock and no space, and it is the first thing that a trip writes. Standard library only.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from console.actions.durable import ChangedError, DurableError, Reserve, replace_file
from console.actions.faults import points_of
from console.actions.kill.actuator import WHOLE, Act, Answer, Order, Scope

FLAG = b"1"
_LARGEST = 1024 * 1024


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
        before = self._said()
        words = "was set already" if before == "set" else "set"
        try:
            replace_file(self.flag, FLAG, expected=None, point=points_of("flag"), keep_owner=False)
        except DurableError as error:
            words = self._with_no_space(error) if error.full and not error.written else str(error)
        after = self._said()
        return Answer(Act.DONE if after == "set" else Act.FAILED, words, before, after)

    def _said(self) -> str:
        return "set" if self.flag.exists() else "not set"

    def _with_no_space(self, error: DurableError) -> str:
        """What is left on a full disk: the reserve, then a name alone, for which there often is room."""
        if self.reserve is not None:
            try:
                self.reserve.become(self.flag, FLAG, point=points_of("flag from reserve"))
            except DurableError as failure:
                error = failure
            else:
                return "set; the disk is full, the reserve was used"
        try:
            os.close(os.open(self.flag, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))
        except OSError:
            return str(error)
        return "set; the disk is full, so the flag may be empty"


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
            before, text = _tripped(self.state)
            if before == "tripped":
                return Answer(Act.DONE, "was tripped already", before, before)
            self._write(text)
        except ChangedError as error:  # by the engine, which writes what it has in memory
            after, _ = _read(error.found)
            act = Act.DONE if after == "tripped" else Act.FAILED
            return Answer(act, "was written over at once", before, after)
        except DurableError as error:
            act = Act.DONE if error.written else Act.FAILED
            return Answer(act, str(error), before, "tripped" if error.written else before)
        except OSError as error:
            return Answer(Act.FAILED, f"{self.state}: {(error.strerror or str(error)).lower()}")
        words = "was no engine's state, so it was written anew" if before == "unreadable" else "set"
        return Answer(Act.DONE, words, before, "tripped")

    def _write(self, text: bytes) -> None:
        points = points_of("state")
        try:
            replace_file(self.state, text, expected=None, point=points, keep_owner=False)
        except DurableError as error:
            if not error.full or self.reserve is None or not self.reserve.give_up():
                raise
            replace_file(self.state, text, expected=None, point=points, keep_owner=False)


def _tripped(state: Path) -> tuple[str, bytes]:
    """What the file says now, and its text when tripped. Raises OSError."""
    import json  # noqa: PLC0415 (the flag is written before)

    try:
        with state.open("rb") as stream:
            content = stream.read(_LARGEST)
    except FileNotFoundError:
        content = None
    before, fields = _read(content)
    return before, json.dumps({**fields, "tripped": True}, separators=(",", ":")).encode() + b"\n"


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
