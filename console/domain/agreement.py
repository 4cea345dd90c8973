"""Whether the exchange holds what the database says, contract by contract.

The two are compared by what they hold on balance in a contract: an engine may book both sides of a symbol,
or one side in parts, where the exchange nets them. Nothing is the same that can't be compared now.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import lru_cache

from console.domain.exchange_names import exchange_names
from console.domain.reading import SourceState
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Books, ExchangePosition, Position, Venue

_SETTLING = 2.0
"""Seconds that a fill may take to show on both sides."""
_HALF_A_CONTRACT = Decimal("0.5")
"""What rounding to whole contracts may make of coins."""


class Agreement(Enum):
    """How the exchange's word stands to the database's."""

    SAME = "same"
    DIFFERS = "differs"
    ONLY_HERE = "not there"
    """In the database only."""
    ONLY_THERE = "only there"
    """At the exchange only."""
    UNKNOWN = "unknown"

    @property
    def severity(self) -> Severity:
        if self is Agreement.SAME:
            return Severity.OK
        return Severity.UNKNOWN if self is Agreement.UNKNOWN else Severity.HIGH


@dataclass(frozen=True, slots=True)
class Comparison:
    """`difference` is what the exchange holds beyond the database, in `unit`; `why` is why nobody knows."""

    agreement: Agreement
    difference: Decimal | None = None
    unit: str = ""
    why: str = ""


Contract = tuple[str, str]
"""A market and its name for a symbol."""


@dataclass(frozen=True, slots=True)
class There:
    """The exchange as far as it can be compared now.

    `books` says why the database's word can't be compared with anything. `venues` are the markets whose
    positions are known, `doubts` why those of the others aren't ("": of any other), and `unsettled` the
    symbols traded since, or so shortly before that the exchange may not know. `newer` says that the exchange
    answered after the database was looked at, which may not know a fill yet.
    """

    books: str
    venues: Mapping[str, Venue]
    doubts: Mapping[str, str]
    held: Mapping[Contract, tuple[ExchangePosition, ...]]
    unsettled: Set[str]
    newer: bool = False


def there_now(snapshot: Snapshot, books_doubt: str) -> There:
    """What the exchange holds; `books_doubt` says why the database's word isn't the present, if so."""
    now, exchange = snapshot.at, snapshot.exchange
    books, said = _books(snapshot.database, now, books_doubt), exchange.fresh(now)
    if said is None or exchange.good is None:
        why = f"exchange {exchange.doubt(now)}" if exchange.configured else "no exchange is configured"
        return There(books, {}, {"": why}, {}, set())
    venues = {venue.market: venue for venue in said.venues if venue.positions is not None}
    doubts = {venue.market: "no keys" for venue in said.venues if venue.positions is None}
    held: dict[Contract, tuple[ExchangePosition, ...]] = {}
    for market, venue in venues.items():
        for position in venue.positions or ():
            if position.quantity:
                contract = market, position.symbol
                held[contract] = (*held.get(contract, ()), position)
    asked_at = exchange.good.fetched_at if exchange.good.asked_at is None else exchange.good.asked_at
    trades = () if snapshot.database.value is None else snapshot.database.value.trades or ()
    late = {t.symbol for t in trades if t.at is not None and t.at >= asked_at - _SETTLING}
    booked = snapshot.database.good
    newer = booked is not None and exchange.good.fetched_at > (booked.asked_at or booked.fetched_at)
    return There(books, venues, {**doubts, "": "market not configured"}, held, late, newer)


def _books(database: SourceState[Books], now: float, doubt: str) -> str:
    """Why the books can't be compared, without an age: it stands in every row, and would change them all."""
    if not database.usable(now):
        return f"database {database.health(now).value}"
    if doubt:
        return "the engine writes nothing"
    return "" if database.value is not None and database.value.positions is not None else _UNREAD


_UNREAD = "the database doesn't say"


@lru_cache(maxsize=16384)
def contract_of(symbol: str, coin_margin: bool) -> Contract:
    """The contract that a position in `symbol` is one in."""
    names = exchange_names(symbol)
    market = "coinm" if coin_margin or "usdm" not in names else "usdm"
    return market, names[market]


def compared(
    contract: Contract, positions: tuple[Position, ...], there: There, before: Comparison | None
) -> Comparison:
    """How the exchange's word on `contract` stands to that of the `positions`, which are all that are in it.

    `before` is what was last found.
    """
    return _settled(_found(contract, positions, there), before, there)


def only_there(
    contract: Contract, held: ExchangePosition, there: There, before: Comparison | None
) -> Comparison:
    """The same for a position in a contract in which the database has none."""
    if there.books:
        return _unknown(there.books)
    return _settled(Comparison(Agreement.ONLY_THERE, held.quantity, _unit(contract)), before, there)


def _found(contract: Contract, positions: tuple[Position, ...], there: There) -> Comparison:
    market, name = contract
    if there.books:
        return _unknown(there.books)
    venue = there.venues.get(market)
    if venue is None:
        return _unknown(there.doubts.get(market, there.doubts[""]))
    here = Decimal(0)
    for position in positions:
        amount = amount_there(position, venue, name)
        if amount is None:
            known_size = market != "coinm" or _contract_size(venue, name) is not None
            return _unknown("quantity not known" if known_size else "contract size not known")
        here += amount
    held = there.held.get(contract, ())
    balance = Decimal(0)
    for one in held:
        balance += one.quantity
    if balance == here or (market == "coinm" and abs(balance - here) <= _HALF_A_CONTRACT):
        return _SAME
    if any(position.symbol in there.unsettled for position in positions):
        return _unknown("traded since the exchange was asked")
    return Comparison(Agreement.DIFFERS if held else Agreement.ONLY_HERE, balance - here, _unit(contract))


def _settled(found: Comparison, before: Comparison | None, there: There) -> Comparison:
    """A difference that is new counts once the database has been looked at after the exchange."""
    if not there.newer or found == before or found.agreement in (Agreement.SAME, Agreement.UNKNOWN):
        return found
    return _unknown("the exchange is a moment ahead of the database")


_SAME = Comparison(Agreement.SAME)


@lru_cache(maxsize=64)
def _unknown(why: str) -> Comparison:
    return Comparison(Agreement.UNKNOWN, why=why)


def _unit(contract: Contract) -> str:
    return "contracts" if contract[0] == "coinm" else ""


def amount_there(position: Position, venue: Venue, name: str) -> Decimal | None:
    """What the exchange should hold of a position: signed coins; on COIN-M contracts, bought at its entry."""
    quantity = position.quantity
    if quantity is None:
        return None
    if position.side.upper() != "LONG":
        quantity = -quantity
    if venue.market != "coinm":
        return quantity
    size = _contract_size(venue, name)
    return None if not size or position.entry_price is None else quantity * position.entry_price / size


def _contract_size(venue: Venue, name: str) -> Decimal | None:
    contract = venue.contracts.get(name)
    return None if contract is None else contract.contract_size
