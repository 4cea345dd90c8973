"""Connections to an engine's database: opened with time-outs and verified TLS, and what their servers say."""

import sqlite3
import ssl
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from console import schema
from console.domain.loopback import is_loopback_host
from console.domain.surfaces import ServerIdentity
from console.sources.errors import SourceError

LONGEST_ANSWER = 4 << 20
"""Bytes that one answer may have: `group_concat_max_len` of a session on MySQL and MariaDB."""
_CACHE = 512
"""KiB of a SQLite file that are held. Whatever the engine writes makes them old: more would only grow."""
_DRIVERS = {
    "sqlite": "sqlite",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
}
"""Which of both a server is, it says itself: named MariaDB, a MySQL would be refused."""


def checked_url(url: str) -> URL:
    """The URL with its driver; SourceError when it is not one of a database, or has parameters."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SourceError("the database's URL is none") from None
    if parsed.query:  # they could name another host, or switch TLS off
        raise SourceError("the database's URL takes no parameters")
    if parsed.drivername not in _DRIVERS:
        raise SourceError(f"the database is MySQL, MariaDB or SQLite, not {parsed.drivername}")
    return parsed.set(drivername=_DRIVERS[parsed.drivername])


_UNMANAGED: dict[str, Any] = {
    "poolclass": NullPool,
    "pool_reset_on_return": None,
    "isolation_level": "AUTOCOMMIT",
}
"""Giving a connection back says nothing to the server: one that stands still would hold up quitting."""


def open_engine(url: URL, password: str | None, timeout: float, ca_file: Path | None) -> Engine:
    """An engine whose connections only read where it is a file; `timeout` is for each step, in seconds."""
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
    engine = create_engine(url._replace(password=None), connect_args=arguments, **_UNMANAGED)
    if is_loopback_host(url.host):
        event.listen(engine, "do_connect", _connect_here)
    return engine


def _connect_here(_dialect: object, _record: object, positional: list[Any], named: dict[str, Any]) -> Any:
    """Connect on loopback, by TLS where the server offers it, which MySQL's logins ask for, unverified."""
    try:
        return _connection_here()(*positional, **named)
    except RuntimeError as error:  # the driver's word for a package that it lacks
        from pymysql.err import OperationalError  # noqa: PLC0415 (as below)

        raise OperationalError(_NO_SECURE_LOGIN, str(error)) from None


@cache
def _connection_here() -> type[Any]:
    """The driver's connection, but for the context: by itself it loads the CA bundle for each, 40 ms."""
    from pymysql.connections import Connection as Driver  # noqa: PLC0415 (only a server needs it)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    class Here(Driver):
        def _create_ssl_ctx(self, _options: object) -> ssl.SSLContext:
            return context

    return Here


def _open_sqlite(file: Path, timeout: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(file))}?mode=ro",
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute(f"PRAGMA cache_size = -{_CACHE}")
    return connection


@cache
def _tls(ca_file: Path | None) -> ssl.SSLContext:
    """A verifying context; loading the CA bundle takes 20 ms, so once."""
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


def prepare_session(connection: Connection, timeout: float) -> None:
    """Have the server end statements that take longer than `timeout` seconds, and answer in full."""
    connection.exec_driver_sql(f"SET SESSION group_concat_max_len = {LONGEST_ANSWER}")
    if _is_mariadb(connection):
        connection.exec_driver_sql(f"SET SESSION max_statement_time = {timeout:.3f}")
    else:
        connection.exec_driver_sql(f"SET SESSION max_execution_time = {round(timeout * 1000)}")


def _is_mariadb(connection: Connection) -> bool:
    return bool(getattr(connection.dialect, "is_mariadb", False))


def identity_of(connection: Connection, url: URL) -> ServerIdentity:
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


_NO_SECURE_LOGIN = 2061
_BY_CODE = {
    _NO_SECURE_LOGIN: "its caching_sha2_password takes TLS at the server, or the package cryptography here",
    1044: "access denied to this database",
    1045: "access denied: wrong user or password",
    1049: "the server has no such database",
    1040: "the server has too many connections",
    2006: "the connection was lost",
    2013: "the connection was lost",
}
_TIMED_OUT = (1205, 1317, 1969, 3024)


def is_lost(error: Exception) -> bool:
    """Whether the connection has broken, and not only the statement."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def in_words(error: Exception, timeout: float) -> str:
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
