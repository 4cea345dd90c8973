"""The console on settled data in a real terminal: `python -m tests.tui.live [crash|fall|flood|stall]`."""

import asyncio
import sys
import time
from collections.abc import Callable

from console.cli.screen import run
from console.domain.assessment import Assessment
from console.domain.clock import SystemClock
from console.domain.snapshot import Snapshot
from console.tui.app import OpsConsole
from console.tui.terminal import signals
from tests.tui.fake import PAPER, FakeWatched, metrics_of, snapshot, symbol_rows
from tests.waiting import DEADLINE


class Moving(FakeWatched):
    """Values that move with the clock, from sources that always answer; with `crash`, not for long.

    With `flood`, so often that a terminal which isn't read is soon full. With `fall` the screen fails to show
    them. With `stall` it shows one value, and does nothing any more.
    """

    def assessment(self, ahead: float = 0.0) -> Assessment:
        if "fall" in sys.argv:
            raise KeyError("told to fall")
        self.snapshot = moving_snapshot(self.clock.now())
        return super().assessment(ahead)

    async def run(self, changed: Callable[[], None]) -> None:
        if "crash" in sys.argv:
            raise ExceptionGroup("polls", [RuntimeError("told to [red]crash[/]")])
        while "flood" in sys.argv:
            await asyncio.sleep(0.01)
            changed()
        if "stall" in sys.argv:
            changed()
            await asyncio.sleep(1)
            time.sleep(DEADLINE)  # noqa: ASYNC251  # that the loop stands still is the point
        await super().run(changed)


def moving_snapshot(now: float) -> Snapshot:
    return snapshot(now, metrics_of(symbol_rows(58, now % 3600)))


def main() -> int:
    clock = SystemClock()
    if not {"flood", "stall"}.intersection(sys.argv):
        signals.GRACE = DEADLINE / 2  # how soon a busy machine comes to the end is nothing to the others
    fps = 100 if "flood" in sys.argv else 4
    return run(OpsConsole(PAPER, lambda: Moving(moving_snapshot(clock.now()), clock), fps=fps))


if __name__ == "__main__":
    sys.exit(main())
