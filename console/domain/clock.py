"""The clock that everything is handed, so that time comes in from outside."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two times, both in seconds since 1970."""

    def now(self) -> float:
        """A time that never steps: for ages, latencies and deadlines."""

    def wall(self) -> float:
        """The system's time of day, steps included: to compare with what others wrote down."""


class SystemClock:
    """The machine's clock; `now` is the wall time of the start plus the monotonic time since."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        return time.monotonic() + self._offset

    def wall(self) -> float:
        return time.time()
