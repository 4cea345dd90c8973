"""`drill kill`: trip a paper engine, prove it, reset it, prove that; with the time that each took. Thin.

`drill rollback` and `drill back` have a module of their own.

Exit codes: 0 passed, 1 not, 2 bad usage, 3 not begun.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, fail, panels_of, settings_of, tell_all, with_settings
from console.cli.deed import operator_here
from console.cli.drill_rollback import drill_back, drill_rollback
from console.cli.watch import Watch, is_proven, resetting, watching

if TYPE_CHECKING:
    from console.actions.kill.switch import KillSwitch
    from console.domain.assessment import Assessment
    from console.domain.reset_gates import Asked
    from console.settings import Settings

REASON = "a drill"
_BEFORE = ("role", "server", "fresh data", "alerts", "second person")
"""The gates of the reset that have to pass before the trip: it has to be possible to end what is begun."""


@click.group()
def drill() -> None:
    """Practise on a paper engine, with a record of how long it took."""


drill.add_command(drill_rollback)
drill.add_command(drill_back)


@drill.command("kill")
@with_settings
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(1, 600),
    default=20,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for each proof.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.pass_context
def drill_kill(ctx: click.Context, /, *, seconds: float, as_json: bool, **given: Any) -> None:
    """Trip the kill switch of a paper engine, see that it stops, reset it, see that it goes on."""
    settings = settings_of(ctx, Given(**given), context="paper")
    if settings.chosen.environment != "paper":
        fail(f"{settings.context} is {settings.chosen.environment}: a drill is for a paper context")
    import asyncio  # noqa: PLC0415

    from console.actions.anchoring import anchored  # noqa: PLC0415
    from console.actions.kill.switch import KillSwitch  # noqa: PLC0415
    from console.domain.access import AccessError  # noqa: PLC0415

    switch = KillSwitch(settings)
    try:
        with anchored(settings, os.environ):
            timings = asyncio.run(_drill(settings, switch, seconds))
    except AccessError as error:
        fail(str(error), 3)
    finally:
        switch.close(seconds)
    if as_json:
        told = {"context": settings.context, "passed": timings.passed, **asdict(timings)}
        tell_all(json.dumps(told, indent=2).splitlines())
    else:
        tell_all(timings.as_text())
    sys.exit(0 if timings.passed else 1)


@dataclass(slots=True)
class Timings:
    """Seconds of each part, None for what did not come; `words` is how it ended.

    `flag` and `acknowledged`, `proven` count from the trip, `cleared` and `clear` from the reset.
    """

    flag: float | None = None
    acknowledged: float | None = None
    proven: float | None = None
    cleared: float | None = None
    clear: float | None = None
    words: str = ""

    @property
    def passed(self) -> bool:
        return self.clear is not None

    def as_text(self) -> list[str]:
        """A line for each part, and the verdict."""
        parts = {
            "flag durable": self.flag,
            "acknowledged": self.acknowledged,
            "proven": self.proven,
            "cleared": self.cleared,
            "clear again": self.clear,
        }
        lines = [
            f"{name:<14} {'did not come' if took is None else f'after {took:.3f} s'}"
            for name, took in parts.items()
        ]
        return [*lines, f"{'PASSED' if self.passed else 'FAILED'}: {self.words}"]


async def _drill(settings: "Settings", switch: "KillSwitch", seconds: float) -> Timings:
    from console.audit.errors import JournalError  # noqa: PLC0415
    from console.domain.reset_gates import Asked  # noqa: PLC0415

    asked, timings = Asked(REASON, switch.reset_phrase), Timings()
    async with watching(settings, switch, panels_of(settings)) as watch:
        await watch.until_judged()
        _require_ready(watch, asked)
        if await _trip(watch, timings, seconds):
            await _reset(watch, asked, timings, seconds)
        try:
            switch.drilled(asdict(timings), passed=timings.passed)
        except JournalError as error:
            timings.words = f"{timings.words}; {error}"
    return timings


def _require_ready(watch: Watch, asked: "Asked") -> None:
    """Refuse to begin where it may not end, or where the engine isn't running free."""
    from console.actions.machine_load import busy  # noqa: PLC0415
    from console.domain.access import AccessError  # noqa: PLC0415
    from console.domain.kill_state import KillState  # noqa: PLC0415

    live = watch.monitor.assessment()
    if live.kill.state is not KillState.CLEAR:
        late = busy() if live.kill.state is KillState.UNKNOWN else ""
        raise AccessError(f"no drill: {live.kill.title}: {live.kill.words}{late and f'; {late}'}")
    gates = watch.switch.reset_gates(asked, operator_here(watch.settings), live)
    missing = [gate for gate in gates if gate.name in _BEFORE and gate.passes is not True]
    if missing:
        raise AccessError("no drill: " + "; ".join(f"{gate.name}: {gate.words}" for gate in missing))


async def _trip(watch: Watch, timings: Timings, seconds: float) -> bool:
    """Trip, and wait for the proof. Whether it came."""
    clock = watch.monitor.clock
    began = clock.now()
    watch.switch.trip(REASON, drill=True)
    timings.flag = clock.now() - began
    if await watch.until(lambda live: live.kill.confirmed, seconds):
        timings.acknowledged = clock.now() - began
    if await watch.until(_is_stopped, seconds):
        timings.proven = clock.now() - began
        return True
    kill = watch.monitor.assessment().kill
    timings.words = f"the engine stays tripped, without proof: {kill.title}: {kill.words}"
    return False


def _is_stopped(live: "Assessment") -> bool:
    from console.domain.kill_state import KillState  # noqa: PLC0415

    return live.kill.state is KillState.TRIPPED and live.kill.confirmed


async def _reset(watch: Watch, asked: "Asked", timings: Timings, seconds: float) -> None:
    from console.domain.access import AccessError  # noqa: PLC0415

    clock = watch.monitor.clock
    began = clock.now()
    try:
        done = await resetting(watch, asked)
    except AccessError as error:
        timings.words = f"the engine stays tripped: {error}"
        return
    if done.done:
        timings.cleared = clock.now() - began
        if await watch.until(partial(is_proven, done), seconds):
            timings.clear = clock.now() - began
    kill = watch.monitor.assessment().kill
    failed = [f"{result.name}: {result.words}" for result in done.results if result.state.value != "done"]
    timings.words = "; ".join([f"{kill.title}: {kill.words}", *failed])
