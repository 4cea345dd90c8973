"""The trading switches of `system_settings`, put back to what a trip has found, in one transaction.

Only what is still as trips of this host left it: '0', with the stamp of one of them. Everything else stays.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import Connection, column, delete, func, text, update

from console import schema
from console.actions.database import Login, UnusableError, WrongServerError, connected, transaction
from console.actions.faults import point
from console.actions.kill.actuator import Act, Answer
from console.actions.kill.stamps import Found, is_ours, taken_from, values_in
from console.actions.kill.switches import Switches, read, read_writers, told
from console.domain.clock import Clock
from console.domain.foreign import visible


def put_back(login: Login, found: Found, by: str, clock: Clock) -> Answer:
    """Put each switch of `found` back to its value, and take away what wasn't there."""
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
    """One attempt: what is `wanted`, what was `left` and why, and whether anything was sent.

    `given_back` are the switches that another trip had set before: they stay '0', with its stamp.
    """

    def __init__(self, found: Found, by: str, clock: Clock) -> None:
        self.before: Switches = {}
        self.wanted: Switches = {}
        self.given_back: dict[str, str] = {}
        self.left: dict[str, str] = {}
        self.sent = False
        self._found = found
        self._values = values_in(found)
        self._writers: dict[str, str] | None = None
        self._by = by
        self._clock = clock

    def over(self, login: Login) -> None:
        with connected(login) as connection:
            columns = set(connection.execute(text("SELECT * FROM system_settings LIMIT 0")).keys())
            with transaction(connection):
                self._sort(connection, columns)
                for key, values in self._changes():
                    self._write(connection, columns, key, values)
                point("database: before put back")
            point("database: after put back")

    def _sort(self, connection: Connection, columns: set[str]) -> None:
        """Tell what is still as our trips left it from what isn't."""
        keys = tuple(self._values)
        self.before = read(connection, keys)
        self._writers = read_writers(connection, keys) if "updated_by" in columns else None
        for key, now in self.before.items():
            if now == "0":
                self._sort_off(key)
            elif now != self._values[key]:
                self.left[key] = f"{key} is {'missing' if now is None else visible(now[:20])} by now"

    def _sort_off(self, key: str) -> None:
        writer = None if self._writers is None else self._writers.get(key, "")
        try:
            value = taken_from(self._found, key, writer)
        except KeyError:
            self.left[key] = f"{key} was set to 0 by {visible((writer or 'others')[:50])} since"
            return
        if value is not None and is_ours(value):
            self.given_back[key] = value
            self.left[key] = f"{key} was set to 0 by {visible(value[:50])} before"
        else:
            self.wanted[key] = value

    def _changes(self) -> Iterator[tuple[str, Mapping[str, object] | None]]:
        """What each row becomes; None for one that is taken away."""
        local = datetime.fromtimestamp(self._clock.wall())  # as engines write their times
        for key, value in self.wanted.items():
            new = {"setting_value": value, "updated_by": self._by[:100], "updated_at": local}
            yield key, None if value is None else new
        for key, stamp in self.given_back.items():
            yield key, {"setting_value": "0", "updated_by": stamp, "updated_at": local}

    def _write(
        self, connection: Connection, columns: set[str], key: str, new: Mapping[str, object] | None
    ) -> None:
        table = schema.settings
        unchanged = [table.c.setting_key == key, func.coalesce(table.c.setting_value, "") == "0"]
        if self._writers is not None:
            unchanged.append(column("updated_by") == self._writers.get(key))
        self.sent = True
        if new is None:
            change = connection.execute(delete(table).where(*unchanged))
        else:
            values = {name: value for name, value in new.items() if name in columns}
            change = connection.execute(update(table).where(*unchanged).values(values))
        if change.rowcount != 1:
            raise _ChangedError


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
