"""The exchange itself: whether it answers, trades what is held, and has the orders that the books have."""

from collections import Counter
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, func, select

from console import schema
from console.domain.agreement import contract_of
from console.domain.exchange_names import COIN_QUOTE
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Venue
from console.domain.truth import CLOCK_SKEW, clock_doubt, venue_doubt
from console.runbooks.checks.answers import answer
from console.runbooks.checks.positions import MOST_LOOKS, SETTLING
from console.runbooks.lookout import ORDERS, Look
from console.runbooks.model import Found
from console.sources.errors import SourceError

MOST_WEIGHT = 2160
"""Request weight in a minute, nine tenths of what an address may use, beyond which nobody is to add to it."""
_TRADING = "TRADING"


def exchange(look: Look) -> Found:
    """Whether every market answers with our time, trades what is held there, and has weight to spare."""
    snapshot = look("exchange", "database").snapshot
    wrong: list[str] = []
    venues, unknown = venues_of(snapshot)
    for venue in venues:
        refused, doubts = _standing(venue, _held(venue, snapshot))
        wrong += [f"{venue.market}: {one}" for one in refused]
        unknown += [f"{venue.market}: {one}" for one in doubts]
    expected = (
        f"it answers within {CLOCK_SKEW:g} s of our clock, trades what is held, and has weight to spare"
    )
    well = f"{' and '.join(venue.market for venue in venues)} trade"
    return answer(expected, wrong, unknown, well, [_line(venue) for venue in venues])


def resting_orders(
    look: Look, pending: Callable[[], Mapping[str, int]], wait: Callable[[float], None]
) -> Found:
    """Whether as many orders rest at each market as the books call PENDING, by market.

    `pending` counts those; SourceError. What differs has to do so each time: an order may be on its way.
    """
    found = _resting(look, pending)
    for _ in range(MOST_LOOKS - 1):
        if found.passes is not False:
            break
        wait(SETTLING)
        found = _resting(look, pending)
    return found


def pending_orders(connection: Connection) -> Mapping[str, int]:
    """How many orders the books call PENDING, by market."""
    table = schema.orders
    counted = select(table.c.symbol, func.count()).where(table.c.status == "PENDING").group_by(table.c.symbol)
    markets: Counter[str] = Counter()
    for symbol, count in connection.execute(counted):
        market, _ = contract_of(symbol, symbol.endswith((COIN_QUOTE, "_PERP")))
        markets[market] += count
    return markets


def venues_of(snapshot: Snapshot) -> tuple[tuple[Venue, ...], list[str]]:
    """The markets as they answer now; where there are none, why."""
    state, now = snapshot.exchange, snapshot.at
    if not state.configured:
        return (), ["no exchange is configured"]
    said = state.fresh(now)
    return ((), [state.doubt(now)]) if said is None or not said.venues else (said.venues, [])


def _standing(venue: Venue, held: set[str]) -> tuple[list[str], list[str]]:
    """What is wrong with a market, and what can't be told of it."""
    doubt = clock_doubt(venue) if venue.positions is None else venue_doubt(venue)
    unknown = [doubt] if doubt else []
    if not venue.contracts:
        unknown.append("it lists no symbol")
    statuses = {name: one.status for name in held if (one := venue.contracts.get(name)) is not None}
    unknown += [f"{name} has no status" for name in sorted(held) if statuses.get(name) is None]
    wrong = [f"{name} is {said}" for name, said in sorted(statuses.items()) if said not in (None, _TRADING)]
    if venue.used_weight is None:
        unknown.append("it doesn't say how much weight is used")
    elif venue.used_weight >= MOST_WEIGHT:
        wrong.append(f"{venue.used_weight} of 2400 weight is used")
    return wrong, unknown


def _held(venue: Venue, snapshot: Snapshot) -> set[str]:
    """What is open in a market by the exchange's names, as it says and as the database does."""
    there = {position.symbol for position in venue.positions or () if position.quantity}
    books = snapshot.database.fresh(snapshot.at)
    booked = () if books is None else books.positions or ()
    contracts = {contract_of(one.symbol, bool(one.coin_margin)) for one in booked}
    return there | {name for market, name in contracts if market == venue.market}


def _line(venue: Venue) -> str:
    used = "unknown" if venue.used_weight is None else venue.used_weight
    listed = len(venue.contracts)
    return f"{venue.market}: {listed} symbols, clock {venue.clock_skew:+.2f} s, weight {used} of 2400"


def _resting(look: Look, pending: Callable[[], Mapping[str, int]]) -> Found:
    expected = "as many orders rest at the exchange as are PENDING in the database"
    snapshot = look(ORDERS).snapshot
    venues, unknown = venues_of(snapshot)
    try:
        booked = pending()
    except SourceError as error:
        return answer(expected, [], [*unknown, f"the books can't be read: {error}"], "")
    known = {venue.market: venue.resting_orders or 0 for venue in venues}
    unknown += [
        f"{count} PENDING in {market}, which is not configured"
        for market, count in booked.items()
        if count and venues and market not in known
    ]
    unknown += [f"{venue.market}: {doubt}" for venue in venues if (doubt := _count_doubt(venue))]
    wrong = [
        f"{market}: {count} at the exchange, {booked.get(market, 0)} in the database"
        for market, count in known.items()
        if count != booked.get(market, 0)
    ]
    words = ", ".join(f"{market} {count}" for market, count in known.items())
    return answer(expected, [] if unknown else wrong, unknown, words, wrong)


def _count_doubt(venue: Venue) -> str:
    """Why a market's count is no word of the truth: an empty list is one only of an account that answers."""
    if venue.resting_orders is None:
        return "no keys"
    silent = venue.resting_orders == 0 and venue.maintenance is None
    return clock_doubt(venue) or ("it lists no order, and its account can't be read" if silent else "")
