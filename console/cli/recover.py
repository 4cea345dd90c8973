"""`recover`: the recovery runbook of the context, from "stopped" to "trading again". Thin.

Exit codes: 0 recovered, 1 failed or aborted, 2 bad usage, 3 a person is needed, or it is refused.
"""

import os
import sys
from typing import Any

import click

from console.cli.command_line import Given, fail, with_settings
from console.cli.runbook_drive import told_refusals, values_of, wheel_of, with_decision, with_parameters

_NAME = "recovery"


@click.command()
@with_settings
@with_parameters
@with_decision
@click.option("--dry-run", is_flag=True, help="Ask every check, do nothing, write nothing.")
@click.pass_context
def recover(
    ctx: click.Context,
    /,
    *,
    parameters: tuple[str, ...],
    note: str,
    again: bool,
    skip: str,
    confirm: str,
    approval: str,
    wait: bool,
    take_over: str,
    dry_run: bool,
    **given: Any,
) -> None:
    """Begin the recovery runbook, or go on with its open run, until a person is needed.

    The same as `runbook run recovery`, and then `runbook resume RUN`.
    """
    from console.runbooks.deciding import Decision  # noqa: PLC0415
    from console.runbooks.store import store_of  # noqa: PLC0415

    wheel = wheel_of(ctx, Given(**given))
    runbook = wheel.named(_NAME)
    values = values_of(runbook, parameters)
    with told_refusals():
        if dry_run:
            sys.exit(wheel.walk(runbook, values))
        decision = Decision(note, again, skip, confirm, approval, wait)
        open_run = store_of(wheel.settings, os.environ).open_run(_NAME, wheel.settings.context)
        if open_run is None and (take_over or decision != Decision()):
            fail("no recovery is under way: nothing is to be decided", 3)
        if open_run is None:
            sys.exit(wheel.begin(runbook, values))
        if parameters:
            fail(f"run {open_run} is under way: its parameters can't be changed", 3)
        sys.exit(wheel.resume(open_run, decision, take_over))
