"""What is read from the engine's tables, whatever of them is there.

A table that is missing costs its own part; a column that is missing is None in every row, and so is a value
that isn't what its column is for, such as the time 0000-00-00. All are named.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Integer,
    Select,
    Table,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType

from console import schema
from console.domain.surfaces import Account, Activity, Books, Position, ServerIdentity

T = TypeVar("T")

RECENT = 50
"""How many of the newest orders, trades and failures are read."""
FAILED_ORDERS = ("REJECTED", "FAILED", "EXPIRED")
_LOOK_BACK = 10_000
"""Failures are looked for among this many of the newest orders, whose status has no index of its own."""
_SAMPLE = 8
"""Freshness of candles and prices is asked for this many symbols, through the index on the symbol."""


def columns_of(connection: Connection) -> dict[str, frozenset[str]]:
    """The columns of each table of the contract that exists in the connection's database."""
    if connection.dialect.name == "sqlite":
        query = (
            "SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'"
        )
    else:
        query = (
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
        )
    found: dict[str, set[str]] = {}
    for table, column in connection.exec_driver_sql(query):
        if str(table) in schema.metadata.tables:
            found.setdefault(str(table), set()).add(str(column))
    return {table: frozenset(columns) for table, columns in found.items()}


def read_books(
    connection: Connection,
    columns: Mapping[str, frozenset[str]],
    identity: ServerIdentity,
    response_time: float,
    now: float,
) -> Books:
    """Read every part, inside the caller's transaction. `now` is the time of day, in seconds since 1970.

    `columns` is what `columns_of` said. Only a lost connection raises (SQLAlchemy's DBAPIError).
    """
    look = _Look(connection, columns)
    accounts = look.part(schema.accounts, _accounts)
    positions = look.part(schema.positions, _open_positions)
    sample = sorted({position.symbol for position in positions or () if position.symbol})[:_SAMPLE]
    priced_at = look.part(schema.prices, lambda look: _newest_price(look, sample))
    return Books(
        identity=identity,
        response_time=response_time,
        accounts=accounts,
        positions=positions,
        orders=look.part(schema.orders, lambda look: _orders(look, failed=False)),
        trades=look.part(schema.trades, _trades),
        failures=look.part(schema.orders, lambda look: _orders(look, failed=True)),
        kline_ages=look.part(schema.klines, lambda look: _kline_ages(look, sample, now)),
        price_age=_age(priced_at, now),
        quiet_for=_age(look.written_at, now),
        switches=look.part(schema.settings, _switches, absent=dict[str, str | None]()),
        missing=tuple(look.missing),
    )


class _Look:
    """One look at the tables, with what turned out to be missing, and when the engine last wrote."""

    def __init__(self, connection: Connection, columns: Mapping[str, frozenset[str]]) -> None:
        self._connection = connection
        self._columns = columns
        self._missing: dict[str, str] = {}
        self.written_at: float | None = None

    @property
    def missing(self) -> Iterable[str]:
        return (f"{what}: {why}" for what, why in self._missing.items())

    def part(self, table: Table, read: "Callable[[_Look], T]", absent: T | None = None) -> T | None:
        """What `read` returns; with a line in `missing`, `absent` without the table, None when it refuses."""
        if table.name not in self._columns:
            self._missing[table.name] = "no such table"
            return absent
        try:
            return read(self)
        except DBAPIError as error:
            if error.connection_invalidated or not _concerns_one_table(error):
                raise
            self._missing[table.name] = " ".join(str(error.orig).split())[:120]
            return None

    def has(self, table: Table, *names: str) -> bool:
        """Whether all of these columns exist; those that don't are noted."""
        gone = [name for name in names if name not in self._columns[table.name]]
        self._missing.update(dict.fromkeys((f"{table.name}.{name}" for name in gone), "no such column"))
        return not gone

    def rows(
        self, table: Table, names: Iterable[str | None], narrow: Callable[[Select[Any]], Select[Any]]
    ) -> list[tuple[Any, ...]]:
        """Rows with every one of `names`, None for a name that is None and for columns that don't exist."""
        columns = [table.c[name] if name is not None and self.has(table, name) else None for name in names]
        chosen = [
            literal(None).label(f"absent{at}") if column is None else _raw(column).label(column.name)
            for at, column in enumerate(columns)
        ]
        return [
            tuple(self.value(column, raw) for column, raw in zip(columns, row, strict=True))
            for row in self.all(narrow(select(*chosen).select_from(table)))
        ]

    def value(self, column: Column[Any] | None, raw: object) -> Any:
        """What the database said of a column, as our values are; None, and noted, when it is not of its kind.

        Money is Decimal, a time is in seconds since 1970.
        """
        if column is None or raw is None:
            return None
        read, kind = _reader(column)
        value = read(raw)
        if value is None:
            self._missing[f"{column.table.name}.{column.name}"] = f"{str(raw)[:40]!r} is not {kind}"
        return value

    def wrote(self, at: float | None) -> None:
        """Note an instant at which the engine wrote."""
        if at is not None:
            self.written_at = at if self.written_at is None else max(at, self.written_at)

    def all(self, statement: Select[Any]) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._connection.execute(statement)]


def _raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """What the driver says of a column, before SQLAlchemy makes a value of it, and raises where it can't."""
    return type_coerce(column, NullType())


@cache
def _reader(column: Column[Any]) -> tuple[Callable[[object], object], str]:
    """How to read a column's raw values, None when one isn't of its kind; and what that kind is."""
    if isinstance(column.type, schema.Money):
        return _decimal, "a number"
    if isinstance(column.type, DateTime):
        return _seconds, "a time"
    if isinstance(column.type, Integer):
        return _whole, "a whole number"
    return str, "text"


def _decimal(raw: object) -> Decimal | None:
    try:
        number = raw if isinstance(raw, Decimal) else Decimal(str(raw))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _seconds(raw: object) -> float | None:
    """Engines write local time without a zone: seconds since 1970 as this host's zone has it."""
    try:
        return (raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw))).timestamp()
    except (ValueError, OverflowError):
        return None


def _whole(raw: object) -> int | None:
    return int(raw) if isinstance(raw, int) else None


_TABLE_ERRORS = (1054, 1142, 1143, 1146)
"""MySQL's unknown column, denied table, denied column, unknown table."""


def _concerns_one_table(error: DBAPIError) -> bool:
    cause = error.orig
    if cause is None or not cause.args:
        return False
    return cause.args[0] in _TABLE_ERRORS or str(cause.args[0]).startswith(
        ("no such column", "no such table", "Could not decode")
    )


_ACCOUNT = (
    "id", "account_name", "current_balance", "frozen_balance", "unrealized_pnl", "realized_pnl",
    "total_equity", "status", "updated_at",
)  # fmt: skip
_POSITION = (
    "id", "account_id", "symbol", "position_side", "leverage", "quantity", "margin", "entry_price",
    "mark_price", "liquidation_price", "unrealized_pnl", "coin_margin", "last_update_time",
)  # fmt: skip
_ORDER = (
    "order_id", "account_id", "symbol", "side", "quantity", "avg_fill_price", "status", "realized_pnl",
    "created_at",
)  # fmt: skip
_TRADE = ("trade_id", "account_id", "symbol", "side", "quantity", "price", None, "realized_pnl", "trade_time")


def _accounts(look: _Look) -> tuple[Account, ...]:
    accounts = []
    table = schema.accounts
    for *row, updated_at in look.rows(table, _ACCOUNT, lambda query: query.order_by(table.c.id)):
        look.wrote(updated_at)
        accounts.append(Account(*row))
    return tuple(accounts)


def _open_positions(look: _Look) -> tuple[Position, ...]:
    table = schema.positions
    is_open = table.c.status.in_(("open", "building"))
    positions = []
    for *row, coin_margin, updated_at in look.rows(
        table, _POSITION, lambda query: query.where(is_open).order_by(table.c.id)
    ):
        look.wrote(updated_at)
        row.append(None if coin_margin is None else bool(coin_margin))
        positions.append(Position(*row))
    return tuple(positions)


def _orders(look: _Look, *, failed: bool) -> tuple[Activity, ...]:
    table = schema.orders

    def newest(query: Select[Any]) -> Select[Any]:
        if failed:
            last = select(func.max(table.c.id)).scalar_subquery()
            query = query.where(table.c.id > last - _LOOK_BACK, table.c.status.in_(FAILED_ORDERS))
        return query.order_by(table.c.id.desc()).limit(RECENT)

    return tuple(Activity(*row) for row in look.rows(table, _ORDER, newest))


def _trades(look: _Look) -> tuple[Activity, ...]:
    table = schema.trades
    rows = look.rows(table, _TRADE, lambda query: query.order_by(table.c.id.desc()).limit(RECENT))
    return tuple(Activity(*row) for row in rows)


def _kline_ages(look: _Look, sample: list[str], now: float) -> dict[str, float]:
    table = schema.klines
    if not look.has(table, "symbol", "timeframe", "open_time"):
        return {}
    newest = select(table.c.timeframe, _raw(func.max(table.c.open_time))).group_by(table.c.timeframe)
    rows = look.all(newest.where(table.c.symbol.in_(sample)))
    opened = {str(timeframe): look.value(table.c.open_time, raw) for timeframe, raw in rows}
    return {timeframe: max(0.0, now - at / 1000) for timeframe, at in opened.items() if at is not None}


def _newest_price(look: _Look, sample: list[str]) -> float | None:
    table = schema.prices
    if not look.has(table, "symbol", "timestamp"):
        return None
    newest = select(_raw(func.max(table.c.timestamp))).where(table.c.symbol.in_(sample))
    ((raw,),) = look.all(newest)
    at: float | None = look.value(table.c.timestamp, raw)
    look.wrote(at)
    return at


def _switches(look: _Look) -> dict[str, str | None]:
    table = schema.settings
    if not look.has(table, "setting_key", "setting_value"):
        return {}
    wanted = table.c.setting_key.in_(schema.TRADING_SWITCHES)
    return {
        str(key): value
        for key, value in look.all(select(table.c.setting_key, table.c.setting_value).where(wanted))
    }


def _age(at: float | None, now: float) -> float | None:
    return None if at is None else max(0.0, now - at)
