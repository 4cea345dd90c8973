"""What is read from the engine's tables, whatever of them is there.

A table that is missing costs its own part; a column that is missing is None in every row. Both are named.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Table, func, literal, select
from sqlalchemy.exc import DBAPIError

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
    sample = sorted({position.symbol for position in positions or ()})[:_SAMPLE]
    return Books(
        identity=identity,
        response_time=response_time,
        accounts=accounts,
        positions=positions,
        orders=look.part(schema.orders, lambda look: _orders(look, failed=False)),
        trades=look.part(schema.trades, _trades),
        failures=look.part(schema.orders, lambda look: _orders(look, failed=True)),
        kline_ages=look.part(schema.klines, lambda look: _kline_ages(look, sample, now)),
        price_age=look.part(schema.prices, lambda look: _price_age(look, sample, now)),
        switches=look.part(schema.settings, _switches, absent=dict[str, str | None]()),
        missing=tuple(look.missing),
    )


class _Look:
    """One look at the tables, with what turned out to be missing."""

    def __init__(self, connection: Connection, columns: Mapping[str, frozenset[str]]) -> None:
        self._connection = connection
        self._columns = columns
        self.missing: dict[str, None] = {}

    def part(self, table: Table, read: "Callable[[_Look], T]", absent: T | None = None) -> T | None:
        """What `read` returns; with a line in `missing`, `absent` without the table, None when it refuses."""
        if table.name not in self._columns:
            self.missing[f"{table.name}: no such table"] = None
            return absent
        try:
            return read(self)
        except DBAPIError as error:
            if error.connection_invalidated or not _concerns_one_table(error):
                raise
            self.missing[f"{table.name}: {' '.join(str(error.orig).split())[:120]}"] = None
            return None

    def has(self, table: Table, *names: str) -> bool:
        """Whether all of these columns exist; those that don't are noted."""
        gone = [name for name in names if name not in self._columns[table.name]]
        self.missing.update(dict.fromkeys(f"{table.name}.{name}: no such column" for name in gone))
        return not gone

    def rows(
        self, table: Table, names: Iterable[str | None], narrow: Callable[[Select[Any]], Select[Any]]
    ) -> list[tuple[Any, ...]]:
        """Rows with every one of `names`, NULL for a name that is None and for columns that don't exist."""
        chosen = [
            table.c[name]
            if name is not None and self.has(table, name)
            else literal(None).label(f"absent{at}")
            for at, name in enumerate(names)
        ]
        return self.all(narrow(select(*chosen).select_from(table)))

    def scalar(self, statement: Select[Any]) -> Any:
        return self._connection.execute(statement).scalar()

    def all(self, statement: Select[Any]) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._connection.execute(statement)]


_TABLE_ERRORS = (1054, 1142, 1143, 1146)
"""MySQL's unknown column, denied table, denied column, unknown table."""


def _concerns_one_table(error: DBAPIError) -> bool:
    cause = error.orig
    if cause is None or not cause.args:
        return False
    return cause.args[0] in _TABLE_ERRORS or str(cause.args[0]).startswith(
        ("no such column", "no such table")
    )


_ACCOUNT = (
    "id", "account_name", "current_balance", "frozen_balance", "unrealized_pnl", "realized_pnl",
    "total_equity", "status",
)  # fmt: skip
_POSITION = (
    "id", "account_id", "symbol", "position_side", "leverage", "quantity", "margin", "entry_price",
    "mark_price", "liquidation_price", "unrealized_pnl", "coin_margin",
)  # fmt: skip
_ORDER = (
    "order_id", "account_id", "symbol", "side", "quantity", "avg_fill_price", "status", "realized_pnl",
    "created_at",
)  # fmt: skip
_TRADE = ("trade_id", "account_id", "symbol", "side", "quantity", "price", None, "realized_pnl", "trade_time")


def _accounts(look: _Look) -> tuple[Account, ...]:
    rows = look.rows(schema.accounts, _ACCOUNT, lambda query: query.order_by(schema.accounts.c.id))
    return tuple(Account(*row) for row in rows)


def _open_positions(look: _Look) -> tuple[Position, ...]:
    table = schema.positions
    is_open = table.c.status.in_(("open", "building"))
    rows = look.rows(table, _POSITION, lambda query: query.where(is_open).order_by(table.c.id))
    return tuple(Position(*_with_last(row, None if row[-1] is None else bool(row[-1]))) for row in rows)


def _orders(look: _Look, *, failed: bool) -> tuple[Activity, ...]:
    table = schema.orders

    def newest(query: Select[Any]) -> Select[Any]:
        if failed:
            last = select(func.max(table.c.id)).scalar_subquery()
            query = query.where(table.c.id > last - _LOOK_BACK, table.c.status.in_(FAILED_ORDERS))
        return query.order_by(table.c.id.desc()).limit(RECENT)

    return tuple(Activity(*_with_last(row, _seconds(row[-1]))) for row in look.rows(table, _ORDER, newest))


def _trades(look: _Look) -> tuple[Activity, ...]:
    table = schema.trades
    rows = look.rows(table, _TRADE, lambda query: query.order_by(table.c.id.desc()).limit(RECENT))
    return tuple(Activity(*_with_last(row, _seconds(row[-1]))) for row in rows)


def _kline_ages(look: _Look, sample: list[str], now: float) -> dict[str, float]:
    table = schema.klines
    if not look.has(table, "symbol", "timeframe", "open_time"):
        return {}
    newest = select(table.c.timeframe, func.max(table.c.open_time)).group_by(table.c.timeframe)
    rows = look.all(newest.where(table.c.symbol.in_(sample)))
    return {str(timeframe): max(0.0, now - int(opened) / 1000) for timeframe, opened in rows}


def _price_age(look: _Look, sample: list[str], now: float) -> float | None:
    table = schema.prices
    if not look.has(table, "symbol", "timestamp"):
        return None
    at = _seconds(look.scalar(select(func.max(table.c.timestamp)).where(table.c.symbol.in_(sample))))
    return None if at is None else max(0.0, now - at)


def _switches(look: _Look) -> dict[str, str | None]:
    table = schema.settings
    if not look.has(table, "setting_key", "setting_value"):
        return {}
    wanted = table.c.setting_key.in_(schema.TRADING_SWITCHES)
    return {
        str(key): value
        for key, value in look.all(select(table.c.setting_key, table.c.setting_value).where(wanted))
    }


def _with_last(row: tuple[Any, ...], last: object) -> list[Any]:
    return [*row[:-1], last]


def _seconds(moment: datetime | None) -> float | None:
    """Engines write local time without a zone: seconds since 1970 as this host's zone has it."""
    return None if moment is None else moment.timestamp()
