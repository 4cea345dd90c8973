"""The flags file as consoles write it: one at a time on a host, and only over what was seen.

Neither the database nor the journal is needed here, so that less risk never waits for them.
"""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from console.actions.durable import ChangedError, DurableError, Reserve, digest, replace_file
from console.actions.faults import points_of
from console.domain.clock import Clock
from console.host_lock import LockError, host_lock, opened
from console.patience import within

T = TypeVar("T")

FLAGS_LOCK = "flags.lock"
"""In the state folder: the lock on the flags file, for trips and for the rollout."""
TRIES = 8
"""How often a file that others change meanwhile is read and edited anew: each time it is their newest."""
_SAVING = 0.005
"""Seconds to the next look at a file that makes no sense: an editor that saves it may be half through."""
_LOOKS = 50
"""How often such a file is looked at: an editor has a quarter of a second."""
_LEAST_RESERVE = 64 * 1024
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The file's bytes as they were seen, and as they are meant to be."""

    seen: bytes
    mine: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """The file was read back and holds `after`; `remark` says what isn't as it should be: no lock, say."""

    before: bytes
    after: bytes
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else changed the file, and theirs stays; `theirs` is None where they removed it."""

    why: str
    draft: Draft
    theirs: bytes | None


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Why the file was left as it is, as one line."""

    why: str


Outcome = Written | Conflict | Unwritten


@dataclass(frozen=True, slots=True)
class FlagsFile:
    """A flags file, and the lock that all consoles on this host share for it.

    `lock_deadline` is how many seconds to wait for the lock, and for its disk. `subject` names the writer's
    fault points; `keep_owner` False lets the file become ours where the system doesn't let us keep its owner.
    """

    path: Path
    lock: Path
    clock: Clock
    lock_deadline: float = 0.5
    subject: str = "rollout"
    keep_owner: bool = True

    def read(self) -> bytes:
        """The file's bytes now. Raises DurableError."""
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise DurableError(f"{self.path}: {(error.strerror or str(error)).lower()}") from None

    def write(self, draft: Draft, *, urgent: bool) -> Outcome:
        """Replace what was seen by what is meant, or nothing.

        What is `urgent`, because it lowers risk, goes on where the lock isn't had, where the owner can't be
        kept, and on a full disk, for which there is a reserve.
        """
        return self._alone(lambda: self._replaced(draft, urgent=urgent), urgent=urgent)

    def follow(self, draft_of: Callable[[bytes], Draft], *, urgent: bool) -> Outcome:
        """As `write`, of what `draft_of` makes of the file as it is then; anew where others were faster.

        Raises what `draft_of` still raises when an editor has had time to finish.
        """
        return self._alone(lambda: self._followed(draft_of, urgent=urgent), urgent=urgent)

    def understood(self, meaning: Callable[[bytes], T]) -> T:
        """What `meaning` makes of the file as soon as it can make anything of it.

        Raises what it still raises when an editor has had time to finish, or DurableError.
        """
        for _ in range(_LOOKS - 1):
            with suppress(Exception):  # whatever it is, the last look below lets it through
                return meaning(self.read())
            time.sleep(_SAVING)
        return meaning(self.read())

    def _alone(self, act: Callable[[], Outcome], *, urgent: bool) -> Outcome:
        """Act under the lock; what is urgent goes on without it, and says so."""
        lock = host_lock(
            self.lock, deadline=self.lock_deadline, clock=self.clock, open_file=self._opened_in_time
        )
        with ExitStack() as stack:
            try:
                stack.enter_context(lock)
            except LockError as error:
                return _remarked(act(), f"without the lock: {error}") if urgent else Unwritten(str(error))
            return act()

    def _opened_in_time(self, lock: Path) -> int:
        """The lock's descriptor. Raises LockError, also where its disk doesn't answer."""
        found = within(self.lock_deadline, partial(_opened, lock), "flags lock")
        if found is None:
            raise LockError(f"{lock}: its disk has not answered in {self.lock_deadline:g} s")
        if isinstance(found, LockError):
            raise found
        return found

    def _followed(self, draft_of: Callable[[bytes], Draft], *, urgent: bool) -> Outcome:
        tries = 0
        while True:
            tries += 1
            try:
                told = self._replaced(self.understood(draft_of), urgent=urgent)
            except DurableError as error:
                return Unwritten(str(error))
            if not isinstance(told, Conflict):
                return told
            if tries == TRIES:
                return replace(told, why=f"{told.why}, {TRIES} times")

    def _replaced(self, draft: Draft, *, urgent: bool) -> Outcome:
        owner = _owner(self.path)
        told = Written(draft.seen, draft.mine)
        try:
            self._replace(draft, urgent=urgent)
        except ChangedError as error:
            return Conflict(str(error), draft, error.found)
        except DurableError as error:
            if not error.written:
                return Unwritten(str(error))
            told = replace(told, remark=str(error))
        now = _owner(self.path)
        if now == owner:
            return told
        taken_over = f"belonged to {owner}, now to {now}: see that the engine can read it"
        return _remarked(told, f"{self.path} {taken_over}")

    def _replace(self, draft: Draft, *, urgent: bool) -> None:
        if draft.mine == draft.seen:
            found = self.read()
            if found != draft.seen:
                raise ChangedError(f"{self.path}: has changed since", found)
            return
        write = partial(
            replace_file,
            self.path,
            draft.mine,
            expected=digest(draft.seen),
            point=points_of(self.subject),
            keep_owner=self.keep_owner and not urgent,
        )
        try:
            write()
        except DurableError as error:
            if not (urgent and error.full and not error.written and reserve_of(self.path).give_up()):
                raise
            write()


def reserve_of(file: Path) -> Reserve:
    """The space that an urgent change needs on a full disk: that of what a symlink points to.

    The least there is, where the file can't be looked at.
    """
    target, size = Path(os.path.realpath(file)), 0
    with suppress(OSError):
        size = target.stat().st_size
    return Reserve(target.with_name(f".{target.name}.reserve"), max(2 * size, _LEAST_RESERVE))


def _opened(lock: Path) -> int | LockError:
    """A descriptor of `lock`, with its folder made if this is the first deed of all; or why there is none."""
    with suppress(OSError):
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return opened(lock)
    except LockError as error:
        return error


def _owner(file: Path) -> str:
    try:
        status = file.stat()
    except OSError:
        return "nobody"
    return f"uid {status.st_uid}, gid {status.st_gid}"


def _remarked(told: Outcome, remark: str) -> Outcome:
    if isinstance(told, Written):
        return replace(told, remark="; ".join(filter(None, (told.remark, remark))))
    return replace(told, why=f"{told.why}; {remark}")
