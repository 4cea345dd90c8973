"""Who is told what happens, and where else the journal's head is kept, as the settings state it.

Plain values: telling people is `console.actions.notify` and, of alerts, `console.actions.alert_notify`; the
heads are `console.actions.anchoring`.
"""

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field

from console.settings_values import Model, Seconds, Variable, seconds

Told = Literal["trip", "reset", "lost", "break_glass", "approval"]


class Addresses(Model):
    """Who is told of the alerts of one level; `urls_env` is as in `Notify`."""

    urls_env: Variable


class Watchdog(Model):
    """Who is told, `every` so many seconds, that alerts are evaluated: a service that misses it tells you."""

    urls_env: Variable
    every: Annotated[float, BeforeValidator(seconds), Field(ge=10, le=86400)] = 300


class AlertNotify(Model):
    """Who is told of alerts, by level; one whose level has no addresses goes to the next lower that has.

    All times are in seconds. The first alert is told after `group_wait`, with all that came meanwhile, and
    further ones of its level `group_interval` after that. What still fires is told again after `repeat`, and
    what is over where `resolved` says so.
    """

    page: Addresses | None = None
    critical: Addresses | None = None
    high: Addresses | None = None
    unknown: Addresses | None = None
    warning: Addresses | None = None
    watchdog: Watchdog | None = None
    group_wait: Annotated[float, BeforeValidator(seconds), Field(ge=0, le=3600)] = 5
    group_interval: Annotated[float, BeforeValidator(seconds), Field(ge=1, le=3600)] = 60
    repeat: Annotated[float, BeforeValidator(seconds), Field(ge=60, le=7 * 86400)] = 4 * 3600
    resolved: bool = True


class Notify(Model):
    """Notifications by apprise, which the extra `[notify]` brings.

    `urls_env` names the environment variable with apprise's URLs, separated by spaces: they hold secrets.
    `tell` is what is told, `alerts` who is told of alerts, and `timeout` how long a service may take, in
    seconds.
    """

    urls_env: Variable | None = None
    tell: list[Told] = Field(default_factory=lambda: list(get_args(Told)))
    alerts: AlertNotify = AlertNotify()
    timeout: Seconds = 10


def _syslog(value: object) -> object:
    """The socket, or whether there is one: `true` means the usual."""
    if isinstance(value, bool):
        return Path("/dev/log") if value else None
    if isinstance(value, str) and value.startswith("/"):
        return value
    raise ValueError(
        "true for /dev/log, false, or the path of another socket, such as /run/systemd/journal/dev-log"
    )


class Audit(Model):
    """Where the head of the journal goes so that a cut end is noticed, besides the file in the state folder.

    `database` is the table that an administrator made in the context's database, where there is one; `syslog`
    the system's log.
    """

    database: bool = True
    syslog: Annotated[Path | None, BeforeValidator(_syslog)] = None
