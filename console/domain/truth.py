"""Three-way truth: what the database, the engine and the exchange each say is open, by symbol and side.

Nothing that one of them can't tell counts as agreed: not an empty list of the exchange that its account
doesn't bear out, nor anything that it says by another clock than ours.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum

from console.domain.agreement import Contract, There, amount_there, contract_of, there_now
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Position, Venue

TOLERANCE = Decimal("0.01")
"""The share of a quantity by which two may differ and still be the same."""
CLOCK_SKEW = 5.0
"""Seconds by which the exchange's clock may differ from ours: it refuses what is signed further off."""
QUANTITY = "futures_position_quantity"
NET = "net"
"""The side of an amount that stands for both."""
_HALF_A_CONTRACT = Decimal("0.5")
"""What rounding to whole contracts may make of coins."""


class Finding(Enum):
    """How two words on one position stand to each other, or that nobody knows."""

    MATCHED = "matched"
    MISSING = "missing on one side"
    QUANTITY = "quantity differs"
    FLIPPED = "side flipped"
    UNKNOWN = "unknown"

    @property
    def differs(self) -> bool:
        return self not in (Finding.MATCHED, Finding.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Row:
    """One position by all three words: signed amounts, in coins, and None where that one doesn't tell.

    The exchange's `there` is in `unit`, coins or contracts, and `due` is what it has to be by the database;
    where the exchange nets both sides of a symbol (`netted`), both are of the two together. `why` says what
    isn't known. `settling`: what differs has only just begun to, and may be on its way.
    """

    market: str
    symbol: str
    side: str
    books: Decimal | None
    engine: Decimal | None
    due: Decimal | None
    there: Decimal | None
    unit: str = ""
    netted: bool = False
    by_engine: Finding = Finding.UNKNOWN
    by_exchange: Finding = Finding.UNKNOWN
    why: str = ""
    settling: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        return self.market, self.symbol, self.side

    @property
    def finding(self) -> Finding:
        """The worse of the two comparisons with the database: a difference outranks a doubt."""
        if self.settling:
            return Finding.UNKNOWN
        for one in (self.by_exchange, self.by_engine):
            if one.differs:
                return one
        unknown = Finding.UNKNOWN in (self.by_exchange, self.by_engine)
        return Finding.UNKNOWN if unknown else Finding.MATCHED

    def __str__(self) -> str:
        whole = f" {NET}" if self.netted else ""
        due = f" ({_told(self.due)}{whole} due)" if self.due != self.books else ""
        there = f"exchange {_told(self.there)}{self.unit and ' ' + self.unit}{whole}{due}"
        words = f"database {_told(self.books)}, engine {_told(self.engine)}, {there}"
        doubt = "it has only just changed" if self.settling else self.why
        why = f": {doubt}" if doubt and self.finding is Finding.UNKNOWN else ""
        return f"{self.symbol} {self.side} {self.finding.value}{why}; {words}"


@dataclass(frozen=True, slots=True)
class Flatness:
    """Whether nothing is open in a market, by the books and by the exchange."""

    books: bool
    exchange: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """What comes of comparing. `doubts` say by name why a surface or a market can't be told.

    `flat` is by market, of those that can be told. `notes` are what was left out with a reason that is no
    doubt, as the word of an engine that doesn't run.
    """

    rows: tuple[Row, ...] = ()
    doubts: Mapping[str, str] = field(default_factory=dict)
    flat: Mapping[str, Flatness] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def differences(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.finding.differs)

    @property
    def settling(self) -> bool:
        """Whether another look may tell more."""
        return any(row.settling for row in self.rows)

    @property
    def told(self) -> bool:
        """Whether all that there is was compared."""
        return not self.doubts and all(row.finding is not Finding.UNKNOWN for row in self.rows)

    @property
    def agrees(self) -> bool | None:
        """Whether all three say the same; None where that can't be told."""
        if self.differences:
            return False
        return True if self.told else None


def truth_of(snapshot: Snapshot, books_doubt: str, not_exported: Set[str] = frozenset()) -> Truth:
    """Compare what the three say at the snapshot's instant.

    `books_doubt` says why the database's word isn't the present. An engine whose process has ended has no
    word of its own, and neither has one that is known (`not_exported`) not to export its positions.
    """
    there = there_now(snapshot, books_doubt)
    markets = {market: venue_doubt(venue) for market, venue in there.venues.items()}
    books = snapshot.database.value
    held = () if there.books or books is None or books.positions is None else books.positions
    by_contract: dict[Contract, list[Position]] = {}
    for position in held:
        by_contract.setdefault(contract_of(position.symbol, bool(position.coin_margin)), []).append(position)
    engine = _engine(snapshot, not_exported, flat=not held, names={one.symbol: one for one in held})
    doubts = {"database": there.books, "engine": engine.doubt, **markets, **_venueless(there)}
    contracts = sorted({*by_contract, *there.held, *engine.amounts}) if not there.books else []
    rows = (
        row
        for contract in contracts
        for row in _rows(contract, by_contract.get(contract, []), engine, there, markets)
    )
    flat = {
        market: Flatness(
            not any(contract[0] == market for contract in by_contract),
            not any(contract[0] == market for contract in there.held),
        )
        for market, doubt in markets.items()
        if not doubt and not there.books
    }
    notes = (engine.note,) if engine.note else ()
    return Truth(tuple(rows), {name: why for name, why in doubts.items() if why}, flat, notes)


def lasting(first: Truth, second: Truth) -> Truth:
    """The second look, with what differs there only where it did in the first: the rest may be on its way."""
    before = {row.key: row.finding for row in first.rows}
    rows = tuple(
        replace(row, settling=True) if row.finding.differs and before.get(row.key) is not row.finding else row
        for row in second.rows
    )
    return replace(second, rows=rows)


def compared(one: Decimal, other: Decimal, rounding: Decimal = Decimal(0)) -> Finding:
    """How two signed amounts stand to each other; `rounding` is what they may always differ by."""
    larger = max(abs(one), abs(other))
    if abs(one - other) <= max(TOLERANCE * larger, rounding):
        return Finding.MATCHED
    if not one or not other:
        return Finding.MISSING
    return Finding.QUANTITY if (one > 0) == (other > 0) else Finding.FLIPPED


def venue_doubt(venue: Venue) -> str:
    """Why what a market says of positions can't be taken for the truth; empty where it can."""
    if clock_doubt(venue) or venue.positions is None:
        return clock_doubt(venue) or "no keys"
    if any(position.quantity for position in venue.positions) or venue.maintenance == 0:
        return ""
    if venue.maintenance is None:
        return "it lists no position, and its account doesn't say that there is none"
    return f"it lists no position, but its account keeps a margin of {venue.maintenance.normalize():f}"


def clock_doubt(venue: Venue) -> str:
    """That a market's clock isn't ours, so that nobody knows when it speaks of; empty where it is."""
    skew = abs(venue.clock_skew)
    return "" if skew <= CLOCK_SKEW else f"its clock is {skew:.0f} s off"


@dataclass(frozen=True, slots=True)
class _Engine:
    """The engine's own word: coins by contract and side. `note` says why nothing is asked of it, if so."""

    amounts: Mapping[Contract, Mapping[str, Decimal | None]] = field(default_factory=dict)
    symbols: Mapping[Contract, str] = field(default_factory=dict)
    doubt: str = ""
    note: str = ""

    @property
    def silent(self) -> bool:
        return bool(self.note)


def _engine(
    snapshot: Snapshot, not_exported: Set[str], *, flat: bool, names: Mapping[str, Position]
) -> _Engine:
    metrics, files = snapshot.metrics.fresh(snapshot.at), snapshot.engine.fresh(snapshot.at)
    if metrics is None:
        if files is not None and files.alive is False:
            return _Engine(note=f"the engine's process {files.pid} has ended: it holds nothing")
        return _Engine(doubt=f"metrics {snapshot.metrics.doubt(snapshot.at)}")
    series = metrics.samples.get(QUANTITY, {})
    if not series and QUANTITY in not_exported:
        return _Engine(note=f"this engine doesn't export {QUANTITY}")
    if not series and not flat:
        return _Engine(doubt=f"{QUANTITY} is not exported")
    amounts: dict[Contract, dict[str, Decimal | None]] = {}
    symbols: dict[Contract, str] = {}
    for one, value in series.items():
        symbol, side = one.symbol or "", (one.label("side") or "").upper()
        known = names.get(symbol)
        coin = bool(known.coin_margin) if known is not None else symbol.endswith("_PERP")
        contract = contract_of(symbol, coin)
        if value != 0:
            told = math.isfinite(value) and side in ("LONG", "SHORT")
            amount = _signed(Decimal(repr(value)), side) if told else None
            sides = amounts.setdefault(contract, {})
            sides[side] = _sum((sides.get(side, Decimal(0)), amount))
            symbols[contract] = symbol
    return _Engine(amounts, symbols)


def _venueless(there: There) -> Mapping[str, str]:
    """Why no market, or one of them, can be asked."""
    known = {market: why for market, why in there.doubts.items() if market}
    return known if there.venues or known else {"exchange": there.doubts.get("", "")}


def _rows(
    contract: Contract, held: list[Position], engine: _Engine, there: There, markets: Mapping[str, str]
) -> Iterator[Row]:
    """The rows of one contract: one by side, and in each the exchange's word on that side, or on both."""
    market, name = contract
    books = {side: _sum(_coins(one) for one in held if one.side.upper() == side) for side in _sides(held)}
    own = _facing(engine.amounts.get(contract, {}), set(books))
    exchange = _Exchange.of(contract, held, there, _silence(market, there, markets))
    sides = sorted({*books, *own, *exchange.sides(set(books))})
    symbol = held[0].symbol if held else engine.symbols.get(contract, name)
    unsettled = symbol in there.unsettled
    for side in sides:
        word, known = own.get(side, Decimal(0)), books.get(side, Decimal(0))
        due, amount = exchange.word(side, set(books))
        row = Row(
            market=market,
            symbol=symbol,
            side=side,
            books=known,
            engine=None if engine.silent or engine.doubt else word,
            due=due,
            there=amount,
            unit="contracts" if market == "coinm" else "",
            netted=not exchange.hedged and len(books) > 1,
            by_engine=_by_engine(known, word, engine),
            by_exchange=_by_exchange(due, amount, market, exchange.why),
            why=exchange.why or engine.doubt,
        )
        yield replace(row, settling=True) if unsettled and row.finding.differs else row


@dataclass(frozen=True, slots=True)
class _Exchange:
    """What the exchange holds of a contract and has to hold by the books, by side, in its own unit."""

    due: Mapping[str, Decimal | None]
    held: Mapping[str, Decimal]
    why: str

    @staticmethod
    def of(contract: Contract, positions: list[Position], there: There, why: str) -> "_Exchange":
        market, name = contract
        if why:
            return _Exchange({}, {}, why)
        venue = there.venues[market]
        due = {
            side: _sum(amount_there(one, venue, name) for one in positions if one.side.upper() == side)
            for side in _sides(positions)
        }
        held: dict[str, Decimal] = {}
        for one in there.held.get(contract, ()):
            side = "LONG" if one.quantity > 0 else "SHORT"
            held[side] = held.get(side, Decimal(0)) + one.quantity
        lacking = "quantity or contract size not known" if None in due.values() else ""
        return _Exchange(due, held, lacking)

    @property
    def hedged(self) -> bool:
        """Whether it keeps both sides of the symbol."""
        return len(self.held) > 1

    def sides(self, booked: Set[str]) -> Iterable[str]:
        """The sides that have to be told of: of what it nets, those of the books, if there are any."""
        return self.held if self.hedged or not booked else ()

    def word(self, side: str, booked: Set[str]) -> tuple[Decimal | None, Decimal | None]:
        """What has to be there, and what is: of that side, or of both where only that can be told."""
        if self.why:
            return None, None
        if self.hedged or not booked:
            return self.due.get(side, Decimal(0)), self.held.get(side, Decimal(0))
        if side not in booked:  # only the engine knows of it, and the books' own row has the rest
            return Decimal(0), Decimal(0)
        return _sum(self.due.values()), _sum(self.held.values())


def _silence(market: str, there: There, markets: Mapping[str, str]) -> str:
    """Why the exchange has no word on what is in a market; the doubt itself is told once, of all of it."""
    if market in there.venues and not markets[market]:
        return ""
    configured = not there.venues or market in there.venues or market in there.doubts
    return "the exchange can't be told" if configured else there.doubts[""]


def _facing(own: Mapping[str, Decimal | None], booked: Set[str]) -> Mapping[str, Decimal | None]:
    """The engine's word by side; that its one side is the other one than the books' is no two differences."""
    if len(own) == len(booked) == 1:
        return dict(zip(booked, own.values(), strict=True))
    return own


def _by_engine(books: Decimal | None, engine: Decimal | None, word: _Engine) -> Finding:
    if word.silent:
        return Finding.MATCHED
    if word.doubt or books is None or engine is None:
        return Finding.UNKNOWN
    return compared(books, engine)


def _by_exchange(due: Decimal | None, held: Decimal | None, market: str, why: str) -> Finding:
    if why or due is None or held is None:
        return Finding.UNKNOWN
    return compared(due, held, _HALF_A_CONTRACT if market == "coinm" else Decimal(0))


def _sides(positions: Iterable[Position]) -> Set[str]:
    return {position.side.upper() for position in positions}


def _coins(position: Position) -> Decimal | None:
    return None if position.quantity is None else _signed(position.quantity, position.side.upper())


def _signed(amount: Decimal, side: str) -> Decimal:
    return amount if side == "LONG" else -amount


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """None where one of them isn't known."""
    known = list(amounts)
    return None if None in known else sum((one for one in known if one is not None), Decimal(0))


def _told(amount: Decimal | None) -> str:
    if amount is None:
        return "unknown"
    return f"{round(amount, 8).normalize():f}" if amount.adjusted() < 16 else f"{amount:.8g}"
