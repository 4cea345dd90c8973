"""The trading switches of `system_settings`, put back to what a trip has found, in one transaction.

Only what is still as the console left it: '0', and set by nobody else since. Everything else stays.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, column, delete, func, select, text, update

from console import schema
from console.actions.database import Login, UnusableError, WrongServerError, connected, transaction
from console.actions.faults import point
from console.actions.kill.actuator import Act, Answer
from console.actions.kill.switches import Switches, read, told
from console.domain.clock import Clock
from console.domain.foreign import visible

BY = "opsconsole"
"""How `updated_by` begins where a console has written it."""


def put_back(login: Login, found: Mapping[str, str | None], by: str, clock: Clock) -> Answer:
    """Put each key of `found` back to its value, and take away what wasn't there."""
    write = _PutBack(found, by, clock)
    try:
        write.over(login)
    except WrongServerError as error:
        return Answer(Act.REFUSED, str(error))
    except _ChangedError:
        return Answer(Act.FAILED, "others changed the switches at the same time", told(write.before))
    except UnusableError as error:
        if not write.sent:
            return Answer(Act.FAILED, str(error))
        return _read_back(login, write, f"broke off: {error}")
    return _read_back(login, write, "put back" if write.wanted else "nothing to put back")


class _ChangedError(Exception):
    """A switch isn't what the same transaction has read."""


class _PutBack:
    """One attempt: what is `wanted`, what was `left` and why, and whether anything was sent."""

    def __init__(self, found: Mapping[str, str | None], by: str, clock: Clock) -> None:
        self.before: Switches = {}
        self.wanted: Switches = {}
        self.left: dict[str, str] = {}
        self.sent = False
        self._found = found
        self._by = by
        self._clock = clock

    def over(self, login: Login) -> None:
        with connected(login) as connection:
            columns = set(connection.execute(text("SELECT * FROM system_settings LIMIT 0")).keys())
            with transaction(connection):
                self._sort(connection, columns)
                for key, value in self.wanted.items():
                    self._write(connection, columns, key, value)
                point("database: before put back")
            point("database: after put back")

    def _sort(self, connection: Connection, columns: set[str]) -> None:
        """Tell what is still as the console left it from what isn't."""
        self.before = read(connection, tuple(self._found))
        writers = _writers(connection, tuple(self._found)) if "updated_by" in columns else {}
        for key, value in self._found.items():
            now, writer = self.before[key], writers.get(key, BY)
            if now == value:
                continue
            if now != "0":
                self.left[key] = f"{key} is {'missing' if now is None else visible(now[:20])} by now"
            elif not writer.startswith(BY):
                self.left[key] = f"{key} was set to 0 by {visible(writer[:40])} since"
            else:
                self.wanted[key] = value

    def _write(self, connection: Connection, columns: set[str], key: str, value: str | None) -> None:
        table = schema.settings
        unchanged = (table.c.setting_key == key, func.coalesce(table.c.setting_value, "") == "0")
        local = datetime.fromtimestamp(self._clock.wall())  # as engines write their times
        known = {"setting_value": value, "updated_by": self._by[:100], "updated_at": local}
        values = {name: known[name] for name in known if name in columns}
        change = delete(table) if value is None else update(table).values(values)
        self.sent = True
        if connection.execute(change.where(*unchanged)).rowcount != 1:
            raise _ChangedError


def _writers(connection: Connection, keys: tuple[str, ...]) -> dict[str, str]:
    table = schema.settings
    rows = connection.execute(
        select(table.c.setting_key, column("updated_by")).where(table.c.setting_key.in_(keys))
    )
    return {str(key): "" if writer is None else str(writer) for key, writer in rows}


def _read_back(login: Login, write: _PutBack, words: str) -> Answer:
    """Done is what the rows say over a connection of its own."""
    old, left = told(write.before), "; ".join(["", *(f"left: {why}" for why in write.left.values())])
    try:
        with connected(login) as connection:
            after = read(connection, tuple(write.before))
    except UnusableError as error:
        return Answer(Act.UNKNOWN, f"{words}; can't be read back: {error}", old)
    undone = {key: after[key] for key, value in write.wanted.items() if after[key] != value}
    if undone:
        return Answer(Act.FAILED, f"{words}; read back: {told(undone)}{left}", old, told(after))
    return Answer(Act.DONE, f"{words}{left}", old, told(after))
