"""The trading switches of the database, as an actuator. What is done to the rows is `switches`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions.kill.actuator import ALL_SCOPES, Answer, Order, Scope
from console.domain.clock import Clock

if TYPE_CHECKING:
    from console.actions.database import Login


@dataclass(frozen=True, slots=True)
class DatabaseSwitches:
    """Sets the switches of one database to '0'; `timeout` (s) bounds connecting and each statement.

    `user` is who writes, the URL's where it is None; `password` comes from the environment. `server`, where
    given, is the `server_uuid` or host name that the server has to report: another one is left alone.
    """

    url: str
    clock: Clock
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    server: str | None = None
    timeout: float = 1.0
    deadline: float = 3.0
    name: str = "database"
    scopes: frozenset[Scope] = ALL_SCOPES
    user: str | None = None

    def fire(self, order: Order) -> Answer:
        """Set every switch of the order's scope, inserting what is missing."""
        from console.actions.kill.switches import switch_off  # noqa: PLC0415 (as below)

        return switch_off(self._login(), order, self.clock)

    def clear(self, found: Mapping[str, str | None], by: str) -> Answer:
        """Put the switches back to what a trip has `found`; one that others have changed since stays."""
        from console.actions.kill.switches_back import put_back  # noqa: PLC0415 (as below)

        return put_back(self._login(), found, by, self.clock)

    def said(self, scope: Scope) -> tuple[str, bool | None]:
        """The switches of `scope` in words, and whether all are off; None where they can't be read."""
        from console.actions.kill.switches import read_switches  # noqa: PLC0415 (as below)

        return read_switches(self._login(), scope)

    def _login(self) -> "Login":
        from console.actions.database import Login  # noqa: PLC0415 (drivers: the flag is written before)

        return Login(self.url, self.timeout, self.password, self.ca_file, self.server, self.user)
