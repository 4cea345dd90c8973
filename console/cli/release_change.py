"""`release back` and `release remove-coin`: what changes the files of the tree. Thin.

Exit codes: 0 it stands as asked, 1 it went wrong: it says where it stands, 2 bad usage, 3 nothing was done.
"""

import re
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, fail, panels_of, settings_of, tell, tell_all, warn, with_settings
from console.cli.deed import (
    SecondPerson,
    lack_line,
    lacking,
    operator_here,
    second_person,
    while_armed,
    with_confirmation,
    with_second_person,
)
from console.cli.watch import watching

if TYPE_CHECKING:
    from console.actions.checkpoint import Operator
    from console.actions.kill.switch import KillSwitch
    from console.actions.releases.back import Done, Plan, WaysBack
    from console.domain.approval import Deed
    from console.domain.assessment import Assessment
    from console.domain.gate import Gate
    from console.domain.release_gates import Asked
    from console.settings import Settings

_OPTIONS = {
    "confirmation": "--confirm WORDS",
    "second person": "--ask, and then --approval ID",
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
@click.option("--to", default="", metavar="ID|TAG", help="Which one; by default the previous healthy one.")
@click.option(
    "--seen", default="", metavar="TREE", callback=_checked_tree, help="The tree of now, as it was seen."
)
@click.option("--run", default="", metavar="RUN", help="The run that it is part of: it goes back once.")
@click.option("--reason", required=True, help="Why, for the journal.")
@with_confirmation("Environment and context; without them: what would happen.")
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
    ask: bool,
    approval: str | None,
    break_glass: str,
    **given: Any,
) -> None:
    """Put a release's files in the place of those in the tree, while no process of the engine runs.

    What stands there is saved before, for `--to`. Killed on the way: run it again.
    """
    settings = settings_of(ctx, Given(**given))
    import asyncio  # noqa: PLC0415

    from console.actions.kill.switch import KillSwitch  # noqa: PLC0415
    from console.actions.releases.errors import ReleaseError  # noqa: PLC0415
    from console.domain.access import AccessError  # noqa: PLC0415
    from console.domain.release_gates import Asked  # noqa: PLC0415
    from console.wiring.releases import ways_back_of  # noqa: PLC0415

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a lost terminal leaves nothing half done
    switch, asked = KillSwitch(settings), Asked(reason, confirm, seen, run)
    second = second_person(settings, switch.notices.tell, ask=ask, approval=approval, break_glass=break_glass)
    try:
        plan = (ways := ways_back_of(settings)).plan(to, run)
    except ReleaseError as error:
        fail(str(error), 3)
    try:
        sys.exit(asyncio.run(_Back(settings, switch, ways, plan, asked=asked, second=second).run()))
    except AccessError as error:
        fail(str(error), 3)
    except ReleaseError as error:
        fail(str(error), 1)


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

    def __init__(
        self,
        settings: "Settings",
        switch: "KillSwitch",
        ways: "WaysBack",
        plan: "Plan",
        *,
        asked: "Asked",
        second: SecondPerson,
    ) -> None:
        self._settings = settings
        self._switch = switch
        self._ways = ways
        self._plan = plan
        self._asked = asked
        self._second = second

    async def run(self) -> int:
        """Do it where nothing is missing; the exit code."""
        from console import threads  # noqa: PLC0415

        plan, asked = self._plan, self._asked
        tell(f"to             {plan.target.release.called}: {plan.why}")
        tell_all(f"uncommitted    {line}" for line in plan.uncommitted)
        async with watching(self._settings, self._switch, panels_of(self._settings)) as watch:
            await watch.until_answered()
            live = watch.monitor.assessment()
            who = operator_here(self._settings, consent=self._second.consent())
            gates = await threads.start(
                lambda: self._ways.gates(plan, asked, who, live), name="release gates"
            )
            deed = self._ways.deed(plan, asked)
            lacks = lacking(gates, alone=self._second.absent)
            if lacks:
                self._tell_what_lacks(lacks, deed)
                return 3

            def put_back(who: "Operator", live: "Assessment") -> "Done":
                approved = self._second.taken(deed)
                return self._ways.go(plan, asked, who, live, approved=approved, told=self._told)

            done = await while_armed(self._settings, asked.reason, watch.monitor.assessment, put_back)
        tell_all(f"complaint      {line}" for line in done.complaints)
        tell(f"{done.changed} files exchanged, every file's hash is as recorded")
        tell(f"BACK: {plan.target.release.called} stands there")
        return 0

    def _told(self, line: str) -> None:
        tell(f"before it      {line}")

    def _tell_what_lacks(self, lacks: "list[Gate]", deed: "Deed") -> None:
        tell_all(f"would          {line}" for line in deed.what)
        tell_all(lack_line(gate, _OPTIONS) for gate in lacks)
        request = self._second.asked(deed, self._asked.reason)
        if request:
            tell(f"asked          a second person has to run: opsconsole approve {request}")
        tell("NOT PUT BACK")
