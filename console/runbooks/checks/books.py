"""The books of a context as they are at one instant: where they are, and a consistent snapshot of them."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from console.domain.clock import Clock
from console.domain.ledger import DEFAULT_LIMITS, LedgerLimits, LedgerReport
from console.domain.severity import Severity
from console.runbooks.checks.ledger import verify_ledger
from console.sources.connections import checked_url, identity_of, in_words, open_engine, prepare_session
from console.sources.engine import read_engine_file
from console.sources.errors import SourceError

if TYPE_CHECKING:
    from console.settings import Context, Settings

TIMEOUT = 30.0
"""Seconds that each statement may take: a million trades are looked through."""
SETTLING = 0.5
"""Seconds that the statements of one operation of an engine take at most, as a rule."""
_SUMS = 64 << 20
"""Bytes of the server's memory for the sums over each position's trades: enough for 400,000 positions, beyond
which they go to its disk. Its own limit, 16 MB as a rule, is just enough for 100,000.
"""


@dataclass(frozen=True, slots=True)
class BooksAt:
    """Where the books are. `server`, where given, is the `server_uuid` or host name that has to answer."""

    url: str
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    server: str | None = None


def check_ledger(
    settings: "Settings",
    environ: Mapping[str, str],
    clock: Clock,
    limits: LedgerLimits = DEFAULT_LIMITS,
    wait: Callable[[float], None] = time.sleep,
) -> LedgerReport:
    """Look at the books of the chosen context; what is wrong is looked for twice.

    Real engines commit each statement, so that in the midst of a fill nothing adds up: only what lasts is
    told. SourceError says why nothing can be told of the books.
    """
    books = books_of(settings.chosen, environ)

    def look() -> LedgerReport:
        with snapshot(books) as connection:
            return verify_ledger(connection, datetime.fromtimestamp(clock.wall()), limits)

    report = look()
    if report.severity < Severity.HIGH:
        return report
    wait(SETTLING)
    return look().lasting(report)


def books_of(context: "Context", environ: Mapping[str, str]) -> BooksAt:
    """Where the settings say that the books are, or the engine's file. Raises SourceError."""
    database = context.database
    if database is not None:
        password = _secret(database.password_env, environ)
        return BooksAt(database.url, password, database.ca_file, database.server)
    if context.engine_file is None:
        raise SourceError("the context names neither a database nor an engine_file")
    engine = read_engine_file(context.engine_file)
    url = None if engine is None else engine.text("database_url")
    if engine is None or url is None:
        raise SourceError(f"no engine runs: {context.engine_file} names no database_url")
    return BooksAt(url, _secret(engine.text("database_password_env"), environ))


@contextmanager
def snapshot(books: BooksAt, timeout: float = TIMEOUT) -> Iterator[Connection]:
    """A connection in a transaction that only reads, and sees the books as they are now throughout.

    `timeout` bounds connecting and each statement, in seconds. SourceError for all that the database says.
    """
    url = checked_url(books.url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise SourceError(f"{url.database}: no such database file")
    try:
        engine = open_engine(url, books.password or url.password, timeout, books.ca_file)
        with engine.connect() as connection:
            try:
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql("BEGIN")
                else:
                    _require_server(connection, books)
                    prepare_session(connection, timeout)
                    connection.exec_driver_sql(f"SET tmp_table_size = {_SUMS}, max_heap_table_size = {_SUMS}")
                    connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
                yield connection
            finally:
                connection.invalidate()  # giving it back would say goodbye to a server that may not answer
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise SourceError(in_words(error, timeout)) from None


def _require_server(connection: Connection, books: BooksAt) -> None:
    if books.server is None:
        return
    said = identity_of(connection, checked_url(books.url))
    if books.server not in (said.uuid, said.host):
        raise SourceError(f"another server answers: {said.host}, not {books.server}")


def _secret(variable: str | None, environ: Mapping[str, str]) -> str | None:
    if variable is None:
        return None
    value = environ.get(variable)
    if not value:
        raise SourceError(f"the environment variable {variable} is not set")
    return value
