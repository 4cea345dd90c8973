"""A first look at the books that reads each row once, and says what of them nothing can be wrong with.

It counts what sweeps would find, by the same rules, and names nothing: what it doesn't call sound is swept.
Most books are sound, and the largest are those that take longest to sweep in vain. Nothing is asked of both
an order and its trade: where they say the same, what holds for the one holds for the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, exists, func, or_, select, true

from console import schema
from console.domain import ledger_invariants as invariants
from console.runbooks.checks.account_rules import ACCOUNT_RULES, OF_POSITIONS, OF_TRADES, counted
from console.runbooks.checks.exact import Amount, fingerprint, mixed, plus, same, total
from console.runbooks.checks.facts import Columns, Facts, LackingError, Sums, facts_of, sums_of
from console.runbooks.checks.fill_rules import TRADE_RULES, has_fill
from console.runbooks.checks.position_rules import (
    OF_ITS_TRADES,
    POSITION_RULES,
    has_own_entry,
)
from console.runbooks.checks.references import tie
from console.runbooks.checks.sweep import Rules, Sweep


@dataclass(frozen=True, slots=True)
class Sound:
    """Of which tables no row breaks a rule; `marks`: none is too old, `fills`: orders and trades match."""

    accounts: bool = False
    positions: bool = False
    marks: bool = False
    orders: bool = False
    trades: bool = False
    fills: bool = False


def glance(connection: Connection, columns: Columns, order_rules: Rules, mark_rules: Rules) -> Sound:
    """What is sound; nothing where the schema lacks what ties rows together. Raises SQLAlchemyError.

    A position without a trade is not seen here, which its number tells.
    """
    try:
        account = connection.scalar(select(func.min(facts_of(schema.accounts, columns)["id"])))
        if account is None:
            return Sound()
        held = connection.execute(_of_accounts(columns, mark_rules, account)).one()
        ordered = connection.execute(_of_orders(columns, order_rules)).one()
    except LackingError:
        return Sound()
    count = connection.scalar(select(func.count()).select_from(schema.positions))
    all_positions = held.positions == count and not held.strays
    positions = all_positions and not held.positions_suspect
    belong = not held.lost and not held.strays
    match = belong and _say_the_same(held, ordered)
    orders = match and not ordered.suspects
    return Sound(
        accounts=positions and belong and not held.suspects,
        positions=positions,
        marks=all_positions and not held.marks_suspect,
        orders=orders,
        trades=orders and positions and not held.trades_suspect,
        fills=match,
    )


def _say_the_same(held: Row[*tuple[Any, ...]], ordered: Row[*tuple[Any, ...]]) -> bool:
    """Whether each executed order has one trade that says the same, and each trade such an order.

    Equal rows leave no trace in pairs, but an order's trade that is there thrice counts as three; orders are
    no two equal, or their ids are found to be.
    """
    return (held.said or 0, held.trades) == (ordered.said or 0, ordered.fills)


def _of_accounts(columns: Columns, mark_rules: Rules, some_account: int) -> Select[Any]:
    """One row, of accounts with the sums over their positions, with the sums over those positions' trades.

    Trades and positions that belong to nothing are counted as lost, among those of `some_account`.
    """
    traded = sums_of(
        facts_of(schema.trades, columns),
        "position_id",
        {**OF_ITS_TRADES, **OF_TRADES, **_MORE_OF_TRADES},
        alike=_ALIKE,
    ).prefixed("trades.")
    positions = traded.joined(facts_of(schema.positions, columns), ("trades.position_id", "id"), "")
    positions = positions.joined(facts_of(schema.accounts, columns), ("account_id", "id"), "account.")
    sums = {
        **_OF_POSITIONS,
        "marks_suspect": lambda position: counted(Sweep(position, mark_rules).suspect),
        **{f"held.{name}": of_group for name, of_group in OF_POSITIONS.items()},
    }
    accounts = facts_of(schema.accounts, columns)
    held = sums_of(
        positions, "account_id", sums, lambda position: func.coalesce(position["account.id"], some_account)
    )
    accounts = accounts.joined(held, ("id", "account_id"), "")
    counts = {"trades": "trades.count", **{name: name for name in _COUNTS}}
    return select(
        counted(Sweep(accounts, ACCOUNT_RULES).suspect).label("suspects"),
        mixed(accounts["said"]).label("said"),
        *(func.coalesce(func.sum(accounts[name]), 0).label(label) for label, name in counts.items()),
    ).select_from(accounts.source)


def _of_orders(columns: Columns, rules: Rules) -> Select[Any]:
    """One row. Whether what they name is there is only asked of orders without a fill: others have trades."""
    orders = facts_of(schema.orders, columns)
    suspect = or_(
        Sweep(orders, rules).suspect, and_(has_fill(orders).is_not(true()), _is_lost(orders, columns))
    )
    said = case((has_fill(orders), tie(orders, "executed_quantity")))
    return select(
        counted(suspect).label("suspects"),
        counted(has_fill(orders)).label("fills"),
        mixed(said).label("said"),
    ).select_from(orders.source)


def _is_lost(orders: Facts, columns: Columns) -> ColumnElement[bool]:
    accounts, positions = facts_of(schema.accounts, columns), facts_of(schema.positions, columns)
    of_account = exists().where(accounts["id"] == orders["account_id"])
    of_position = exists().where(positions["id"] == orders["position_id"])
    return or_(~of_account, and_(orders["position_id"].is_not(None), ~of_position))


def _sum(name: str) -> Callable[[Facts], ColumnElement[Any]]:
    return lambda row: func.sum(row[name])


def _total(name: str) -> Callable[[Facts], ColumnElement[Any]]:
    return lambda row: total(row[name])


def _strays(position: Facts) -> ColumnElement[bool]:
    """Whether trades are of another account, symbol or side than their position."""
    own = _kind(position, position["position_side"] == "LONG")
    return same(position["trades.kind"], own).is_not(true())


def _kind(row: Facts, is_long: ColumnElement[bool]) -> Amount:
    """What a position and its trades have in common, as a number; they say LONG and SHORT in other words."""
    return plus(fingerprint(row["symbol"], row["account_id"]), case((is_long, 1), else_=0))


_COUNTS = ("lost", "positions", "positions_suspect", "marks_suspect", "trades_suspect", "strays")

_ASKED_OF_ORDERS = (invariants.TRADE_SIDE, invariants.TRADE_SIZE)
"""What holds for a trade that says the same as an order, whose side is right, and which has been executed."""
_OF_TRADES_ALONE = {name: rule for name, rule in TRADE_RULES.items() if name not in _ASKED_OF_ORDERS}

_ALIKE: Sums = {"kind": lambda trade: _kind(trade, trade["side"].in_(("OPEN_LONG", "CLOSE_LONG")))}
_MORE_OF_TRADES: Sums = {
    "suspects": lambda trade: counted(Sweep(trade, _OF_TRADES_ALONE).suspect),
    "said": lambda trade: mixed(tie(trade, "quantity")),
}

_OF_POSITIONS: Sums = {
    "lost": lambda position: counted(position["account.id"].is_(None)),
    "positions": lambda position: func.count(position["id"]),
    "positions_suspect": lambda position: counted(
        or_(Sweep(position, POSITION_RULES).suspect, has_own_entry(position))
    ),
    "strays": lambda position: counted(_strays(position)),
    "said": lambda position: mixed(position["trades.said"]),
    "trades_suspect": _sum("trades.suspects"),
    "trades.count": _sum("trades.count"),
    "trades.closes": _sum("trades.closes"),
    "trades.wins": _sum("trades.wins"),
    "trades.realized": _total("trades.realized"),
    "trades.entry_fees": _total("trades.entry_fees"),
}
