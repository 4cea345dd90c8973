"""The newest lines of a journal while it grows, and what the whole of it is worth: for whoever watches it.

A look costs next to nothing while nothing has changed, and reads only what was appended where something
was. The whole is verified when it has changed, and now and then all the same.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from console.audit.anchors import Witness
from console.audit.errors import JournalError
from console.audit.files import journal_files
from console.audit.record import Record, RecordError, read_line
from console.audit.verify import Verdict, verify
from console.domain.clock import Clock

MOST = 2000
"""Lines that are kept, the newest."""
VERIFIED_AGAIN = 60.0
"""Seconds after which the whole is verified though nothing seems to have changed."""
_SHARE = 20
"""Verifying is begun again after so many times the time that it took: it never has more of a core."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `number` counts them from the first that was read; `place` is `file:line`.

    `why` says what is wrong with a line that holds no sound record.
    """

    number: int
    place: str
    record: Record | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen: the newest lines, oldest first, and the verdict on the whole with its instant.

    `verdict` is None until there is one, `at` and `verified_at` are on the console's clock. `error` says why
    the journal could not be read; the rest is then what was seen before.
    """

    entries: tuple[Entry, ...] = ()
    verdict: Verdict | None = None
    verified_at: float | None = None
    at: float = 0.0
    error: str = ""


class Follower:
    """Follows the journal in `folder`. Blocking, and for one thread at a time."""

    def __init__(self, folder: Path, witnesses: Sequence[Witness], clock: Clock, *, most: int = MOST) -> None:
        self.folder = folder
        self._witnesses = witnesses
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=most)
        self._most = most
        self._read: tuple[_Print, ...] = ()
        self._verified: tuple[_Print, ...] | None = None
        self._took = 0.0
        self._end = _NOWHERE
        self._look = Look()

    def look(self, *, verify_now: bool = False) -> Look:
        """What there is now. With `verify_now` the whole is verified whatever has or hasn't changed."""
        now = self._clock.now()
        try:
            files = journal_files(self.folder)
            prints = tuple(map(_print_of, files))
            if prints != self._read:
                self._read_on(files, prints)
            self._look = replace(self._look, entries=self._seen(), at=now, error="")
            if verify_now or self._is_to_be_verified(prints, now):
                self._verify(prints, now)
        except JournalError as error:
            self._look = replace(self._look, at=now, error=str(error))
        except OSError as error:
            why = f"can't read {error.filename or self.folder}: {error.strerror}"
            self._look = replace(self._look, at=now, error=why)
        return self._look

    def _seen(self) -> tuple[Entry, ...]:
        """The entries, as the same object where they are the same."""
        before = self._look.entries
        same = len(before) == len(self._entries) and (not before or before[-1] is self._entries[-1])
        return before if same else tuple(self._entries)

    def _read_on(self, files: Sequence[Path], prints: "tuple[_Print, ...]") -> None:
        """Take in what was appended; everything anew where what was read isn't there any more."""
        if not _continues(self._read, prints):
            self._entries.clear()
            self._end = _NOWHERE
            files = _last_files(files, self._most)
        for file in files:
            if file.name < self._end.file:
                continue
            if file.name != self._end.file:
                self._end = _End(file.name)
            self._end = self._append(file, self._end)
        self._read = prints

    def _append(self, file: Path, end: "_End") -> "_End":
        """Take in the ended lines of `file` after `end`; returns where they end."""
        with file.open("rb") as stream:
            stream.seek(end.offset)
            data = stream.read()
        *ended, rest = data.split(b"\n")
        first = end.line + max(0, len(ended) - self._most) + 1
        for line, raw in enumerate(ended[-self._most :], first):
            number = self._entries[-1].number + 1 if self._entries else 1
            self._entries.append(_entry(number, f"{file.name}:{line}", raw))
        return _End(end.file, end.offset + len(data) - len(rest), end.line + len(ended))

    def _is_to_be_verified(self, prints: "tuple[_Print, ...]", now: float) -> bool:
        if self._look.verified_at is None:
            return True
        since = now - self._look.verified_at
        due = VERIFIED_AGAIN if prints == self._verified else 0.0
        return since >= max(due, _SHARE * self._took)

    def _verify(self, prints: "tuple[_Print, ...]", now: float) -> None:
        verdict = verify(self.folder, self._witnesses)
        known = None if self._look.verdict is None else self._look.verdict.finding
        if verdict.finding != known:
            self._read = ()  # what has been edited since it was read, or mended, is read anew
        self._took = self._clock.now() - now
        self._verified = prints
        self._look = replace(self._look, verdict=verdict, verified_at=now)


@dataclass(frozen=True, slots=True)
class _Print:
    """By what a file is known to be as it was: nobody but root can set the change time."""

    name: str
    inode: int
    size: int
    changed: int


@dataclass(frozen=True, slots=True)
class _End:
    """How far a file has been read: bytes and lines."""

    file: str
    offset: int = 0
    line: int = 0


_NOWHERE = _End("")


def _print_of(file: Path) -> _Print:
    status = file.stat()
    return _Print(file.name, status.st_ino, status.st_size, status.st_ctime_ns)


def _continues(before: Sequence[_Print], now: Sequence[_Print]) -> bool:
    """Whether each file that was read is still the same one and no shorter."""
    return 0 < len(before) <= len(now) and all(
        old.name == new.name and old.inode == new.inode and old.size <= new.size
        for old, new in zip(before, now, strict=False)
    )


def _last_files(files: Sequence[Path], lines: int) -> Sequence[Path]:
    """The newest files that hold so many lines together, in their order."""
    count, first = 0, len(files)
    while first > 0 and count < lines:
        first -= 1
        count += files[first].read_bytes().count(b"\n")
    return files[first:]


def _entry(number: int, place: str, raw: bytes) -> Entry:
    try:
        return Entry(number, place, read_line(raw))
    except RecordError as error:
        return Entry(number, place, None, str(error))
