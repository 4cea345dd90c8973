"""Marking positions to market and summing the accounts' equity, all at once or slice by slice."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from console.paper import ledger, records
from console.paper.arithmetic import ZERO
from console.paper.ledger import Position
from console.paper.quotes import Quotes


@dataclass(frozen=True, slots=True)
class Marking:
    """What one marking did. `last_id` is where the next slice goes on, 0 at the end of a round."""

    marked: int
    unpriced: int
    equity: dict[int, Decimal]
    last_id: int


def mark_to_market(
    connection: Connection, quotes: Quotes, now: datetime, after: int = 0, limit: int | None = None
) -> Marking:
    """Mark open positions of all accounts, at most `limit` of those beyond id `after`.

    A position without a known price keeps its last mark. Without `limit`, the accounts' unrealized PnL is
    summed anew, which also heals what somebody changed by hand; with it, the accounts move by the
    difference that the slice makes.
    """
    accounts = records.locked_accounts(connection)
    held = records.open_positions(connection, after=after, limit=limit)
    known = quotes.known(connection, {position.symbol for position in held})
    marked = [ledger.marked(p, known[p.symbol], now) if p.symbol in known else p for p in held]
    records.update_marks(connection, [position for position in marked if position.symbol in known])
    before = _unrealized(held) if limit is not None else {a.id: a.unrealized_pnl for a in accounts.values()}
    changes = _differences(before, _unrealized(marked))
    equity = {}
    for account in accounts.values():
        change = changes.get(account.id, ZERO)
        current = replace(account, unrealized_pnl=account.unrealized_pnl + change)
        records.save_account(connection, current, now)
        equity[account.id] = current.total_equity
    priced = sum(position.symbol in known for position in held)
    last_id = held[-1].id or 0 if limit is not None and len(held) == limit else 0
    return Marking(priced, len(held) - priced, equity, last_id)


def _unrealized(positions: Sequence[Position]) -> dict[int, Decimal]:
    totals: dict[int, Decimal] = {}
    for position in positions:
        totals[position.account_id] = totals.get(position.account_id, ZERO) + position.unrealized_pnl
    return totals


def _differences(before: Mapping[int, Decimal], after: Mapping[int, Decimal]) -> dict[int, Decimal]:
    ids: Collection[int] = before.keys() | after.keys()
    return {account_id: after.get(account_id, ZERO) - before.get(account_id, ZERO) for account_id in ids}
