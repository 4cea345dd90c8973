"""One panel's values for all symbols at once: thousands are judged as columns, and put into words one by one.

A column is kept for as long as nothing changes that it rests on, so that judging costs what has changed.
"""

import functools
import itertools
import math
from array import array
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from console.domain.answers import absent
from console.domain.figures import badness, breach
from console.domain.metrics import Answer, Column, Lineup, Metrics, Series, column_of
from console.domain.severity import Severity
from console.domain.status import FLAT, NOT_EXPORTED, Judged
from console.domain.thresholds import Panel

_IS_FLAT = Judged(None, Severity.OK, FLAT)
_NOT_EXPORTED = Judged(None, Severity.UNKNOWN, NOT_EXPORTED)
_COUNTED_TOGETHER = Judged(None, Severity.OK, "counted for all symbols together")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a column rests on: the panel's answer, the symbols by name, and which of them are held.

    `doubt` says why none of the values is known now, and `rests_on` how little of its range the query has
    seen.
    """

    answer: Answer
    names: tuple[str, ...]
    held: Set[str | None]
    doubt: str
    rests_on: str


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where in a lineup the series of each symbol stands: `places` in the order of the names, -1 for none."""

    lineup: Lineup
    names: tuple[str, ...]
    places: "array[int]"
    missing: tuple[int, ...]

    @property
    def empty(self) -> bool:
        """Whether no symbol has a series."""
        return len(self.missing) == len(self.names)


@dataclass(frozen=True, slots=True, eq=False)
class PanelColumn:
    """A panel's values, in the order of the symbols' names.

    `numbers` has NaN where there is none, `severities` each one's Severity as a byte. `total` is the value of
    the engine as a whole, where there is one, or where there is none by symbol.
    """

    panel: Panel
    ground: Ground
    alignment: Alignment
    numbers: "array[float]"
    severities: bytes
    total: Judged | None

    def judged(self, place: int) -> Judged:
        """The value of the symbol at `place`, with its reason."""
        ground, exists = self.ground, self.alignment.places[place] >= 0
        number = self.numbers[place] if exists else None
        if ground.doubt:
            return Judged(number, Severity.UNKNOWN, ground.doubt)
        if number is not None:
            return _judged(self.panel, number, ground.rests_on)
        if self.total is not None and self.alignment.empty:
            return self.total if self.total.number is None else _COUNTED_TOGETHER
        return _NOT_EXPORTED if ground.names[place] in ground.held else _IS_FLAT

    def off(self) -> Sequence[int]:
        """The places of the symbols whose value is not OK."""
        if all_ok(self.severities):
            return ()
        return [place for place, severity in enumerate(self.severities) if severity]


def panel_column(
    panel: Panel, ground: Ground, metrics: Metrics | None, not_exported: Set[str], before: PanelColumn | None
) -> PanelColumn:
    """The column of `panel`: the one from `before` where it would come out the same."""
    if before is not None and _comes_out_the_same(before, ground):
        return before if before.ground.rests_on == ground.rests_on else _resting_on(before, ground)
    vector = column_of(ground.answer.vector)
    if vector.lineup.repeats_symbols:
        vector = _worst_of_each(panel, vector)
    alignment = _alignment(vector.lineup, ground.names, None if before is None else before.alignment)
    total = _total(panel, ground, vector, metrics, not_exported)
    return PanelColumn(
        panel=panel,
        ground=ground,
        alignment=alignment,
        numbers=array("d", map([*vector.numbers, math.nan].__getitem__, alignment.places)),
        severities=_severities(panel, ground, alignment, vector, total),
        total=total,
    )


def all_ok(severities: bytes) -> bool:
    """Whether each of these severities, a byte each, is OK."""
    return not severities.strip(bytes((Severity.OK,)))


def _comes_out_the_same(before: PanelColumn, ground: Ground) -> bool:
    old = before.ground
    same = old.answer is ground.answer and old.names is ground.names and old.doubt == ground.doubt
    return same and (old.held is ground.held or not before.alignment.missing)


def _resting_on(column: PanelColumn, ground: Ground) -> PanelColumn:
    """The same values, now that their query has seen more of its range."""
    total = column.total
    if total is not None and total.number is not None and not ground.doubt:
        total = _judged(column.panel, total.number, ground.rests_on)
    return replace(column, ground=ground, total=total)


def _alignment(lineup: Lineup, names: tuple[str, ...], before: Alignment | None) -> Alignment:
    if before is not None and before.lineup is lineup and before.names is names:
        return before
    places = array("q", map(lineup.by_symbol.get, names, itertools.repeat(-1)))
    missing = tuple([place for place, where in enumerate(places) if where < 0])
    return Alignment(lineup, names, places, missing)


def _total(
    panel: Panel, ground: Ground, vector: Column, metrics: Metrics | None, not_exported: Set[str]
) -> Judged | None:
    unnamed = [vector.numbers[place] for place in vector.lineup.places_of(None)]
    if unnamed:
        number = _worst(panel, unnamed)
        if ground.doubt:
            return Judged(number, Severity.UNKNOWN, ground.doubt)
        return _judged(panel, number, ground.rests_on)
    if vector:
        return None
    if ground.doubt:
        return Judged(None, Severity.UNKNOWN, ground.doubt)
    return absent(ground.answer, panel.query, metrics, not_exported)


def _severities(
    panel: Panel, ground: Ground, alignment: Alignment, vector: Column, total: Judged | None
) -> bytes:
    if ground.doubt:
        return bytes((Severity.UNKNOWN,)) * len(ground.names)
    if total is not None and alignment.empty:
        shared = Severity.OK if total.number is not None else total.severity
        return bytes((shared,)) * len(ground.names)
    by_series = panel.judge_all(vector.numbers) + bytes((Severity.OK,))
    severities = bytearray(len(ground.names))
    if not all_ok(by_series):
        severities[:] = bytes(map(by_series.__getitem__, alignment.places))
    for place in alignment.missing:
        if ground.names[place] in ground.held:
            severities[place] = Severity.UNKNOWN
    return bytes(severities)


def _worst_of_each(panel: Panel, vector: Column) -> Column:
    """Of several series for the same symbol the worst one only."""
    worst: dict[Series, float] = {}
    for symbol in vector.lineup.by_symbol:
        places = vector.lineup.places_of(symbol)
        worst[vector.lineup.series[places[0]]] = _worst(panel, [vector.numbers[place] for place in places])
    return column_of(worst)


def _worst(panel: Panel, numbers: Sequence[float]) -> float:
    return functools.reduce(lambda a, b: b if _is_worse(panel, b, a) else a, numbers)


def _is_worse(panel: Panel, one: float, other: float) -> bool:
    """What is no number is worse than any."""
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one)
    return (badness(panel, one) or 0.0) < (badness(panel, other) or 0.0)


def _judged(panel: Panel, number: float, rests_on: str) -> Judged:
    severity = panel.judge(number)
    if severity is Severity.OK:
        return Judged(number, severity, rests_on)
    return Judged(number, severity, "not a number" if math.isnan(number) else breach(panel, number))
