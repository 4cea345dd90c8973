"""The journal's files: what they are called, whom they are open to, and their lines.

    audit/journal-000001.jsonl    records, one a line; the newest file is the one with the highest number
    audit/lock                    held while somebody appends
    audit/reserve                 space that is given up when the disk is full

Only the owner may read or write them, unless an administrator made the folder for a group (mode 2770):
then that group may too. Others never may.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console.audit.errors import JournalError
from console.audit.points import Point, around
from console.audit.record import Record, RecordError, read_line

LOCK = "lock"
RESERVE = "reserve"

_GROUP = 0o070
_NAME = re.compile(r"journal-[0-9]{6,9}\.jsonl")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands in a file, without its newline; `ended` is False where that is missing."""

    file: str
    number: int
    raw: bytes
    ended: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"


def journal_files(folder: Path) -> tuple[Path, ...]:
    """The files of records, oldest first; none when there is no such folder.

    OSError when the folder can't be read: that is no empty journal, as `glob` would have it.
    """
    try:
        found = [file for file in folder.iterdir() if _NAME.fullmatch(file.name)]
    except FileNotFoundError:
        return ()
    return tuple(sorted(found, key=number_of))


def journal_file(folder: Path, number: int) -> Path:
    return folder / f"journal-{number:06d}.jsonl"


def number_of(file: Path) -> int:
    return int(file.stem.removeprefix("journal-"))


def lines(folder: Path) -> Iterator[Line]:
    """Every line of every file, in order; JournalError when one can't be read."""
    with _readable(folder):
        files = journal_files(folder)
    for file in files:
        with _readable(file), file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                raw = line.removesuffix(b"\n")
                yield Line(file.name, number, raw, ended=raw != line)


def records(folder: Path) -> Iterator[Record]:
    """Every sound record, in the order in which they stand; what isn't sound is for `verify` to tell."""
    for line in lines(folder):
        try:
            yield read_line(line.raw)
        except RecordError:
            continue


def make_folder(folder: Path, point: Point) -> None:
    """Make `folder` and what is missing above it, for the owner only; one that exists stays as it is."""
    if not folder.is_dir():
        with around(point, "journal.folder"):
            folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.mkdir(exist_ok=True, mode=0o700)
            sync(folder.parent)


def open_file(file: Path, flags: int) -> int:
    """A descriptor of `file`, made where it isn't there, with the mode that its folder asks for."""
    mode = mode_in(file.parent)
    descriptor = os.open(file, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    status = os.fstat(descriptor)
    if status.st_mode & 0o777 != mode and status.st_uid == os.geteuid():
        os.fchmod(descriptor, mode)
    return descriptor


def mode_in(folder: Path) -> int:
    """The mode of a new file there: whoever shares the folder may read and change what is in it."""
    return 0o660 if folder.stat().st_mode & _GROUP == _GROUP else 0o600


def sync(place: Path) -> None:
    """Make durable what a file holds, or which files a folder holds."""
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _readable(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise JournalError(f"can't read {place}: {error.strerror}") from error
