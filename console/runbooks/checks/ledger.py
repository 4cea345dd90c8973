"""The check of the engine's books: every invariant of accounts, positions, orders and trades, at one instant.

The server reckons; only what breaks an invariant comes here, so that the size of the books costs no memory.
"""

import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from console import schema
from console.domain import ledger_invariants as invariants
from console.domain.ledger import DEFAULT_LIMITS, CheckResult, Invariant, LedgerLimits, LedgerReport
from console.runbooks.checks import exact
from console.runbooks.checks.account_rules import ACCOUNT_RULES, account_facts
from console.runbooks.checks.facts import facts_of
from console.runbooks.checks.fill_rules import TRADE_RULES, order_rules
from console.runbooks.checks.position_rules import position_facts, position_rules
from console.runbooks.checks.references import duplicates, matched, orphans
from console.runbooks.checks.sweep import sweep
from console.sources.books import columns_of

_PartResults = Callable[[], list[CheckResult]]


def verify_ledger(
    connection: Connection, now: datetime, limits: LedgerLimits = DEFAULT_LIMITS
) -> LedgerReport:
    """Look at the books within the caller's transaction, which has to be one consistent snapshot.

    `now` is local and naive, as engines write times. A question that the server refuses costs what it asked
    for, which is then unknown. Raises SQLAlchemyError when the connection is lost.
    """
    exact.prepare(connection)
    columns, listed = columns_of(connection), limits.listed
    accounts, positions = account_facts(columns), position_facts(columns)
    orders, trades = facts_of(schema.orders, columns), facts_of(schema.trades, columns)
    of_positions, of_orders = position_rules(now, limits), order_rules(now, limits)
    parts: list[tuple[Iterable[Invariant], _PartResults]] = [
        (ACCOUNT_RULES, lambda: sweep(connection, accounts, "id", ACCOUNT_RULES, listed)),
        (of_positions, lambda: sweep(connection, positions, "id", of_positions, listed)),
        (of_orders, lambda: sweep(connection, orders, "id", of_orders, listed)),
        (TRADE_RULES, lambda: sweep(connection, trades, "id", TRADE_RULES, listed)),
        (_REFERENCES, lambda: orphans(connection, columns, listed)),
        (_MATCHES, lambda: matched(connection, columns, listed)),
        (_IDS, lambda: duplicates(connection, columns, listed)),
    ]
    return LedgerReport(tuple(result for asked, part in parts for result in _answered(asked, part)))


_REFERENCES = (
    invariants.ORDER_ACCOUNT,
    invariants.TRADE_ACCOUNT,
    invariants.ORDER_POSITION,
    invariants.TRADE_POSITION,
)
_MATCHES = (invariants.ORDER_TRADE, invariants.TRADE_ORDER)
_IDS = (invariants.ORDER_ID, invariants.TRADE_ID)


def _answered(asked: Iterable[Invariant], part: _PartResults) -> list[CheckResult]:
    try:
        return part()
    except (SQLAlchemyError, sqlite3.Error) as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        why = " ".join(str(cause.args[-1] if cause.args else cause).split())[:160]
        return [CheckResult(invariant, unknown=why) for invariant in asked]
