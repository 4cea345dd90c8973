"""The check of the engine's books: every invariant of accounts, positions, orders and trades, at one instant.

The server reckons; only what breaks an invariant comes here, so that the size of the books costs no memory.
"""

import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from console import schema
from console.domain import ledger_invariants as invariants
from console.domain.ledger import DEFAULT_LIMITS, CheckResult, Invariant, LedgerLimits, LedgerReport
from console.runbooks.checks import exact
from console.runbooks.checks.account_rules import ACCOUNT_RULES, account_facts
from console.runbooks.checks.facts import facts_of
from console.runbooks.checks.fill_rules import TRADE_RULES, order_rules
from console.runbooks.checks.glance import Sound, glance
from console.runbooks.checks.position_rules import ENTRY_RULES, POSITION_RULES, mark_rules, position_facts
from console.runbooks.checks.references import (
    ORDER_REFERENCES,
    TRADE_REFERENCES,
    belonging,
    duplicates,
    matched,
)
from console.runbooks.checks.sweep import Sweep
from console.sources.books import columns_of

_Answer = TypeVar("_Answer")
_MATCHES = (invariants.ORDER_TRADE, invariants.ORDER_FILLS, invariants.TRADE_ORDER)
_IDS = (invariants.ORDER_ID, invariants.TRADE_ID)


def verify_ledger(
    connection: Connection, now: datetime, limits: LedgerLimits = DEFAULT_LIMITS
) -> LedgerReport:
    """Look at the books within the caller's transaction, which has to be one consistent snapshot.

    `now` is local and naive, as engines write times. A question that the server refuses costs what it asked
    for, which is then unknown. Raises SQLAlchemyError when the connection is lost.
    """
    exact.prepare(connection)
    columns, listed = columns_of(connection), limits.listed
    of_orders, of_marks = order_rules(now, limits), mark_rules(now, limits)
    orders, trades = facts_of(schema.orders, columns), facts_of(schema.trades, columns)
    sound = _answered(lambda: glance(connection, columns, of_orders, of_marks), lambda _why: Sound())
    sweeps = (
        (Sweep(account_facts(columns), ACCOUNT_RULES), sound.accounts),
        (Sweep(position_facts(columns), {**POSITION_RULES, **ENTRY_RULES}), sound.positions),
        (Sweep(facts_of(schema.positions, columns), of_marks), sound.marks),
        (Sweep(belonging(orders, columns), {**of_orders, **ORDER_REFERENCES}), sound.orders),
        (Sweep(belonging(trades, columns), {**TRADE_RULES, **TRADE_REFERENCES}), sound.trades),
    )
    results: list[CheckResult] = []
    for sweep, is_sound in sweeps:
        if is_sound:
            results += sweep.sound()
        else:
            results += _results(sweep.rules, partial(sweep.results, connection, listed))
    if sound.fills:
        results += [CheckResult(invariant) for invariant in _MATCHES]
    else:
        results += _results(_MATCHES, lambda: matched(connection, columns, listed))
    results += _results(_IDS, lambda: duplicates(connection, columns, listed))
    return LedgerReport(tuple(results))


def _results(asked: Iterable[Invariant], part: Callable[[], list[CheckResult]]) -> list[CheckResult]:
    return _answered(part, lambda why: [CheckResult(invariant, unknown=why) for invariant in asked])


def _answered(question: Callable[[], _Answer], refused: Callable[[str], _Answer]) -> _Answer:
    """The answer to a question, or what is to be said where the server refuses it."""
    try:
        return question()
    except (SQLAlchemyError, sqlite3.Error) as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        return refused(" ".join(str(cause.args[-1] if cause.args else cause).split())[:160])
