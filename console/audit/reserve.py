"""Space on the disk that is kept allocated, so that a full disk doesn't stop the next records.

It is given up slice by slice: whoever filled the disk is likely to take what becomes free, and then the
next slice is still there.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path

from console.audit.files import open_file
from console.audit.points import Point, around

SIZE = 256 * 1024
SLICE = 16 * 1024
"""Bytes kept, and bytes given up at a time: some hundred records, and some ten."""

_FULL = (errno.ENOSPC, errno.EDQUOT)


class Reserve:
    """The space kept in `file`, given up slice by slice."""

    def __init__(self, file: Path, point: Point) -> None:
        self._file = file
        self._point = point

    @property
    def left(self) -> int:
        """Bytes that are kept now."""
        try:
            return self._file.stat().st_size
        except FileNotFoundError:
            return 0

    def fill(self) -> None:
        """Keep SIZE bytes again. On a disk without room for that, what there is stays as it is."""
        with suppress(OSError):
            if self.left < SIZE:
                self._allocate()

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of `data`, giving up slices while the disk is full; OSError when none is left."""
        while data:
            try:
                with around(self._point, "journal.write"):
                    written = os.write(descriptor, data)
            except OSError as error:
                if error.errno not in _FULL or not self._give_up():
                    raise
            else:
                data = data[written:]

    def _allocate(self) -> None:
        with around(self._point, "reserve.fill"):
            descriptor = open_file(self._file, os.O_RDWR)
            try:
                os.posix_fallocate(descriptor, 0, SIZE)
            finally:
                os.close(descriptor)

    def _give_up(self) -> bool:
        left = self.left
        if not left:
            return False
        with around(self._point, "reserve.shrink"):
            descriptor = os.open(self._file, os.O_RDWR | os.O_CLOEXEC)
            try:
                os.ftruncate(descriptor, max(0, left - SLICE))
                os.fsync(descriptor)  # file systems free the blocks when their own journal commits
            finally:
                os.close(descriptor)
        return True
