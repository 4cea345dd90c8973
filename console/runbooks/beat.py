"""Whether whoever drives a run moves: a file of the run's folder, which a driver writes anew while it does.

Who drives and doesn't write hangs, as on a disk that is gone. Who waits for a person doesn't drive, and has
no such file.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from console.audit.files import open_file

FILE = "beat"
EVERY = 1.0
"""Seconds between two beats of whoever drives."""
HANGS = 120.0
"""Seconds without a beat after which who drives hangs: more than a check takes, whatever it waits for."""
UNSEEN = 15.0
"""Seconds between two looks after which what was seen before counts for nothing: the looking stood still."""


@dataclass(slots=True)
class Beat:
    """What the driver whose process is `own` writes into the run's folder; times are monotonic seconds."""

    folder: Path
    own: str
    _next: float = 0.0

    def go(self, now: float) -> None:
        """Say that it moves, now and then."""
        if now < self._next:
            return
        self._next = now + EVERY
        with suppress(OSError):  # who can't say so may be gone on for, and finds itself overtaken
            descriptor = open_file(self.folder / FILE, os.O_WRONLY | os.O_TRUNC)
            with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                stream.write(f"{self.own} {now:.3f}")

    def rest(self) -> None:
        """Say that it waits for somebody, or has ended."""
        if self._next:
            self._next = 0.0
            with suppress(OSError):
                (self.folder / FILE).unlink()


@dataclass(slots=True)
class Pulse:
    """The beats as one sees them who looks again and again, whose clock is its own."""

    folder: Path
    _seen: str = ""
    _since: float = 0.0
    _looked: float = 0.0
    _of: int = -1

    def still(self, now: float, epoch: int) -> float:
        """The seconds for which nothing has moved; of each driver, which the run's `epoch` tells, its own."""
        seen = self._read()
        if seen != self._seen or epoch != self._of or now - self._looked > UNSEEN:
            self._since = now
        self._seen, self._of, self._looked = seen, epoch, now
        return now - self._since

    def drives(self, process: str) -> bool:
        """Whether the process (`PID-START`) was driving, and not at rest, when that was looked at."""
        return self._seen.startswith(f"{process} ")

    def _read(self) -> str:
        try:
            return (self.folder / FILE).read_text(encoding="ascii", errors="replace")
        except OSError:
            return ""
