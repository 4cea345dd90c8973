"""A first look at the books that reads each row once, and says what of them nothing can be wrong with.

It counts what sweeps would find, by the same rules, and names nothing: what it doesn't call sound is swept.
Most books are sound, and the largest are those that take longest to sweep in vain.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, or_, select, true

from console import schema
from console.runbooks.checks.account_rules import ACCOUNT_RULES, OF_POSITIONS, OF_TRADES, counted
from console.runbooks.checks.exact import decimal_of, fingerprint, same, times, total
from console.runbooks.checks.facts import Columns, Facts, LackingError, Sums, facts_of, sums_of
from console.runbooks.checks.fill_rules import TRADE_RULES, has_fill
from console.runbooks.checks.position_rules import (
    OF_ITS_TRADES,
    POSITION_RULES,
    has_own_entry,
    position_facts,
)
from console.runbooks.checks.references import direction, tie
from console.runbooks.checks.sweep import Rules, Sweep


@dataclass(frozen=True, slots=True)
class Sound:
    """Of which tables no row breaks a rule; `fills` is that orders and trades match."""

    accounts: bool = False
    positions: bool = False
    orders: bool = False
    trades: bool = False
    fills: bool = False


def glance(connection: Connection, columns: Columns, order_rules: Rules) -> Sound:
    """What is sound; nothing where the schema lacks what ties rows together. Raises SQLAlchemyError."""
    try:
        held = connection.execute(_of_accounts(columns)).one()
        ordered = connection.execute(_of_orders(columns, order_rules)).one()
    except LackingError:
        return Sound()
    positions = held.positions == _count(connection, schema.positions.name) and not held.positions_suspect
    belong = held.trades == _count(connection, schema.trades.name) and not held.strays
    match = belong and decimal_of(held.said) == decimal_of(ordered.said)
    return Sound(
        accounts=positions and belong and not held.suspects,
        positions=positions,
        orders=match and not ordered.suspects,
        trades=belong and not held.trades_suspect,
        fills=match,
    )


def _of_accounts(columns: Columns) -> Select[Any]:
    """One row, of accounts with the sums over their positions, with the sums over those positions' trades.

    Positions and trades that belong to nothing are not among them, as the counts show.
    """
    positions = position_facts(columns, {**OF_ITS_TRADES, **OF_TRADES, **_MORE_OF_TRADES})
    sums = {**_OF_POSITIONS, **{f"held.{name}": of_group for name, of_group in OF_POSITIONS.items()}}
    accounts = facts_of(schema.accounts, columns)
    accounts = accounts.joined(sums_of(positions, "account_id", sums), ("id", "account_id"), "")
    counts = {"trades": "trades.count", **{name: name for name in _COUNTS}}
    return select(
        counted(Sweep(accounts, ACCOUNT_RULES).suspect).label("suspects"),
        total(accounts["said"]).label("said"),
        *(func.coalesce(func.sum(accounts[name]), 0).label(label) for label, name in counts.items()),
    ).select_from(accounts.source)


def _of_orders(columns: Columns, rules: Rules) -> Select[Any]:
    """One row. Whether what they name is there is only asked of orders without a fill: others have trades."""
    orders = facts_of(schema.orders, columns)
    suspect = or_(
        Sweep(orders, rules).suspect, and_(has_fill(orders).is_not(true()), _is_lost(orders, columns))
    )
    said = case((has_fill(orders), tie(orders, "executed_quantity")))
    return select(counted(suspect).label("suspects"), total(said).label("said")).select_from(orders.source)


def _is_lost(orders: Facts, columns: Columns) -> ColumnElement[bool]:
    accounts, positions = facts_of(schema.accounts, columns), facts_of(schema.positions, columns)
    of_account = exists().where(accounts["id"] == orders["account_id"])
    of_position = exists().where(positions["id"] == orders["position_id"])
    return or_(~of_account, and_(orders["position_id"].is_not(None), ~of_position))


def _count(connection: Connection, table: str) -> int:
    return connection.scalars(select(func.count()).select_from(schema.metadata.tables[table])).one()


def _sum(name: str) -> Callable[[Facts], ColumnElement[Any]]:
    return lambda row: func.sum(row[name])


def _total(name: str) -> Callable[[Facts], ColumnElement[Any]]:
    return lambda row: total(row[name])


def _strays(position: Facts) -> ColumnElement[bool]:
    """Whether some trade is of another account, symbol or side than its position."""
    own = fingerprint(position["account_id"], position["symbol"], direction(position["position_side"]))
    alike = same(position["trades.kinds"], times(position["trades.count"], own))
    return and_(position["trades.count"].is_not(None), alike.is_not(true()))


_COUNTS = ("positions", "positions_suspect", "trades_suspect", "strays")

_MORE_OF_TRADES: Sums = {
    "suspects": lambda trade: counted(Sweep(trade, TRADE_RULES).suspect),
    "kinds": lambda trade: total(fingerprint(trade["account_id"], trade["symbol"], direction(trade["side"]))),
    "said": lambda trade: total(tie(trade, "quantity")),
}

_OF_POSITIONS: Sums = {
    "positions": lambda _position: func.count(),
    "positions_suspect": lambda position: counted(
        or_(Sweep(position, POSITION_RULES).suspect, has_own_entry(position))
    ),
    "strays": lambda position: counted(_strays(position)),
    "said": _total("trades.said"),
    "trades_suspect": _sum("trades.suspects"),
    "trades.count": _sum("trades.count"),
    "trades.closes": _sum("trades.closes"),
    "trades.wins": _sum("trades.wins"),
    "trades.realized": _total("trades.realized"),
    "trades.entry_fees": _total("trades.entry_fees"),
}
