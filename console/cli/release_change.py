"""`release back` and `release remove-coin`: what changes the files of the tree. Thin.

Exit codes: 0 it stands as asked, 1 it went wrong: it says where it stands, 2 bad usage, 3 nothing was done.
"""

import re
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from console.cli.armed import OPTIONS, Wanted, done_or_told, leave_with
from console.cli.command_line import Given, fail, panels_of, settings_of, tell, tell_all, warn, with_settings
from console.cli.deed import (
    SecondPerson,
    second_person,
    with_confirmation,
    with_override,
    with_second_person,
)
from console.cli.watch import watching

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.actions.checkpoint import Operator
    from console.actions.kill.switch import KillSwitch
    from console.actions.releases.back import Done, Plan, WaysBack
    from console.domain.approval import Consent
    from console.domain.assessment import Assessment
    from console.domain.release_gates import Asked
    from console.settings import Settings

_OPTIONS = {
    **OPTIONS,
    "health": "--override REASON",
    "processes": "opsconsole engine stop",
}
"""What gives a gate that which is missing."""
_TREE = re.compile(r"[0-9a-f]{12,64}")


def _checked_tree(_ctx: click.Context, _parameter: click.Parameter, given: str) -> str:
    if given and not _TREE.fullmatch(given):
        raise click.BadParameter("the tree's digits as `release back` tells them, 12 or more.")
    return given


@click.command()
@with_settings
@click.option("--to", default="", metavar="ID|NAME", help="Which one; by default the previous healthy one.")
@click.option(
    "--seen", default="", metavar="TREE", callback=_checked_tree, help="The tree of now, as it was seen."
)
@click.option("--run", default="", metavar="RUN", help="The run that it is part of: it goes back once.")
@click.option("--reason", required=True, help="Why, for the journal.")
@with_confirmation("Environment and context; without them: what would happen.")
@with_override("Why it may be one that was never deployed and healthy, or that the journal doesn't know.")
@with_second_person
@click.pass_context
def back(
    ctx: click.Context,
    /,
    *,
    to: str,
    seen: str,
    run: str,
    reason: str,
    confirm: str,
    override: str,
    ask: bool,
    approval: str | None,
    break_glass: str,
    **given: Any,
) -> None:
    """Put a release's files in the place of those in the tree, while no process of the engine runs.

    What stands there is saved before, for `--to`. Killed on the way: run it again.
    """
    settings = settings_of(ctx, Given(**given))
    from console.actions.kill.switch import KillSwitch  # noqa: PLC0415
    from console.actions.releases.errors import ReleaseError  # noqa: PLC0415
    from console.domain.release_gates import Asked  # noqa: PLC0415
    from console.wiring.releases import ways_back_of  # noqa: PLC0415

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a lost terminal leaves nothing half done
    switch, asked = KillSwitch(settings), Asked(reason, confirm, seen, run, override)
    second = second_person(settings, switch.notices.tell, ask=ask, approval=approval, break_glass=break_glass)
    try:
        plan = (ways := ways_back_of(settings)).plan(to, run)
    except ReleaseError as error:
        fail(str(error), 3)
    leave_with(_Back(ways, plan, asked).run(settings, switch, second), ReleaseError)


@click.command("remove-coin")
@with_settings
@click.option("--reason", required=True, help="Why, for the journal.")
@click.pass_context
def remove_coin(ctx: click.Context, /, *, reason: str, **given: Any) -> None:
    """Take the coin engine's files out of the tree; what stands there is saved before."""
    settings = settings_of(ctx, Given(**given))
    from console.actions.releases import coin  # noqa: PLC0415
    from console.actions.releases.errors import ReleaseError  # noqa: PLC0415
    from console.actions.releases.recorded import releases_of  # noqa: PLC0415

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        done = coin.remove_coin(releases_of(settings), reason)
    except ReleaseError as error:
        fail(str(error), 3)
    for complaint in done.complaints:
        warn(complaint)
    tell_all(f"STILL THERE    {line}" for line in done.left)
    if not done.names:
        tell("the coin engine's files are gone already")
    elif not done.left:
        tell_all([*(f"removed        {name}" for name in done.names), done.kept])
    sys.exit(1 if done.left else 0)


class _Back:
    """One `release back`."""

    def __init__(self, ways: "WaysBack", plan: "Plan", asked: "Asked") -> None:
        self._ways = ways
        self._plan = plan
        self._asked = asked

    async def run(self, settings: "Settings", switch: "KillSwitch", second: SecondPerson) -> int:
        """Do it where nothing is missing; the exit code."""
        plan, asked = self._plan, self._asked
        tell(f"to             {plan.target.release.called}: {plan.why}")
        tell_all(f"uncommitted    {line}" for line in plan.uncommitted)
        wanted = Wanted(
            deed=self._ways.deed(plan, asked),
            reason=asked.reason,
            gates=lambda who, live: self._ways.gates(plan, asked, who, live),
            work=self._put_back,
            options=_OPTIONS,
            undone="NOT PUT BACK",
        )
        async with watching(settings, switch, panels_of(settings)) as watch:
            await watch.until_answered()
            done = await done_or_told(wanted, watch, second)
        if done is None:
            return 3
        tell_all(f"complaint      {line}" for line in done.complaints)
        tell(f"{done.changed} files exchanged, every file's hash is as recorded")
        tell(f"BACK: {plan.target.release.called} stands there")
        return 0

    def _put_back(
        self, who: "Operator", live: "Assessment", approved: "Callable[[], Consent] | None"
    ) -> "Done":
        return self._ways.go(self._plan, self._asked, who, live, approved=approved, told=self._told)

    def _told(self, line: str) -> None:
        tell(f"before it      {line}")
