"""Processes that a test's programs began to outlive them, and that are ended with the test all the same."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.waiting import DEADLINE

_STANDS_BY = b"\0stand-by\0"


def end_standbys(folder: Path) -> int:
    """End what stands by for runs below the folder, and what it begins meanwhile; how many those were."""
    ended = 0
    while found := list(_standbys(f"{folder}/".encode())):
        for process in found:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, signal.SIGKILL)
            select.select([process], [], [], DEADLINE)
            os.close(process)
        ended += len(found)
    return ended


def _standbys(mark: bytes) -> Iterator[int]:
    """A descriptor of each such process: unlike its number it never comes to mean another."""
    for entry in os.listdir("/proc"):  # noqa: PTH208 (there are many, and this is asked often)
        if entry.isdigit() and _stands_by(entry, mark):
            with suppress(ProcessLookupError):
                process = os.pidfd_open(int(entry))
                if _stands_by(entry, mark):
                    yield process
                else:
                    os.close(process)


def _stands_by(entry: str, mark: bytes) -> bool:
    try:
        told = Path(f"/proc/{entry}/cmdline").read_bytes()
    except OSError:
        return False
    return _STANDS_BY in told and mark in told
