"""One symbol as every source sees it, side by side: which facts they agree on, and which they don't."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from console.domain import agreement
from console.domain.agreement import Agreement, Comparison
from console.domain.amounts import price, quantity
from console.domain.assessment import Assessment
from console.domain.exchange_names import exchange_names
from console.domain.figures import figure_of, money
from console.domain.metrics import Metrics, Series
from console.domain.rollout.drift import RolloutStatus
from console.domain.rollout.stages import Stage
from console.domain.severity import Severity
from console.domain.status import FLAT, Judged, SymbolStatus
from console.domain.surfaces import Contract, Exchange, ExchangePosition, Position, Venue

SOURCES = ("metrics", "database", "exchange", "flags")
"""The sources that speak of single symbols, in the order of `Fact.said`."""

_SIDES = ("LONG", "SHORT")
_NONE = "none"


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says: in words, and as a number where it is one to compare.

    `exact` is what is held, where that is what it says, in `unit`.
    """

    words: str
    number: float | None = None
    severity: Severity = Severity.OK
    exact: float | Decimal | None = None
    unit: str = ""

    def within(self, cells: int) -> str:
        """The words; a number that has no room in `cells` is rounded, as its last digits must not be cut."""
        if len(self.words) <= cells:
            return self.words
        if self.exact is not None:
            return quantity(self.exact, cells - len(self.unit)) + self.unit
        return self.words if self.number is None else f"{self.number:.3g}"


@dataclass(frozen=True, slots=True)
class Fact:
    """`said` is by source, as SOURCES; None where a source says nothing of it.

    `compared` are the SOURCES that speak of the present and could be compared, `differs` says that they
    contradict each other. What moves isn't compared: no two sources speak of the same instant.
    """

    name: str
    said: tuple[Said | None, ...]
    compared: tuple[str, ...] = ()
    differs: bool = False


@dataclass(frozen=True, slots=True)
class SymbolDetail:
    """`row` is None where no source knows the symbol any more; `doubts` are by source, empty where fresh.

    `compared` are the SOURCES that could be compared in all that matters, `uncompared` those that could not,
    though they are configured. `balances` is how the exchange's word on each contract stands to the
    database's.
    """

    symbol: str
    row: SymbolStatus | None
    facts: tuple[Fact, ...]
    doubts: tuple[str, ...]
    compared: tuple[str, ...] = ()
    uncompared: tuple[str, ...] = ()
    balances: Mapping[agreement.Contract, Comparison] = field(default_factory=dict)


def symbol_detail(
    assessment: Assessment, symbol: str, before: Mapping[agreement.Contract, Comparison] | None = None
) -> SymbolDetail:
    """Everything that is known of `symbol`; `before` are the balances that were last found."""
    snapshot, doubts, row = assessment.snapshot, source_doubts(assessment), _row(assessment, symbol)
    books, exchange = snapshot.database.value, snapshot.exchange.value
    contract = _contract(exchange, symbol)
    told = books is not None and books.positions is not None
    held = [p for p in books.positions or () if p.symbol == symbol] if books is not None and told else None
    facts = [
        *_panel_facts(assessment, row, contract),
        *_market_facts(row, held or (), contract),
        *_position_facts(symbol, snapshot.metrics.value, held, _venue_positions(exchange, symbol)),
        *_feature_facts(symbol, assessment.rollout),
    ]
    balances = _balances(assessment, symbol, held or (), before or {})
    found = tuple(_compared(fact, doubts, balances.values()) for fact in facts if any(fact.said))
    compared, uncompared = _who_was_compared(found, doubts)
    return SymbolDetail(symbol, row, found, doubts, compared, uncompared, balances)


def source_doubts(assessment: Assessment) -> tuple[str, ...]:
    """Why each of SOURCES isn't the present; empty where it is, or where it isn't configured."""
    snapshot, now = assessment.snapshot, assessment.at
    states = (snapshot.metrics, snapshot.exchange, snapshot.flags)
    metrics, *others = (
        "" if state.usable(now) or not state.configured else state.doubt(now) for state in states
    )
    return metrics, assessment.books_doubt, *others


def _row(assessment: Assessment, symbol: str) -> SymbolStatus | None:
    symbols = assessment.symbols
    place = symbols.place(symbol)
    return None if place is None else symbols[place]


def _contract(exchange: Exchange | None, symbol: str) -> Contract | None:
    names = exchange_names(symbol)
    venues = () if exchange is None else exchange.venues
    found = (venue.contracts.get(names[venue.market]) for venue in venues if venue.market in names)
    return next((contract for contract in found if contract is not None), None)


def _venue_positions(
    exchange: Exchange | None, symbol: str
) -> tuple[tuple[Venue, ExchangePosition], ...] | None:
    """The exchange's positions in the symbol; None where it doesn't say."""
    names = exchange_names(symbol)
    venues = [] if exchange is None else [v for v in exchange.venues if v.positions is not None]
    if not venues:
        return None
    return tuple(
        (venue, position)
        for venue in venues
        for position in venue.positions or ()
        if position.symbol == names.get(venue.market)
    )


def _balances(
    assessment: Assessment,
    symbol: str,
    held: Sequence[Position],
    before: Mapping[agreement.Contract, Comparison],
) -> dict[agreement.Contract, Comparison]:
    """How the exchange's word stands to the database's, for each contract that either has in the symbol."""
    there = agreement.there_now(assessment.snapshot, assessment.books_doubt)
    booked: dict[agreement.Contract, tuple[Position, ...]] = {}
    for position in held:
        contract = agreement.contract_of(symbol, bool(position.coin_margin))
        booked[contract] = (*booked.get(contract, ()), position)
    found = {
        contract: agreement.compared(contract, positions, there, before.get(contract))
        for contract, positions in booked.items()
    }
    for contract in exchange_names(symbol).items():
        if contract not in booked and (positions := there.held.get(contract)):
            found[contract] = agreement.only_there(contract, positions[0], there, before.get(contract))
    flat = [contract for contract in exchange_names(symbol).items() if contract[0] in there.venues]
    return found or {contract: agreement.compared(contract, (), there, None) for contract in flat}


def _panel_facts(
    assessment: Assessment, row: SymbolStatus | None, contract: Contract | None
) -> Iterator[Fact]:
    for panel in assessment.panels:
        judged = None if row is None else row.values[panel.key]
        figure, there = figure_of(panel), None
        if panel.key == "funding_rate" and contract is not None and contract.funding_rate is not None:
            rate = float(contract.funding_rate)
            there = Said(figure.write(rate), rate, panel.judge(rate))
        yield Fact(panel.name.lower(), (_of_panel(judged, figure.say), None, there, None))


def _of_panel(judged: Judged | None, write: Callable[[float], str]) -> Said | None:
    if judged is None:
        return None
    if judged.number is None:
        words = "no position" if judged.reason == FLAT else judged.reason
        return Said(words, None, judged.severity) if words else None
    return Said(write(judged.number), judged.number, judged.severity)


def _market_facts(
    row: SymbolStatus | None, held: Sequence[Position], contract: Contract | None
) -> Iterator[Fact]:
    if row is None:
        return
    booked = next((position.mark_price for position in held if position.mark_price is not None), None)
    listed = None if contract is None else contract.mark_price
    yield Fact("mark price", (_price(row.mark_price), _price(booked), _price(listed), None))
    if row.slippage is not None:
        yield Fact("slippage", (Said(f"{row.slippage:.1f} bps", row.slippage), None, None, None))
    if contract is not None and contract.status is not None:
        yield Fact("trading status", (None, None, Said(contract.status), None))


def _position_facts(
    symbol: str,
    metrics: Metrics | None,
    held: Sequence[Position] | None,
    venue: Sequence[tuple[Venue, ExchangePosition]] | None,
) -> Iterator[Fact]:
    """A block of facts for each side that anyone has open, or that nobody has; None: who doesn't say."""
    flat = True
    for side in _SIDES:
        engine = _engine_quantity(metrics, symbol, side)
        booked = None if held is None else [position for position in held if position.side.upper() == side]
        there = None if venue is None else [pair for pair in venue if _side(pair[1].quantity) == side]
        if engine or booked or there:
            flat = False
            quantities = (_amount(engine), _booked_quantity(booked), _quantity_there(there), None)
            yield Fact(f"{side.lower()} quantity", quantities)
            yield from _side_facts(side.lower(), booked or (), None if not there else there[0][1])
    if flat:
        nothing = Said(_NONE, 0.0)
        engine = _engine_quantity(metrics, symbol, _SIDES[0])
        told = (engine is not None, held is not None, venue is not None, False)
        yield Fact("quantity", tuple(nothing if says else None for says in told))


def _side_facts(word: str, booked: Sequence[Position], there: ExchangePosition | None) -> Iterator[Fact]:
    """What database and exchange say of one side; of several positions on it, prices are the first one's."""
    first = booked[0] if booked else None
    entries = [None if one is None else one.entry_price for one in (first, there)]
    yield Fact(f"{word} entry", (None, *map(_price, entries), None))
    liquidations = [None if one is None else one.liquidation_price for one in (first, there)]
    yield Fact(f"{word} liquidation", (None, *map(_price, liquidations), None))
    pnl = _sum(position.unrealized_pnl for position in booked)
    yield Fact(
        f"{word} uPnL", (None, _money(pnl), _money(None if there is None else there.unrealized_pnl), None)
    )
    yield Fact(f"{word} margin", (None, _money(_sum(p.margin for p in booked)), None, None))
    if first is not None and first.leverage is not None:
        yield Fact(f"{word} leverage", (None, Said(f"{first.leverage} x"), None, None))


def _engine_quantity(metrics: Metrics | None, symbol: str, side: str) -> float | None:
    """What the engine exports for the side; 0 where it exports quantities, but none of this."""
    name = "futures_position_quantity"
    if metrics is None or not metrics.exports(name):
        return None
    vector = metrics.samples[name]
    spellings = (Series(name, (("side", word), ("symbol", symbol))) for word in (side, side.lower()))
    signed = vector.get(Series(name, (("symbol", symbol),)), 0.0)
    net = max(0.0, signed if side == "LONG" else -signed)
    return next((vector[series] for series in spellings if series in vector), net)


def _booked_quantity(booked: Sequence[Position] | None) -> Said | None:
    if not booked:
        return None if booked is None else Said(_NONE, 0.0)
    return _amount(_sum(position.quantity for position in booked))


def _quantity_there(there: Sequence[tuple[Venue, ExchangePosition]] | None) -> Said | None:
    """The exchange's quantity: COIN-M counts in contracts, which can't be compared with coins."""
    if not there:
        return None if there is None else Said(_NONE, 0.0)
    size = sum((abs(position.quantity) for _, position in there), Decimal(0))
    if there[0][0].market != "coinm":
        return _amount(size)
    return Said(quantity(size) + _CONTRACTS, exact=size, unit=_CONTRACTS)


_CONTRACTS = " contr."


def _side(quantity: Decimal) -> str | None:
    return None if quantity == 0 else "LONG" if quantity > 0 else "SHORT"


def _sum(amounts: Iterator[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _feature_facts(symbol: str, rollout: RolloutStatus) -> Iterator[Fact]:
    """Each feature's stage: what the flags file says, and what the engine has loaded."""
    for feature in rollout.rules:
        engine, written = rollout.loaded(feature, symbol), rollout.desired(feature, symbol)
        yield Fact(feature, (_stage(engine), None, None, _stage(written)))


def _stage(stage: Stage | None) -> Said | None:
    return None if stage is None else Said(stage.word)


def _price(value: float | Decimal | None) -> Said | None:
    return None if value is None else Said(price(value), float(value))


def _amount(value: float | Decimal | None) -> Said | None:
    if value is None:
        return None
    return Said(quantity(value), float(value), exact=value) if value else Said(_NONE, 0.0)


def _money(value: Decimal | None) -> Said | None:
    return None if value is None else Said(money(value, ""), float(value))


_STANDING: Mapping[str, float] = {
    "quantity": 1e-6,  # metrics are floats
    "entry": 0.001,  # an average of fills is rounded to the exchange's tick
    "liquidation": 0.01,  # engines take 0.5 % for the maintenance margin, where the exchange has brackets
}
"""The numbers that stand still between two polls, with the share of the greater one by which sources may be
apart. Prices, rates and gains move on in between."""


def _compared(fact: Fact, doubts: Sequence[str], balances: Collection[Comparison]) -> Fact:
    """The fact with its word on agreement, where two sources whose values are the present can be compared.

    What database and exchange hold is compared on balance, as a side may be netted at the exchange.
    """
    said = {
        source: said
        for source, said, doubt in zip(SOURCES, fact.said, doubts, strict=True)
        if said is not None and not doubt
    }
    kind = fact.name.removeprefix("long ").removeprefix("short ")
    if kind != "quantity" or not {"database", "exchange"} <= said.keys():
        return _side_by_side(fact, kind, said)
    here = {source: one for source, one in said.items() if source != "exchange"}
    found = _side_by_side(fact, kind, here)
    verdicts = {balance.agreement for balance in balances}
    if not verdicts or Agreement.UNKNOWN in verdicts:
        return found
    sources = {*found.compared, "database", "exchange"}
    return replace(fact, compared=_in_order(sources), differs=found.differs or verdicts != {Agreement.SAME})


def _side_by_side(fact: Fact, kind: str, said: Mapping[str, Said]) -> Fact:
    """The fact with its word on what the sources say as it stands there."""
    if len(said) < 2:
        return fact
    if kind == "quantity" and len({one.words == _NONE for one in said.values()}) > 1:
        return replace(fact, compared=tuple(said), differs=True)
    numbers = {source: one.number for source, one in said.items() if one.number is not None}
    if not numbers:
        return replace(fact, compared=tuple(said), differs=len({one.words for one in said.values()}) > 1)
    share = _STANDING.get(kind)
    if share is None or len(numbers) < 2:
        return fact
    apart = max(numbers.values()) - min(numbers.values())
    differs = apart > share * max(map(abs, numbers.values()))
    return replace(fact, compared=tuple(numbers), differs=differs)


def _who_was_compared(
    facts: Sequence[Fact], doubts: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sources that were compared, and those that are in doubt or whose word was left out.

    The exchange was only if what it holds was, whatever else it says.
    """
    quantities = [fact for fact in facts if fact.name.endswith("quantity")]
    told = {
        source for fact in facts for source, said in zip(SOURCES, fact.said, strict=True) if said is not None
    } | {source for source, doubt in zip(SOURCES, doubts, strict=True) if doubt}
    compared = {source for fact in facts for source in fact.compared}
    if not any("exchange" in fact.compared for fact in quantities):
        compared -= {"exchange"}
    if len(compared) < 2:
        compared = set()
    return _in_order(compared), _in_order(told - compared)


def _in_order(sources: Collection[str]) -> tuple[str, ...]:
    return tuple(source for source in SOURCES if source in sources)
