"""Who is told what happens, and where else the journal's head is kept, as the settings state it.

Plain values: telling people is `console.actions.notify`, and the heads are `console.actions.anchoring`.
"""

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field

from console.settings_values import Model, Seconds, Variable

Told = Literal["trip", "reset", "lost", "break_glass", "approval"]


class Notify(Model):
    """Notifications by apprise, which the extra `[notify]` brings.

    `urls_env` names the environment variable with apprise's URLs, separated by spaces: they hold secrets.
    `tell` is what is told, and `timeout` how long a service may take, in seconds.
    """

    urls_env: Variable | None = None
    tell: list[Told] = Field(default_factory=lambda: list(get_args(Told)))
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
