"""The trading switches of the database, as an actuator. What is done to the rows is `switches`."""

from dataclasses import dataclass, field
from pathlib import Path

from console.actions.kill.actuator import ALL_SCOPES, Answer, Order, Scope
from console.domain.clock import Clock


@dataclass(frozen=True, slots=True)
class DatabaseSwitches:
    """Sets the switches of one database to '0'; `timeout` (s) bounds connecting and each statement.

    `password` comes from the environment. `server`, where given, is the `server_uuid` or host name that the
    server has to report: another one is left alone.
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

    def fire(self, order: Order) -> Answer:
        """Set every switch of the order's scope, inserting what is missing."""
        from console.actions.database import Login  # noqa: PLC0415 (drivers: the flag is written before)
        from console.actions.kill.switches import switch_off  # noqa: PLC0415

        login = Login(self.url, self.timeout, self.password, self.ca_file, self.server)
        return switch_off(login, order, self.clock)
