"""The paper engine's database: opening it, filling what is missing, and its two kinds of transaction.

SQLite by default, MariaDB or MySQL by URL. Opening never changes what is there: tables, accounts and
trading switches are only added where they are missing.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from console import schema

DatabaseConfig = str | Mapping[str, Any]
"""A SQLAlchemy URL, `{"url": URL}`, or what `pymysql.connect` takes: host, port, user, password, …"""

INITIAL_BALANCES: Mapping[int, Decimal] = {
    schema.USDM_ACCOUNT: Decimal(10_000),
    schema.COIN_ACCOUNT: Decimal(10_000),
}

_USERS = {schema.USDM_ACCOUNT: 1, schema.COIN_ACCOUNT: schema.COIN_USER}
_NAMES = {schema.USDM_ACCOUNT: "USD-M paper account", schema.COIN_ACCOUNT: "COIN-M paper account"}
_DRIVERS = {"sqlite": "pysqlite", "mysql": "pymysql", "mariadb": "pymysql"}
_OURS = {"cursorclass", "autocommit"}  # settings of pymysql that SQLAlchemy has to keep for itself
_TIMEOUTS = {"connect_timeout": 5, "read_timeout": 30, "write_timeout": 30}
_BUSY_SECONDS = 30


class DatabaseUnusableError(Exception):
    """The database can't serve as the engine's; the message is one line and names no password."""


def open_database(
    config: DatabaseConfig,
    *,
    create: bool = True,
    balances: Mapping[int, Decimal] = INITIAL_BALANCES,
    clock: Callable[[], datetime] = datetime.now,
) -> Engine:
    """Open the engine's database.

    With `create`, missing tables, the accounts of `balances` (account id to initial balance) and missing
    trading switches (as '1') are added. Raises DatabaseUnusableError when the configuration or the server
    is at fault, or when an existing table lacks a column that the engine writes.
    """
    url, arguments = _target(config)
    if url.get_backend_name() == "sqlite":
        engine = _open_sqlite(url)
    else:
        engine = create_engine(
            url,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            pool_recycle=3600,
            connect_args=_TIMEOUTS | arguments,
        )
    try:
        if create:
            schema.metadata.create_all(engine)
            _add_missing_rows(engine, balances, clock())
        _require_columns(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        cause = getattr(error, "orig", None) or error
        raise DatabaseUnusableError(f"database {url.render_as_string()}: {cause}") from error
    except DatabaseUnusableError:
        engine.dispose()
        raise
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: committed at the end, rolled back by any exception.

    On SQLite it takes the write lock at once (BEGIN IMMEDIATE), so that it can't fail half-way.
    """
    with engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One read transaction: a consistent view that waits for no writer on SQLite."""
    with engine.connect().execution_options(opsconsole_reads=True) as connection:
        yield connection


def _target(config: DatabaseConfig) -> tuple[URL, dict[str, Any]]:
    """The URL that `config` means, and further arguments for the driver."""
    if isinstance(config, Mapping) and "url" not in config:
        return _pymysql_target(dict(config))
    text = config if isinstance(config, str) else config["url"]
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise DatabaseUnusableError(f"not a database URL: {error}") from None
    backend = url.get_backend_name()
    if backend not in _DRIVERS:
        raise DatabaseUnusableError(f"a database of {backend}: allowed are sqlite, mysql and mariadb")
    return url.set(drivername=f"{backend}+{_DRIVERS[backend]}"), {}


def _pymysql_target(config: dict[str, Any]) -> tuple[URL, dict[str, Any]]:
    url = URL.create(
        "mysql+pymysql",
        username=config.pop("user", None),
        password=config.pop("password", config.pop("passwd", None)),
        host=config.pop("host", "localhost"),
        port=config.pop("port", 3306),
        database=config.pop("database", config.pop("db", schema.DATABASE_NAME)),
        query={"charset": config.pop("charset", "utf8mb4")},
    )
    return url, {key: value for key, value in config.items() if key not in _OURS}


def _open_sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    schema.prepare_sqlite(engine)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("opsconsole_reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _add_missing_rows(engine: Engine, balances: Mapping[int, Decimal], now: datetime) -> None:
    with writing(engine) as connection:
        accounts = set(connection.scalars(select(schema.accounts.c.id)))
        for account_id in balances.keys() - accounts:
            connection.execute(insert(schema.accounts), _account_row(account_id, balances[account_id], now))
        switches = set(connection.scalars(select(schema.settings.c.setting_key)))
        for key in set(schema.TRADING_SWITCHES) - switches:
            connection.execute(
                insert(schema.settings),
                {"setting_key": key, "setting_value": "1", "updated_by": "paper engine", "updated_at": now},
            )


def _account_row(account_id: int, balance: Decimal, now: datetime) -> dict[str, object]:
    return {
        "id": account_id,
        "user_id": _USERS.get(account_id, account_id),
        "account_name": _NAMES.get(account_id, f"paper account {account_id}"),
        "account_type": "coin_futures" if account_id == schema.COIN_ACCOUNT else "usdt_futures",
        "initial_balance": balance,
        "current_balance": balance,
        "total_equity": balance,
        "created_at": now,
        "updated_at": now,
    }


def _require_columns(engine: Engine) -> None:
    found = inspect(engine).get_multi_columns().items()
    there = {name: {column["name"] for column in columns} for (_, name), columns in found}
    for table in schema.metadata.sorted_tables:
        if table.name not in there:
            raise DatabaseUnusableError(
                f"database {engine.url.render_as_string()}: table {table.name} is missing"
            )
        missing = [column.name for column in table.columns if column.name not in there[table.name]]
        if missing:
            raise DatabaseUnusableError(f"table {table.name} lacks the column {', '.join(missing)}")
