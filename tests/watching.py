"""A monitor that runs for as long as a test looks at it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from console.monitor import Monitor


@contextlib.asynccontextmanager
async def watching(monitor: Monitor) -> AsyncIterator[None]:
    task = asyncio.create_task(monitor.run(lambda: None))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
