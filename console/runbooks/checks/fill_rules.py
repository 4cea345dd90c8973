"""What has to hold for an order and for a trade in itself."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, literal, or_

from console.domain import ledger_invariants as invariants
from console.domain.ledger import LedgerLimits
from console.runbooks.checks.account_rules import is_closing
from console.runbooks.checks.exact import less, near, number, same, spelled, times
from console.runbooks.checks.facts import Facts
from console.runbooks.checks.sweep import Rules, Test

_SIDES = ("OPEN_LONG", "OPEN_SHORT", "CLOSE_LONG", "CLOSE_SHORT")
_ZERO = number("0")
FILLED = "FILLED"
PENDING = "PENDING"


def order_rules(now: datetime, limits: LedgerLimits) -> Rules:
    """The rules at `now`, which is local and naive, as engines write times."""
    return {
        invariants.ORDER_SIDE: _side,
        invariants.ORDER_SIZE: _above_zero("quantity"),
        invariants.EXECUTED: _executed,
        invariants.FILLED_POSITION: _filled_position,
        invariants.PENDING_AGE: lambda order: _pending_age(
            order, now - limits.order_age, now + limits.clock_ahead
        ),
    }


def has_fill(order: Facts) -> ColumnElement[bool]:
    """Whether any of an order has been executed."""
    return less(_ZERO, order["executed_quantity"])


def _side(row: Facts) -> Test:
    return Test(row["side"], literal("one of the four"), spelled(row["side"]).in_(_SIDES))


def _above_zero(name: str) -> Callable[[Facts], Test]:
    return lambda row: Test(row[name], literal("above 0"), less(_ZERO, row[name]))


def _is_filled(order: Facts) -> ColumnElement[bool]:
    return order["status"] == FILLED


def _executed(order: Facts) -> Test:
    """An order that isn't filled may say nothing of it; one that is executed whole is filled."""
    executed, quantity = order["executed_quantity"], order["quantity"]
    within = or_(executed.is_(None), and_(~less(executed, _ZERO), less(executed, quantity)))
    holds = case((_is_filled(order), same(executed, quantity)), else_=within)
    return Test(executed, quantity, holds)


def _filled_position(order: Facts) -> Test:
    position = order["position_id"]
    return Test(position, literal("a position"), or_(position.is_not(None), ~_is_filled(order)))


def _pending_age(order: Facts, oldest: datetime, newest: datetime) -> Test:
    made = order["created_at"]
    expected = literal(f"from {oldest:%Y-%m-%d %H:%M:%S} to {newest:%Y-%m-%d %H:%M:%S}")
    return Test(made, expected, made.between(oldest, newest), about=order["status"] == PENDING)


def _value(trade: Facts) -> Test:
    value, expected = trade["notional_value"], times(trade["price"], trade["quantity"])
    return Test(value, expected, near(value, expected, number("0.00000001")))


def _realized(trade: Facts) -> Test:
    gain = trade["realized_pnl"]
    holds = case((is_closing(trade), gain.is_not(None)), else_=or_(gain.is_(None), same(gain, _ZERO)))
    expected = case((is_closing(trade), literal("an amount")), else_=literal("none"))
    return Test(gain, expected, holds)


TRADE_RULES: Rules = {
    invariants.TRADE_SIDE: _side,
    invariants.TRADE_SIZE: _above_zero("quantity"),
    invariants.TRADE_PRICE: _above_zero("price"),
    invariants.TRADE_NOTIONAL: _value,
    invariants.TRADE_REALIZED: _realized,
}
