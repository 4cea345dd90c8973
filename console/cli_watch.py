"""What commands share that act and wait for what comes of it: a monitor that runs, and the reset itself."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from console.command_line import log_to, panels_of

if TYPE_CHECKING:
    from console.actions.arming import SafetyCatch
    from console.actions.kill.reset import Resetter
    from console.actions.kill.resetting import Reset
    from console.actions.kill.switch import KillSwitch
    from console.domain.approval import Consent
    from console.domain.assessment import Assessment
    from console.domain.reset_gates import Asked
    from console.monitor import Monitor
    from console.settings import Settings

ARMED_FOR = 120.0
"""Seconds that a command arms itself for at most."""
FIRST_LOOK = 15.0
"""Seconds that every source has to answer for the first time."""


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


def _has_answers(live: "Assessment") -> bool:
    from console.domain.reading import Health  # noqa: PLC0415

    heard = all(each.health is not Health.WAITING for each in live.sources)
    return heard and live.snapshot.last_trip.last is not None


@asynccontextmanager
async def watching(settings: "Settings", switch: "KillSwitch") -> AsyncIterator[Watch]:
    """Poll the context's sources for as long as the block lasts."""
    import asyncio  # noqa: PLC0415

    from console import threads  # noqa: PLC0415
    from console.wiring import open_monitor  # noqa: PLC0415

    log_to(settings.state / "console.log")
    monitor = open_monitor(settings, panels_of(settings), once=True, kill_switch=switch)
    watch = Watch(settings, switch, monitor)
    await threads.start(switch.prepare, name="kill prepare")  # closes what died on the way, before it is seen
    polling = asyncio.create_task(monitor.run(watch.news.set))
    try:
        yield watch
    finally:
        polling.cancel()
        await asyncio.wait({polling})


def resetter(
    settings: "Settings", catch: "SafetyCatch | None", consent: "Consent | None" = None
) -> "Resetter":
    """Whoever runs this process, armed as `catch` is."""
    from console.actions.kill.reset import Resetter  # noqa: PLC0415
    from console.actions.roles import roles_in, this_person  # noqa: PLC0415

    standing = roles_in(settings.chosen).standing(this_person())
    return Resetter(standing, None if catch is None else catch.arming, consent)


async def resetting(watch: Watch, asked: "Asked", approved: "Callable[[], Consent] | None" = None) -> "Reset":
    """Arm for as long as the reset takes, and do it; `approved` takes the second person's consent.

    Raises AccessError where nothing was done.
    """
    from console import threads  # noqa: PLC0415
    from console.actions.arming import SafetyCatch  # noqa: PLC0415
    from console.audit.actor import this_actor  # noqa: PLC0415
    from console.audit.open import open_journal  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415

    clock, settings = SystemClock(), watch.settings
    catch = SafetyCatch(
        settings.context,
        settings.chosen.access,
        resetter(settings, None).standing,
        journal=open_journal(settings.state, clock),
        actor=this_actor(os.environ),
        clock=clock,
        terminal=lambda: True,  # it ends with the command, whose terminal may be none
    )

    def armed_reset() -> "Reset":
        live = watch.monitor.assessment()
        catch.arm(asked.reason, live.sources, server=live.wrong_server, lasting=ARMED_FOR)
        try:
            who = resetter(settings, catch)
            return watch.switch.reset(asked, who, watch.monitor.assessment(), approved=approved)
        finally:
            catch.disarm("the command is over")
            catch.close()

    return await threads.start(armed_reset, name="kill reset")


def is_clear(live: "Assessment", since: float) -> bool:
    """Whether the engine has said after `since` that it is clear, and nothing else says otherwise."""
    from console.domain.kill_state import KillState  # noqa: PLC0415

    heard = live.kill_watch.clear
    return live.kill.state is KillState.CLEAR and heard is not None and heard >= since


def is_proven(done: "Reset", live: "Assessment") -> bool:
    """Whether the engine goes on since `done`."""
    return done.done is True and done.at is not None and is_clear(live, done.at)
