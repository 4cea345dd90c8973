"""The engine's database as a source: one connection, read-only, that comes back by itself.

Every statement is bounded three ways: by the server's own limit, by the socket's time-outs, and by `cancel`,
which the monitor calls at the deadline. What is read is `console.sources.books`.
"""

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from console.domain.clock import Clock
from console.domain.reading import Dated
from console.domain.surfaces import Books, ServerIdentity
from console.sources.books import BooksReader, columns_of
from console.sources.connections import (
    checked_url,
    identity_of,
    in_words,
    is_lost,
    open_engine,
    prepare_session,
)
from console.sources.errors import NoConnectionError, SourceError
from console.sources.focus import Focus


class DatabaseSource:
    """Reads `Books` from one database. Not for two threads at once, except `cancel`.

    `timeout` bounds connecting, each read and each write, in seconds; `password` comes from the environment,
    never from the URL in the settings. TLS is verified for every host but loopback.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        timeout: float,
        password: str | None = None,
        ca_file: Path | None = None,
        focus: Focus | None = None,
    ) -> None:
        """SourceError when the URL is not one of a database that can be read, or has parameters."""
        self._url = checked_url(url)
        self._password = password or self._url.password
        self._clock = clock
        self._timeout = timeout
        self._ca_file = ca_file
        self._focus = focus or Focus()
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._file: FileIdentity | None = None
        self._identity: ServerIdentity | None = None
        self._reader: BooksReader | None = None
        self._complete = False

    def read(self) -> Dated[Books]:
        """Look at the books once; after a SourceError the next call connects anew."""
        try:
            return Dated(self._read())
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            kind = NoConnectionError if self._connection is None or is_lost(error) else SourceError
            self.close()
            raise kind(in_words(error, self._timeout)) from None
        except SourceError:
            self.close()
            raise

    def cancel(self) -> None:
        """Stop the statement under way, from another thread: `KILL QUERY`, or SQLite's interrupt."""
        connection, engine = self._connection, self._engine
        driver = _driver_of(connection)
        if isinstance(driver, sqlite3.Connection):
            driver.interrupt()
        elif driver is not None and engine is not None:
            try:
                with engine.connect() as other:
                    other.exec_driver_sql(f"KILL QUERY {int(driver.thread_id())}")
            except SQLAlchemyError:
                return  # the server doesn't answer at all, so the socket's own time-out ends the statement

    def close(self) -> None:
        connection, self._connection = self._connection, None
        self._reader = None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _read(self) -> Books:
        connection = self._connected()
        began = time.perf_counter()
        connection.exec_driver_sql("SELECT 1")
        response_time = time.perf_counter() - began
        if self._identity is None:
            self._identity = identity_of(connection, self._url)
        reader = self._reader_of(connection)
        sqlite = connection.dialect.name == "sqlite"
        connection.exec_driver_sql("BEGIN" if sqlite else "START TRANSACTION READ ONLY")
        books = reader.read(connection, self._identity, response_time, self._clock.wall(), self._focus.symbol)
        connection.exec_driver_sql("ROLLBACK")
        self._complete = not books.missing
        return books

    def _reader_of(self, connection: Connection) -> BooksReader:
        """The reader of what is there; that is asked again until all of it is."""
        if self._reader is None or not self._complete:
            columns = columns_of(connection)
            if self._reader is None or self._reader.columns != columns:
                self._reader = BooksReader(columns)
        return self._reader

    def _connected(self) -> Connection:
        file = self._file_now()
        if self._connection is not None and file != self._file:
            self.close()  # what is still open has been replaced
        if self._connection is None:
            if self._engine is None:
                self._engine = open_engine(self._url, self._password, self._timeout, self._ca_file)
            self._identity = None
            connection = self._engine.connect()
            if connection.dialect.name != "sqlite":
                prepare_session(connection, self._timeout)
            self._connection, self._file = connection, file
        return self._connection

    def _file_now(self) -> "FileIdentity | None":
        """Which file the path of a SQLite database names at this moment."""
        if self._url.get_backend_name() != "sqlite":
            return None
        file = Path(self._url.database or "")
        try:
            status = file.stat()
        except FileNotFoundError:
            raise NoConnectionError(f"{file}: no such database file") from None
        return status.st_dev, status.st_ino


FileIdentity = tuple[int, int]
"""A file's device and inode."""


def _driver_of(connection: Connection | None) -> Any:
    """The driver's own connection, while there is one."""
    if connection is None or connection.closed or connection.invalidated:
        return None
    return connection.connection.dbapi_connection
