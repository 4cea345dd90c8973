"""All symbols at one instant, one row for each: judged as columns, made into rows when somebody looks."""

import itertools
import math
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import overload

from console.domain.alerts import panel_alerts
from console.domain.answers import answer_to
from console.domain.facts import Facts, facts_of
from console.domain.metrics import Answer, Column, Metrics, Vector, column_of
from console.domain.panel_column import Ground, PanelColumn, all_ok, panel_column
from console.domain.reading import SourceState
from console.domain.severity import Severity
from console.domain.slope import enough, slope
from console.domain.snapshot import Snapshot
from console.domain.status import Alert, Judged, SymbolStatus
from console.domain.thresholds import Panel
from console.domain.trails import Moment, Trails, instant_of
from console.domain.trend import RECENT, Outlook, outlook

OUTLOOK, FUNDING = "margin_ratio", "funding_rate"
"""The keys of the panels whose last minutes are kept; the first one's trend is told."""

Slope = tuple[bool, float | None]
"""Whether there were points enough to see a trend, and the slope if there is one."""

_SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The symbols that anybody knows, and which of them are held, with what these were taken from.

    `held` are those with an open position, as far as anyone says; with nobody to say, all of them.
    """

    names: tuple[str, ...]
    places: Mapping[str, int]
    held: Set[str | None]
    named_by: tuple[object, ...]
    held_by: tuple[object, ...]


class SymbolRows(Sequence[SymbolStatus]):
    """The rows, by name. A row is made when it is asked for, and kept for as long as these are."""

    def __init__(
        self,
        known: Known,
        columns: Mapping[str, PanelColumn],
        facts: Facts,
        margins: Trails,
        slopes: dict[str, Slope] | None = None,
    ) -> None:
        """`columns` are the panels', by key; `margins` the last minutes of the margin ratio.

        `slopes` are those that were found in the same minutes already.
        """
        self.known = known
        self.columns = columns
        self.facts = facts
        self._margins = margins
        self._slopes = {} if slopes is None else slopes
        self._bytes = _worst(columns.values(), len(known.names))
        self._rows: dict[int, SymbolStatus] = {}
        self._numbers: dict[str, Sequence[float]] = {}

    def __len__(self) -> int:
        return len(self.known.names)

    def __iter__(self) -> Iterator[SymbolStatus]:
        return map(self._row, range(len(self)))

    @overload
    def __getitem__(self, place: int) -> SymbolStatus: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[SymbolStatus, ...]: ...
    def __getitem__(self, place: int | slice) -> SymbolStatus | tuple[SymbolStatus, ...]:
        if isinstance(place, slice):
            return tuple(map(self._row, range(len(self))[place]))
        return self._row(range(len(self))[place])

    @property
    def names(self) -> tuple[str, ...]:
        """The symbols, sorted: the same object for as long as they are the same."""
        return self.known.names

    @cached_property
    def severities(self) -> Sequence[Severity]:
        """Each row's severity."""
        return [_SEVERITIES[severity] for severity in self._bytes]

    @property
    def totals(self) -> Mapping[str, Judged]:
        """By panel key the value of the engine as a whole, where there is one, or none by symbol."""
        return {key: column.total for key, column in self.columns.items() if column.total is not None}

    @cached_property
    def alerts(self) -> tuple[Alert, ...]:
        """What the panels say is wrong: of the engine as a whole, and of each symbol."""
        return tuple(alert for column in self.columns.values() for alert in panel_alerts(column))

    def place(self, name: str) -> int | None:
        """Where the symbol stands; None: nowhere."""
        return self.known.places.get(name)

    def numbers(self, key: str) -> Sequence[float]:
        """One figure of each row, NaN where there is none: a panel's by its key, else by the field's name.

        KeyError when there is no such figure.
        """
        if key in self.columns:
            return self.columns[key].numbers
        numbers = self._numbers.get(key)
        if numbers is None:
            numbers = self._numbers[key] = self.facts.numbers(key, self.names)
        return numbers

    def off(self, key: str) -> Sequence[int]:
        """The places of the rows whose value under this panel key is not OK."""
        return self.columns[key].off()

    def judged(self, key: str, place: int) -> Judged:
        """One panel's value in one row."""
        return self.columns[key].judged(place)

    def outlook(self, name: str) -> Outlook | None:
        """Where the symbol's margin ratio is going; None while that can't be told, or the value is old."""
        column, place = self.columns.get(OUTLOOK), self.place(name)
        if column is None or place is None or column.ground.doubt:
            return None
        value, (told, change) = column.numbers[place], self._slope(name)
        return outlook(column.panel, value, change) if told and not math.isnan(value) else None

    @cached_property
    def seconds_to_next(self) -> Sequence[float]:
        """How soon each row's margin ratio comes to its next severity, in seconds; NaN: none is foretold."""
        column = self.columns.get(OUTLOOK)
        if column is None or column.ground.doubt:
            return [math.nan] * len(self)
        self._find_slopes()
        left = [math.nan] * len(self)
        for place, name in enumerate(self.names):
            _, change = self._slope(name)
            if change:
                coming = outlook(column.panel, column.numbers[place], change)
                left[place] = math.nan if coming.seconds is None else coming.seconds
        return left

    def slopes_of(self, margins: Trails) -> dict[str, Slope] | None:
        """The slopes that were found so far, if they are those of `margins`, but for the newest moment."""
        return self._slopes if margins.fine is self._margins.fine else None

    def same_as(self, other: "SymbolRows") -> bool:
        """Whether the two are known to say the same, a few seconds of their trends apart."""
        return (
            self.names is other.names
            and self.known.held is other.known.held
            and self.facts is other.facts
            and self.columns.keys() == other.columns.keys()
            and all(column is other.columns[key] for key, column in self.columns.items())
            and self._margins.fine is other._margins.fine
        )

    def _slope(self, name: str) -> Slope:
        found = self._slopes.get(name)
        if found is None:
            moments = [moment for moment in self._recent if not math.isnan(moment.of(name))]
            instants = tuple(moment.at for moment in moments)
            values = [moment.of(name) for moment in moments]
            found = self._slopes[name] = enough(instants), slope(instants, values)
        return found

    def _find_slopes(self) -> None:
        """Find those of all names at once, where these stand in the same places at every moment."""
        recent, names, newest = self._recent, self._margins.names, self._margins.newest
        if newest is None or len(self._slopes) >= len(names):
            return
        if any(moment.places is not newest.places for moment in recent):
            return
        instants = tuple(moment.at for moment in recent)
        told = enough(instants)
        for name, values in zip(names, zip(*(moment.values for moment in recent), strict=True), strict=False):
            if name not in self._slopes:
                if math.isnan(sum(values)):
                    self._slope(name)
                else:
                    self._slopes[name] = told, slope(instants, values)

    @cached_property
    def _recent(self) -> tuple[Moment, ...]:
        return self._margins.steps(RECENT)

    def _row(self, place: int) -> SymbolStatus:
        row = self._rows.get(place)
        if row is None:
            values = {key: column.judged(place) for key, column in self.columns.items()}
            severity = _SEVERITIES[self._bytes[place]]
            row = self._rows[place] = self.facts.status(self.names[place], severity, values)
        return row


def judge_symbols(
    snapshot: Snapshot,
    panels: tuple[Panel, ...],
    not_exported: Set[str],
    before: SymbolRows | None,
    past: tuple[Trails, Trails],
    *,
    books_doubt: str,
) -> tuple[SymbolRows, Trails, Trails]:
    """One row per known symbol, and the last minutes of their margin ratios and funding rates.

    A symbol without a position is flat where a panel has no value for it; one with a position is unknown.
    What `before` says is taken from there as far as nothing has changed that it rests on; `past` are the
    minutes until then.
    """
    metrics = snapshot.metrics.value
    answers = {panel.key: answer_to(metrics, panel.query) for panel in panels}
    facts = facts_of(snapshot, books_doubt, None if before is None else before.facts)
    known = _known(facts, answers.values(), None if before is None else before.known)
    doubt = "" if snapshot.metrics.usable(snapshot.at) else snapshot.metrics.doubt(snapshot.at)
    columns = {}
    for panel in panels:
        ground = Ground(answers[panel.key], known.names, known.held, doubt, _rests_on(panel, metrics))
        standing = None if before is None else before.columns.get(panel.key)
        columns[panel.key] = panel_column(panel, ground, metrics, not_exported, standing)
    margins, fundings = (
        _extended(trails, columns.get(key), known, snapshot.metrics)
        for key, trails in zip((OUTLOOK, FUNDING), past, strict=True)
    )
    rows = SymbolRows(known, columns, facts, margins, None if before is None else before.slopes_of(margins))
    return before if before is not None and rows.same_as(before) else rows, margins, fundings


def _known(facts: Facts, answers: Iterable[Answer], before: Known | None) -> Known:
    booked = None if facts.held is None else facts.held.symbols
    vectors = [answer.vector for answer in answers]
    lineups = [vector.lineup if isinstance(vector, Column) else vector for vector in vectors]
    named_by = (facts.marks.lineup, facts.quantities.lineup, booked, *lineups)
    held_by = (facts.quantities, None if facts.doubts.database else booked)
    if before is not None and _are(named_by, before.named_by):
        if _are(held_by, before.held_by):
            return before
        names, places = before.names, before.places
    else:
        names, places = _names(facts, vectors, before)
    held = _held(*held_by, names)
    if before is not None and held == before.held:
        held = before.held
    return Known(names, places, held, named_by, held_by)


def _names(
    facts: Facts, vectors: Iterable[Vector], before: Known | None
) -> tuple[tuple[str, ...], Mapping[str, int]]:
    found: set[str | None] = {*facts.marks.lineup.by_symbol, *facts.quantities.lineup.by_symbol}
    found.update(() if facts.held is None else facts.held.symbols)
    for vector in vectors:
        symbols = column_of(vector).lineup.by_symbol.keys()
        if not symbols <= found:
            found |= symbols
    found.discard(None)
    if before is not None and found == before.places.keys():
        return before.names, before.places
    names = tuple(sorted(name for name in found if name is not None))
    return names, {name: place for place, name in enumerate(names)}


def _held(quantities: Column, booked: Set[str] | None, names: tuple[str, ...]) -> Set[str | None]:
    if booked is None and not quantities:
        return frozenset(names)
    not_zero = itertools.compress(quantities.lineup.symbols, quantities.numbers)
    return {*not_zero, *(() if booked is None else booked)}


def _are(one: Sequence[object], other: Sequence[object]) -> bool:
    return len(one) == len(other) and all(map(operator.is_, one, other))


def _rests_on(panel: Panel, metrics: Metrics | None) -> str:
    if metrics is None or metrics.covered >= panel.window:
        return ""
    return f"watched for {metrics.covered:.0f} s of {panel.window:.0f} s"


def _extended(
    trails: Trails, column: PanelColumn | None, known: Known, state: SourceState[Metrics]
) -> Trails:
    """The trails with what the newest good answer says, if that is new."""
    if column is None or state.good is None:
        return trails
    return trails.with_moment(instant_of(state.good), known.names, column.numbers, known.places)


def _worst(columns: Iterable[PanelColumn], rows: int) -> bytes:
    """The worst severity in each row; UNKNOWN without any column."""
    every = [column.severities for column in columns]
    if not every:
        return bytes((Severity.UNKNOWN,)) * rows
    off = [severities for severities in every if not all_ok(severities)]
    if len(off) < 2:
        return off[0] if off else every[0]
    return bytes(map(max, *off))
