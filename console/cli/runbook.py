"""`runbook`: procedures, and runs of them that survive this process. Thin.

Exit codes of a run: 0 passed, 1 failed or aborted, 2 bad usage, 3 a person is needed, or it is refused.
"""

import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, monitor_of, settings_of, tell_all, warn, with_settings
from console.cli.runbook_drive import (
    exit_code,
    told_refusals,
    values_of,
    wheel_of,
    with_decision,
    with_parameters,
    with_take_over,
)

if TYPE_CHECKING:
    from console.runbooks.model import Runbook
    from console.runbooks.relevance import Wrong
    from console.settings import Settings

_PATIENCE = 4.0
"""Seconds that a list waits for what is wrong now, by which it is ordered."""


@click.group()
def runbook() -> None:
    """Procedures step by step, each checked; a run survives the connection it was begun on."""


@runbook.command("list")
@with_settings
@click.pass_context
def list_(ctx: click.Context, /, **given: Any) -> None:
    """Say which runbooks there are, those for what is wrong now first, the latest runs, and what is open."""
    from console.cli.runbook_open import open_lines, open_runs  # noqa: PLC0415
    from console.cli.runbook_told import listed_lines, runbook_lines  # noqa: PLC0415
    from console.runbooks.store import store_of  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    tell_all(runbook_lines(_runbooks(settings), _wrong(settings)))
    with told_refusals():
        runs, unread = store_of(settings, os.environ).listed(settings.context)
        tell_all(listed_lines(runs, unread))
        tell_all(open_lines(open_runs(settings)))


@runbook.command()
@with_settings
@click.argument("run_id", metavar="RUN|NAME")
@click.pass_context
def show(ctx: click.Context, /, *, run_id: str, **given: Any) -> None:
    """Say where a run stands, and all that was done; of a runbook, its steps."""
    from console.audit.redaction import secret_values  # noqa: PLC0415
    from console.cli.runbook_told import run_lines, steps_lines, timeline_lines  # noqa: PLC0415
    from console.runbooks.live_output import outputs_of  # noqa: PLC0415
    from console.runbooks.store import store_of  # noqa: PLC0415
    from console.runbooks.times import usual_seconds  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    with told_refusals():
        if (named := _named(settings, run_id)) is not None:
            tell_all(steps_lines(named))
            return
        store = store_of(settings, os.environ)
        found = store.find(run_id)
        usual = usual_seconds(store.timelines(found.runbook, found.context))
        output = outputs_of(settings.state / "runs", found, secret_values(os.environ))
        tell_all(run_lines(found, usual, time.time(), output))
        tell_all(timeline_lines(store.timeline(run_id)))


@runbook.command()
@with_settings
@click.argument("name", metavar="NAME|FILE")
@with_parameters
@click.option("--dry-run", is_flag=True, help="Ask every check, do nothing, write nothing.")
@click.pass_context
def run(
    ctx: click.Context, /, *, name: str, parameters: tuple[str, ...], dry_run: bool, **given: Any
) -> None:
    """Begin a run, and go on until a person is needed."""
    wheel = wheel_of(ctx, Given(**given))
    chosen = wheel.named(name)
    values = values_of(chosen, parameters)
    with told_refusals():
        sys.exit(wheel.walk(chosen, values) if dry_run else wheel.begin(chosen, values))


@runbook.command()
@with_settings
@click.argument("run_id", metavar="RUN")
@with_decision
@click.pass_context
def resume(
    ctx: click.Context,
    /,
    *,
    run_id: str,
    note: str,
    again: bool,
    skip: str,
    confirm: str,
    approval: str,
    wait: bool,
    take_over: str,
    **given: Any,
) -> None:
    """Come back to a run: what was under way is settled first, then it goes on until a person is needed."""
    from console.runbooks.deciding import Decision  # noqa: PLC0415

    wheel = wheel_of(ctx, Given(**given))
    with told_refusals():
        decision = Decision(note, again, skip, confirm, approval, wait)
        sys.exit(wheel.resume(run_id, decision, take_over))


@runbook.command()
@with_settings
@click.argument("run_id", metavar="RUN")
@click.option("--reason", required=True, help="Why, for the journal.")
@with_take_over
@click.pass_context
def abort(ctx: click.Context, /, *, run_id: str, reason: str, take_over: str, **given: Any) -> None:
    """End a run: what runs is ended, and what was done is undone where the runbook says how."""
    wheel = wheel_of(ctx, Given(**given))
    with told_refusals():
        sys.exit(wheel.abort(run_id, reason, take_over))


@runbook.command()
@with_settings
@click.argument("run_id", metavar="RUN")
@click.pass_context
def watch(ctx: click.Context, /, *, run_id: str, **given: Any) -> None:
    """Follow a run that somebody else drives, with what its commands write, until it is over or Ctrl+C."""
    from console.cli.runbook_follow import following_of  # noqa: PLC0415
    from console.runbooks.store import store_of  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    with told_refusals():
        ended = following_of(settings).watch(store_of(settings, os.environ), run_id)
    sys.exit(exit_code(ended))


@runbook.command("stand-by", hidden=True)
@with_settings
@click.argument("run_id", metavar="RUN")
@click.pass_context
def stand_by(ctx: click.Context, /, *, run_id: str, **given: Any) -> None:
    """Go on with a run in place of its driver when that has gone: whoever drives begins this by itself."""
    wheel = wheel_of(ctx, Given(**given))
    with told_refusals():
        wheel.stand_by(run_id)


@runbook.command()
@with_settings
@click.argument("run_id", metavar="RUN")
@click.option("--format", "form", type=click.Choice(["md", "json"]), default="md", show_default=True)
@click.pass_context
def report(ctx: click.Context, /, *, run_id: str, form: str, **given: Any) -> None:
    """Print the record of a run: who did what, what was seen, how long it took, and the journal's hashes."""
    from console.runbooks.report import as_json  # noqa: PLC0415
    from console.runbooks.report_markdown import as_markdown  # noqa: PLC0415
    from console.wiring.run_reports import report_of  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    with told_refusals():
        made = report_of(settings, run_id)
    tell_all((as_json(made) if form == "json" else as_markdown(made)).splitlines())


def _named(settings: "Settings", name: str) -> "Runbook | None":
    """The runbook of this name; RunbookError where its file has mistakes."""
    from console.runbooks.reading import RunbookError  # noqa: PLC0415
    from console.wiring.runbooks import runbooks_of  # noqa: PLC0415

    found = runbooks_of(settings).get(name)
    if isinstance(found, RunbookError):
        raise found
    return found


def _runbooks(settings: "Settings") -> "list[Runbook]":
    """All runbooks; of a file with mistakes its first is said."""
    from console.runbooks.reading import RunbookError  # noqa: PLC0415
    from console.wiring.runbooks import runbooks_of  # noqa: PLC0415

    sound = []
    for found in runbooks_of(settings).values():
        if isinstance(found, RunbookError):
            warn(found.problems[0])
        else:
            sound.append(found)
    return sound


def _wrong(settings: "Settings") -> "Wrong":
    """What fires and is met, as far as that can be told soon."""
    import asyncio  # noqa: PLC0415

    from console.runbooks.relevance import wrong_now  # noqa: PLC0415

    monitor = monitor_of(settings, once=True)
    try:
        asyncio.run(asyncio.wait_for(monitor.look_once(), _PATIENCE))
    except TimeoutError:
        warn(
            f"not everything has answered within {_PATIENCE:g} s: what is wrong now may not be all told here"
        )
    return wrong_now(monitor.assessment())
