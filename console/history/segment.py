"""One file of the record: writing it frame by frame, and finding what is in it."""

import itertools
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from console.history.frames import FIRST_LINE, Frame, Kind, RecordError, find_frames, frame
from console.history.header import Header, header_document, header_of
from console.history.payload import pack, unpack

ENDING = ".rec"
_NAME = "%Y%m%dT%H%M%SZ"


class SegmentWriter:
    """A file that grows. What was written before it is closed can be read at any time."""

    def __init__(self, folder: Path, header: Header, now: float, wall: float) -> None:
        """Begin a file of this process's own in `folder`; OSError where that can't be."""
        self.path, self._file = _new_file(folder, wall)
        self.began = now
        self.size = 0
        self._append(FIRST_LINE + frame(Kind.HEADER, now, wall, pack(header_document(header))[0]))

    def write(self, kind: Kind, now: float, wall: float, payload: bytes) -> None:
        """Add one frame, or on OSError nothing at all."""
        self._append(frame(kind, now, wall, payload))

    def keep_safe(self) -> None:
        """Hand what was written to the disk, so that a power cut doesn't take it."""
        os.fdatasync(self._file)

    def close(self) -> None:
        os.close(self._file)

    def _append(self, whole: bytes) -> None:
        try:
            written = os.write(self._file, whole)
            while written < len(whole):
                written += os.write(self._file, whole[written:])
        except OSError:
            os.ftruncate(self._file, self.size)
            os.lseek(self._file, self.size, os.SEEK_SET)
            raise
        self.size += len(whole)


@dataclass(frozen=True, slots=True)
class Segment:
    """What a file holds: its steps and keys in the order of their instants.

    `damaged` says in how many places its bytes were not what was written there.
    """

    path: Path
    header: Header
    steps: tuple[Frame, ...]
    keys: tuple[Frame, ...]
    damaged: int

    @property
    def begin(self) -> float:
        return self.steps[0].now

    @property
    def end(self) -> float:
        return self.steps[-1].now

    def before(self, end: float) -> "Segment":
        """The part that is earlier than `end`."""
        return replace(
            self,
            steps=tuple(step for step in self.steps if step.now < end),
            keys=tuple(key for key in self.keys if key.now < end),
        )


def find_segments(file: Path) -> tuple[Segment, ...]:
    """The segments of `file`, a segment itself or a folder of them, in the order of their time.

    Where two consoles recorded the same minutes, the one that began later is taken, if it went on longer.
    RecordError names what can't be replayed; in a folder, such a file is left out as long as there is
    another.
    """
    try:
        files = sorted(file.glob(f"*{ENDING}")) if file.is_dir() else [file]
    except OSError as error:
        raise RecordError(f"{file}: {error.strerror or error}") from None
    if not files:
        raise RecordError(f"{file}: no record in this folder: its files end in {ENDING}{_elsewhere(file)}")
    found: list[Segment] = []
    refused: RecordError | None = None
    for one in files:
        try:
            found.append(read_segment(one))
        except RecordError as error:
            refused = error
    if not found:
        raise refused or RecordError(f"{file}: no record")
    return _in_turn(sorted(found, key=lambda segment: segment.begin))


def _elsewhere(folder: Path) -> str:
    """Which folders have records, where `folder` is a state folder, or another one of such a folder's."""
    near = (folder, folder.resolve().parent)
    found = set[Path]()
    for above, below in itertools.product(near, _BELOW):
        with suppress(OSError):  # a folder that goes meanwhile is none to name
            found |= {one.parent for one in above.glob(f"{below}*{ENDING}")}
    if not found:
        return ""
    named = ", ".join(map(str, sorted(found)[:_MOST_NAMED]))
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return f"; name one that has some: {named}{more}"


_BELOW = ("*/", "history/*/", "uid-*/history/*/")
"""Where a state folder, and its `history`, have the records of each context."""
_MOST_NAMED = 3


def read_segment(file: Path) -> Segment:
    """What `file` holds. RecordError for one that can't be replayed."""
    data = content(file)
    try:
        frames, damaged = find_frames(data)
    except RecordError as error:
        raise RecordError(f"{file}: {error}") from None
    if not frames or frames[0].kind is not Kind.HEADER:
        raise RecordError(f"{file}: byte {len(FIRST_LINE)}: no header: allowed is what a console has written")
    try:
        header = header_of(unpack(frames[0].payload(data))[0])
    except RecordError as error:
        raise RecordError(f"{file}: byte {frames[0].offset}: {error}") from None
    steps = tuple(one for one in frames if one.kind in (Kind.WHOLE, Kind.CHANGES))
    while steps and steps[0].kind is not Kind.WHOLE:
        steps = steps[1:]  # changes of what was lost
    if not steps:
        raise RecordError(f"{file}: byte {len(data)}: ends before its first step")
    keys = sorted((one for one in frames if one.kind is Kind.KEY), key=lambda one: one.now)
    for before, after in itertools.pairwise(steps):
        if after.now <= before.now:
            raise RecordError(f"{file}: byte {after.offset}: a step that isn't later than the one before")
    return Segment(file, header, steps, tuple(keys), damaged)


def content(file: Path) -> bytes:
    """The bytes of `file`; RecordError where they can't be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise RecordError(f"{file}: {error.strerror or error}") from None


def segment_files(folder: Path) -> list[tuple[float, Path]]:
    """The files that consoles have written into `folder`, each with the time of day when it was begun."""
    found = []
    for file in folder.glob(f"*{ENDING}"):
        name = file.name.partition("-")[0]
        with suppress(ValueError):  # named by somebody else
            began = datetime.fromisoformat(name)  # reads it without what strptime imports
            if began.strftime(_NAME) == name:
                found.append((began.timestamp(), file))
    return found


def _new_file(folder: Path, wall: float) -> tuple[Path, int]:
    """A file that nobody else has: named by its time and its process."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem = f"{datetime.fromtimestamp(wall, UTC).strftime(_NAME)}-{os.getpid()}"
    number = 0
    while True:
        path = folder / f"{stem}{f'-{number}' if number else ''}{ENDING}"
        try:
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            number += 1


def _in_turn(segments: list[Segment]) -> tuple[Segment, ...]:
    turns: list[Segment] = []
    for segment in segments:
        if turns and segment.end <= turns[-1].end:
            continue
        if turns:
            turns[-1] = turns[-1].before(segment.begin)
        turns.append(segment)
    return tuple(turn for turn in turns if turn.steps)
