"""What changes at the exchange once a trip is acknowledged: the proof in a context that has no database.

Positions don't say when they were filled, so looks are compared: those from after the acknowledgement with
the last one from before it, or where there was none with the first. Instants are in seconds since 1970.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from console.domain.reading import Reading
from console.domain.surfaces import Exchange, Venue

_MARKETS = {"usdm": "usdm", "coin": "coinm"}
"""What the exchange calls the market of each scope."""


@dataclass(frozen=True, slots=True)
class MarketWatch:
    """The look that others are compared with, asked for at `since`, and the newest, asked for at `asked`.

    By market, `moved` is how many symbols' positions differed from the first look at the most, and `placed`
    how many resting orders were seen to come.
    """

    first: Exchange
    since: float
    newest: Exchange
    asked: float
    moved: Mapping[str, int] = field(default_factory=dict)
    placed: Mapping[str, int] = field(default_factory=dict)

    def changes(self, venues: Sequence[Venue]) -> int:
        """How much was seen to change at `venues`; nothing that was taken back is forgotten."""
        return sum(self.moved.get(each.market, 0) + self.placed.get(each.market, 0) for each in venues)


def market_watched(
    before: MarketWatch | None, look: Reading[Exchange] | None, acknowledged: float | None
) -> MarketWatch | None:
    """The next state, from the newest look and the acknowledgement's instant, None while there is none."""
    if look is None or look.value is None:
        return before
    now, asked = look.value, look.fetched_at if look.asked_at is None else look.asked_at
    if before is None or acknowledged is None or asked < acknowledged:
        return MarketWatch(now, asked, now, asked)
    if asked <= before.asked:
        return before
    if before.asked < acknowledged:
        before = MarketWatch(before.newest, before.asked, before.newest, before.asked)
    moved, placed = dict(before.moved), dict(before.placed)
    for venue in now.venues:
        name = venue.market
        moved[name] = max(moved.get(name, 0), _moved(_venue(before.first, name), venue))
        placed[name] = placed.get(name, 0) + _placed(_venue(before.newest, name), venue, acknowledged)
    return MarketWatch(before.first, before.since, now, asked, moved, placed)


def venues_of(exchange: Exchange | None, scope: str) -> Sequence[Venue]:
    """The markets that `scope` names: all of them, where it is no single account."""
    market = _MARKETS.get(scope)
    venues = () if exchange is None else exchange.venues
    return [venue for venue in venues if market is None or venue.market == market]


def _venue(exchange: Exchange, market: str) -> Venue | None:
    return next((venue for venue in exchange.venues if venue.market == market), None)


def _moved(before: Venue | None, now: Venue) -> int:
    """How many symbols are not held as they were."""
    old, new = _held(before), _held(now)
    return len({symbol for symbol, _ in (old - new) + (new - old)})


def _held(venue: Venue | None) -> Counter[tuple[str, Decimal]]:
    """The quantities by symbol, of which a hedged account holds two."""
    positions = () if venue is None else venue.positions or ()
    return Counter((one.symbol, one.quantity) for one in positions if one.quantity)


def _placed(before: Venue | None, now: Venue, acknowledged: float) -> int:
    """How many resting orders have come; those of a count from before the acknowledgement may be older."""
    if before is None or before.orders_at is None or before.orders_at < acknowledged:
        return 0
    return max(0, (now.resting_orders or 0) - (before.resting_orders or 0))
