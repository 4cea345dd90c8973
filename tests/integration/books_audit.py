"""An independent audit of the paper engine's books: it reads the tables and recomputes what has to hold.

It shares no arithmetic with the engine: exact fractions, and a rounding of its own.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from console import schema

_UNIT = 10**8
_FEE = Fraction(4, 10_000)

_Row = Row[Any]


def audit(engine: Engine) -> None:
    """Assert every identity of the books, account by account and position by position."""
    with engine.connect() as connection:
        accounts = _rows(connection, schema.accounts)
        positions = _rows(connection, schema.positions)
        orders = _rows(connection, schema.orders)
        trades = _rows(connection, schema.trades)
    by_position = defaultdict(list)
    for trade in trades:
        by_position[trade.position_id].append(trade)
    for position in positions:
        _audit_position(position, by_position[position.id])
    for account in accounts:
        _audit_account(
            account,
            [p for p in positions if p.account_id == account.id],
            [t for t in trades if t.account_id == account.id],
        )
    _audit_orders(orders, trades)


def audit_balances(engine: Engine) -> None:
    """Assert what can be seen without the history: cheap enough after each of many operations."""
    with engine.connect() as connection:
        accounts = _rows(connection, schema.accounts)
        table = schema.positions
        query = select(table).where(table.c.status != "closed")
        positions = list(connection.execute(query))
    for account in accounts:
        _audit_balances(account, [p for p in positions if p.account_id == account.id])


def _audit_balances(account: _Row, held: Sequence[_Row]) -> None:
    unrealized = _total(held, "unrealized_pnl")
    assert account.frozen_balance == _total(held, "margin"), "frozen balance is the sum of margins"
    assert account.unrealized_pnl == unrealized, "unrealized PnL is that of the open positions"
    assert account.total_equity == account.current_balance + account.frozen_balance + unrealized
    assert account.current_balance >= 0
    for position in held:
        entry, mark = Fraction(position.avg_entry_price), Fraction(position.mark_price)
        gain = _rounded(_sign(position.position_side) * (mark - entry) * Fraction(position.quantity))
        assert position.unrealized_pnl == gain, "unrealized PnL is linear in the mark price"


def _audit_account(account: _Row, positions: Sequence[_Row], trades: Sequence[_Row]) -> None:
    _audit_balances(account, [p for p in positions if p.status != "closed"])
    closes = [t for t in trades if t.side.startswith("CLOSE")]
    opens = [t for t in trades if t.side.startswith("OPEN")]
    realized = _total(closes, "realized_pnl")
    cash = account.initial_balance + realized - _total(opens, "fee")
    assert account.current_balance + account.frozen_balance == cash, "no money appears or is lost"
    assert account.realized_pnl == realized
    assert _total(positions, "realized_pnl") == realized
    won = sum(t.realized_pnl > 0 for t in closes)
    assert (account.total_trades, account.winning_trades) == (len(closes), won)
    assert account.losing_trades == len(closes) - won
    rate = _rounded(Fraction(100 * won, len(closes)) if closes else Fraction(0), 10**4)
    assert account.win_rate == rate
    assert account.total_profit_loss == account.total_equity - account.initial_balance
    kinds = {p.coin_margin for p in positions}
    assert kinds <= {1 if account.id == schema.COIN_ACCOUNT else 0}
    open_keys = [(p.symbol, p.position_side) for p in positions if p.status != "closed"]
    assert len(open_keys) == len(set(open_keys)), "one open position of a symbol and side"


def _audit_position(position: _Row, trades: Sequence[_Row]) -> None:
    """Replay the trades of a position, and compare with what its row says."""
    sign = _sign(position.position_side)
    quantity = average = margin = realized = Fraction(0)
    for trade in trades:
        price, part = Fraction(trade.price), Fraction(trade.quantity)
        value = _rounded(price * part)
        assert trade.notional_value == value
        if trade.side.startswith("OPEN"):
            assert trade.margin == _rounded(Fraction(value) / position.leverage)
            assert trade.fee == _rounded(Fraction(value) * _FEE)
            assert trade.realized_pnl is None
            average = Fraction(_rounded((quantity * average + part * price) / (quantity + part)))
            quantity, margin = quantity + part, margin + Fraction(trade.margin)
            continue
        share = margin if part == quantity else Fraction(_rounded(margin * part / quantity))
        gain = _rounded(sign * (price - average) * part)
        assert trade.entry_price == _rounded(average)
        assert trade.margin == _rounded(share), "a close releases its share, the last one the remainder"
        assert trade.realized_pnl == gain - trade.fee
        if position.notes is not None and position.notes.startswith("liquidated") and part == quantity:
            assert trade.realized_pnl == -trade.margin, "a liquidation costs the margin, no more"
            assert trade.price == position.liquidation_price
        else:
            assert trade.fee == _rounded(Fraction(value) * _FEE)
        quantity, margin = quantity - part, margin - share
        realized += Fraction(trade.realized_pnl)
    assert position.realized_pnl == _rounded(realized)
    assert position.avg_entry_price == position.entry_price == _rounded(average)
    assert position.liquidation_price == _liquidation(average, sign, position.leverage)
    if position.status == "closed":
        assert quantity == margin == 0
        assert position.unrealized_pnl == 0
        assert position.close_time is not None
    else:
        assert (position.quantity, position.margin) == (_rounded(quantity), _rounded(margin))
        assert position.notional_value == _rounded(quantity * average)


def _audit_orders(orders: Sequence[_Row], trades: Sequence[_Row]) -> None:
    filled = {order.order_id: order for order in orders if order.status == "FILLED"}
    assert len(filled) == len(trades), "one filled order and one trade for each fill"
    for trade in trades:
        order = filled[trade.order_id]
        assert order.position_id == trade.position_id
        for of_order, of_trade in (
            ("side", "side"),
            ("avg_fill_price", "price"),
            ("executed_quantity", "quantity"),
            ("executed_value", "notional_value"),
            ("margin", "margin"),
            ("fee", "fee"),
            ("realized_pnl", "realized_pnl"),
            ("pnl_pct", "pnl_pct"),
        ):
            assert getattr(order, of_order) == getattr(trade, of_trade), of_order
    for order in orders:
        if order.status != "FILLED":
            assert (order.executed_quantity, order.fee, order.margin) == (0, 0, None)


def _liquidation(entry: Fraction, sign: int, leverage: int) -> Decimal:
    return _rounded(entry * (1 - sign * (Fraction(1, leverage) - Fraction(5, 1000))))


def _sign(side: str) -> int:
    return 1 if side == "LONG" else -1


def _rounded(value: Fraction, unit: int = _UNIT) -> Decimal:
    """Rounded to 1/unit, halves away from zero."""
    scaled = abs(value) * unit
    whole = scaled.numerator // scaled.denominator
    whole += 2 * (scaled - whole) >= 1
    return Decimal(whole if value >= 0 else -whole) / unit


def _total(rows: Sequence[_Row], column: str) -> Decimal:
    return sum((getattr(row, column) for row in rows), Decimal(0))


def _rows(connection: Connection, table: Any) -> list[_Row]:
    return list(connection.execute(select(table).order_by(table.c.id)))
