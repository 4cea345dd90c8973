"""The engine's database as a source: one connection, read-only, that comes back by itself.

Every statement is bounded three ways: by the server's own limit, by the socket's time-outs, and by `cancel`,
which the monitor calls at the deadline. What is read is `console.sources.books`.
"""

import sqlite3
import ssl
import time
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from console import schema
from console.domain.clock import Clock
from console.domain.reading import Dated
from console.domain.surfaces import Books, ServerIdentity
from console.sources.books import BooksReader, columns_of
from console.sources.errors import SourceError
from console.sources.focus import Focus
from console.sources.loopback import is_loopback_host
from console.sources.open_positions import LONGEST_ANSWER


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
        self._url = _checked(url)
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
            self.close()
            raise SourceError(_in_words(error, self._timeout)) from None
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
            self._identity = _identity(connection, self._url)
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
                self._engine = _open(self._url, self._password, self._timeout, self._ca_file)
            self._identity = None
            connection = self._engine.connect()
            if connection.dialect.name != "sqlite":
                _prepare_session(connection, self._timeout)
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
            raise SourceError(f"{file}: no such database file") from None
        return status.st_dev, status.st_ino


FileIdentity = tuple[int, int]
"""A file's device and inode."""

_DRIVERS = {
    "sqlite": "sqlite",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "mariadb+pymysql": "mariadb+pymysql",
}


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SourceError("the database's URL is none") from None
    if parsed.query:  # they could name another host, or switch TLS off
        raise SourceError("the database's URL takes no parameters")
    if parsed.drivername not in _DRIVERS:
        raise SourceError(f"the database is MySQL, MariaDB or SQLite, not {parsed.drivername}")
    return parsed.set(drivername=_DRIVERS[parsed.drivername])


def _driver_of(connection: Connection | None) -> Any:
    """The driver's own connection, while there is one."""
    if connection is None or connection.closed or connection.invalidated:
        return None
    return connection.connection.dbapi_connection


_UNMANAGED: dict[str, Any] = {
    "poolclass": NullPool,
    "pool_reset_on_return": None,
    "isolation_level": "AUTOCOMMIT",
}
"""Giving a connection back says nothing to the server: one that stands still would hold up quitting."""


def _open(url: URL, password: str | None, timeout: float, ca_file: Path | None) -> Engine:
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "")
        engine = create_engine(
            "sqlite://",
            creator=lambda: _open_sqlite(file, timeout),
            **_UNMANAGED,
        )
        schema.prepare_sqlite(engine)
        return engine
    arguments: dict[str, object] = {
        "connect_timeout": max(1, round(timeout)),
        "read_timeout": timeout,
        "write_timeout": timeout,
        "program_name": "opsconsole",
        "charset": "utf8mb4",
    }
    if password:  # as bytes: the driver knows only Latin-1, and quotes what it can't encode
        arguments["password"] = password.encode("utf-8", "surrogateescape")
    if not is_loopback_host(url.host):
        arguments["ssl"] = _tls(ca_file)
    return create_engine(url._replace(password=None), connect_args=arguments, **_UNMANAGED)


def _open_sqlite(file: Path, timeout: float) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(file))}?mode=ro",
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
    )


@cache
def _tls(ca_file: Path | None) -> ssl.SSLContext:
    """A verifying context; loading the CA bundle takes 20 ms, so once."""
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


def _prepare_session(connection: Connection, timeout: float) -> None:
    """Have the server end statements that take longer than `timeout` seconds, and answer in full."""
    connection.exec_driver_sql(f"SET SESSION group_concat_max_len = {LONGEST_ANSWER}")
    if _is_mariadb(connection):
        connection.exec_driver_sql(f"SET SESSION max_statement_time = {timeout:.3f}")
    else:
        connection.exec_driver_sql(f"SET SESSION max_execution_time = {round(timeout * 1000)}")


def _is_mariadb(connection: Connection) -> bool:
    return bool(getattr(connection.dialect, "is_mariadb", False))


def _identity(connection: Connection, url: URL) -> ServerIdentity:
    """Who the server says it is: MariaDB has no server_uuid, SQLite only its file."""
    if connection.dialect.name == "sqlite":
        return ServerIdentity("SQLite", sqlite3.sqlite_version, Path(url.database or "").name, None, None)
    names = ("hostname", "version", "server_uuid", "read_only")
    wanted = ", ".join(f"'{name}'" for name in names)
    rows = connection.exec_driver_sql(f"SHOW VARIABLES WHERE Variable_name IN ({wanted})").all()
    said = {str(name): str(value) for name, value in rows}
    return ServerIdentity(
        product="MariaDB" if _is_mariadb(connection) else "MySQL",
        version=said.get("version", "unknown"),
        host=said.get("hostname", "unknown"),
        uuid=said.get("server_uuid"),
        read_only=said["read_only"].upper() != "OFF" if "read_only" in said else None,
    )


_BY_CODE = {
    1044: "access denied to this database",
    1045: "access denied: wrong user or password",
    1049: "the server has no such database",
    1040: "the server has too many connections",
    2006: "the connection was lost",
    2013: "the connection was lost",
}
_TIMED_OUT = (1205, 1317, 1969, 3024)


def _in_words(error: Exception, timeout: float) -> str:
    """One short sentence without SQL, addresses of memory or credentials."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    code = cause.args[0] if cause.args and isinstance(cause.args[0], int) else None
    text = " ".join(str(cause.args[-1] if cause.args else cause).split())
    if code in _TIMED_OUT or "timed out" in text or "interrupted" in text:
        return f"no answer within {timeout:g} s"
    if "Connection refused" in text:
        return "connection refused"
    if code in _BY_CODE:
        return _BY_CODE[code]
    return text[:160]
