"""The command of notifications: `notify test`. Thin.

Exit codes: 0 every service has taken it, 1 some have not, 2 the settings name none, or bad usage.
"""

import os
from typing import Any

import click

from console.cli.command_line import Given, fail, operator, say, settings_of, with_settings


@click.group()
def notify() -> None:
    """Who is told when a kill switch is tripped, reset or lost."""


@notify.command()
@with_settings
@click.pass_context
def test(ctx: click.Context, /, **given: Any) -> None:
    """Send a message to everybody who would be told, and say who was not reached."""
    settings = settings_of(ctx, Given(**given))
    if settings.notify.urls_env is None:
        fail("nobody is told anything: the settings have no notify.urls_env")
    from console.actions.sending import send  # noqa: PLC0415
    from console.domain.news import Kind, News  # noqa: PLC0415

    who = f"{operator()}@{os.uname().nodename}"
    news = News(Kind.TEST, settings.context, settings.chosen.environment, who, "this is only a test")
    why = send(news, settings.notify, os.environ)
    if why:
        fail(why, 1)
    say("OK: every service has taken it")
