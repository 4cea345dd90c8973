"""The open positions as the database has them, each with what the exchange says of the same one.

The two are compared by what they hold on balance in a contract: an engine may book both sides of a symbol,
or one side in parts, where the exchange nets them. Nothing is the same that can't be compared now.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum
from functools import lru_cache

from console.domain.exchange_names import exchange_names
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Account, ExchangePosition, Position, Venue

ZERO = Decimal(0)
DISTANCES = (
    (Decimal("0.01"), Severity.CRITICAL),
    (Decimal("0.03"), Severity.HIGH),
    (Decimal("0.05"), Severity.WARNING),
)
"""Below which share of the mark price the way to liquidation is how bad."""
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
class Holding:
    """One position: the database's, the exchange's, or both.

    `key` tells it apart. `distance` is the share of the mark price that is left to liquidation, negative
    beyond it. `severity` is that of the worse of distance and disagreement, as of when the database was read.
    """

    key: str
    symbol: str
    side: str
    contract: Contract
    position: Position | None
    there: ExchangePosition | None
    comparison: Comparison
    distance: Decimal | None
    severity: Severity

    @property
    def account_id(self) -> int | None:
        return None if self.position is None else self.position.account_id


@dataclass(frozen=True, slots=True)
class Holdings:
    """All of them, those of the database first; `doubt` says why the database's aren't the present, if so."""

    rows: tuple[Holding, ...] = ()
    doubt: str = ""
    by_key: Mapping[str, Holding] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Total:
    """Sums over the `positions` of one account or symbol, of what is known; `unknown` of them lack something.

    `quantity` is net, in coins, and None across symbols; `notional` is at the mark price.
    """

    key: str
    positions: int
    quantity: Decimal | None
    notional: Decimal
    margin: Decimal
    unrealized_pnl: Decimal
    unknown: int


def holdings(snapshot: Snapshot, before: Holdings = Holdings()) -> Holdings:
    """What `snapshot` says of the open positions; rows that come to the same are those of `before`."""
    books, there = snapshot.database.value, _there(snapshot)
    listed = None if books is None else books.positions
    booked: dict[Contract, tuple[Position, ...]] = {}
    contracts = []
    for position in listed or ():
        contract = _contract(position.symbol, bool(position.coin_margin))
        contracts.append(contract)
        booked[contract] = (*booked[contract], position) if contract in booked else (position,)
    told = {row.contract: row.comparison for row in before.rows}
    compared = {
        contract: _settled(_compared(contract, held, there), told.get(contract), there)
        for contract, held in booked.items()
    }
    rows = [
        _booked(position, contract, there.held.get(contract, ()), compared[contract], before)
        for position, contract in zip(listed or (), contracts, strict=True)
    ]
    rows += _unbooked(there, booked, told, "the database doesn't say" if listed is None else "")
    doubt = "" if snapshot.database.usable(snapshot.at) else snapshot.database.doubt(snapshot.at)
    if rows == list(before.rows):
        return replace(before, doubt=doubt)
    return Holdings(tuple(rows), doubt, {row.key: row for row in rows})


def totals(positions: Iterable[Position], key: Callable[[Position], str], *, net: bool) -> tuple[Total, ...]:
    """The sums by `key`, in the keys' order; `net` is for positions in one coin, whose quantities add up."""
    groups: dict[str, list[Position]] = {}
    for position in positions:
        groups.setdefault(key(position), []).append(position)
    return tuple(_total(name, groups[name], net) for name in sorted(groups))


def notional(position: Position) -> Decimal | None:
    """The value at the mark price; at the entry price while there is no mark."""
    if position.quantity is None or position.mark_price is None:
        return position.notional_value
    return position.quantity * position.mark_price


def margin_share(account: Account) -> Decimal | None:
    """The share of the equity that positions tie up as margin; None without equity."""
    equity, frozen = account.total_equity, account.frozen_balance
    if equity is None or frozen is None or not equity.is_finite() or equity <= 0:
        return None
    return frozen / equity


def distance(side: str, mark: Decimal | None, liquidation: Decimal | None) -> Decimal | None:
    """The share of the mark price that is left to the liquidation price; None where either isn't known."""
    if not mark or not liquidation or mark < 0:
        return None
    return (mark - liquidation) / mark if side.upper() == "LONG" else (liquidation - mark) / mark


def distance_severity(left: Decimal | None) -> Severity:
    if left is None:
        return Severity.UNKNOWN
    return next((severity for limit, severity in DISTANCES if left < limit), Severity.OK)


@lru_cache(maxsize=16384)
def _contract(symbol: str, coin_margin: bool) -> Contract:
    names = exchange_names(symbol)
    market = "coinm" if coin_margin or "usdm" not in names else "usdm"
    return market, names[market]


@dataclass(frozen=True, slots=True)
class _There:
    """The exchange as far as it can be compared now.

    `venues` are the markets whose positions are known, `doubts` why those of the others aren't ("": of any
    other), and `unsettled` the symbols traded since, or so shortly before that the exchange may not know.
    `newer` says that the exchange answered after the database was looked at, which may not know a fill yet.
    """

    venues: Mapping[str, Venue]
    doubts: Mapping[str, str]
    held: Mapping[Contract, tuple[ExchangePosition, ...]]
    unsettled: Set[str]
    newer: bool = False


def _there(snapshot: Snapshot) -> _There:
    now, exchange = snapshot.at, snapshot.exchange
    if not snapshot.database.usable(now):
        return _There({}, {"": f"database {snapshot.database.health(now).value}"}, {}, set())
    said = exchange.fresh(now)
    if said is None or exchange.good is None:
        why = f"exchange {exchange.doubt(now)}" if exchange.configured else "no exchange is configured"
        return _There({}, {"": why}, {}, set())
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
    return _There(venues, {**doubts, "": "market not configured"}, held, late, newer)


def _compared(contract: Contract, positions: tuple[Position, ...], there: _There) -> Comparison:
    market, name = contract
    venue = there.venues.get(market)
    if venue is None:
        return _unknown(there.doubts.get(market, there.doubts[""]))
    here = ZERO
    for position in positions:
        amount = _amount(position, venue, name)
        if amount is None:
            known_size = market != "coinm" or _contract_size(venue, name) is not None
            return _unknown("quantity not known" if known_size else "contract size not known")
        here += amount
    held = there.held.get(contract, ())
    balance = ZERO
    for one in held:
        balance += one.quantity
    if balance == here or (market == "coinm" and abs(balance - here) <= _HALF_A_CONTRACT):
        return _SAME
    if any(position.symbol in there.unsettled for position in positions):
        return _unknown("traded since the exchange was asked")
    agreement = Agreement.DIFFERS if held else Agreement.ONLY_HERE
    return Comparison(agreement, balance - here, "contracts" if market == "coinm" else "")


def _settled(found: Comparison, before: Comparison | None, there: _There) -> Comparison:
    """A difference that is new counts once the database has been looked at after the exchange."""
    if not there.newer or found == before or found.agreement in (Agreement.SAME, Agreement.UNKNOWN):
        return found
    return _unknown("the exchange is a moment ahead of the database")


_SAME = Comparison(Agreement.SAME)


@lru_cache(maxsize=64)
def _unknown(why: str) -> Comparison:
    return Comparison(Agreement.UNKNOWN, why=why)


def _amount(position: Position, venue: Venue, name: str) -> Decimal | None:
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


def _booked(
    position: Position,
    contract: Contract,
    there: tuple[ExchangePosition, ...],
    comparison: Comparison,
    before: Holdings,
) -> Holding:
    key = str(position.id)
    held = there[0] if len(there) == 1 else _of_side(there, position.side)
    known = before.by_key.get(key)
    if known is not None and known.position is position:
        unchanged = known.comparison is comparison or known.comparison == comparison
        if unchanged and (known.there is held or known.there == held):
            return known
    left = distance(position.side, position.mark_price, position.liquidation_price)
    severity = _worse(distance_severity(left), comparison)
    return Holding(key, position.symbol, position.side, contract, position, held, comparison, left, severity)


def _of_side(there: tuple[ExchangePosition, ...], side: str) -> ExchangePosition | None:
    """The exchange's own position of this side, where it keeps both; else whatever it has."""
    same = (held for held in there if (held.quantity > 0) == (side.upper() == "LONG"))
    return next(same, there[0] if there else None)


def _unbooked(
    there: _There, booked: Mapping[Contract, object], told: Mapping[Contract, Comparison], doubt: str
) -> Iterable[Holding]:
    """What only the exchange holds; with a `doubt`, nobody knows whether it is the only one."""
    for (market, name), positions in there.held.items():
        if (market, name) in booked:
            continue
        contract = there.venues[market].contracts.get(name)
        unit = "contracts" if market == "coinm" else ""
        for held in positions:
            side = "LONG" if held.quantity > 0 else "SHORT"
            left = distance(side, contract.mark_price if contract else None, held.liquidation_price)
            found = Comparison(Agreement.ONLY_THERE, held.quantity, unit)
            comparison = _unknown(doubt) if doubt else _settled(found, told.get((market, name)), there)
            severity = _worse(distance_severity(left), comparison)
            yield Holding(
                f"{market} {name} {side}", name, side, (market, name), None, held, comparison, left, severity
            )


def _worse(of_distance: Severity, comparison: Comparison) -> Severity:
    """What can't be compared doesn't make a position worse; the source that is missing has its own alert."""
    if comparison.agreement is Agreement.UNKNOWN:
        return of_distance
    return max(of_distance, comparison.agreement.severity)


def _total(key: str, positions: list[Position], net: bool) -> Total:
    quantity = value = margin = profit = ZERO
    unknown = 0
    for position in positions:
        worth, lacks = notional(position), False
        if position.quantity is None:
            lacks = True
        else:
            quantity += position.quantity if position.side.upper() == "LONG" else -position.quantity
        if worth is None:
            lacks = True
        else:
            value += worth
        if position.margin is None:
            lacks = True
        else:
            margin += position.margin
        if position.unrealized_pnl is None:
            lacks = True
        else:
            profit += position.unrealized_pnl
        unknown += lacks
    return Total(key, len(positions), quantity if net else None, value, margin, profit, unknown)
