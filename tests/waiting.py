"""Waiting for what a test expects, however slow the machine is: only a failing test comes to the deadline."""

import asyncio
import time
from collections.abc import Callable

DEADLINE = 60.0
"""Seconds. What must come sooner is measured by itself, on a clock of the test's or of the processor."""


def eventually(condition: Callable[[], object], seconds: float = DEADLINE, every: float = 0.02) -> None:
    """Wait until `condition` holds, which is looked at `every` so many seconds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(every)


async def until(condition: Callable[[], object], seconds: float = DEADLINE, every: float = 0.01) -> None:
    """The same, while the event loop goes on."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(every)
