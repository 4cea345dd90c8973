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
    """The machine's clock; `now` is the wall time of the start plus the time since, sleep included."""

    def __init__(self) -> None:
        self._offset = time.time() - _elapsed()

    def now(self) -> float:
        return _elapsed() + self._offset

    def wall(self) -> float:
        return time.time()


_BOOT_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def _elapsed() -> float:
    """Seconds since some instant. The usual monotonic clock stands still while the machine sleeps."""
    return time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)
