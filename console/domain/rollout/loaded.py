"""What the engine says that it has loaded: the series of `futures_feature_stage`, a row for each feature.

There may be hundreds of thousands of series, with each answer of the engine's: which cell each one is of is
looked for once, and their numbers stay the bare column that they came as.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

from console.domain.metrics import Column, LateSeries, Lineup
from console.domain.rollout.stages import UNTOLD, Stage

_STAGES: Mapping[float, int] = {float(stage): stage.value for stage in Stage}


@dataclass(frozen=True, slots=True)
class Symbols:
    """The symbols of a row in their order; one object for all rows that have the same."""

    names: tuple[str, ...]
    places: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Row:
    """Where in the column the series of one feature stand: in `places`, one for each of its `symbols`.

    `others` are where in the column further processes say the same, by the symbol's place in the row.
    """

    symbols: Symbols
    places: Sequence[int]
    others: Mapping[int, Sequence[int]]

    def numbers(self, column: Column) -> "array[float]":
        """What the column says in `places`."""
        if isinstance(self.places, range):
            return column.numbers[self.places.start : self.places.stop : self.places.step]
        return array("d", map(column.numbers.__getitem__, self.places))


@dataclass(frozen=True, slots=True)
class Loaded:
    """One answer of the engine's: the `rows` of its column, by feature."""

    column: Column
    rows: Mapping[str, Row]

    def stages(self, feature: str, symbol: str) -> list[Stage | None]:
        """What each process says of the cell; None for a number that is no stage."""
        row = self.rows.get(feature)
        place = None if row is None else row.symbols.places.get(symbol)
        if row is None or place is None:
            return []
        places = (row.places[place], *row.others.get(place, ()))
        return [stage_of(self.column.numbers[where]) for where in places]


def loaded(column: Column, before: Loaded | None) -> Loaded:
    """What the metric's `column` says: `before` itself where nothing has changed since."""
    if before is not None and before.column is column:
        return before
    known = before is not None and before.column.lineup is column.lineup
    return Loaded(column, before.rows if before is not None and known else _rows(column.lineup))


def stage_of(number: float) -> Stage | None:
    """The stage that the metric's number stands for, if it stands for one."""
    code = _STAGES.get(number)
    return None if code is None else Stage(code)


def codes_of(numbers: Iterable[float]) -> bytes:
    """The same of many numbers, a byte each: UNTOLD where one stands for none."""
    return bytes(map(_STAGES.get, numbers, repeat(UNTOLD)))


def _rows(lineup: Lineup) -> Mapping[str, Row]:
    """The rows in the order of the features' first series."""
    found: dict[str, list[int]] = {}
    for place, feature in enumerate(_features(lineup)):
        if feature is not None:
            found.setdefault(feature, []).append(place)
    shared: dict[tuple[str, ...], Symbols] = {}
    return {feature: _row(places, lineup.symbols, shared) for feature, places in found.items()}


def _row(places: Sequence[int], symbols: Sequence[str | None], shared: dict[tuple[str, ...], Symbols]) -> Row:
    firsts: dict[str, int] = {}
    others: dict[str, list[int]] = {}
    for place in places:
        symbol = symbols[place]
        if symbol is not None and firsts.setdefault(symbol, place) != place:
            others.setdefault(symbol, []).append(place)
    names = tuple(firsts)
    if names not in shared:
        shared[names] = Symbols(names, {symbol: place for place, symbol in enumerate(names)})
    known = shared[names]
    return Row(
        known,
        _spaced(list(firsts.values())),
        {known.places[symbol]: further for symbol, further in others.items()},
    )


def _spaced(places: Sequence[int]) -> Sequence[int]:
    """The same places, as a range where they are evenly spaced: thousands take much room otherwise."""
    if len(places) > 1:
        even = range(places[0], places[-1] + 1, places[1] - places[0])
        if len(even) == len(places) and list(even) == places:
            return even
    return array("L", places)


def _features(lineup: Lineup) -> Iterator[str | None]:
    """The feature of each series."""
    series = lineup.series
    if isinstance(series, LateSeries):
        return iter(series.values_of("feature"))
    return (one.label("feature") for one in series)
