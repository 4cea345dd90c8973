"""What is known of a symbol beside the panels' values: its position, prices, stage and next funding.

Each figure is looked up for one symbol when somebody asks: a screen shows a few dozen of thousands.
"""

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from operator import attrgetter

from console.domain.exchange_names import exchange_names
from console.domain.metrics import Column, Metrics, column_of
from console.domain.reading import SourceState
from console.domain.rollout.loaded import stage_of
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.status import Doubts, Judged, StageSummary, SymbolStatus
from console.domain.surfaces import Position, Venue

_NOTHING = column_of({})


class Held:
    """The open positions that the database has, by symbol.

    `symbols` is the same object as `before` had, where it is the same.
    """

    def __init__(self, positions: tuple[Position, ...], before: "Held | None" = None) -> None:
        self.positions = positions
        names = list(map(_symbol, positions))
        order = None if before is None else before._order
        if order is None or order.names != names:
            order = _Order(names, frozenset() if order is None else order.symbols)
        self._order: _Order = order

    @property
    def symbols(self) -> Set[str]:
        return self._order.symbols

    def of(self, symbol: str) -> Sequence[Position]:
        return [self.positions[place] for place in self._order.places.get(symbol, ())]


class _Order:
    """Which symbol each position is in: the same at most looks, while the positions' values move."""

    def __init__(self, names: list[str], before: Set[str]) -> None:
        self.names = names
        symbols = frozenset(names)
        self.symbols: Set[str] = before if before == symbols else symbols

    @cached_property
    def places(self) -> Mapping[str, Sequence[int]]:
        """Where each symbol's positions stand."""
        if len(self.symbols) == len(self.names):
            return dict(zip(self.names, zip(range(len(self.names))), strict=True))
        found: dict[str, list[int]] = {}
        for place, symbol in enumerate(self.names):
            found.setdefault(symbol, []).append(place)
        return found


_symbol: Callable[[Position], str] = attrgetter("symbol")


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What the sources say of single symbols.

    `held` is None where the database doesn't say; where there is none in this context, the metrics'
    `quantities` are taken. `venues` are the exchange's.
    """

    marks: Column
    slippages: Column
    stages: Column
    quantities: Column
    held: Held | None
    has_database: bool
    venues: tuple[Venue, ...]
    doubts: Doubts

    def status(self, symbol: str, severity: Severity, values: Mapping[str, Judged]) -> SymbolStatus:
        """The row of one symbol."""
        return SymbolStatus(
            symbol=symbol,
            severity=severity,
            values=values,
            side=self.side(symbol),
            quantity=self.quantity(symbol),
            mark_price=self.mark_price(symbol),
            liquidation_distance=self.liquidation_distance(symbol),
            unrealized_pnl=self.unrealized_pnl(symbol),
            slippage=self.slippage(symbol),
            stage=self.stage(symbol),
            next_funding=self.next_funding(symbol),
            doubts=self.doubts,
        )

    def side(self, symbol: str) -> str | None:
        """LONG, SHORT, or BOTH; None where nothing is open, or nobody says."""
        sides = {side for side, quantity in self._open(symbol) if quantity != 0}
        return None if not sides else sides.pop() if len(sides) == 1 else "BOTH"

    def quantity(self, symbol: str) -> Decimal | None:
        """What is open in coins, of both sides together."""
        amounts = [abs(quantity) for _, quantity in self._open(symbol) if quantity]
        return sum(amounts, Decimal(0)) if amounts else None

    def mark_price(self, symbol: str) -> float | None:
        return _first(self.marks, symbol)

    def slippage(self, symbol: str) -> float | None:
        """The worst slippage of recent orders, in basis points."""
        return max(
            (value for value in _values(self.slippages, symbol) if not math.isnan(value)), default=None
        )

    def unrealized_pnl(self, symbol: str) -> Decimal | None:
        amounts = [one.unrealized_pnl for one in self._positions(symbol) if one.unrealized_pnl is not None]
        return sum(amounts, Decimal(0)) if amounts else None

    def liquidation_distance(self, symbol: str) -> float | None:
        """The share of the mark price that is left to the nearest liquidation price; past it 0 or less."""
        mark = None if self.doubts.metrics else self.mark_price(symbol)
        return min(_distances(self._positions(symbol), mark), default=None)

    def stage(self, symbol: str) -> StageSummary | None:
        loaded = [stage for stage in map(stage_of, _values(self.stages, symbol)) if stage is not None]
        if not loaded:
            return None
        furthest = max(loaded)
        return StageSummary(furthest.word, loaded.count(furthest), len(loaded))

    def next_funding(self, symbol: str) -> float | None:
        """When funding is next paid, in seconds since 1970: the earliest, where several markets list it."""
        names = exchange_names(symbol)
        listed = (venue.contracts.get(names.get(venue.market, "")) for venue in self.venues)
        instants = [one.next_funding for one in listed if one is not None and one.next_funding is not None]
        return min(instants, default=None)

    def numbers(self, key: str, symbols: Iterable[str]) -> "array[float]":
        """The figure of this field, of many symbols; NaN where there is none. KeyError: no such figure."""
        figure = _FIGURES[key]
        values = (figure(self, symbol) for symbol in symbols)
        return array("d", (math.nan if value is None else float(value) for value in values))

    def same_as(self, other: "Facts") -> bool:
        """Whether the two are known to say the same."""
        return (
            self.marks is other.marks
            and self.slippages is other.slippages
            and self.stages is other.stages
            and self.quantities is other.quantities
            and self.held is other.held
            and self.doubts == other.doubts
            and len(self.venues) == len(other.venues)
            and all(
                one.contracts is two.contracts for one, two in zip(self.venues, other.venues, strict=True)
            )
        )

    def _positions(self, symbol: str) -> Sequence[Position]:
        return () if self.held is None else self.held.of(symbol)

    def _open(self, symbol: str) -> list[tuple[str, Decimal]]:
        """Sides with what is open on each."""
        if self.has_database:
            return [(one.side.upper(), one.quantity or Decimal(0)) for one in self._positions(symbol)]
        places = self.quantities.lineup.places_of(symbol)
        sides = ((self.quantities.lineup.series[place].label("side") or "", place) for place in places)
        return [(side.upper(), _exact(self.quantities.numbers[place])) for side, place in sides]


_FIGURES: dict[str, Callable[[Facts, str], float | Decimal | None]] = {
    "quantity": Facts.quantity,
    "mark_price": Facts.mark_price,
    "liquidation_distance": Facts.liquidation_distance,
    "unrealized_pnl": Facts.unrealized_pnl,
    "slippage": Facts.slippage,
    "next_funding": Facts.next_funding,
}
FIGURES: Set[str] = _FIGURES.keys()
"""The fields of a SymbolStatus that are numbers."""


def facts_of(snapshot: Snapshot, books_doubt: str, before: Facts | None) -> Facts:
    """What the sources say at the snapshot's instant; `before` itself where they say the same.

    `books_doubt` says why the database's word isn't the present.
    """
    metrics, books, exchange = snapshot.metrics.value, snapshot.database.value, snapshot.exchange.value
    facts = Facts(
        marks=column_named(metrics, "futures_mark_price"),
        slippages=column_named(metrics, "futures_slippage_bps"),
        stages=column_named(metrics, "futures_feature_stage"),
        quantities=column_named(metrics, "futures_position_quantity"),
        held=_held(None if books is None else books.positions, before),
        has_database=snapshot.database.configured,
        venues=() if exchange is None else exchange.venues,
        doubts=Doubts(
            metrics=_doubt(snapshot.metrics, snapshot.at),
            database=books_doubt,
            exchange=_doubt(snapshot.exchange, snapshot.at),
        ),
    )
    return before if before is not None and facts.same_as(before) else facts


def column_named(metrics: Metrics | None, name: str) -> Column:
    """The series of one metric, none where it isn't exported."""
    vector = None if metrics is None else metrics.samples.get(name)
    return _NOTHING if vector is None else column_of(vector)


def _held(positions: tuple[Position, ...] | None, before: Facts | None) -> Held | None:
    if positions is None:
        return None
    held = None if before is None else before.held
    return held if held is not None and held.positions is positions else Held(positions, held)


def _doubt(state: SourceState[object], now: float) -> str:
    """Why the source's values aren't the present; nothing where it isn't configured, as it has none."""
    return "" if state.usable(now) or not state.configured else state.doubt(now)


def _first(column: Column, symbol: str) -> float | None:
    return next(_values(column, symbol), None)


def _values(column: Column, symbol: str) -> Iterator[float]:
    return map(column.numbers.__getitem__, column.lineup.places_of(symbol))


def _distances(positions: Iterable[Position], mark: float | None) -> Iterator[float]:
    """Of each position the share of the price that is left, by `mark` or else by its own mark price."""
    for position in positions:
        price = mark if mark is not None else _float(position.mark_price)
        liquidation = _float(position.liquidation_price)
        if price and liquidation and not math.isnan(price):
            left = liquidation - price if position.side.upper() == "SHORT" else price - liquidation
            yield left / price


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _exact(value: float) -> Decimal:
    """A metric's number as it was written; nothing where it isn't one."""
    return Decimal(repr(value)) if math.isfinite(value) else Decimal(0)
