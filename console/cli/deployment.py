"""`deployment`: the sign-off that ends one, and who looks after it when. Thin.

Exit codes: 0 done, or nothing is overdue; 1 something is overdue, or another person is asked; 2 bad usage;
3 refused, or it can't be read.
"""

import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, fail, settings_of, tell, tell_all, with_json, with_settings
from console.cli.deed import request_id
from console.domain.deployment_calendar import DUTIES, document_of, due

if TYPE_CHECKING:
    from console.actions.deployments import Deployments
    from console.domain.deployment_calendar import Calendar, Deployed
    from console.settings import Settings

_MOST_LOOKS = 5


@click.group()
def deployment() -> None:
    """What follows a deployment: its sign-off, and the calendar of who looks when."""


@deployment.command()
@with_settings
@with_json
@click.pass_context
def status(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Say what is due next, and who looked last: 0 nothing is overdue, 1 something is."""
    from console.actions.deployments import calendar_file, read_calendar  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415

    settings, now = settings_of(ctx, Given(**given)), SystemClock().wall()
    try:
        calendar = read_calendar(calendar_file(settings.state, settings.context))
    except ValueError as error:
        fail(str(error), 3)
    tell_all([_as_json(calendar, now)] if as_json else _lines(calendar, now))
    sys.exit(int(any(each.is_late(now) for each in due(calendar, now))))


@deployment.command()
@with_settings
@click.argument("duty", type=click.Choice(list(DUTIES)), default="look")
@click.option("--note", default="", metavar="TEXT", help="What there is to say of it: document any issue.")
@click.pass_context
def look(ctx: click.Context, /, *, duty: str, note: str, **given: Any) -> None:
    """Record that you have looked at the dashboards just now, or have done another DUTY of the calendar."""
    from console.domain.access import AccessError  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    try:
        done = _deployments(settings).look(duty, note)
    except AccessError as error:
        fail(str(error), 3)
    tell(f"recorded: {DUTIES[done.duty].title} by {done.user}")


@deployment.command("sign-off")
@with_settings
@click.argument("run_id", metavar="RUN")
@click.option(
    "--approval", metavar="ID", callback=request_id, help="The request that the other person has approved."
)
@click.pass_context
def sign_off(ctx: click.Context, /, *, run_id: str, approval: str | None, **given: Any) -> None:
    """End the deployment that RUN was: its date, who deployed it, and another person who has verified it.

    Without --approval, asks for that person, who agrees by `opsconsole approve ID`.
    """
    from console.domain.access import AccessError  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    done, deployments = _deployed(settings, run_id), _deployments(settings)
    try:
        if approval is None:
            asked = deployments.ask(done, settings.chosen.access.approvals_expire)
            tell(f"request {asked.id}: another person looks for themselves, and agrees by")
            tell(f"    opsconsole approve {asked.id}")
            tell("and then you sign off by")
            tell(f"    opsconsole deployment sign-off {run_id} --approval {asked.id}")
            sys.exit(1)
        signed = deployments.sign_off(done, approval)
    except AccessError as error:
        fail(str(error), 3)
    tell(f"signed off: deployed {_time(signed.deployed)} by {signed.by}, verified by {signed.verified_by}")


def _deployed(settings: "Settings", run_id: str) -> "Deployed":
    from console.runbooks.reading import RunbookError  # noqa: PLC0415
    from console.runbooks.sign_off import deployed_by  # noqa: PLC0415 (drivers)
    from console.runbooks.store import store_of  # noqa: PLC0415 (as above)
    from console.wiring.runbooks import REFUSED, runbook_of_run  # noqa: PLC0415 (as above)

    try:
        store = store_of(settings, os.environ)
        run = store.find(run_id)
        return deployed_by(runbook_of_run(run), run, store.timeline(run_id))
    except REFUSED as error:
        fail(str(error), 3)
    except RunbookError as error:  # of the text that a run keeps, which an older console took
        fail(error.problems[0], 3)


def _deployments(settings: "Settings") -> "Deployments":
    from console.actions.deployments import deployments_of  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415

    return deployments_of(settings, SystemClock())


def _lines(calendar: "Calendar", now: float) -> Iterator[str]:
    """What is due, and the last looks: those before a sign-off count for what it signs off."""
    signed = calendar.latest
    if signed is None:
        yield "no deployment is signed off: nothing is due"
    else:
        yield f"{'deployed':<9} {_time(signed.deployed)} by {signed.by}, in run {signed.run}"
        yield f"{'verified':<9} {_time(signed.at)} by {signed.verified_by}"
    for each in due(calendar, now):
        yield f"{'OVERDUE' if each.is_late(now) else 'due':<9} {each.words(now)}, at {_time(each.at)}"
    for done in calendar.looks[: -_MOST_LOOKS - 1 : -1]:
        note = f": {done.note}" if done.note else ""
        yield f"{'done':<9} {DUTIES[done.duty].title} at {_time(done.at)} by {done.user}{note}"


def _as_json(calendar: "Calendar", now: float) -> str:
    coming = [
        {"duty": each.duty.key, "at": _time(each.at), "overdue": each.is_late(now)}
        for each in due(calendar, now)
    ]
    return json.dumps({"due": coming, **document_of(calendar)})


def _time(at: float) -> str:
    from console.audit.record import iso_time  # noqa: PLC0415

    return f"{iso_time(at)[:19]}Z"
