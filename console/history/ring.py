"""Keeping the record within its bounds of time and size: the oldest files go."""

import os
from dataclasses import dataclass
from pathlib import Path

from console.history.segment import segment_files

MEGABYTE = 1_000_000
LEAST_FREE = 100 * MEGABYTE
"""Bytes that stay free on the disk: below that nothing is recorded."""
LONGEST_SEGMENT = 3600.0
"""Seconds after which a new file is begun."""
_SEGMENTS = 8
"""How many files the record has at least when it is full, so that making room takes a small part of it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """`keep` in seconds, `size` in bytes: both of all files of a context together."""

    keep: float
    size: int

    @property
    def segment_size(self) -> int:
        return self.size // _SEGMENTS

    @property
    def segment_time(self) -> float:
        return min(LONGEST_SEGMENT, self.keep / _SEGMENTS)


def make_room(folder: Path, bounds: Bounds, wall: float, writing: Path | None) -> None:
    """Remove the oldest files of `folder` until it is within `bounds`, with room for the one being written.

    `writing` itself stays. A file that somebody else removes meanwhile is as good as removed.
    """
    oldest = wall - bounds.keep - bounds.segment_time
    room = bounds.size - bounds.segment_size
    for began, file in sorted(segment_files(folder), reverse=True):
        if file == writing:
            continue
        try:
            room -= file.stat().st_size
        except FileNotFoundError:
            continue
        if began < oldest or room < 0:
            file.unlink(missing_ok=True)


def free_space(folder: Path) -> int:
    """Bytes that this user may still write on the folder's disk."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
