"""The command of notifications: `notify test`. Thin.

Exit codes: 0 every service has taken it, 1 some have not, 2 the settings name none, or bad usage.
"""

import os
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, fail, operator, say, settings_of, with_settings

if TYPE_CHECKING:
    from console.settings import Settings


@click.group()
def notify() -> None:
    """Who is told when a kill switch is tripped, reset or lost, and of alerts."""


@notify.command()
@with_settings
@click.pass_context
def test(ctx: click.Context, /, **given: Any) -> None:
    """Send a message to everybody who would be told, and say who was not reached."""
    settings = settings_of(ctx, Given(**given))
    variables = _variables(settings)
    if not variables:
        fail("nobody is told anything: the settings have no notify.urls_env, and none under notify.alerts")
    from console.actions import sending  # noqa: PLC0415
    from console.domain.news import Kind, News  # noqa: PLC0415

    who, timeout = f"{operator()}@{os.uname().nodename}", settings.notify.timeout
    news = News(Kind.TEST, settings.context, settings.chosen.environment, who, "this is only a test")
    answers = {what: sending.send_to(named, news, timeout, os.environ) for named, what in variables.items()}
    missed = [f"{what}: {why}" for what, why in answers.items() if why]
    if missed:
        fail("; ".join(missed), 1)
    say("OK: every service has taken it")


def _variables(settings: "Settings") -> dict[str, str]:
    """The environment's variables with addresses, each with what is told there."""
    from console.actions.alert_notify import variables_of  # noqa: PLC0415

    found: dict[str, str] = {}
    named = {"kill switch": settings.notify.urls_env, **variables_of(settings.notify.alerts)}
    for what, variable in named.items():
        if variable is not None:
            found[variable] = f"{found[variable]}, {what}" if variable in found else what
    return found
