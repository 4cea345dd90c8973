"""What is left at the market after a trip: resting orders, fills, open positions, each with its age."""

from dataclasses import dataclass

from console.domain.kill_evidence import ACCOUNTS, fills_since, seen
from console.domain.kill_state import WHOLE, Seen
from console.domain.market_watch import venues_of
from console.domain.snapshot import Snapshot

NOT_WATCHED = "not watched"
ORDERS_EVERY = 30.0
"""Seconds between two questions for resting orders, which cost much of the exchange's weight."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is left of what `scope` names, counted since the instant `since`.

    `resting_orders` and the open positions `at_exchange` are the exchange's word; `fills`, and the positions
    that `in_books` are open, the database's.
    """

    since: float
    scope: str
    resting_orders: Seen
    fills: Seen
    at_exchange: Seen
    in_books: Seen


Look = tuple[Snapshot, Aftermath]
"""A snapshot with what it left."""


def aftermath(
    since: float, scope: str, snapshot: Snapshot, books_doubt: str, before: Look | None
) -> Aftermath:
    """Look at what is left. Positions can be thousands: an answer that `before` had is not counted again."""
    known = None if before is None or before[1].scope != scope else before
    return Aftermath(
        since=since,
        scope=scope,
        resting_orders=_resting_orders(snapshot, scope),
        fills=fills_since(since, snapshot, books_doubt, scope),
        at_exchange=_at_exchange(snapshot, scope, known),
        in_books=_in_books(snapshot, scope, books_doubt, known),
    )


def _resting_orders(snapshot: Snapshot, scope: str) -> Seen:
    """The number at every market of the scope, as old as the oldest answer."""
    exchange = snapshot.exchange
    venues = venues_of(exchange.value, scope)
    counts = [venue.resting_orders for venue in venues if venue.resting_orders is not None]
    if not counts or len(counts) < len(venues):
        return _absent(snapshot, "no keys for it")
    asked = [snapshot.at - venue.orders_at for venue in venues if venue.orders_at is not None]
    said = seen(exchange, snapshot.at, float(sum(counts)))
    age = max([0.0 if said.age is None else said.age, *asked])
    return Seen(said.value, age, said.limit + ORDERS_EVERY, said.doubt)


def _at_exchange(snapshot: Snapshot, scope: str, known: Look | None) -> Seen:
    venues = venues_of(snapshot.exchange.value, scope)
    held = [venue.positions for venue in venues if venue.positions is not None]
    if not held or len(held) < len(venues):
        return _absent(snapshot, "no keys for it")
    if known is not None and known[0].exchange.value is snapshot.exchange.value:
        return seen(snapshot.exchange, snapshot.at, known[1].at_exchange.value)
    count = sum(1 for positions in held for position in positions if position.quantity)
    return seen(snapshot.exchange, snapshot.at, float(count))


def _in_books(snapshot: Snapshot, scope: str, books_doubt: str, known: Look | None) -> Seen:
    state, books = snapshot.database, snapshot.database.value
    if not state.configured:
        return Seen(None, None, 0.0, NOT_WATCHED)
    if books is None or books.positions is None or (books_doubt and state.usable(snapshot.at)):
        return seen(state, snapshot.at, None, books_doubt or "the positions can't be read")
    if scope == WHOLE:
        count: float | None = float(len(books.positions))
    elif known is not None and known[0].database.value is books and known[1].in_books.value is not None:
        count = known[1].in_books.value
    else:
        account = ACCOUNTS[scope]
        count = float(sum(1 for position in books.positions if position.account_id == account))
    return seen(state, snapshot.at, count)


def _absent(snapshot: Snapshot, why: str) -> Seen:
    """Why the exchange has no number."""
    watched = snapshot.exchange.configured
    return seen(snapshot.exchange, snapshot.at, None, why) if watched else Seen(None, None, 0.0, NOT_WATCHED)
