"""The command `alerts`: what the alert rules say now; other modules change that, and lint the rules. Thin.

Exit codes, as of `status`: 0 OK, 1 WARNING, 2 CRITICAL or HIGH (or bad usage), 3 UNKNOWN.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Any

import click

from console.cli import alerts_change as changes
from console.cli.alerts_lint import lint
from console.cli.command_line import Given, fail, monitor_of, settings_of, tell_all, with_json, with_settings


@click.group(invoke_without_command=True)
@with_settings
@with_json
@click.option("--all", "everything", is_flag=True, help="Resolved ones, too, and rules that can't tell yet.")
@click.pass_context
def alerts(ctx: click.Context, /, *, as_json: bool, everything: bool, **given: Any) -> None:
    """Say what the alert rules and rollback triggers say, mute an alert, or lint the rules.

    A single look goes on from what the last console knew of each rule's `for`.
    """
    root = ctx.find_root()
    root.obj = Given(**given).over(root.obj or Given())
    if ctx.invoked_subcommand is None:
        sys.exit(asyncio.run(_listed(ctx, as_json, everything)))
    elif as_json or everything:
        fail(f"write --json after `{ctx.invoked_subcommand}`; --all is of the list alone")


for _command in (changes.ack, changes.unack, changes.silence, changes.unsilence, changes.silences, lint):
    alerts.add_command(_command)


async def _listed(ctx: click.Context, as_json: bool, everything: bool) -> int:
    from console.cli.alerts_told import alert_lines, alerts_document  # noqa: PLC0415
    from console.domain.alert_severity import alerts_severity  # noqa: PLC0415

    settings = settings_of(ctx, Given())
    monitor = monitor_of(settings, once=True)
    await monitor.look_once()
    live = monitor.assessment()
    severity = alerts_severity(live)
    context, environment = settings.context, settings.chosen.environment
    if as_json:
        now = datetime.fromtimestamp(monitor.clock.wall(), UTC).isoformat(timespec="milliseconds")
        whose: dict[str, object] = {"context": context, "environment": environment, "time": now}
        document = alerts_document(live, severity, whose)
        tell_all(json.dumps(document, indent=2, allow_nan=False).splitlines())
    else:
        tell_all(alert_lines(live, severity, f"{context} ({environment})", everything=everything))
    return severity.exit_code
