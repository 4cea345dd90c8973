"""Rows that name others: nothing names what isn't there, or what says otherwise, and no id is given twice."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    func,
    inspect,
    literal,
    or_,
    select,
    true,
    union_all,
)

from console import schema
from console.domain import ledger_invariants as invariants
from console.domain.ledger import CheckResult, Invariant
from console.runbooks.checks.exact import Amount, fingerprint, near, number, same, spelled, times, total
from console.runbooks.checks.facts import Columns, Facts, LackingError, facts_of
from console.runbooks.checks.fill_rules import has_fill
from console.runbooks.checks.sweep import Findings, Rules, Test

_ZERO = number("0")
_MOST_POSITIONS = 1000
"""Of the positions whose orders and trades don't match, the rows of so many are looked through."""
_STREAMED = {"stream_results": True}
_SAME = ("account_id", "position_id", "symbol", "side")
"""What an order and its trades have in common."""

_UNIQUE: Mapping[Invariant, tuple[str, str]] = {
    invariants.ORDER_ID: ("futures_orders", "order_id"),
    invariants.TRADE_ID: ("futures_trades", "trade_id"),
}


def belonging(rows: Facts, columns: Columns) -> Facts:
    """Orders or trades, each with its position and its account."""
    positions, accounts = facts_of(schema.positions, columns), facts_of(schema.accounts, columns)
    return rows.joined(positions, ("position_id", "id"), "position.").joined(
        accounts, ("account_id", "id"), "account."
    )


def _account(row: Facts) -> Test:
    return Test(row["account_id"], literal("one that there is"), row["account.id"].is_not(None))


def _position(row: Facts, *, about: ColumnElement[bool]) -> Test:
    there = row["position.id"].is_not(None)
    return Test(row["position_id"], literal("one that there is"), there, about=about)


def _as_position(name: str) -> Callable[[Facts], Test]:
    def rule(trade: Facts) -> Test:
        own, its = trade[name], trade[f"position.{name}"]
        return Test(own, its, spelled(own) == spelled(its), about=trade["position.id"].is_not(None))

    return rule


def _direction(trade: Facts) -> Test:
    its = trade["position.position_side"]
    alike = spelled(direction(trade["side"])) == spelled(direction(its))
    return Test(trade["side"], its, alike, about=trade["position.id"].is_not(None))


def direction(side: ColumnElement[Any]) -> ColumnElement[Any]:
    """What tells LONG and SHORT apart, at the end of a side of a position, an order or a trade."""
    return func.substr(side, -4)


ORDER_REFERENCES: Rules = {
    invariants.ORDER_ACCOUNT: _account,
    invariants.ORDER_POSITION: lambda order: _position(order, about=order["position_id"].is_not(None)),
}
TRADE_REFERENCES: Rules = {
    invariants.TRADE_ACCOUNT: _account,
    invariants.TRADE_POSITION: lambda trade: _position(trade, about=true()),
    invariants.TRADE_HOLDER: _as_position("account_id"),
    invariants.TRADE_SYMBOL: _as_position("symbol"),
    invariants.TRADE_DIRECTION: _direction,
}


def tie(row: Facts, quantity: str) -> Amount:
    """What an order and its one trade both say, as a number; `quantity` is the column of what was traded."""
    return fingerprint(row["order_id"], *(row[name] for name in _SAME), row[quantity])


def matched(connection: Connection, columns: Columns, listed: int) -> list[CheckResult]:
    """Trades and executed orders that don't name each other, or say otherwise. Raises SQLAlchemyError."""
    orders, trades = facts_of(schema.orders, columns), facts_of(schema.trades, columns)
    of_orders, of_fills, of_trades = Findings(listed), Findings(listed), Findings(listed)
    try:
        positions = list(connection.scalars(_unmatched(orders, trades)))
        if len(positions) == _MOST_POSITIONS:
            why = f"orders and trades of only {_MOST_POSITIONS} positions were looked through"
            of_orders.unknown = of_fills.unknown = of_trades.unknown = why
        _find(connection, _without_order(trades, orders, positions), of_trades)
        _find(connection, _without_trade(orders, trades, positions), of_orders)
        _find(connection, _unlike(orders, trades, positions), of_fills)
    except LackingError as error:
        of_orders.unknown = of_fills.unknown = of_trades.unknown = str(error)
    return [
        of_orders.result(invariants.ORDER_TRADE),
        of_fills.result(invariants.ORDER_FILLS),
        of_trades.result(invariants.TRADE_ORDER),
    ]


def _unmatched(orders: Facts, trades: Facts) -> Select[Any]:
    """The positions of which orders and trades don't say the same."""
    executed = _ties(orders, tie(orders, "executed_quantity"), number("1")).where(has_fill(orders))
    traded = _ties(trades, tie(trades, "quantity"), number("-1"))
    both = union_all(executed, traded).subquery()
    unlike = or_(~same(total(both.c.said), _ZERO), ~same(total(both.c.rows), _ZERO))
    return select(both.c.position).group_by(both.c.position).having(unlike).limit(_MOST_POSITIONS)


def _ties(rows: Facts, said: Amount, sign: Amount) -> Select[Any]:
    position = rows["position_id"] + 0
    sums = (times(sign, total(said)).label("said"), times(sign, func.count()).label("rows"))
    return select(position.label("position"), *sums).select_from(rows.source).group_by(position)


def _of(rows: Facts, positions: list[int | None]) -> ColumnElement[bool]:
    own = rows["position_id"]
    named = own.in_([position for position in positions if position is not None])
    return or_(named, own.is_(None)) if None in positions else named


def _without_order(trades: Facts, orders: Facts, positions: list[int | None]) -> Select[Any]:
    its_order = exists().where(orders["order_id"] == trades["order_id"])
    query = select(trades["id"], literal("an order"), trades["order_id"])
    return query.where(_of(trades, positions), ~its_order)


def _without_trade(orders: Facts, trades: Facts, positions: list[int | None]) -> Select[Any]:
    alike = (spelled(orders[name]) == spelled(trades[name]) for name in _SAME if name != "position_id")
    its_trade = exists().where(_its(trades, orders), *alike)
    query = select(orders["id"], literal("a trade that says the same"), orders["order_id"])
    return query.where(_of(orders, positions), has_fill(orders), ~its_trade)


def _unlike(orders: Facts, trades: Facts, positions: list[int | None]) -> Select[Any]:
    traded = func.coalesce(select(total(trades["quantity"])).where(_its(trades, orders)).scalar_subquery(), 0)
    executed = func.coalesce(orders["executed_quantity"], 0)
    unlike = ~near(executed, traded, number("0.00000001"))
    return select(orders["id"], traded, executed).where(_of(orders, positions), unlike)


def _its(trades: Facts, orders: Facts) -> ColumnElement[bool]:
    """Trades have an index by their position, not by their order."""
    return and_(trades["position_id"] == orders["position_id"], trades["order_id"] == orders["order_id"])


def _find(connection: Connection, query: Select[Any], findings: Findings) -> None:
    for row, wanted, seen in connection.execute(query, execution_options=_STREAMED):
        findings.add(row, wanted, seen)


def duplicates(connection: Connection, columns: Columns, listed: int) -> list[CheckResult]:
    """Ids that are given twice; an index that forbids it is taken at its word. Raises SQLAlchemyError."""
    results = []
    for invariant, (table, key) in _UNIQUE.items():
        rows = facts_of(schema.metadata.tables[table], columns)
        findings = Findings(listed)
        try:
            given = rows[key]
            if not _is_unique(connection, table, key):
                twice = select(given, literal(1), func.count()).group_by(given).having(func.count() > 1)
                _find(connection, twice, findings)
        except LackingError as error:
            findings.unknown = str(error)
        results.append(findings.result(invariant))
    return results


def _is_unique(connection: Connection, table: str, key: str) -> bool:
    tables = inspect(connection)
    indexes = [index["column_names"] for index in tables.get_indexes(table) if index["unique"]]
    constraints = [each["column_names"] for each in tables.get_unique_constraints(table)]
    return [key] in indexes or [key] in constraints
