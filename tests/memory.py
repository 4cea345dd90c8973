"""Memory in place of a disk, for what a run of the tests writes and nobody reads afterwards."""

import os
from pathlib import Path

_MEMORY = Path("/dev/shm")


def roomy_memory(room: int) -> Path | None:
    """The folder that is kept in memory, where it has `room` bytes left; else None.

    A disk is waited for at every fsync, and each of them costs the processor ten times what it does here.
    """
    if not os.access(_MEMORY, os.W_OK | os.X_OK):
        return None
    left = os.statvfs(_MEMORY)
    return _MEMORY if left.f_bavail * left.f_frsize > room else None
