"""The end of the journal: the record that the next one follows, and what a crash left after it."""

import os
from dataclasses import dataclass
from pathlib import Path

from console.audit.files import journal_files
from console.audit.record import BEGINNING, Head, RecordError, read_line

_FIRST_LOOK = 64 * 1024
_FURTHER = 16
"""Bytes that are read from the end at first, and how many times more if no record is found in them."""


@dataclass(frozen=True, slots=True)
class Tail:
    """`file` is the newest file, None before the first record, and `size` its bytes.

    `head` is the last record's, which stands in `last`: in an older file while the newest holds no record.
    `torn` is what stands after it in the newest, without a newline at its end; `ended` is False when the
    newest file's last byte isn't a newline.
    """

    file: Path | None
    size: int
    head: Head
    last: Path | None
    torn: bytes
    ended: bool


def read_tail(folder: Path) -> Tail:
    """The end of the journal in `folder`; OSError when it can't be read."""
    files = journal_files(folder)
    if not files:
        return Tail(None, 0, BEGINNING, None, torn=b"", ended=True)
    *older, newest = files
    head, rest, size = _end_of(newest)
    torn = (rest if head is None else rest.removeprefix(b"\n")).removesuffix(b"\n")
    ended = not size or rest.endswith(b"\n")
    last = newest
    while head is None and older:
        last = older.pop()
        head = _end_of(last)[0]
    return Tail(newest, size, head or BEGINNING, last if head else None, torn, ended)


def _end_of(file: Path) -> tuple[Head | None, bytes, int]:
    """The last sound record of `file`, all bytes after it (its newline first), and the file's size."""
    with file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        look = _FIRST_LOOK
        while True:
            start = max(0, size - look)
            stream.seek(start)
            data = stream.read(size - start)
            found = _last_sound(data, whole=start == 0)
            if found is not None:
                return found[0], data[found[1] :], size
            if start == 0:
                return None, data, size
            look *= _FURTHER


def _last_sound(data: bytes, *, whole: bool) -> tuple[Head, int] | None:
    """The last sound record in `data` and where its line ends; the first line counts if it is `whole`."""
    stop = len(data)
    while stop >= 0:
        start = data.rfind(b"\n", 0, stop) + 1
        if start or whole:
            try:
                return read_line(data[start:stop]).head, stop
            except RecordError:
                pass
        stop = start - 1
    return None
