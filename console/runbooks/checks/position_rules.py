"""What has to hold for a position: against its trades, in itself, and in time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, true

from console import schema
from console.domain import ledger_invariants as invariants
from console.domain.ledger import LedgerLimits
from console.runbooks.checks.account_rules import OPEN_STATUSES, is_closing, is_opening, rounding, sum_in
from console.runbooks.checks.exact import less, minus, near, number, over, plus, times, total
from console.runbooks.checks.facts import Columns, Facts, facts_of, sums_of
from console.runbooks.checks.sweep import Rules, Test

_ZERO = number("0")
_ONE = number("1")


def position_facts(columns: Columns) -> Facts:
    """The positions, each with the sums over its trades, and with its account."""
    traded = sums_of(
        facts_of(schema.trades, columns),
        "position_id",
        {
            "count": lambda row: func.count(),
            "opened": lambda row: total(case((is_opening(row), row["quantity"]), else_=_ZERO)),
            "closed": lambda row: total(case((is_closing(row), row["quantity"]), else_=_ZERO)),
            "realized": lambda row: total(case((is_closing(row), row["realized_pnl"]), else_=_ZERO)),
            "least_account": lambda row: func.min(row["account_id"]),
            "greatest_account": lambda row: func.max(row["account_id"]),
        },
    )
    positions = facts_of(schema.positions, columns)
    accounts = facts_of(schema.accounts, columns)
    return positions.joined(traded, ("id", "position_id"), "trades").joined(
        accounts, ("account_id", "id"), "account"
    )


def position_rules(now: datetime, limits: LedgerLimits) -> Rules:
    """The rules at `now`, which is local and naive, as engines write times."""
    return {
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
        invariants.MARK_AGE: lambda position: _mark_age(
            position, now - limits.mark_age, now + limits.clock_ahead
        ),
        invariants.TRADES_ACCOUNT: _trades_account,
    }


def _is_open(position: Facts) -> ColumnElement[bool]:
    return position["status"].in_(OPEN_STATUSES)


def _is_long(position: Facts) -> ColumnElement[bool]:
    return position["position_side"] == "LONG"


def _entry(position: Facts) -> ColumnElement[Any]:
    """The average over batch entries, where the engine keeps one."""
    if "avg_entry_price" not in position:
        return position["entry_price"]
    return func.coalesce(position["avg_entry_price"], position["entry_price"])


def _last_place(position: Facts, each: ColumnElement[Any]) -> ColumnElement[Any]:
    """What rounding at each fill can come to, where an entry price 1 off makes the amount `each` off."""
    return times(times(number("0.00000001"), plus(_ONE, sum_in(position, "trades.count"))), plus(_ONE, each))


def _status(position: Facts) -> Test:
    status = position["status"]
    return Test(status, literal("open, building or closed"), status.in_((*OPEN_STATUSES, "closed")))


def _side(position: Facts) -> Test:
    side = position["position_side"]
    return Test(side, literal("LONG or SHORT"), side.in_(("LONG", "SHORT")))


def _account(position: Facts) -> Test:
    return Test(position["account_id"], literal("an account"), position["account.id"].is_not(None))


def _size(position: Facts) -> Test:
    quantity = position["quantity"]
    holds = or_(less(_ZERO, quantity), and_(~_is_open(position), ~less(quantity, _ZERO)))
    return Test(quantity, literal("above 0"), holds)


def _quantity(position: Facts) -> Test:
    """Whoever is closed keeps the quantity of the last close, while nothing is left of the trades."""
    left = minus(sum_in(position, "trades.opened"), sum_in(position, "trades.closed"))
    held = case((_is_open(position), position["quantity"]), else_=_ZERO)
    return Test(held, left, near(held, left, rounding(position)))


def _leverage(position: Facts) -> Test:
    return Test(position["leverage"], literal("1 or more"), position["leverage"] >= 1)


def _notional(position: Facts) -> Test:
    value, quantity = position["notional_value"], position["quantity"]
    expected = times(quantity, _entry(position))
    return Test(
        value, expected, near(value, expected, _last_place(position, quantity)), about=_is_open(position)
    )


def _margin(position: Facts) -> Test:
    margin = position["margin"]
    expected = over(position["notional_value"], position["leverage"])
    tolerance = _last_place(position, over(position["quantity"], position["leverage"]))
    return Test(margin, expected, near(margin, expected, tolerance), about=_is_open(position))


def _liquidation_price(position: Facts) -> Test:
    price, entry = position["liquidation_price"], _entry(position)
    distance = minus(over(entry, position["leverage"]), times(entry, number("0.005")))
    expected = case((_is_long(position), minus(entry, distance)), else_=plus(entry, distance))
    return Test(price, expected, near(price, expected, number("0.00000002")), about=_is_open(position))


def _liquidation_side(position: Facts) -> Test:
    price, entry = position["liquidation_price"], _entry(position)
    holds = case((_is_long(position), less(price, entry)), else_=less(entry, price))
    return Test(price, entry, holds, about=_is_open(position))


def _mark_price(position: Facts) -> Test:
    mark = position["mark_price"]
    return Test(mark, literal("above 0"), less(_ZERO, mark), about=_is_open(position))


def _unrealized(position: Facts) -> Test:
    gain, quantity = position["unrealized_pnl"], position["quantity"]
    move = minus(position["mark_price"], _entry(position))
    moved = times(move, quantity)
    expected = case((_is_long(position), moved), else_=minus(_ZERO, moved))
    holds = near(gain, expected, _last_place(position, quantity))
    return Test(gain, expected, holds, about=_is_open(position))


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
        is_set = and_(_is_open(position), price.is_not(None), ~near(price, _ZERO, _ZERO))
        return Test(price, entry, holds, about=is_set)

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
    return Test(marked, expected, marked.between(oldest, newest), about=_is_open(position))


def _trades_account(position: Facts) -> Test:
    own, least, greatest = (
        position["account_id"],
        position["trades.least_account"],
        position["trades.greatest_account"],
    )
    other = case((least == own, greatest), else_=least)
    holds = and_(least == own, greatest == own)
    return Test(other, own, holds, about=position["trades.count"] > 0)
