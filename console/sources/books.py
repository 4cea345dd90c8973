"""What is read from the engine's tables, whatever of them is there: each part on its own.

A table that is missing costs its own part, and is named; `console.sources.look` says what else is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, Table, bindparam, func, select

from console import schema
from console.domain.surfaces import (
    Account,
    Activity,
    Books,
    ClosedPosition,
    Position,
    ServerIdentity,
    SymbolBooks,
)
from console.sources.look import Look, Memory, as_is
from console.sources.open_positions import OPEN, OpenPositions

RECENT = 50
"""How many of the newest orders, trades, failures and closed positions are read."""
FAILED_ORDERS = ("REJECTED", "FAILED", "EXPIRED")
_LOOK_BACK = 10_000
"""What has no index, as failures and a symbol's orders, is looked for among this many of the newest rows."""
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


class BooksReader:
    """Reads the books again and again; what has not changed since stays the same objects."""

    def __init__(self, columns: Mapping[str, frozenset[str]]) -> None:
        """`columns` is what `columns_of` said."""
        self.columns = columns
        self._memory: Memory = {}
        self._positions = OpenPositions()

    def read(
        self,
        connection: Connection,
        identity: ServerIdentity,
        response_time: float,
        now: float,
        symbol: str | None = None,
    ) -> Books:
        """Read every part, inside the caller's transaction, and the past of `symbol` if there is one.

        `now` is the time of day, in seconds since 1970. Only a lost connection raises (SQLAlchemy's
        DBAPIError).
        """
        look = Look(connection, self.columns, self._memory)
        accounts = look.part(schema.accounts, _accounts)
        positions = look.part(schema.positions, self._positions.read)
        sample = _first_symbols(positions or ())
        priced_at = look.part(schema.prices, lambda look: _newest_price(look, sample))
        return Books(
            identity=identity,
            response_time=response_time,
            accounts=accounts,
            positions=positions,
            orders=look.part(schema.orders, _orders),
            trades=look.part(schema.trades, _trades),
            failures=look.part(schema.orders, _failures),
            kline_ages=look.part(schema.klines, lambda look: _kline_ages(look, sample, now)),
            price_age=_age(priced_at, now),
            quiet_for=_age(look.written_at, now),
            switches=look.part(schema.settings, _switches, absent=dict[str, str | None]()),
            focus=None if symbol is None else _past_of(look, symbol),
            missing=tuple(look.missing),
        )


_ACCOUNT = (
    "id", "account_name", "current_balance", "frozen_balance", "unrealized_pnl", "realized_pnl",
    "total_equity", "status", "total_trades", "win_rate",
)  # fmt: skip
_ORDER = (
    "order_id", "account_id", "symbol", "side", "quantity", "avg_fill_price", "status", "realized_pnl",
    "created_at", "order_type", "price", "fee", "notes", "order_source",
)  # fmt: skip
_TRADE = (
    "trade_id", "account_id", "symbol", "side", "quantity", "price", None, "realized_pnl", "trade_time", None,
    None, "fee", None, None, "order_id",
)  # fmt: skip
_CLOSED = (
    "id", "account_id", "symbol", "position_side", "quantity", "entry_price", "realized_pnl", "open_time",
    "close_time", "notes",
)  # fmt: skip


def _accounts(look: Look) -> tuple[Account, ...]:
    table = schema.accounts
    if look.has(table, "updated_at"):
        for (said,) in look.all(_UPDATES):
            look.wrote(look.value(table.c.updated_at, said))
    return look.records(Account, table, _ACCOUNT, _by_id)


_UPDATES = select(as_is(schema.accounts.c.updated_at))


def _by_id(query: Select[Any]) -> Select[Any]:
    return query.order_by(schema.accounts.c.id)


def _first_symbols(positions: Iterable[Position]) -> tuple[str, ...]:
    """Symbols of the oldest positions."""
    found: set[str] = set()
    for position in positions:
        if position.symbol:
            found.add(position.symbol)
        if len(found) == _SAMPLE:
            break
    return tuple(sorted(found))


def _orders(look: Look) -> tuple[Activity, ...]:
    return look.records(Activity, schema.orders, _ORDER, _newest_orders)


def _failures(look: Look) -> tuple[Activity, ...]:
    return look.records(Activity, schema.orders, _ORDER, _newest_failures)


def _trades(look: Look) -> tuple[Activity, ...]:
    return look.records(Activity, schema.trades, _TRADE, _newest_trades)


def _newest_orders(query: Select[Any]) -> Select[Any]:
    return query.order_by(schema.orders.c.id.desc()).limit(RECENT)


def _newest_trades(query: Select[Any]) -> Select[Any]:
    return query.order_by(schema.trades.c.id.desc()).limit(RECENT)


def _newest_failures(query: Select[Any]) -> Select[Any]:
    table = schema.orders
    return _newest_orders(query.where(_is_late(table), table.c.status.in_(FAILED_ORDERS)))


def _past_of(look: Look, symbol: str) -> SymbolBooks:
    """The newest orders, trades and closed positions of one symbol."""
    named = {"wanted": symbol}
    return SymbolBooks(
        symbol,
        orders=look.part(
            schema.orders,
            lambda look: look.records(Activity, schema.orders, _ORDER, _orders_of_one, named),
        ),
        trades=look.part(
            schema.trades,
            lambda look: look.records(Activity, schema.trades, _TRADE, _trades_of_one, named),
        ),
        closed=look.part(
            schema.positions,
            lambda look: look.records(ClosedPosition, schema.positions, _CLOSED, _closed_of_one, named),
        ),
    )


def _orders_of_one(query: Select[Any]) -> Select[Any]:
    return _newest_orders(query.where(_is_late(schema.orders), _is_wanted(schema.orders)))


def _trades_of_one(query: Select[Any]) -> Select[Any]:
    return _newest_trades(query.where(_is_late(schema.trades), _is_wanted(schema.trades)))


def _closed_of_one(query: Select[Any]) -> Select[Any]:
    table = schema.positions
    closed = query.where(_is_wanted(table), table.c.status.not_in(OPEN))
    return closed.order_by(table.c.id.desc()).limit(RECENT)


def _is_wanted(table: Table) -> ColumnElement[bool]:
    return table.c.symbol == bindparam("wanted")


def _is_late(table: Table) -> ColumnElement[bool]:
    return table.c.id > select(func.max(table.c.id)).scalar_subquery() - _LOOK_BACK


def _kline_ages(look: Look, sample: Sequence[str], now: float) -> dict[str, float]:
    table = schema.klines
    if not look.has(table, "symbol", "timeframe", "open_time"):
        return {}
    rows = look.all(_NEWEST_KLINES, {"sample": sample})
    opened = {str(timeframe): look.value(table.c.open_time, raw) for timeframe, raw in rows}
    return {timeframe: max(0.0, now - at / 1000) for timeframe, at in opened.items() if at is not None}


def _newest_price(look: Look, sample: Sequence[str]) -> float | None:
    table = schema.prices
    if not look.has(table, "symbol", "timestamp"):
        return None
    ((raw,),) = look.all(_NEWEST_PRICE, {"sample": sample})
    at: float | None = look.value(table.c.timestamp, raw)
    look.wrote(at)
    return at


def _switches(look: Look) -> dict[str, str | None]:
    table = schema.settings
    if not look.has(table, "setting_key", "setting_value"):
        return {}
    return {str(key): value for key, value in look.all(_SWITCHES)}


_SAMPLED: BindParameter[Sequence[str]] = bindparam("sample", expanding=True)
_NEWEST_KLINES = (
    select(schema.klines.c.timeframe, as_is(func.max(schema.klines.c.open_time)))
    .where(schema.klines.c.symbol.in_(_SAMPLED))
    .group_by(schema.klines.c.timeframe)
)
_NEWEST_PRICE = select(as_is(func.max(schema.prices.c.timestamp))).where(schema.prices.c.symbol.in_(_SAMPLED))
_SWITCHES = select(schema.settings.c.setting_key, schema.settings.c.setting_value).where(
    schema.settings.c.setting_key.in_(schema.TRADING_SWITCHES)
)


def _age(at: float | None, now: float) -> float | None:
    return None if at is None else max(0.0, now - at)
