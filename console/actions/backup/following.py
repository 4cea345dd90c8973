"""What a client program loads, added up while it loads: when it ends, what it has loaded is known.

A dump's tables come one after the other, each in the order of its ids. So what has come up to the newest id
stands, and a table is whole once the next is there. Where a dump does otherwise, its rows are counted to be
more than were added up, and the table is added up once more.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from console.actions.backup.sums import ServerSum, server_sum, sums_in
from console.actions.backup.tables import columns_in
from console.actions.database import Login, connected
from console.domain.backup import TableSum

_PAUSE = 0.1
"""Seconds before the next look, where nothing new has come."""


@dataclass
class Following:
    """Follows the load of `tables`, in this order, into the database of a login; `rows` came so far."""

    login: Login
    tables: Sequence[str]
    way: int
    rows: int = 0
    loaded: threading.Event = field(default_factory=threading.Event)
    """To be set when the client has ended well."""

    def work(self, going_on: Callable[[], None]) -> Mapping[str, TableSum]:
        """What the tables hold when all is loaded; those that never came are left out.

        `going_on` raises BackupError where nobody wants to know any more. Raises UnusableError too.
        """
        found = {}
        with connected(self.login) as connection:
            for number, table in enumerate(self.tables):
                columns = self._awaited(connection, table, going_on)
                if columns is not None:
                    later = self.tables[number + 1 :]
                    found[table] = self._followed(connection, table, columns, later, going_on)
            return {table: self._whole(connection, table, sums) for table, sums in found.items()}

    def _awaited(
        self, connection: Connection, table: str, going_on: Callable[[], None]
    ) -> Sequence[str] | None:
        """The table's columns, once it is there; None where it doesn't come."""
        while True:
            going_on()
            ended, there = self.loaded.is_set(), columns_in(connection)
            if table in there or ended:
                return there.get(table)
            time.sleep(_PAUSE)

    def _followed(
        self,
        connection: Connection,
        table: str,
        columns: Sequence[str],
        later: Sequence[str],
        going_on: Callable[[], None],
    ) -> ServerSum:
        running, before, whole = server_sum(connection, table, columns, self.way), self.rows, False
        while not whole:
            going_on()
            whole = self.loaded.is_set() or not columns_in(connection).keys().isdisjoint(later)
            upto = running.newest() if running.in_parts else None
            while (whole or upto is not None) and running.go_on(upto):
                going_on()
                self.rows = before + running.rows
            if not whole:
                time.sleep(_PAUSE)
        return running

    def _whole(self, connection: Connection, table: str, running: ServerSum) -> TableSum:
        if running.count() != running.rows:
            columns = columns_in(connection)[table]
            return sums_in(connection, {table: columns}, self.way)[table]
        return running.done()
