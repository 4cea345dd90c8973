"""The lock that all consoles on one host share: waited for until a deadline, never longer.

The kernel lets go of it when its holder dies; a holder that is stopped keeps it, hence the deadline.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.audit.errors import JournalError
from console.audit.files import open_file
from console.audit.points import Point, around
from console.domain.clock import Clock

PAUSE = 0.002
"""Seconds between two tries."""


@contextmanager
def held(file: Path, clock: Clock, wait: float, point: Point) -> Iterator[None]:
    """Hold the lock on `file`; JournalError when somebody else has held it for `wait` seconds."""
    deadline = clock.now() + wait
    descriptor = _open(file, point)
    try:
        while not _taken(descriptor):
            if clock.now() >= deadline:
                raise JournalError(f"{file} is locked{_by_whom(descriptor)}; waited {wait:g} s")
            time.sleep(PAUSE)
        if not _is_at(descriptor, file):
            raise JournalError(f"{file} was removed while it was being locked")
        yield
    finally:
        # Not left to closing: a child that was forked meanwhile has the descriptor too.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _open(file: Path, point: Point) -> int:
    if file.exists():
        return open_file(file, os.O_RDWR)
    with around(point, "journal.lock"):
        return open_file(file, os.O_RDWR)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(descriptor: int, file: Path) -> bool:
    """Whether the file that was locked is the one that others will lock."""
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False


def _by_whom(descriptor: int) -> str:
    """The holder, where the kernel tells: ` by process 1234`."""
    status = os.fstat(descriptor)
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    try:
        held_locks = Path("/proc/locks").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return ""
    for words in map(str.split, held_locks):
        if len(words) > 5 and words[1] == "FLOCK" and words[5] == device:
            return f" by process {words[4]}"
    return ""
