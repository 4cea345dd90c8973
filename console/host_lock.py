"""The lock that all consoles on one host share: waited for until a deadline, never longer.

The kernel lets go of it when its holder dies; a holder that is stopped keeps it, hence the deadline. A trip's
flag is written without it. Standard library only, because the journal takes one.
"""

import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from console.domain.clock import Clock

PAUSE = 0.002
"""Seconds between two tries: `flock` itself has no deadline."""
_GROUP_READS = 0o040
_LOCKS = Path("/proc/locks")
_OF_ALL_PROCESSES = "pid:[4026531836]"
"""The kernel's name for the first space of processes: in one of a container's, others' locks aren't seen."""


class LockError(Exception):
    """Why the lock was not had, as one line."""


def opened(file: Path) -> int:
    """A descriptor of `file`, made if needed; another user's may be one to read with. Raises LockError.

    Whatever our umask is, the group may read it: those who share the folder need no more to lock it.
    """
    flags = os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | flags, 0o666)
        except PermissionError:
            return os.open(file, os.O_RDONLY | flags)
        status = os.fstat(descriptor)
        if not status.st_mode & _GROUP_READS and status.st_uid == os.geteuid():
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode) | _GROUP_READS)
    except OSError as error:
        raise _said(file, error) from None
    return descriptor


@contextmanager
def host_lock(
    file: Path,
    *,
    deadline: float,
    clock: Clock,
    open_file: Callable[[Path], int] = opened,
) -> Iterator[None]:
    """Hold the lock on `file`, waiting `deadline` seconds for it at most.

    `open_file` makes the file and opens it. Raises LockError, and what `open_file` raises. Not to be asked
    for twice by one thread: the second would wait for the first.
    """
    until = clock.now() + deadline
    descriptor = open_file(file)
    try:
        while not _taken(descriptor, file):
            if clock.now() >= until:
                raise LockError(f"{file} is locked{_by_whom(descriptor)}; waited {deadline:g} s")
            time.sleep(PAUSE)
        if not _is_at(descriptor, file):
            raise LockError(f"{file} was removed while it was being locked")
        yield
    finally:
        # Not left to closing: a child that was forked meanwhile has the descriptor too.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def holder_of(file: Path) -> tuple[bool, int | None]:
    """Whether somebody holds the lock on `file`, and who, where the kernel tells. Raises OSError.

    Where the kernel tells of every lock it is only asked. Elsewhere the lock is tried, and whoever takes it
    in that instant is refused: they have to try again for a moment.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        # The kernel tells in pieces: a lock that ends between two of them may move this one out of sight.
        pid = _holder(descriptor) or _holder(descriptor)
        if pid is not None or _tells_all(descriptor):
            return pid is not None, pid
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True, _holder(descriptor)
    finally:
        os.close(descriptor)
    return False, None


def _taken(descriptor: int, file: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise _said(file, error) from None
    return True


def _is_at(descriptor: int, file: Path) -> bool:
    """Whether the file that was locked is the one that others will lock."""
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False


def _said(file: Path, error: OSError) -> LockError:
    return LockError(f"{file}: {(error.strerror or str(error)).lower()}")


def _by_whom(descriptor: int) -> str:
    """The holder, where the kernel tells: ` by process 1234`."""
    pid = _holder(descriptor)
    return "" if pid is None else f" by process {pid}"


def _tells_all(descriptor: int) -> bool:
    """Whether a lock on the file would be told of, whoever holds it.

    A file system without a disk of its own may be another host's, or count its files otherwise.
    """
    try:
        space = Path("/proc/self/ns/pid").readlink()
        return (
            str(space) == _OF_ALL_PROCESSES
            and os.major(os.fstat(descriptor).st_dev) != 0
            and os.access(_LOCKS, os.R_OK)
        )
    except OSError:
        return False


def _holder(descriptor: int) -> int | None:
    """The process that took the lock on the file, where the kernel tells."""
    status = os.fstat(descriptor)
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    try:
        held_locks = _LOCKS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    for words in map(str.split, held_locks):
        if len(words) > 5 and words[1] == "FLOCK" and words[5] == device and words[4].isdigit():
            return int(words[4])
    return None
