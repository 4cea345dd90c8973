"""One file of a log: whole lines from it, forwards and backwards, a block at a time."""

import os
from pathlib import Path

from console.sources.errors import SourceError
from console.sources.logs.lines import LONGEST, Chunk, Place

BLOCK = 256 * 1024
"""Bytes that are read at once."""

Identity = tuple[int, int]
"""Device and inode: what a file is, whatever it is called."""


def identity_of(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino


class OpenFile:
    """A file that stays open when it is renamed or removed; reading raises SourceError."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        self.identity = identity_of(os.fstat(self._descriptor))

    def close(self) -> None:
        os.close(self._descriptor)

    def size(self) -> int:
        try:
            return os.fstat(self._descriptor).st_size
        except OSError as error:
            raise self._unreadable(error) from None

    def read(self, begin: int, end: int) -> bytes:
        """What stands between the two bytes, as far as the file goes."""
        try:
            return os.pread(self._descriptor, max(0, end - begin), begin)
        except OSError as error:
            raise self._unreadable(error) from None

    def chunk_before(self, generation: int, end: int) -> Chunk | None:
        """The lines that end at `end`, as many as a block has; None where the file has become shorter."""
        begin = max(0, end - BLOCK)
        data = self.read(begin, end)
        if len(data) < end - begin:
            return None
        if begin > 0:
            first = data.find(b"\n", 0, len(data) - 1) + 1
            if first == 0:
                begin = self.line_begin(begin)
                data = self.read(begin, min(begin + LONGEST, end))
            else:
                begin, data = begin + first, data[first:]
        return Chunk(Place(generation, begin), Place(generation, end), data)

    def chunk_after(self, generation: int, begin: int, limit: int) -> Chunk | None:
        """The lines from `begin` on, as many as a block has; `limit` ends a line.

        None where the file has become shorter.
        """
        end = min(begin + BLOCK, limit)
        data = self.read(begin, end)
        if len(data) < end - begin:
            return None
        if end < limit:
            last = data.rfind(b"\n") + 1
            if last == 0:
                end = self.line_end(end, limit)
                data = self.read(begin, min(begin + LONGEST, end))
            else:
                end, data = begin + last, data[:last]
        return Chunk(Place(generation, begin), Place(generation, end), data)

    def _unreadable(self, error: OSError) -> SourceError:
        return SourceError(f"{self._path}: {error.strerror or error}")

    def line_begin(self, offset: int) -> int:
        """Where the line begins that the byte at `offset` belongs to."""
        while offset > 0:
            begin = max(0, offset - BLOCK)
            found = self.read(begin, offset).rfind(b"\n")
            if found >= 0:
                return begin + found + 1
            offset = begin
        return 0

    def line_end(self, offset: int, limit: int) -> int:
        """Where the line is over, its end included, that the byte at `offset` belongs to; `limit` at most."""
        while offset < limit:
            data = self.read(offset, min(limit, offset + BLOCK))
            found = data.find(b"\n")
            if found >= 0:
                return offset + found + 1
            if not data:
                break
            offset += len(data)
        return limit
