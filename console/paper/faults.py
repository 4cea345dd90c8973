"""What a scenario has broken, for the engine's parts to look at, and how the database is made to stall."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine

from console.paper.store import writing
from console.schema import metadata


@dataclass(slots=True)
class Faults:
    """Set by scenarios in the main loop, read by any thread. All clear is the calm state.

    `thin_symbols` have little liquidity; `lost_fill_symbols` are those whose last fill the exchange has
    forgotten; while `database_stalled` is set the desk holds the database's locks.
    """

    metrics_frozen: bool = False
    thin_symbols: frozenset[str] = frozenset()
    lost_fill_symbols: frozenset[str] = frozenset()
    database_stalled: threading.Event = field(default_factory=threading.Event)

    def clear(self) -> None:
        """Back to calm."""
        self.metrics_frozen = False
        self.thin_symbols = self.lost_fill_symbols = frozenset()
        self.database_stalled.clear()


@contextmanager
def database_held(database: Engine) -> Iterator[None]:
    """Hold the database so that others wait.

    MySQL and MariaDB: write locks on every table, so readers wait too. SQLite: the write lock; readers of a
    database in WAL mode never wait.
    """
    if database.dialect.name == "sqlite":
        with writing(database):
            yield
        return
    locks = ", ".join(f"`{table.name}` WRITE" for table in metadata.sorted_tables)
    with database.connect() as connection:
        connection.exec_driver_sql(f"LOCK TABLES {locks}")
        try:
            yield
        finally:
            connection.exec_driver_sql("UNLOCK TABLES")
