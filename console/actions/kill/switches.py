"""The trading switches of `system_settings`, set to '0' in one transaction and read back.

Every change is guarded by the value that the same transaction has read. What breaks off once something was
sent is unknown: it is read back over a new connection, and nothing is written a second time. Putting
them back is `switches_back`.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, column, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from console import schema
from console.actions.database import Login, UnusableError, WrongServerError, connected, transaction
from console.actions.faults import point
from console.actions.kill.actuator import Act, Answer, Order, Scope
from console.actions.kill.stamps import is_ours, key_of, place_of, stamp_of
from console.domain.clock import Clock
from console.domain.foreign import visible

KEYS = {
    Scope.ALL: schema.TRADING_SWITCHES,
    Scope.USDM: ("u_futures_trading_enabled",),
    Scope.COIN: ("coin_futures_trading_enabled",),
}
_TRIES = 5
"""How often the switches are read anew when somebody changes them between our reading and writing."""

Switches = dict[str, str | None]
"""The value of each switch, None for a row that isn't there."""


def switch_off(login: Login, order: Order, clock: Clock) -> Answer:
    """Set every switch of the order's scope to '0'."""
    keys = KEYS[order.scope]
    write = _Write(keys, order.by, clock)
    try:
        write.over(login)
    except WrongServerError as error:
        return Answer(Act.REFUSED, str(error))
    except UnusableError as error:
        if not write.sent:
            return Answer(Act.FAILED, str(error))
        return _read_back(login, f"broke off: {error}", write, done="read back: all off")
    except _ChangedError:
        return Answer(Act.FAILED, f"others changed the switches at the same time, {_TRIES} times")
    words = "was off already" if not _on(write.before) else "set to 0"
    return _read_back(login, words, write)


def read_switches(login: Login, scope: Scope) -> tuple[str, bool | None]:
    """The switches of `scope` in words, and whether all are off; None where they can't be read."""
    try:
        with connected(login) as connection:
            found = read(connection, KEYS[scope])
    except UnusableError as error:
        return str(error), None
    return told(found) or "", not _on(found)


class _ChangedError(Exception):
    """A switch isn't what the same transaction has read."""


class _Write:
    """One attempt to switch off: what was there `before`, and whether anything was sent.

    `found` is what a reset has to put back: of a switch that another trip has set, its stamp.
    """

    def __init__(self, keys: tuple[str, ...], by: str, clock: Clock) -> None:
        self.before: Switches = {}
        self.found: Switches = {}
        self.sent = False
        self._keys = keys
        self._stamp = stamp_of(by, clock.wall())
        self._clock = clock

    def over(self, login: Login) -> None:
        with connected(login) as connection:
            columns = set(connection.execute(text("SELECT * FROM system_settings LIMIT 0")).keys())
            for turn in range(_TRIES):
                try:
                    with transaction(connection):
                        self._once(connection, columns)
                        point("database: before commit")
                except (_ChangedError, IntegrityError):
                    self.sent = False  # it was rolled back
                    if turn == _TRIES - 1:
                        raise _ChangedError from None
                else:
                    point("database: after commit")
                    return

    def _once(self, connection: Connection, columns: set[str]) -> None:
        self.before = read(connection, self._keys)
        writers = read_writers(connection, self._keys) if "updated_by" in columns else {}
        others = {key: writer for key, writer in writers.items() if is_ours(writer) and writer != self._stamp}
        taken = {key: writer for key, writer in others.items() if self.before[key] == "0"}
        stamp = self._stamp if "updated_by" in columns else None
        self.found = {place_of(key, stamp): old for key, old in (_on(self.before) | taken).items()}
        local = datetime.fromtimestamp(self._clock.wall())  # as engines write their times
        known = {"setting_value": "0", "updated_by": stamp, "updated_at": local}
        values = {name: value for name, value in known.items() if name in columns}
        for key in map(key_of, self.found):
            point("database: before write")
            self.sent = True
            self._write(connection, key, values, taken.get(key))
            point("database: after write")

    def _write(
        self, connection: Connection, key: str, values: Mapping[str, object], writer: str | None
    ) -> None:
        """Write the row, if it is as it was read; `writer` is whose stamp is replaced."""
        table, old = schema.settings, self.before[key]
        if old is None:
            connection.execute(insert(table).values(setting_key=key, **values))
            return
        unchanged = [table.c.setting_key == key, func.coalesce(table.c.setting_value, "") == old]
        if writer is not None:
            unchanged.append(column("updated_by") == writer)
        if connection.execute(update(table).where(*unchanged).values(values)).rowcount != 1:
            raise _ChangedError


def _read_back(login: Login, words: str, write: _Write, *, done: str = "") -> Answer:
    """Done is what the rows say over a connection of its own; `done` is what to add then."""
    old = told(write.before)
    try:
        with connected(login) as connection:
            after = read(connection, tuple(write.before))
    except UnusableError as error:
        return Answer(Act.UNKNOWN, f"{words}; can't be read back: {error}", old, found=write.found)
    left = _on(after)
    found = {place: value for place, value in write.found.items() if key_of(place) not in left}
    if left:
        return Answer(Act.FAILED, f"{words}; read back: {told(left)}", old, told(after), found)
    return Answer(Act.DONE, f"{words}; {done}" if done else words, old, told(after), found)


def read(connection: Connection, keys: tuple[str, ...]) -> Switches:
    """The value of each switch."""
    table = schema.settings
    rows = connection.execute(
        select(table.c.setting_key, table.c.setting_value).where(table.c.setting_key.in_(keys))
    )
    found = {str(key): "" if value is None else str(value) for key, value in rows}
    return {key: found.get(key) for key in keys}


def read_writers(connection: Connection, keys: tuple[str, ...]) -> dict[str, str]:
    """Who has last written each switch that is there, in a table with a column for that."""
    table = schema.settings
    rows = connection.execute(
        select(table.c.setting_key, column("updated_by")).where(table.c.setting_key.in_(keys))
    )
    return {str(key): "" if writer is None else str(writer) for key, writer in rows}


def _on(switches: Switches) -> Switches:
    """Those that aren't '0'."""
    return {key: value for key, value in switches.items() if value != "0"}


def told(switches: Switches) -> str | None:
    """In words, such as `allow_long=1, allow_short missing`."""
    said = (
        f"{key} missing" if value is None else f"{key}={visible(value[:20])}"
        for key, value in switches.items()
    )
    return ", ".join(said) or None
