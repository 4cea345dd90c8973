"""What has to hold for an account: its balances and counters are those of its positions and trades."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, case, func

from console import schema
from console.domain import ledger_invariants as invariants
from console.runbooks.checks.exact import initial, less, minus, near, number, over, plus, times, total
from console.runbooks.checks.facts import Columns, Facts, Sums, facts_of, sums_of
from console.runbooks.checks.sweep import Rules, Test

OPEN_STATUSES = ("open", "building")
_ZERO = number("0")


def account_facts(columns: Columns) -> Facts:
    """The accounts, each with the sums over its open positions and over its trades."""
    held = sums_of(facts_of(schema.positions, columns), "account_id", OF_POSITIONS)
    traded = sums_of(facts_of(schema.trades, columns), "account_id", OF_TRADES)
    accounts = facts_of(schema.accounts, columns)
    on = ("id", "account_id")
    return accounts.joined(held, on, "held.").joined(traded, on, "trades.")


def is_open(position: Facts) -> ColumnElement[bool]:
    """Whether a position is still held."""
    return position["status"].in_(OPEN_STATUSES)


def is_opening(trade: Facts) -> ColumnElement[bool]:
    """Whether a trade opens a position or adds to one."""
    return initial(trade["side"]) == ord("O")


def is_closing(trade: Facts) -> ColumnElement[bool]:
    """Whether a trade closes a position or part of one."""
    return initial(trade["side"]) == ord("C")


def sum_in(facts: Facts, name: str) -> ColumnElement[Any]:
    """A sum, which is 0 where there are no rows to sum; NULL where a value is no number."""
    prefix, _ = name.split(".")
    return case((facts[f"{prefix}.count"].is_(None), _ZERO), else_=facts[name])


def rounding(facts: Facts) -> ColumnElement[Any]:
    """What rounding to eight places can come to over the trades."""
    return times(number("0.00000001"), sum_in(facts, "trades.count"))


def counted(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """In how many rows of a group a condition holds."""
    return func.count(case((condition, 1)))


OF_POSITIONS: Sums = {
    "count": lambda row: counted(is_open(row)),
    "margin": lambda row: total(case((is_open(row), row["margin"]))),
    "unrealized": lambda row: total(case((is_open(row), row["unrealized_pnl"]))),
}
"""What an account's positions come to."""

OF_TRADES: Sums = {
    "count": lambda row: func.count(),
    "closes": lambda row: counted(is_closing(row)),
    "wins": lambda row: counted(less(_ZERO, row["realized_pnl"])),
    "realized": lambda row: total(row["realized_pnl"]),
    "entry_fees": lambda row: total(case((is_opening(row), row["fee"]))),
}
"""What an account's trades come to."""


def _same(
    observed: Callable[[Facts], ColumnElement[Any]],
    expected: Callable[[Facts], ColumnElement[Any]],
    tolerance: Callable[[Facts], ColumnElement[Any]] = rounding,
) -> Callable[[Facts], Test]:
    def rule(account: Facts) -> Test:
        seen, wanted = observed(account), expected(account)
        return Test(seen, wanted, near(seen, wanted, tolerance(account)))

    return rule


def _column(name: str) -> Callable[[Facts], ColumnElement[Any]]:
    return lambda account: account[name]


def _sum(name: str) -> Callable[[Facts], ColumnElement[Any]]:
    return lambda account: sum_in(account, name)


def _balances(account: Facts) -> ColumnElement[Any]:
    return plus(account["current_balance"], account["frozen_balance"])


def _exactly(_account: Facts) -> ColumnElement[Any]:
    return _ZERO


def _percent_won(account: Facts) -> ColumnElement[Any]:
    """0 of no trades."""
    won = over(times(account["winning_trades"], number("100.00000000")), account["total_trades"])
    return case((account["total_trades"] == 0, _ZERO), else_=won)


def _current_balance(account: Facts) -> Test:
    balance = account["current_balance"]
    return Test(balance, _ZERO, ~less(balance, _ZERO))


ACCOUNT_RULES: Rules = {
    invariants.FROZEN_BALANCE: _same(_column("frozen_balance"), _sum("held.margin")),
    invariants.ACCOUNT_UNREALIZED: _same(_column("unrealized_pnl"), _sum("held.unrealized")),
    invariants.EQUITY: _same(
        _column("total_equity"), lambda account: plus(_balances(account), sum_in(account, "held.unrealized"))
    ),
    invariants.ACCOUNT_REALIZED: _same(_column("realized_pnl"), _sum("trades.realized")),
    invariants.CASH: _same(
        _balances,
        lambda account: minus(
            plus(account["initial_balance"], sum_in(account, "trades.realized")),
            sum_in(account, "trades.entry_fees"),
        ),
    ),
    invariants.CURRENT_BALANCE: _current_balance,
    invariants.TOTAL_TRADES: _same(_column("total_trades"), _sum("trades.closes"), _exactly),
    invariants.WINNING_TRADES: _same(_column("winning_trades"), _sum("trades.wins"), _exactly),
    invariants.LOSING_TRADES: _same(
        _column("losing_trades"),
        lambda account: minus(sum_in(account, "trades.closes"), sum_in(account, "trades.wins")),
        _exactly,
    ),
    invariants.WIN_RATE: _same(_column("win_rate"), _percent_won, lambda account: number("0.01")),
}
