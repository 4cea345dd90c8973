"""What has to hold for a position: against its trades, in itself, and in time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, true

from console import schema
from console.domain import ledger_invariants as invariants
from console.domain.ledger import LedgerLimits
from console.runbooks.checks.account_rules import (
    OF_TRADES,
    OPEN_STATUSES,
    is_closing,
    is_open,
    is_opening,
    rounding,
    sum_in,
)
from console.runbooks.checks.exact import (
    highest,
    less,
    lowest,
    minus,
    near,
    number,
    over,
    plus,
    same,
    spelled,
    times,
    total,
)
from console.runbooks.checks.facts import Columns, Facts, Sums, facts_of, sums_of
from console.runbooks.checks.sweep import Rules, Test

_ZERO = number("0")
_ONE = number("1")


def position_facts(columns: Columns) -> Facts:
    """The positions, each with its account and with the sums over its trades."""
    trades = facts_of(schema.trades, columns)
    traded = sums_of(trades, "position_id", {**OF_ITS_TRADES, **_RANGE})
    positions = facts_of(schema.positions, columns).joined(traded, ("id", "position_id"), "trades.")
    return positions.joined(facts_of(schema.accounts, columns), ("account_id", "id"), "account.")


def _signed(trade: Facts) -> ColumnElement[Any]:
    """What a trade adds to its position."""
    quantity = trade["quantity"]
    return case((is_opening(trade), quantity), (is_closing(trade), minus(_ZERO, quantity)))


def mark_rules(now: datetime, limits: LedgerLimits) -> Rules:
    """How old marks may be at `now`, which is local and naive, as engines write times."""
    oldest, newest = now - limits.mark_age, now + limits.clock_ahead
    return {invariants.MARK_AGE: lambda position: _mark_age(position, oldest, newest)}


def _is_long(position: Facts) -> ColumnElement[bool]:
    return position["position_side"] == "LONG"


def _entry(position: Facts) -> ColumnElement[Any]:
    """The average over batch entries, where the engine keeps one: 0 is none."""
    entry = position["entry_price"]
    if "avg_entry_price" not in position:
        return entry
    average = position["avg_entry_price"]
    return case((average.is_(None), entry), (same(average, _ZERO), entry), else_=average)


def _last_place(position: Facts, each: ColumnElement[Any]) -> ColumnElement[Any]:
    """What rounding at each fill can come to, where an entry price 1 off makes the amount `each` off."""
    return times(times(number("0.00000001"), plus(_ONE, sum_in(position, "trades.count"))), plus(_ONE, each))


def _status(position: Facts) -> Test:
    status = position["status"]
    return Test(status, literal("open, building or closed"), spelled(status).in_((*OPEN_STATUSES, "closed")))


def _side(position: Facts) -> Test:
    side = position["position_side"]
    return Test(side, literal("LONG or SHORT"), spelled(side).in_(("LONG", "SHORT")))


def _account(position: Facts) -> Test:
    return Test(position["account_id"], literal("an account"), position["account.id"].is_not(None))


def _size(position: Facts) -> Test:
    quantity = position["quantity"]
    holds = or_(less(_ZERO, quantity), and_(~is_open(position), ~less(quantity, _ZERO)))
    return Test(quantity, literal("above 0"), holds)


def _quantity(position: Facts) -> Test:
    """Whoever is closed keeps the quantity of the last close, while nothing is left of the trades."""
    left = sum_in(position, "trades.left")
    held = case((is_open(position), position["quantity"]), else_=_ZERO)
    return Test(held, left, near(held, left, rounding(position)))


def _leverage(position: Facts) -> Test:
    return Test(position["leverage"], literal("1 or more"), ~less(position["leverage"], _ONE))


def has_own_entry(position: Facts) -> ColumnElement[bool]:
    """Whether the entry price of an open position is another than the average."""
    return and_(is_open(position), same(position["entry_price"], _entry(position)).is_not(true()))


def _entry_price(position: Facts) -> Test:
    """The first entry's price, say: nothing was bought below the lowest price or above the highest."""
    entry, least, most = position["entry_price"], position["trades.lowest"], position["trades.highest"]
    nearest = case((less(entry, least), least), else_=most)
    return Test(entry, nearest, and_(~less(entry, least), ~less(most, entry)), about=has_own_entry(position))


def _notional(position: Facts) -> Test:
    value, quantity = position["notional_value"], position["quantity"]
    expected = times(quantity, _entry(position))
    return Test(
        value, expected, near(value, expected, _last_place(position, quantity)), about=is_open(position)
    )


def _margin(position: Facts) -> Test:
    margin = position["margin"]
    expected = over(position["notional_value"], position["leverage"])
    tolerance = _last_place(position, over(position["quantity"], position["leverage"]))
    return Test(margin, expected, near(margin, expected, tolerance), about=is_open(position))


def _liquidation_price(position: Facts) -> Test:
    price, entry = position["liquidation_price"], _entry(position)
    distance = minus(over(entry, position["leverage"]), times(entry, number("0.005")))
    expected = case((_is_long(position), minus(entry, distance)), else_=plus(entry, distance))
    return Test(price, expected, near(price, expected, number("0.00000002")), about=is_open(position))


def _liquidation_side(position: Facts) -> Test:
    price, entry = position["liquidation_price"], _entry(position)
    holds = case((_is_long(position), less(price, entry)), else_=less(entry, price))
    return Test(price, entry, holds, about=is_open(position))


def _mark_price(position: Facts) -> Test:
    mark = position["mark_price"]
    return Test(mark, literal("above 0"), less(_ZERO, mark), about=is_open(position))


def _unrealized(position: Facts) -> Test:
    gain, quantity = position["unrealized_pnl"], position["quantity"]
    move = minus(position["mark_price"], _entry(position))
    moved = times(move, quantity)
    expected = case((_is_long(position), moved), else_=minus(_ZERO, moved))
    holds = near(gain, expected, _last_place(position, quantity))
    return Test(gain, expected, holds, about=is_open(position))


def _realized(position: Facts) -> Test:
    gain, expected = position["realized_pnl"], sum_in(position, "trades.realized")
    return Test(gain, expected, near(gain, expected, rounding(position)))


def _stop(name: str, *, gain: bool) -> Callable[[Facts], Test]:
    """A stop is on its side of the entry, or of the mark once the engine has trailed it. 0 is none."""

    def rule(position: Facts) -> Test:
        price, entry, mark = position[name], _entry(position), position["mark_price"]
        below = or_(less(price, entry), less(price, mark))
        above = or_(less(entry, price), less(mark, price))
        holds = case((_is_long(position), above if gain else below), else_=below if gain else above)
        is_set = and_(price.is_not(None), func.coalesce(~same(price, _ZERO), true()))
        return Test(price, entry, and_(less(_ZERO, price), holds), about=and_(is_open(position), is_set))

    return rule


def _close_time(position: Facts) -> Test:
    closed, status = position["close_time"], position["status"]
    in_order = func.coalesce(closed >= position["open_time"], true()) if "open_time" in position else true()
    ended = and_(closed.is_not(None), in_order)
    holds = case((status == "closed", ended), else_=closed.is_(None))
    expected = case((status == "closed", literal("a time after the opening")), else_=literal("none"))
    return Test(closed, expected, holds)


def _coin_margin(position: Facts) -> Test:
    expected = case((position["account_id"] == schema.COIN_ACCOUNT, 1), else_=0)
    marked = func.coalesce(position["coin_margin"], 0)
    return Test(position["coin_margin"], expected, marked == expected)


def _mark_age(position: Facts, oldest: datetime, newest: datetime) -> Test:
    marked = position["last_update_time"]
    expected = literal(f"from {oldest:%Y-%m-%d %H:%M:%S} to {newest:%Y-%m-%d %H:%M:%S}")
    return Test(marked, expected, marked.between(oldest, newest), about=is_open(position))


POSITION_RULES: Rules = {
    invariants.STATUS: _status,
    invariants.SIDE: _side,
    invariants.POSITION_ACCOUNT: _account,
    invariants.SIZE: _size,
    invariants.QUANTITY: _quantity,
    invariants.LEVERAGE: _leverage,
    invariants.NOTIONAL: _notional,
    invariants.MARGIN: _margin,
    invariants.LIQUIDATION_PRICE: _liquidation_price,
    invariants.LIQUIDATION_SIDE: _liquidation_side,
    invariants.MARK_PRICE: _mark_price,
    invariants.UNREALIZED: _unrealized,
    invariants.REALIZED: _realized,
    invariants.STOP_LOSS: _stop("stop_loss_price", gain=False),
    invariants.TAKE_PROFIT: _stop("take_profit_price", gain=True),
    invariants.CLOSE_TIME: _close_time,
    invariants.COIN_MARGIN: _coin_margin,
}
ENTRY_RULES: Rules = {invariants.ENTRY_PRICE: _entry_price}
"""Rules of what only `has_own_entry` has, and only `position_facts` of its own sums tells."""

OF_ITS_TRADES: Sums = {
    "left": lambda trade: total(_signed(trade)),
    "count": OF_TRADES["count"],
    "realized": OF_TRADES["realized"],
}
"""What a position's trades come to."""
_RANGE: Sums = {
    "lowest": lambda trade: lowest(case((is_opening(trade), trade["price"]))),
    "highest": lambda trade: highest(case((is_opening(trade), trade["price"]))),
}
