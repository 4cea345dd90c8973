"""Rows that name others: nothing names what isn't there, and no id is given twice.

A million rows are asked through their indexes for what they name, not each for itself. Whether orders and
trades name each other is first asked of a sum over all their ids, which agrees by chance once in four
billion; only where it doesn't, each is looked for.
"""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, inspect, select

from console import schema
from console.domain import ledger_invariants as invariants
from console.domain.ledger import CheckResult, Invariant
from console.runbooks.checks.exact import total
from console.runbooks.checks.facts import Columns, Facts, LackingError, facts_of
from console.runbooks.checks.fill_rules import FILLED
from console.runbooks.checks.sweep import Findings

_MOST_NAMES = 1000
"""Of the ids that are named and aren't there, the rows of so many are counted."""
_STREAMED = {"stream_results": True}

_BELONGING: Mapping[Invariant, tuple[str, str, str]] = {
    invariants.ORDER_ACCOUNT: ("futures_orders", "account_id", "futures_trading_accounts"),
    invariants.TRADE_ACCOUNT: ("futures_trades", "account_id", "futures_trading_accounts"),
    invariants.ORDER_POSITION: ("futures_orders", "position_id", "futures_positions"),
    invariants.TRADE_POSITION: ("futures_trades", "position_id", "futures_positions"),
}
_UNIQUE: Mapping[Invariant, tuple[str, str]] = {
    invariants.ORDER_ID: ("futures_orders", "order_id"),
    invariants.TRADE_ID: ("futures_trades", "trade_id"),
}


def orphans(connection: Connection, columns: Columns, listed: int) -> list[CheckResult]:
    """Orders and trades of accounts and positions that aren't there. Raises SQLAlchemyError."""
    results = []
    for invariant, (table, key, named) in _BELONGING.items():
        rows = facts_of(schema.metadata.tables[table], columns)
        others = facts_of(schema.metadata.tables[named], columns)
        findings = Findings(listed)
        try:
            _find_orphans(connection, rows, key, others, findings)
            if invariant is invariants.TRADE_POSITION:
                _find(connection, _naming(rows, key, rows[key].is_(None)), "a position", findings)
        except LackingError as error:
            findings.unknown = str(error)
        results.append(findings.result(invariant))
    return results


def _find_orphans(connection: Connection, rows: Facts, key: str, others: Facts, findings: Findings) -> None:
    named = select(rows[key].label("named")).distinct().subquery()
    gone = (
        select(named.c.named)
        .select_from(named.outerjoin(others.source, others["id"] == named.c.named))
        .where(others["id"].is_(None), named.c.named.is_not(None))
    )
    missing = list(connection.scalars(gone.limit(_MOST_NAMES)))
    if missing:
        wanted = "one that there is"
        _find(connection, _naming(rows, key, rows[key].in_(missing)), wanted, findings)


def _naming(rows: Facts, key: str, which: ColumnElement[bool]) -> Select[object, object]:
    return select(rows["id"], rows[key]).where(which)


def _find(connection: Connection, query: Select[object, object], wanted: str, findings: Findings) -> None:
    for row, named in connection.execute(query, execution_options=_STREAMED):
        findings.add(row, wanted, named)


def matched(connection: Connection, columns: Columns, listed: int) -> list[CheckResult]:
    """Trades and filled orders that don't name each other. Raises SQLAlchemyError."""
    orders, trades = facts_of(schema.orders, columns), facts_of(schema.trades, columns)
    of_orders, of_trades = Findings(listed), Findings(listed)
    try:
        if not _agree(connection, orders, trades):
            _find(connection, _without_order(trades, orders), "an order", of_trades)
            _find(connection, _without_trade(orders, trades), "a trade", of_orders)
    except LackingError as error:
        of_orders.unknown = of_trades.unknown = str(error)
    return [of_orders.result(invariants.ORDER_TRADE), of_trades.result(invariants.TRADE_ORDER)]


def _agree(connection: Connection, orders: Facts, trades: Facts) -> bool:
    """Whether filled orders and trades name the same ids, as often."""
    of_orders = select(func.count(), total(func.crc32(orders["order_id"]))).where(orders["status"] == FILLED)
    of_trades = select(func.count(), total(func.crc32(trades["order_id"])))
    said = [connection.execute(query).one() for query in (of_orders, of_trades)]
    return said[0] == said[1]


def _without_order(trades: Facts, orders: Facts) -> Select[object, object]:
    its_order = exists().where(orders["order_id"] == trades["order_id"])
    return _naming(trades, "order_id", ~its_order)


def _without_trade(orders: Facts, trades: Facts) -> Select[object, object]:
    """Trades have an index by their position, not by their order."""
    its_trade = exists().where(
        trades["position_id"] == orders["position_id"], trades["order_id"] == orders["order_id"]
    )
    return _naming(orders, "order_id", and_(orders["status"] == FILLED, ~its_trade))


def duplicates(connection: Connection, columns: Columns, listed: int) -> list[CheckResult]:
    """Ids that are given twice; an index that forbids it is taken at its word. Raises SQLAlchemyError."""
    results = []
    for invariant, (table, key) in _UNIQUE.items():
        rows = facts_of(schema.metadata.tables[table], columns)
        findings = Findings(listed)
        try:
            given = rows[key]
            if not _is_unique(connection, table, key):
                twice = select(given, func.count()).group_by(given).having(func.count() > 1)
                for name, count in connection.execute(twice, execution_options=_STREAMED):
                    findings.add(name, 1, count)
        except LackingError as error:
            findings.unknown = str(error)
        results.append(findings.result(invariant))
    return results


def _is_unique(connection: Connection, table: str, key: str) -> bool:
    tables = inspect(connection)
    indexes = [index["column_names"] for index in tables.get_indexes(table) if index["unique"]]
    constraints = [each["column_names"] for each in tables.get_unique_constraints(table)]
    return [key] in indexes or [key] in constraints
