"""Metric series and their values, as one scrape or one query answers them.

The same thousands of series come with every scrape: which they are is kept once (`Lineup`), and their values
beside them as bare columns of floats (`Column`), which read like mappings but needn't be made into any.
"""

import math
import sys
from abc import abstractmethod
from array import array
from bisect import bisect_left
from collections.abc import Callable, Hashable, ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from typing import overload

Labels = tuple[tuple[str, str], ...]
"""Label names with their values, sorted by name, without the metric's own name."""
OWN = "opsconsole_"
"""How the names of the metrics begin that the console measures itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The identity of one time series. Equal when name and labels are; its hash is computed once.

    `symbol` is interned: the same few thousand names are looked up again and again.
    """

    name: str
    labels: Labels
    symbol: str | None = field(init=False)
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        symbol = dict(self.labels).get("symbol")
        object.__setattr__(self, "symbol", None if symbol is None else sys.intern(symbol))
        object.__setattr__(self, "_hash", hash((self.name, self.labels)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Series) and (self.name, self.labels) == (other.name, other.labels)

    def label(self, name: str) -> str | None:
        return next((value for key, value in self.labels if key == name), None)


Vector = Mapping[Series, float]


class LateSeries(Sequence[Series]):
    """Different series, each made anew when somebody asks for it: thousands of them take much room."""

    @property
    @abstractmethod
    def symbols(self) -> Sequence[str | None]:
        """Each one's symbol, without making any."""

    @property
    @abstractmethod
    def labels(self) -> Sequence[Labels]:
        """Each one's labels, without making any."""

    @property
    @abstractmethod
    def keys(self) -> Sequence[Hashable]:
        """What tells each one from the others, without making any."""

    def values_of(self, label: str) -> Sequence[str | None]:
        """What each one's label says, without making any; None where it hasn't that one."""
        return [dict(labels).get(label) for labels in self.labels]


class Lineup:
    """Different series in their order: one object for as long as they are the same, so that `is` tells.

    Lineups with the same `origin` are of the same series, with or without their metric's name; `stands` says
    for each where it stands among those of the origin.
    """

    def __init__(self, series: Iterable[Series]) -> None:
        self.series: Sequence[Series] = series if isinstance(series, LateSeries) else tuple(series)
        self.origin = object()
        self.stands: Sequence[int] = range(len(self.series))
        self._judged: dict[Hashable, bytes] = {}

    @cached_property
    def places(self) -> Mapping[Series, int]:
        return {one: place for place, one in enumerate(self.series)}

    @cached_property
    def symbols(self) -> Sequence[str | None]:
        """Each one's symbol; None where it names none."""
        if isinstance(self.series, LateSeries):
            return self.series.symbols
        return [one.symbol for one in self.series]

    @cached_property
    def by_symbol(self) -> Mapping[str | None, int]:
        """Where the series of each symbol stands, the last where it has several; under None those without."""
        return dict(zip(self.symbols, range(len(self.series)), strict=True))

    @cached_property
    def labels(self) -> Sequence[Labels]:
        """Each one's labels."""
        if isinstance(self.series, LateSeries):
            return self.series.labels
        return [one.labels for one in self.series]

    def place(self, series: Series) -> int | None:
        """Where a series stands; found by its symbol where that tells, without a place for every series."""
        if self.repeats_symbols:
            return self.places.get(series)
        place = self.by_symbol.get(series.symbol)
        return place if place is not None and self.series[place] == series else None

    @property
    def repeats_symbols(self) -> bool:
        """Whether a symbol has several series, or several have none."""
        return len(self.by_symbol) < len(self.series)

    @cached_property
    def _apart(self) -> int:
        """How far apart the series of a symbol stand where each has as many, one after the other or in turns.

        0 where they stand in any other way. Thousands of symbols then need no list each of their places.
        """
        every, count = list(self.symbols), len(self.by_symbol)
        each, more = divmod(len(every), max(1, count))
        if more:
            return 0
        if all(every[turn::each] == every[::each] for turn in range(each)):
            return 1
        if all(every[turn * count : (turn + 1) * count] == every[:count] for turn in range(each)):
            return count
        return 0

    @cached_property
    def _grouped(self) -> Mapping[str | None, Sequence[int]]:
        places: dict[str | None, list[int]] = {}
        for place, symbol in enumerate(self.symbols):
            places.setdefault(symbol, []).append(place)
        return places

    def places_of(self, symbol: str | None) -> Sequence[int]:
        """Where the series of a symbol stand, or under None those without one."""
        last = self.by_symbol.get(symbol)
        if last is None:
            return ()
        if not self._apart:
            return self._grouped[symbol]
        first = last - (len(self.symbols) // len(self.by_symbol) - 1) * self._apart
        return range(first, last + 1, self._apart)

    @property
    def identity(self) -> tuple[object, Sequence[int]]:
        """Equal for lineups of the same series, with or without their metric's name."""
        return self.origin, self.stands

    def judged(self, key: Hashable, accepts: Callable[[Series], bool]) -> bytes:
        """For each series whether it is accepted, 1 or 0: found out once for each `key`."""
        if key not in self._judged:
            self._judged[key] = bytes(map(accepts, self.series))
        return self._judged[key]

    @cached_property
    def nameless(self) -> "Lineup":
        """The same series without their metric's name, as PromQL's functions leave them."""
        lineup = Lineup(_Nameless(self.series, self.symbols))
        lineup.by_symbol = self.by_symbol  # the same places: thousands need not be kept twice
        lineup.origin = self.origin
        return lineup

    def bare(self) -> "Lineup":
        """The same series without anything that was found out about them."""
        lineup = Lineup(self.series)
        lineup.origin, lineup.stands = self.origin, self.stands
        return lineup

    def part(self, places: Sequence[int]) -> "Lineup":
        """Those of the series that stand at `places`, which rise."""
        return _Part(self, places)


class _Part(Lineup):
    """Some of a lineup's series."""

    def __init__(self, whole: Lineup, places: Sequence[int]) -> None:
        super().__init__(_Some(whole.series, places))
        self.origin = whole.origin
        self.stands = list(map(whole.stands.__getitem__, places))
        self._whole, self._places = whole, places

    @cached_property
    def nameless(self) -> Lineup:
        return self._whole.nameless.part(self._places)

    def place(self, series: Series) -> int | None:
        there = self._whole.place(series)
        if there is None:
            return None
        place = bisect_left(self._places, there)
        return place if place < len(self._places) and self._places[place] == there else None


class _Nameless(LateSeries):
    """Series without their metric's name."""

    def __init__(self, named: Sequence[Series], symbols: Sequence[str | None]) -> None:
        self._named = named
        self._symbols = symbols

    @property
    def symbols(self) -> Sequence[str | None]:
        return self._symbols

    @property
    def labels(self) -> Sequence[Labels]:
        return self._named.labels if isinstance(self._named, LateSeries) else [s.labels for s in self._named]

    @property
    def keys(self) -> Sequence[Hashable]:
        return self._named.keys if isinstance(self._named, LateSeries) else self._named

    def __len__(self) -> int:
        return len(self._named)

    @overload
    def __getitem__(self, place: int) -> Series: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Series]: ...
    def __getitem__(self, place: int | slice) -> Series | Sequence[Series]:
        if isinstance(place, slice):
            return [Series("", one.labels) for one in self._named[place]]
        return Series("", self._named[place].labels)


class _Some(LateSeries):
    """Those of some series that stand at these places."""

    def __init__(self, series: Sequence[Series], places: Sequence[int]) -> None:
        self._series = series
        self._places = places

    @property
    def symbols(self) -> Sequence[str | None]:
        return [one.symbol for one in self]

    @property
    def labels(self) -> Sequence[Labels]:
        return [one.labels for one in self]

    @property
    def keys(self) -> Sequence[Hashable]:
        return list(self)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Series: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Series]: ...
    def __getitem__(self, place: int | slice) -> Series | Sequence[Series]:
        if isinstance(place, slice):
            return [self._series[one] for one in self._places[place]]
        return self._series[self._places[place]]


class Column(Mapping[Series, float]):
    """The values of a lineup, one for each series: a vector without a dictionary of its own."""

    __slots__ = ("lineup", "numbers")

    def __init__(self, lineup: Lineup, numbers: "array[float]") -> None:
        self.lineup = lineup
        self.numbers = numbers

    def __getitem__(self, series: Series) -> float:
        place = self.lineup.place(series)
        if place is None:
            raise KeyError(series)
        return self.numbers[place]

    def __contains__(self, series: object) -> bool:
        return isinstance(series, Series) and self.lineup.place(series) is not None

    def __iter__(self) -> Iterator[Series]:
        return iter(self.lineup.series)

    def __len__(self) -> int:
        return len(self.numbers)

    def where(self, holds: Iterable[object]) -> "Column":
        """Those of the values for which `holds` tells something true."""
        places = list(compress(range(len(self.numbers)), holds))
        if len(places) == len(self.numbers):
            return self
        return Column(self.lineup.part(places), array("d", map(self.numbers.__getitem__, places)))

    def says_the_same(self, other: "Column") -> bool:
        """Whether each of the same series has the same value, NaN included."""
        return self.lineup is other.lineup and self.numbers.tobytes() == other.numbers.tobytes()

    def __repr__(self) -> str:
        return f"Column({dict(self)!r})"

    def items(self) -> ItemsView[Series, float]:
        return _Items(self)

    def values(self) -> ValuesView[float]:
        return _Values(self)


class _Items(ItemsView[Series, float]):
    _mapping: Column

    def __iter__(self) -> Iterator[tuple[Series, float]]:
        return zip(self._mapping.lineup.series, self._mapping.numbers, strict=True)


class _Values(ValuesView[float]):
    _mapping: Column

    def __iter__(self) -> Iterator[float]:
        return iter(self._mapping.numbers)


def column_of(vector: Vector, lineup: Lineup | None = None) -> Column:
    """`vector` as a column, of `lineup` if it has just the series of that one."""
    if isinstance(vector, Column):
        return vector
    if lineup is None or len(lineup.series) != len(vector) or list(vector) != list(lineup.series):
        lineup = Lineup(vector)
    return Column(lineup, array("d", vector.values()))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query evaluates to at one instant: a vector, or why there is none."""

    vector: Vector
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """Everything an engine's metrics say at one instant.

    `samples` holds each metric's series under the metric's name; `answers` holds what the panels and key
    metrics asked, under the text of the query. `covered` says for how many seconds samples have been
    collected: a `[5m]` range that was only watched for 20 s says so beside its value. `notes` are remarks of
    the source, such as a clock that runs ahead.
    """

    samples: Mapping[str, Vector]
    answers: Mapping[str, Answer] = field(default_factory=dict)
    covered: float = math.inf
    notes: tuple[str, ...] = ()

    def exports(self, name: str) -> bool:
        return bool(self.samples.get(name))

    def single(self, name: str) -> float | None:
        """The value of a metric that has exactly one series; None when it has none or several."""
        vector = self.samples.get(name, {})
        return next(iter(vector.values())) if len(vector) == 1 else None
