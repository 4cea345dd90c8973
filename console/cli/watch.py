"""What commands share that act and wait for what comes of it: a monitor that runs, and the reset itself."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from console.cli.command_line import log_to
from console.cli.deed import while_armed

if TYPE_CHECKING:
    from console.actions.checkpoint import Operator
    from console.actions.kill.resetting import Reset
    from console.actions.kill.switch import KillSwitch
    from console.domain.approval import Consent
    from console.domain.assessment import Assessment
    from console.domain.reset_gates import Asked
    from console.domain.thresholds import Panel
    from console.monitor import Monitor
    from console.settings import Settings

FIRST_LOOK = 15.0
"""Seconds that every source has to answer for the first time."""
SECOND_LOOK = 3.0
"""Seconds more for a source that failed at first, and for rates, which need two answers of the metrics."""


class Watch:
    """A context whose monitor runs while a command waits for what it sees."""

    def __init__(self, settings: "Settings", switch: "KillSwitch", monitor: "Monitor") -> None:
        import asyncio  # noqa: PLC0415

        self.settings = settings
        self.switch = switch
        self.monitor = monitor
        self.news = asyncio.Event()

    async def until(self, condition: "Callable[[Assessment], bool]", seconds: float) -> bool:
        """Wait until `condition` holds, `seconds` at most. Whether it does."""
        import asyncio  # noqa: PLC0415

        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not condition(self.monitor.assessment()):
                    await self.news.wait()
                    self.news.clear()
        return condition(self.monitor.assessment())

    async def until_answered(self) -> None:
        """Wait for a first answer of every source, or for as long as one may take."""
        await self.until(_has_answers, FIRST_LOOK)

    async def until_judged(self) -> None:
        """Wait until every source is fresh and every alert can be judged, or for as long as that may take."""
        await self.until_answered()
        await self.until(_is_judged, SECOND_LOOK)


def _has_answers(live: "Assessment") -> bool:
    from console.domain.reading import Health  # noqa: PLC0415

    heard = all(each.health is not Health.WAITING for each in live.sources)
    besides = (live.snapshot.last_trip, live.snapshot.alerts)
    return heard and all(state.last is not None for state in besides if state.configured)


def _is_judged(live: "Assessment") -> bool:
    from console.domain.reading import Health  # noqa: PLC0415
    from console.domain.severity import Severity  # noqa: PLC0415

    fresh = all(each.health in (Health.FRESH, Health.OFF) for each in live.sources)
    return fresh and all(alert.severity is not Severity.UNKNOWN for alert in live.alerts)


@asynccontextmanager
async def watching(
    settings: "Settings", switch: "KillSwitch", panels: "tuple[Panel, ...]"
) -> AsyncIterator[Watch]:
    """Poll the context's sources for as long as the block lasts, and judge them by `panels`."""
    import asyncio  # noqa: PLC0415

    from console import threads  # noqa: PLC0415
    from console.wiring import open_monitor  # noqa: PLC0415

    log_to(settings.state / "console.log")
    monitor = open_monitor(settings, panels, once=True, kill_switch=switch)
    watch = Watch(settings, switch, monitor)
    await threads.start(switch.prepare, name="kill prepare")  # closes what died on the way, before it is seen
    polling = asyncio.create_task(monitor.run(watch.news.set))
    try:
        yield watch
    finally:
        polling.cancel()
        await asyncio.wait({polling})


async def resetting(watch: Watch, asked: "Asked", approved: "Callable[[], Consent] | None" = None) -> "Reset":
    """Arm for as long as the reset takes, and do it; `approved` takes the second person's consent.

    Raises AccessError where nothing was done.
    """

    def reset(who: "Operator", live: "Assessment") -> "Reset":
        return watch.switch.reset(asked, who, live, approved=approved, now=watch.monitor.newest)

    return await while_armed(watch.settings, asked.reason, watch.monitor.newest, reset)


def is_clear(live: "Assessment", since: float) -> bool:
    """Whether the engine has said after `since` that it is clear, and nothing else says otherwise."""
    from console.domain.kill_state import KillState  # noqa: PLC0415

    heard = live.kill_watch.clear
    return live.kill.state is KillState.CLEAR and heard is not None and heard >= since


def is_proven(done: "Reset", live: "Assessment") -> bool:
    """Whether the engine goes on since `done`."""
    return done.done is True and done.at is not None and is_clear(live, done.at)
