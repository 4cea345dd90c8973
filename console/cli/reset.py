"""`kill reset`: the same gates as on the screen, told a line each where they don't pass. Thin.

The command arms itself for as long as it takes, which the journal has; everything else it asks for.
"""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import (
    Given,
    fail,
    panels_of,
    settings_of,
    tell_all,
    with_json,
    with_settings,
    with_wait,
)
from console.cli.deed import (
    ARMED_FOR,
    SecondPerson,
    lack_line,
    lacking,
    operator_here,
    second_person,
    with_confirmation,
    with_override,
    with_second_person,
)
from console.cli.watch import is_proven, resetting, watching

if TYPE_CHECKING:
    from console.actions.kill.resetting import Reset
    from console.actions.kill.switch import KillSwitch
    from console.cli.watch import Watch
    from console.domain.approval import Deed
    from console.domain.assessment import Assessment
    from console.domain.gate import Gate
    from console.domain.reset_gates import Asked
    from console.settings import Settings

_OPTIONS = {
    "reason": "--reason TEXT",
    "alerts": "opsconsole alerts",
    "cause": "--cause-acknowledged",
    "recovery": "--override REASON",
    "confirmation": "--confirm WORDS",
    "second person": "--ask, and then --approval ID",
}
"""What gives a gate that which is missing."""


@click.command()
@with_settings
@click.option("--reason", required=True, help="Why it may be reset, for the journal.")
@with_confirmation("Environment and context; without them: what would happen.")
@click.option("--cause-acknowledged", is_flag=True, help="The cause of the trip is known, and over.")
@with_override("Why it needs no completed recovery run.")
@with_second_person
@with_wait("How long to wait for the engine to say that it is clear.")
@with_json
@click.pass_context
def reset(
    ctx: click.Context,
    /,
    *,
    reason: str,
    confirm: str,
    cause_acknowledged: bool,
    override: str,
    ask: bool,
    approval: str | None,
    break_glass: str,
    seconds: float,
    as_json: bool,
    **given: Any,
) -> None:
    """Let the engine trade again, once all that this needs holds. Clears only what was set from here."""
    settings = settings_of(ctx, Given(**given))
    import asyncio  # noqa: PLC0415

    from console.actions.anchoring import anchored  # noqa: PLC0415
    from console.actions.kill.switch import KillSwitch  # noqa: PLC0415
    from console.cli.recovered import recovered_in  # noqa: PLC0415
    from console.domain.access import AccessError  # noqa: PLC0415
    from console.domain.reset_gates import Asked  # noqa: PLC0415

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that is lost leaves nothing half done
    switch = KillSwitch(settings, recovered=recovered_in(settings))
    asked = Asked(reason, confirm, cause_acknowledged, override)
    second = second_person(settings, switch.notices.tell, ask=ask, approval=approval, break_glass=break_glass)
    command = _Command(settings, switch, asked, second)
    with anchored(settings, os.environ):
        try:
            outcome = asyncio.run(command.run(seconds))
        except AccessError as error:
            fail(str(error), 3)
        finally:
            switch.close(ARMED_FOR)
    tell_all(outcome.json_lines(settings, switch.complaint) if as_json else outcome.as_text(switch.complaint))
    sys.exit(outcome.code)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: `would` and `gates` are as they were before; `done` None where nothing was tried.

    `live` is what was known in the end.
    """

    would: tuple[str, ...]
    gates: "tuple[Gate, ...]"
    live: "Assessment"
    done: "Reset | None" = None
    asked_as: str = ""

    @property
    def code(self) -> int:
        """0 the engine says that it is clear, 1 cleared but unconfirmed or in part, 3 nothing was done."""
        from console.actions.kill.actuator import Act  # noqa: PLC0415

        results = () if self.done is None else self.done.results
        undone = all(result.state in (Act.FAILED, Act.REFUSED) for result in results)
        if self.done is None or (undone and not self.done.done):
            return 3
        return 0 if is_proven(self.done, self.live) else 1

    def as_text(self, complaint: str) -> Iterator[str]:
        if self.done is None:
            yield from (f"would          {line}" for line in self.would)
            lacks = lacking(self.gates, alone=False)
            yield from (lack_line(gate, _OPTIONS) for gate in lacks)
            if self.asked_as:
                yield f"asked          a second person has to run: opsconsole approve {self.asked_as}"
            yield f"NOT RESET: {', '.join(gate.name for gate in lacks)}"
            return
        yield from result_lines(self.done)
        yield from (f"still set      {line}" for line in self.done.left)
        yield f"journal        {self.done.journal}"
        if complaint:
            yield f"not told       {complaint}"
        yield f"{_title(self.done)}: {self.live.kill.title}: {self.live.kill.words}"

    def json_lines(self, settings: "Settings", complaint: str) -> list[str]:
        import json  # noqa: PLC0415

        return json.dumps({**self.as_json(settings), "not_told": complaint}, indent=2).splitlines()

    def as_json(self, settings: "Settings") -> dict[str, object]:
        done = self.done
        return {
            "context": settings.context,
            "would": self.would,
            "gates": [{"name": one.name, "passes": one.passes, "words": one.words} for one in self.gates],
            "request": self.asked_as or None,
            "done": None if done is None else done.done,
            "overtaken": done is not None and done.overtaken,
            "steps": [
                {
                    "name": result.name,
                    "state": result.state.value,
                    "words": result.words,
                    "milliseconds": round(result.latency * 1000),
                    "before": result.before,
                    "after": result.after,
                }
                for result in (() if done is None else done.results)
            ],
            "left": [] if done is None else done.left,
            "journal": "" if done is None else done.journal,
            "state": self.live.kill.state.value,
            "words": self.live.kill.words,
            "acknowledged": done is not None and is_proven(done, self.live),
            "exit_code": self.code,
        }


@dataclass(frozen=True, slots=True)
class _Command:
    """One `kill reset`."""

    settings: "Settings"
    switch: "KillSwitch"
    asked: "Asked"
    second: SecondPerson

    async def run(self, seconds: float) -> Outcome:
        from console import threads  # noqa: PLC0415

        async with watching(self.settings, self.switch, panels_of(self.settings)) as watch:
            await watch.until_judged()
            deed, live, gates = await threads.start(lambda: self._looked(watch), name="gates")
            if lacking(gates, alone=self.second.absent):
                return Outcome(deed.what, gates, live, asked_as=self.second.asked(deed, self.asked.reason))
            done = await resetting(watch, self.asked, self.second.taken(deed))
            if done.done:
                await watch.until(partial(is_proven, done), seconds)
            return Outcome(deed.what, gates, watch.monitor.assessment(), done)

    def _looked(self, watch: "Watch") -> "tuple[Deed, Assessment, tuple[Gate, ...]]":
        """What it would do, how things stand, and every gate; it waits for disks."""
        live = watch.monitor.newest()
        deed = self.switch.reset_deed(live, self.asked)
        who = operator_here(self.settings, consent=self.second.consent())
        return deed, live, self.switch.reset_gates(self.asked, who, live, watch.monitor.newest)


def result_lines(done: "Reset") -> Iterator[str]:
    """Each step with what came of it."""
    for result in done.results:
        took = round(result.latency * 1000)
        yield f"{result.name:<14} {result.state.value:<10} {result.words} ({took} ms)"
    for name in done.fired[len(done.results) :]:
        yield f"{name:<14} {'not tried':<10}"


def _title(done: "Reset") -> str:
    if done.overtaken:
        return "TRIPPED MEANWHILE, and tripped again"
    return "RESET" if done.done else "NOT WHOLLY RESET"
