"""The journal's lock: the host's, on a file with the modes of the journal's other files."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from console.audit.errors import JournalError
from console.audit.files import open_file
from console.audit.points import Point, around
from console.domain.clock import Clock
from console.host_lock import LockError, host_lock


@contextmanager
def held(file: Path, clock: Clock, wait: float, point: Point) -> Iterator[None]:
    """Hold the lock on `file`; JournalError when somebody else has held it for `wait` seconds."""

    def opened(file: Path) -> int:
        if file.exists():
            return open_file(file, os.O_RDWR)
        with around(point, "journal.lock"):
            return open_file(file, os.O_RDWR)

    with ExitStack() as stack:
        try:
            stack.enter_context(host_lock(file, deadline=wait, clock=clock, open_file=opened))
        except LockError as error:
            raise JournalError(str(error)) from None
        yield
