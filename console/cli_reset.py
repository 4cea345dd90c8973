"""`kill reset`: the same gates as on the screen, told a line each where they don't pass. Thin.

The command arms itself for as long as it takes, which the journal has; everything else it asks for.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from console.cli_watch import ARMED_FOR, is_proven, resetter, resetting, watching
from console.command_line import Given, fail, settings_of, tell_all, with_settings

if TYPE_CHECKING:
    from console.actions.approvals import Approvals
    from console.actions.kill.resetting import Reset
    from console.actions.kill.switch import KillSwitch
    from console.domain.approval import Consent, Deed, Request
    from console.domain.assessment import Assessment
    from console.domain.gate import Gate
    from console.domain.reset_gates import Asked
    from console.settings import Settings


@click.command()
@with_settings
@click.option("--reason", required=True, help="Why it may be reset, for the journal.")
@click.option(
    "--confirm", default="", metavar="WORDS", help="Environment and context; without them: what would happen."
)
@click.option("--cause-acknowledged", is_flag=True, help="The cause of the trip is known, and over.")
@click.option("--override", default="", metavar="REASON", help="Why it needs no completed recovery run.")
@click.option("--ask", is_flag=True, help="Ask for a second person: says the id to approve.")
@click.option("--approval", metavar="ID", help="The request that a second person has approved.")
@click.option(
    "--break-glass",
    default="",
    metavar="REASON",
    help="For admins, in an emergency: why nobody else is asked.",
)
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(0, 3600),
    default=10,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the engine to say that it is clear.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
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
    import json  # noqa: PLC0415

    from console.actions.anchoring import anchored  # noqa: PLC0415
    from console.actions.kill.switch import KillSwitch  # noqa: PLC0415
    from console.domain.access import AccessError  # noqa: PLC0415
    from console.domain.reset_gates import Asked  # noqa: PLC0415

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that is lost leaves nothing half done
    switch, asked = KillSwitch(settings), Asked(reason, confirm, cause_acknowledged, override)
    command = _Command(settings, switch, asked, approval, break_glass, ask=ask)
    with anchored(settings, os.environ):
        try:
            outcome = asyncio.run(command.run(seconds))
        except AccessError as error:
            fail(str(error), 3)
        finally:
            switch.close(ARMED_FOR)
    if as_json:
        document = {**outcome.as_json(settings), "not_told": switch.complaint}
        tell_all(json.dumps(document, indent=2).splitlines())
    else:
        tell_all(outcome.as_text(switch.complaint))
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
            yield from (
                f"{_sign(gate):<14} {gate.name}: {gate.words}" for gate in lacking(self.gates, alone=False)
            )
            if self.asked_as:
                yield f"asked          a second person has to run: opsconsole approve {self.asked_as}"
            yield "NOT RESET"
            return
        yield from result_lines(self.done)
        yield from (f"still set      {line}" for line in self.done.left)
        yield f"journal        {self.done.journal}"
        if complaint:
            yield f"not told       {complaint}"
        yield f"{_title(self.done)}: {self.live.kill.title}: {self.live.kill.words}"

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
    approval: str | None
    break_glass: str
    ask: bool

    async def run(self, seconds: float) -> Outcome:
        async with watching(self.settings, self.switch) as watch:
            await watch.until_answered()
            live = watch.monitor.assessment()
            deed, approvals = self.switch.reset_deed(live, self.asked), self._approvals()
            request = None if self.approval is None else approvals.find(self.approval)
            consent = None if request is None else approvals.consent(request)
            gates = self.switch.reset_gates(self.asked, resetter(self.settings, None, consent), live)
            if lacking(gates, alone=bool(self.break_glass)):
                asked_as = self._ask(approvals, live) if self.ask else ""
                return Outcome(deed.what, gates, live, asked_as=asked_as)
            done = await resetting(watch, self.asked, self._approved(approvals, request, deed))
            if done.done:
                await watch.until(partial(is_proven, done), seconds)
            return Outcome(deed.what, gates, watch.monitor.assessment(), done)

    def _approved(
        self, approvals: "Approvals", request: "Request | None", deed: "Deed"
    ) -> "Callable[[], Consent] | None":
        """What takes the second person's consent right before the deed, or breaks the glass."""
        if request is not None:
            return partial(approvals.use, request)
        if self.break_glass:
            return partial(approvals.break_glass, deed, self.break_glass, lasting=ARMED_FOR)
        return None

    def _ask(self, approvals: "Approvals", live: "Assessment") -> str:
        lasting = self.settings.chosen.access.approvals_expire
        return approvals.ask(self.switch.reset_deed(live, self.asked), self.asked.reason, lasting=lasting).id

    def _approvals(self) -> "Approvals":
        from console.actions.approvals import approvals_in  # noqa: PLC0415
        from console.domain.clock import SystemClock  # noqa: PLC0415

        tell = self.switch.notices.tell
        return approvals_in(self.settings, SystemClock(), os.environ, tell=tell)


def lacking(gates: "Sequence[Gate]", *, alone: bool) -> "list[Gate]":
    """The gates that don't pass, but for arming, which the command sees to itself.

    Where it goes on `alone`, the second person's is left to what takes the consent right before the deed.
    """
    later = {"armed", "second person"} if alone else {"armed"}
    return [gate for gate in gates if gate.passes is not True and gate.name not in later]


def result_lines(done: "Reset") -> Iterator[str]:
    """Each step with what came of it."""
    for result in done.results:
        took = round(result.latency * 1000)
        yield f"{result.name:<14} {result.state.value:<10} {result.words} ({took} ms)"
    for name in done.fired[len(done.results) :]:
        yield f"{name:<14} {'not tried':<10}"


def _sign(gate: "Gate") -> str:
    return "unknown" if gate.passes is None else "refused"


def _title(done: "Reset") -> str:
    if done.overtaken:
        return "TRIPPED MEANWHILE, and tripped again"
    return "RESET" if done.done else "NOT WHOLLY RESET"
