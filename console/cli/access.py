"""The commands of access: `approve`, `access check`. Thin.

Exit codes of `access check`: 0 everything holds, 1 something doesn't, 3 something can't be told; 2 bad usage.
`approve` ends with 0 once the approval counts, and with 1 where it doesn't; 2 bad usage.
"""

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, fail, say, settings_of, with_settings
from console.cli.deed import request_id

if TYPE_CHECKING:
    from console.actions.access_check import Finding
    from console.actions.approvals import Approvals
    from console.domain.approval import Request
    from console.settings import Settings


@click.command()
@with_settings
@click.argument("id_", metavar="[ID]", required=False, callback=request_id)
@click.option("--confirm", metavar="WORDS", help="What would be asked for: environment and target.")
@click.pass_context
def approve(ctx: click.Context, /, *, id_: str | None, confirm: str | None, **given: Any) -> None:
    """Agree to the request ID of somebody else; without an ID, list what waits for that.

    Shows what exactly would be done, then asks for the environment and the target to be typed.
    """
    from console.actions.anchoring import anchored  # noqa: PLC0415
    from console.actions.approvals import approvals_in  # noqa: PLC0415
    from console.domain.access import AccessError  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    approvals = approvals_in(settings, SystemClock(), os.environ)
    try:
        if id_ is None:
            _list(approvals)
        else:
            approvals.close_abandoned()
            with anchored(settings, os.environ):
                _approve(approvals, approvals.find(id_), settings, confirm)
    except AccessError as error:
        fail(str(error), 1)


@click.group()
def access() -> None:
    """Who may do what here, and what enforces it."""


@access.command()
@with_settings
@click.option("--json", "as_json", is_flag=True, help="A list of findings instead of text.")
@click.pass_context
def check(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Verify what the operating system and the database enforce: modes, owners, the database's user."""
    from console.actions.access_check import checked  # noqa: PLC0415
    from console.actions.roles import this_person  # noqa: PLC0415
    from console.settings_memory import config_file  # noqa: PLC0415

    here = Given(**given)
    settings = settings_of(ctx, here)
    file = config_file(here.over(ctx.find_root().obj or Given()).config, os.environ)
    findings = list(checked(settings, file, this_person(), os.environ))
    if as_json:
        click.echo(json.dumps([_as_json(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            say(f"{_WORDS[finding.holds]:<8}{finding.subject}: {finding.words}")
    verdicts = {finding.holds for finding in findings}
    sys.exit(1 if False in verdicts else 3 if None in verdicts else 0)


_WORDS = {True: "OK", False: "FAILS", None: "UNKNOWN"}


def _as_json(finding: "Finding") -> dict[str, object]:
    return {"subject": finding.subject, "holds": finding.holds, "words": finding.words}


def _list(approvals: "Approvals") -> None:
    waiting, complaints = approvals.waiting()
    for complaint in complaints:
        say(f"note: {complaint}")
    if not waiting:
        say("nothing waits for approval")
    for asked in waiting:
        deed = asked.deed
        by = f"by {_name(asked.uid)} until {_time(asked.expires)}"
        say(f"{asked.id}  {deed.action} {deed.target} in {deed.context}, asked {by}: {asked.reason}")


def _approve(approvals: "Approvals", asked: "Request", settings: "Settings", confirm: str | None) -> None:
    context = settings.contexts.get(asked.deed.context)
    if context is None:
        fail(f"the settings have no context {asked.deed.context}", 1)
    _show(asked, context.environment)
    phrase = f"{context.environment} {asked.deed.target}"
    if confirm is None:
        confirm = _typed(phrase)
    if confirm != phrase:
        fail(f"not approved: what was typed is not {phrase!r}", 1)
    approvals.approve(asked)
    say(f"approved: {_name(asked.uid)} may do this once, until {_time(asked.expires)}")


def _show(asked: "Request", environment: str) -> None:
    deed = asked.deed
    say(f"request   {asked.id} by {_name(asked.uid)} at {_time(asked.at)}, until {_time(asked.expires)}")
    say(f"context   {deed.context} ({environment})")
    say(f"action    {deed.action} {deed.target}")
    say(f"reason    {asked.reason}")
    for line in deed.what:
        say(f"would     {line}")


def _typed(phrase: str) -> str:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        fail("approving needs a terminal, or --confirm with the environment and the target", 2)
    import termios  # noqa: PLC0415

    from console.domain.foreign import visible  # noqa: PLC0415

    termios.tcflush(sys.stdin, termios.TCIFLUSH)  # what was typed before it was shown is no answer
    question = f"type {visible(phrase)!r} to approve"
    answer: str = click.prompt(question, default="", show_default=False)
    return answer


def _name(uid: int) -> str:
    from console.actions.roles import person_of  # noqa: PLC0415

    return str(person_of(uid))


def _time(at: float) -> str:
    from console.audit.record import iso_time  # noqa: PLC0415

    return f"{iso_time(at)[:19]}Z"
