"""A lock that all consoles on this host share: one of them at a time changes a file that is not its own.

A trip's flag is written without it.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from console.domain.clock import Clock

_EVERY = 0.01
"""Seconds between two tries: `flock` itself has no deadline."""


class LockError(Exception):
    """Why the lock was not had, as one line."""


@contextlib.contextmanager
def host_lock(
    file: Path, *, deadline: float, clock: Clock, wait: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Hold the lock `file`, made if needed, which the system frees when its holder dies.

    `deadline` is how many seconds to wait for it at most. Raises LockError. Not to be asked for twice by one
    thread: the second would wait for the first.
    """
    handle = _open(file)
    try:
        until = clock.now() + deadline
        while not _taken(handle, file):
            if clock.now() >= until:
                raise LockError(f"{file}: held by another console for over {deadline:g} s{_holder(handle)}")
            wait(_EVERY)
        _sign(handle)
        yield
    finally:
        # Not left to closing: a child that is being forked in another thread has the handle too.
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def _open(file: Path) -> int:
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except PermissionError:
        pass  # another user's lock may be held without writing to it
    except OSError as error:
        raise LockError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    try:
        return os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise LockError(f"{file}: {(error.strerror or str(error)).lower()}") from None


def _taken(handle: int, file: Path) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise LockError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    return True


def _sign(handle: int) -> None:
    """Write down who holds it, for the one who waits; a full disk doesn't matter to the lock."""
    with contextlib.suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)


def _holder(handle: int) -> str:
    with contextlib.suppress(OSError):
        said = os.pread(handle, 20, 0).strip()
        if said.isdigit():
            return f", pid {said.decode()}"
    return ""
