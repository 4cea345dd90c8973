"""Connections that write to an engine's database: one for each act, bounded in time, and checked."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from console import schema
from console.domain.foreign import visible
from console.sources.connections import checked_url, identity_of, in_words, open_engine, prepare_session
from console.sources.errors import SourceError


@dataclass(frozen=True, slots=True)
class Login:
    """Where to connect. `timeout` bounds connecting and each statement, in seconds.

    `server`, where given, is the `server_uuid` or host name that the server has to report; `user` comes in
    the place of the URL's.
    """

    url: str
    timeout: float
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    server: str | None = None
    user: str | None = None


class UnusableError(Exception):
    """Why the database can't be used, as one line without SQL, addresses or credentials."""


class WrongServerError(UnusableError):
    """Another server answers than the one that was named."""


@contextmanager
def connected(login: Login) -> Iterator[Connection]:
    """A connection in autocommit, closed in the end. Raises UnusableError for all that the database says.

    What a broken connection has left undone, the server rolls back.
    """
    try:
        engine = _engine(login)
        connection = engine.connect()
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise UnusableError(in_words(error, login.timeout)) from None
    except SourceError as error:
        raise UnusableError(str(error)) from None
    try:
        _prepare(connection, login)
        yield connection
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise UnusableError(in_words(error, login.timeout)) from None
    finally:
        connection.invalidate()  # giving it back would say goodbye to a server that may not answer
        connection.close()


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """One transaction, committed at the end; left by an exception, it is rolled back."""
    sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "START TRANSACTION")
    try:
        yield
    except DBAPIError as error:
        if not error.connection_invalidated:
            connection.exec_driver_sql("ROLLBACK")
        raise
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _engine(login: Login) -> Engine:
    url = checked_url(login.url)
    if url.get_backend_name() != "sqlite":
        url = url if login.user is None else url.set(username=login.user)
        return open_engine(url, login.password or url.password, login.timeout, login.ca_file)
    file = Path(url.database or "")
    if not file.exists():
        raise UnusableError(f"{file}: no such database file")
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            f"file:{quote(str(file))}?mode=rw", uri=True, timeout=login.timeout, isolation_level=None
        ),
        poolclass=NullPool,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
    )
    schema.prepare_sqlite(engine)
    return engine


def _prepare(connection: Connection, login: Login) -> None:
    if connection.dialect.name != "sqlite":
        prepare_session(connection, login.timeout)
        connection.exec_driver_sql(f"SET SESSION innodb_lock_wait_timeout = {max(1, round(login.timeout))}")
    if login.server is None:
        return
    identity = identity_of(connection, checked_url(login.url))
    if login.server not in (identity.uuid, identity.host):
        raise WrongServerError(f"the server is {visible(identity.host)}, not {login.server}: left alone")
