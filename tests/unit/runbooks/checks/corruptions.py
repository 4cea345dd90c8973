"""What can be wrong with books, one thing at a time: a value of a healthy row that is changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import Connection, Table, delete, select, update

from console import schema
from console.domain import ledger_invariants as invariants
from console.domain.ledger import Invariant
from tests.unit.runbooks.checks.healthy_book import HealthyBook

_DELETED = object()


@dataclass(frozen=True)
class By:
    """A change by an amount or a time, where else a value comes in the place of another."""

    amount: Decimal | int | timedelta

    def __str__(self) -> str:
        return f"by {self.amount}"


@dataclass(frozen=True)
class Of:
    """The id of another row, where else a value stands."""

    row: str

    def __str__(self) -> str:
        return f"of {self.row}"


@dataclass(frozen=True)
class Corruption:
    """The `column` of the row `where` in `table` becomes `value`; `names` is the row that has to be named."""

    breaks: Invariant
    table: Table
    where: str
    column: str
    value: object
    names: str

    @property
    def name(self) -> str:
        """What a test of it is called."""
        value = "deleted" if self.value is _DELETED else self.value
        return f"{self.breaks.name}: {self.where}.{self.column} {value}"

    def apply(self, connection: Connection, book: HealthyBook) -> None:
        row = self.table.c.id == book.rows[self.where]
        if self.value is _DELETED:
            connection.execute(delete(self.table).where(row))
            return
        value = self.value
        if isinstance(value, Of):
            value = book.rows[value.row]
        elif isinstance(value, By):
            if isinstance(value.amount, timedelta):
                value = book.now + value.amount
            else:
                value = connection.scalars(select(self.table.c[self.column]).where(row)).one() + value.amount
        connection.execute(update(self.table).where(row).values({self.column: value}))


def _both_ways(
    breaks: Invariant, table: Table, where: str, column: str, amount: Decimal | int | timedelta
) -> Iterator[Corruption]:
    for way in (amount, -amount):
        yield Corruption(breaks, table, where, column, By(way), where)


def _one(
    breaks: Invariant, table: Table, where: str, column: str, *values: object, names: str | None = None
) -> Iterator[Corruption]:
    for value in values:
        yield Corruption(breaks, table, where, column, value, names or where)


STRAY_TRADE = (
    "INSERT INTO futures_trades (account_id, order_id, position_id, trade_id, symbol, side, price, quantity,"
    " notional_value, fee) VALUES (77, 'FUT-none', 999999, 'T-none', 'BTC/USD', 'OPEN_LONG', '1.00000000',"
    " '1.00000000', '1.00000000', '0.00000000')"
)
_CENT = Decimal("0.01")
_TINY = Decimal("0.0000001")
_A, _P, _O, _T = schema.accounts, schema.positions, schema.orders, schema.trades
_LATER, _LONG_AGO = By(timedelta(hours=1)), By(timedelta(days=-30))

CORRUPTIONS = (
    *_both_ways(invariants.FROZEN_BALANCE, _A, "account", "frozen_balance", _CENT),
    *_one(invariants.FROZEN_BALANCE, _P, "long", "margin", By(_CENT), By(-_CENT), names="account"),
    *_both_ways(invariants.ACCOUNT_UNREALIZED, _A, "account", "unrealized_pnl", _CENT),
    *_both_ways(invariants.EQUITY, _A, "account", "total_equity", _CENT),
    *_both_ways(invariants.EQUITY, _A, "account", "current_balance", _CENT),
    *_both_ways(invariants.ACCOUNT_REALIZED, _A, "account", "realized_pnl", _CENT),
    *_both_ways(invariants.CASH, _A, "account", "current_balance", _CENT),
    *_both_ways(invariants.CASH, _A, "account", "initial_balance", _CENT),
    *_one(invariants.CURRENT_BALANCE, _A, "account", "current_balance", Decimal("-0.01")),
    *_both_ways(invariants.TOTAL_TRADES, _A, "account", "total_trades", 1),
    *_both_ways(invariants.WINNING_TRADES, _A, "account", "winning_trades", 1),
    *_both_ways(invariants.LOSING_TRADES, _A, "account", "losing_trades", 1),
    *_both_ways(invariants.WIN_RATE, _A, "account", "win_rate", Decimal(1)),
    *_one(invariants.STATUS, _P, "long", "status", "opened", "Open", "open ", ""),
    *_one(invariants.SIDE, _P, "long", "position_side", "BUY", "long", ""),
    *_one(invariants.POSITION_ACCOUNT, _P, "long", "account_id", 77),
    *_one(invariants.SIZE, _P, "long", "quantity", Decimal(0), Decimal("-0.11")),
    *_one(invariants.SIZE, _P, "won", "quantity", Decimal("-0.1")),
    *_both_ways(invariants.QUANTITY, _P, "long", "quantity", _TINY),
    *_one(invariants.QUANTITY, _T, "entry", "quantity", By(_TINY), By(-_TINY), names="long"),
    *_one(invariants.QUANTITY, _P, "won", "status", "open"),
    *_one(invariants.QUANTITY, _P, "long", "status", "closed"),
    *_one(invariants.LEVERAGE, _P, "long", "leverage", 0, -5),
    *_both_ways(invariants.ENTRY_PRICE, _P, "long", "entry_price", Decimal(100)),
    *_both_ways(invariants.NOTIONAL, _P, "long", "notional_value", _CENT),
    *_both_ways(invariants.MARGIN, _P, "long", "margin", _CENT),
    *_both_ways(invariants.MARGIN, _P, "short", "leverage", 1),
    *_both_ways(invariants.LIQUIDATION_PRICE, _P, "long", "liquidation_price", _TINY),
    *_both_ways(invariants.LIQUIDATION_PRICE, _P, "short", "liquidation_price", _TINY),
    *_one(invariants.LIQUIDATION_SIDE, _P, "long", "liquidation_price", Decimal(60_000)),
    *_one(invariants.LIQUIDATION_SIDE, _P, "short", "liquidation_price", Decimal(2_000)),
    *_one(invariants.MARK_PRICE, _P, "long", "mark_price", Decimal(0), Decimal(-1)),
    *_both_ways(invariants.UNREALIZED, _P, "long", "unrealized_pnl", _CENT),
    *_both_ways(invariants.UNREALIZED, _P, "short", "mark_price", _CENT),
    *_both_ways(invariants.REALIZED, _P, "won", "realized_pnl", _CENT),
    *_both_ways(invariants.REALIZED, _P, "short", "realized_pnl", _CENT),
    *_one(invariants.STOP_LOSS, _P, "long", "stop_loss_price", Decimal(60_000), Decimal(-1)),
    *_one(invariants.STOP_LOSS, _P, "short", "stop_loss_price", Decimal(2_000)),
    *_one(invariants.TAKE_PROFIT, _P, "long", "take_profit_price", Decimal(40_000)),
    *_one(invariants.TAKE_PROFIT, _P, "short", "take_profit_price", Decimal(4_000), Decimal(-1)),
    *_one(invariants.CLOSE_TIME, _P, "won", "close_time", None, _LONG_AGO),
    *_one(invariants.CLOSE_TIME, _P, "long", "close_time", By(timedelta(0))),
    *_one(invariants.COIN_MARGIN, _P, "long", "coin_margin", 0, None, 2),
    *_one(invariants.COIN_MARGIN, _P, "usdm", "coin_margin", 1),
    *_one(invariants.MARK_AGE, _P, "long", "last_update_time", _LONG_AGO, _LATER),
    *_one(invariants.TRADE_HOLDER, _T, "entry", "account_id", 2),
    *_one(invariants.TRADE_SYMBOL, _T, "entry", "symbol", "ETH/USD"),
    *_one(invariants.TRADE_DIRECTION, _T, "entry", "side", "OPEN_SHORT"),
    *_one(invariants.TRADE_DIRECTION, _P, "usdm", "position_side", "SHORT", names="usdm entry"),
    *_one(invariants.ORDER_SIDE, _O, "order", "side", "BUY", "open_long"),
    *_one(invariants.ORDER_SIZE, _O, "resting", "quantity", Decimal(0), Decimal(-1)),
    *_one(invariants.EXECUTED, _O, "order", "executed_quantity", Decimal(0), Decimal(1), Decimal(-1)),
    *_one(invariants.EXECUTED, _O, "order", "status", "PENDING", "CANCELLED"),
    *_one(invariants.EXECUTED, _O, "resting", "executed_quantity", Decimal(1), Decimal(-1)),
    *_one(invariants.FILLED_POSITION, _O, "order", "position_id", None),
    *_one(invariants.ORDER_ACCOUNT, _O, "order", "account_id", 77),
    *_one(invariants.ORDER_POSITION, _O, "order", "position_id", 999_999),
    *_one(invariants.ORDER_TRADE, _T, "entry", "id", _DELETED, names="order"),
    *_one(invariants.ORDER_TRADE, _T, "entry", "order_id", "FUT-none", names="order"),
    *_one(invariants.ORDER_TRADE, _O, "order", "position_id", Of("won"), Of("usdm")),
    *_one(invariants.ORDER_TRADE, _O, "order", "account_id", 2),
    *_one(invariants.ORDER_TRADE, _O, "order", "symbol", "ETH/USD", "btc/usd"),
    *_one(invariants.ORDER_TRADE, _O, "order", "side", "OPEN_SHORT", "CLOSE_LONG"),
    *_one(invariants.ORDER_ACCOUNT, _O, "resting", "account_id", 77),
    *_one(invariants.ORDER_POSITION, _O, "resting", "position_id", 999_999),
    *_both_ways(invariants.ORDER_FILLS, _O, "order", "executed_quantity", _TINY),
    *_one(invariants.ORDER_FILLS, _T, "entry", "quantity", By(_TINY), By(-_TINY), names="order"),
    *_one(invariants.ORDER_FILLS, _O, "resting", "executed_quantity", Decimal("0.001")),
    *_one(invariants.PENDING_AGE, _O, "resting", "created_at", _LONG_AGO, _LATER),
    *_one(invariants.TRADE_SIDE, _T, "entry", "side", "OPEN", "open_long"),
    *_one(invariants.TRADE_SIZE, _T, "entry", "quantity", Decimal(0), Decimal(-1)),
    *_one(invariants.TRADE_PRICE, _T, "entry", "price", Decimal(0), Decimal(-1)),
    *_both_ways(invariants.TRADE_NOTIONAL, _T, "entry", "notional_value", _TINY),
    *_one(invariants.TRADE_REALIZED, _T, "exit", "realized_pnl", None),
    *_one(invariants.TRADE_REALIZED, _T, "entry", "realized_pnl", _CENT),
    *_one(invariants.TRADE_ACCOUNT, _T, "entry", "account_id", 77),
    *_one(invariants.TRADE_POSITION, _T, "entry", "position_id", 999_999, None),
    *_one(invariants.TRADE_ORDER, _O, "order", "id", _DELETED, names="entry"),
    *_one(invariants.TRADE_ORDER, _T, "entry", "order_id", "FUT-none"),
)
