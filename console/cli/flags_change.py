"""What changes the flags file: `flags set`, `promote`, `demote`, `enable`, `disable`, `revert`. Thin.

What lowers the risk is written before anybody else is asked anything. What raises it passes the gates that it
passes on the screen, told a line each where they don't; the command arms itself for as long as it takes.

Exit codes: 0 done and acknowledged by the engine, or possible in a dry run, 1 written, but unacknowledged,
2 bad usage, 3 nothing written.
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import click

from console.cli.command_line import (
    Command,
    Given,
    fail,
    panels_of,
    panels_or_mistake,
    settings_of,
    settings_to_lower,
    tell_all,
    warn,
    with_json,
    with_settings,
    with_wait,
)
from console.cli.deed import (
    ARMED_FOR,
    SecondPerson,
    lacking,
    operator_here,
    second_person,
    while_armed,
    with_confirmation,
    with_override,
    with_second_person,
)
from console.cli.watch import Watch, watching

if TYPE_CHECKING:
    from console.actions.checkpoint import Operator
    from console.actions.kill.switch import KillSwitch
    from console.actions.rollout.look import Look
    from console.actions.rollout.record import Applied
    from console.actions.rollout.rollout import Rollout
    from console.cli.flags_told import Outcome
    from console.domain.assessment import Assessment
    from console.domain.rollout.gates import Asked
    from console.domain.rollout.operations import Operation
    from console.domain.thresholds import Panel
    from console.settings import Settings

_STAGES = ("disabled", "shadow", "canary", "production")


def _with_change(command: Command) -> Command:
    """What every change takes, which `_change` reads."""
    reason = click.option(
        "--reason", default="", help="Why, for the journal; needed for what raises the risk."
    )
    dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
    for option in (
        with_json,
        with_wait("How long to wait for the engine to load it."),
        dry_run,
        with_second_person,
        with_override("For admins: why it needn't wait for its time, or goes more than one stage."),
        with_confirmation("Into production: environment, feature and symbol, as the refusal says."),
        reason,
        with_settings,
    ):
        command = option(command)
    return command


_SYMBOL = click.option(
    "--symbol", "symbols", multiple=True, metavar="S", help="Only for this one; repeatable."
)


@click.command("set")
@click.argument("feature")
@click.option("--stage", required=True, type=click.Choice(_STAGES), help="The stage to have.")
@_SYMBOL
@click.option("--only", is_flag=True, help="Canary for exactly these symbols, off for every other one.")
@_with_change
@click.pass_context
def set_(
    ctx: click.Context, /, *, feature: str, stage: str, symbols: tuple[str, ...], only: bool, **given: Any
) -> None:
    """Have FEATURE, or some symbols of it, in another stage."""
    from console.domain.rollout.operations import CanaryOnly, SetStage  # noqa: PLC0415
    from console.domain.rollout.stages import STAGES  # noqa: PLC0415

    if only and (stage != "canary" or not symbols):
        fail("--only goes with --stage canary and at least one --symbol")
    operation = CanaryOnly(feature, symbols) if only else SetStage(feature, STAGES[stage], symbols or None)
    _change(ctx, lambda _: operation, may_lower=stage != "production", **given)


@click.command()
@click.argument("feature")
@_SYMBOL
@_with_change
@click.pass_context
def promote(ctx: click.Context, /, *, feature: str, symbols: tuple[str, ...], **given: Any) -> None:
    """Take FEATURE, or some symbols of it, one stage up."""
    from console.domain.rollout.operations import Promote  # noqa: PLC0415

    _change(ctx, lambda _: Promote(feature, symbols or None), **given)


@click.command()
@click.argument("feature")
@_SYMBOL
@_with_change
@click.pass_context
def demote(ctx: click.Context, /, *, feature: str, symbols: tuple[str, ...], **given: Any) -> None:
    """Take FEATURE, or some symbols of it, one stage down."""
    from console.domain.rollout.operations import Demote  # noqa: PLC0415

    _change(ctx, lambda _: Demote(feature, symbols or None), may_lower=True, **given)


@click.command()
@click.argument("feature")
@_with_change
@click.pass_context
def disable(ctx: click.Context, /, *, feature: str, **given: Any) -> None:
    """Switch FEATURE off, whatever its stage: the quick rollback."""
    from console.domain.rollout.operations import Disable  # noqa: PLC0415

    _change(ctx, lambda _: Disable(feature), may_lower=True, **given)


@click.command()
@click.argument("feature")
@click.option(
    "--stage", type=click.Choice(_STAGES), default="shadow", show_default=True, help="What it comes back in."
)
@_with_change
@click.pass_context
def enable(ctx: click.Context, /, *, feature: str, stage: str, **given: Any) -> None:
    """Switch FEATURE on again that was switched off."""
    from console.domain.rollout.operations import Enable  # noqa: PLC0415
    from console.domain.rollout.stages import STAGES  # noqa: PLC0415

    _change(ctx, lambda _: Enable(feature, STAGES[stage]), **given)


@click.command()
@click.argument("change", metavar="ID", type=click.IntRange(1))
@_with_change
@click.pass_context
def revert(ctx: click.Context, /, *, change: int, **given: Any) -> None:
    """Have back what stood there before the change ID of `flags history`, as a new change."""
    from console.domain.access import AccessError  # noqa: PLC0415

    def undo(rollout: "Rollout") -> "Operation":
        for each in rollout.history():
            if each.sequence == change:
                return each.undo
        raise AccessError(f"the journal has no change {change} of the flags file")

    _change(ctx, undo, may_lower=True, **given)


def _change(
    ctx: click.Context,
    operation_of: "Callable[[Rollout], Operation]",
    *,
    may_lower: bool = False,
    reason: str,
    confirm: str,
    override: str,
    ask: bool,
    approval: str | None,
    break_glass: str,
    dry_run: bool,
    seconds: float,
    as_json: bool,
    **given: Any,
) -> NoReturn:
    """Ask for the change, tell what came of it, and leave with the code that says so.

    One that `may_lower` the risk, and does, no mistake stops but where the settings name the flags file.
    """
    settings, mistake = _settings(ctx, Given(**given), may_lower=may_lower)
    panels = partial(_panels, settings, may_lower=may_lower)
    from console.actions.kill.switch import KillSwitch  # noqa: PLC0415
    from console.actions.rollout.rollout import Rollout  # noqa: PLC0415
    from console.domain.access import AccessError  # noqa: PLC0415
    from console.domain.rollout.gates import Asked  # noqa: PLC0415

    rollout, switch, asked = Rollout(settings), KillSwitch(settings), Asked(reason, confirm, override)
    second = partial(
        second_person, settings, switch.notices.tell, ask=ask, approval=approval, break_glass=break_glass
    )
    try:
        outcome = _Change(
            settings, mistake, panels, rollout, switch, operation_of(rollout), asked, second, dry_run, seconds
        ).run()
    except AccessError as error:
        fail(str(error), 3)
    finally:
        switch.close(ARMED_FOR)
    _leave(outcome, as_json=as_json)


def _leave(outcome: "Outcome", *, as_json: bool) -> NoReturn:
    import json  # noqa: PLC0415

    tell_all(json.dumps(outcome.as_json(), indent=2).splitlines() if as_json else outcome.as_text())
    sys.exit(outcome.code)


def _settings(ctx: click.Context, given: Given, *, may_lower: bool) -> "tuple[Settings, str]":
    """The settings, and the mistake in them that doesn't stop what lowers the risk, which is told here."""
    if not may_lower:
        return settings_of(ctx, given), ""
    found = settings_to_lower(ctx, given)
    found.remember()
    if found.mistake:
        warn(f"SETTINGS: {found.mistake}")
    return found.settings, found.mistake


def _panels(settings: "Settings", *, may_lower: bool) -> "tuple[tuple[Panel, ...], str]":
    """The panels, or none and the mistake in them, as in `_settings`."""
    if not may_lower:
        return panels_of(settings), ""
    found = panels_or_mistake(settings)
    if isinstance(found, str):
        warn(f"PANELS: {found}")
        return (), found
    return found, ""


@dataclass(frozen=True, slots=True)
class _Change:
    """One change. `second` looks for a second person; `seconds` are what the engine has to load it.

    What raises the risk is refused where there is a `mistake` in the settings, or in what `panels` reads.
    """

    settings: "Settings"
    mistake: str
    panels: "Callable[[], tuple[tuple[Panel, ...], str]]"
    rollout: "Rollout"
    switch: "KillSwitch"
    operation: "Operation"
    asked: "Asked"
    second: Callable[[], SecondPerson]
    dry_run: bool
    seconds: float

    def run(self) -> "Outcome":
        import asyncio  # noqa: PLC0415

        from console.actions.anchoring import anchored  # noqa: PLC0415

        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that is lost leaves nothing half done
        written = None if self.dry_run else self._at_once()
        with anchored(self.settings, os.environ):
            if written is None:
                return asyncio.run(self._asked())
            try:
                return asyncio.run(self._followed(*written))
            except KeyboardInterrupt:  # it is written all the same
                return self._unheard(written[1])

    def _at_once(self) -> "tuple[Look, Applied] | None":
        """Write what lowers the risk, whatever else is known; None where it doesn't, or isn't possible."""
        from console.domain.rollout.plan import Direction, Refusal  # noqa: PLC0415
        from console.wiring import open_monitor  # noqa: PLC0415

        live, look = open_monitor(self.settings, (), once=True).assessment(), self.rollout.look()
        plan = self.rollout.planned(self.operation, look, live)
        if isinstance(plan, Refusal) or plan.direction is Direction.RAISES:
            return None
        return look, self.rollout.apply(plan, look, self.asked, None, live)

    async def _followed(self, look: "Look", applied: "Applied") -> "Outcome":
        """Wait for the engine to load what was written at once, and tell what it did to every symbol."""
        from console.actions.flags_file import Written  # noqa: PLC0415
        from console.cli.flags_told import Outcome  # noqa: PLC0415
        from console.domain.rollout.plan import Plan  # noqa: PLC0415

        async with watching(self.settings, self.switch, ()) as watch:
            told = await self._seen_through(watch, Outcome(self.settings.context, applied.plan), applied)
            known = self.rollout.planned(self.operation, look, watch.monitor.assessment())
            as_seen = isinstance(applied.outcome, Written) and applied.outcome.before == look.content
            return replace(told, plan=known) if as_seen and isinstance(known, Plan) else told

    def _unheard(self, applied: "Applied") -> "Outcome":
        """What is known of it where whoever asked has left."""
        from console.actions.rollout.acknowledgement import Heard  # noqa: PLC0415
        from console.cli.flags_told import Outcome  # noqa: PLC0415

        heard = Heard(None, "nobody waited for the engine") if applied.done else None
        return Outcome(self.settings.context, applied.plan, applied=applied, heard=heard)

    async def _asked(self) -> "Outcome":
        """Look at everything, and do it if nothing is missing."""
        from console import threads  # noqa: PLC0415
        from console.cli.flags_told import Outcome  # noqa: PLC0415
        from console.domain.access import AccessError  # noqa: PLC0415
        from console.domain.rollout.plan import Direction, Refusal  # noqa: PLC0415

        rollout, asked, second = self.rollout, self.asked, self.second()
        panels, mistake = self.panels()
        async with watching(self.settings, self.switch, panels) as watch:
            await watch.until_judged()
            live, look = watch.monitor.assessment(), rollout.look()
            plan = rollout.planned(self.operation, look, live)
            told = Outcome(self.settings.context, plan, dry_run=self.dry_run, doubt=live.rollout.doubt)
            if isinstance(plan, Refusal):
                return told
            if (self.mistake or mistake) and plan.direction is Direction.RAISES:
                raise AccessError("this raises the risk: mend the settings first")
            who = operator_here(self.settings, consent=second.consent())
            gates = await threads.start(lambda: rollout.gates(plan, look, asked, who, live), name="gates")
            told = replace(told, draft=rollout.draft(plan, look), gates=gates)
            if self.dry_run:
                return told
            if plan.direction is not Direction.RAISES:  # as only those know that were asked
                return await self._seen_through(watch, told, rollout.apply(plan, look, asked, None, live))
            deed = rollout.deed(plan, look, asked)
            if lacking(gates, alone=second.absent):
                return replace(told, asked_as=second.asked(deed, asked.reason))
            approved = second.taken(deed)

            def apply(who: "Operator", live: "Assessment") -> "Applied":
                return rollout.apply(plan, look, asked, who, live, approved=approved)

            applied = await while_armed(self.settings, asked.reason, watch.monitor.newest, apply)
            return await self._seen_through(watch, told, applied)

    async def _seen_through(self, watch: Watch, told: "Outcome", applied: "Applied") -> "Outcome":
        """Wait for the engine to load it, if it does that without a restart."""
        from console.actions.rollout.acknowledgement import heard_of  # noqa: PLC0415

        if not applied.done:
            return replace(told, applied=applied)
        if not self.rollout.dialect.at_start:
            await watch.until(lambda live: heard_of(applied, live).loaded is True, self.seconds)
        return replace(told, applied=applied, heard=heard_of(applied, watch.monitor.assessment()))
