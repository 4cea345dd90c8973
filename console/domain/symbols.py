"""From the panels' answers to one row per symbol."""

import functools
import math
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from console.domain.figures import badness, breach
from console.domain.metrics import Answer, Metrics
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.status import FLAT, NOT_EXPORTED, Judged, SymbolStatus
from console.domain.surfaces import Books
from console.domain.thresholds import Panel

_IS_FLAT = Judged(None, Severity.OK, FLAT)
_NOT_EXPORTED = Judged(None, Severity.UNKNOWN, NOT_EXPORTED)
_COUNTED_TOGETHER = Judged(None, Severity.OK, "counted for all symbols together")


def judge_panels(
    snapshot: Snapshot, panels: tuple[Panel, ...], not_exported: Set[str]
) -> tuple[tuple[SymbolStatus, ...], dict[str, Judged]]:
    """One row per known symbol, and per panel key the value of those that have none per symbol.

    A symbol without a position is flat where a panel has no value for it; one with a position is unknown.
    """
    metrics, books = snapshot.metrics.value, snapshot.database.value
    held = _symbols_held(metrics, snapshot.database.fresh(snapshot.at))
    columns = [(panel.key, _column(snapshot, panel, not_exported)) for panel in panels]
    rows = []
    for symbol in sorted(_known_symbols(metrics, books).union(*(column.numbers for _, column in columns))):
        values = {key: column.value(symbol, held) for key, column in columns}
        rows.append(
            SymbolStatus(
                symbol, max((value.severity for value in values.values()), default=Severity.UNKNOWN), values
            )
        )
    totals = {key: column.total for key, column in columns if column.total is not None}
    return tuple(rows), totals


def answer_to(metrics: Metrics | None, query: str) -> Answer:
    """The answer to `query`, or the reason why there is none."""
    if metrics is None:
        return Answer({}, "no answer yet")
    return metrics.answers.get(query, Answer({}, "not evaluated"))


def absent(answer: Answer, query: str, metrics: Metrics | None, not_exported: Set[str]) -> Judged:
    """Why `query` has no value at all."""
    if answer.error is not None:
        return Judged(None, Severity.UNKNOWN, answer.error)
    asked = _asked_metrics(query)
    if not asked.isdisjoint(not_exported):
        return Judged(None, Severity.OK, NOT_EXPORTED)
    if metrics is not None and not asked.isdisjoint(metrics.samples):
        return Judged(None, Severity.UNKNOWN, "no value yet")
    return _NOT_EXPORTED


def _asked_metrics(query: str) -> set[str]:
    """Every name in `query` that may be a metric's, and a histogram's own name beside its parts."""
    names = set(re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*", query))
    return names | {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}


@dataclass(frozen=True, slots=True)
class _Column:
    """One panel's values: by symbol, or `total` for the engine as a whole where there are none by symbol.

    `doubt` says why none of them is known now, and `rests_on` how little of its range the query has seen.
    """

    panel: Panel
    numbers: Mapping[str, float]
    total: Judged | None
    doubt: str
    rests_on: str
    _seen: dict[float, Judged] = field(default_factory=dict)

    def value(self, symbol: str, held: Set[str]) -> Judged:
        number = self.numbers.get(symbol)
        if self.doubt:
            return Judged(number, Severity.UNKNOWN, self.doubt)
        if number is not None:
            judged = self._seen.get(number)  # most counters are equal, and stay so
            if judged is None:
                judged = self._seen[number] = _judged(self.panel, number, self.rests_on)
            return judged
        if self.total is not None and not self.numbers:
            return self.total if self.total.number is None else _COUNTED_TOGETHER
        return _NOT_EXPORTED if symbol in held else _IS_FLAT


def _column(snapshot: Snapshot, panel: Panel, not_exported: Set[str]) -> _Column:
    state = snapshot.metrics
    answer = answer_to(state.value, panel.query)
    doubt = "" if state.usable(snapshot.at) else state.doubt(snapshot.at)
    rests_on = _rests_on(panel, state.value)
    numbers: dict[str, float] = {}
    unnamed: list[float] = []
    for series, value in answer.vector.items():
        if series.symbol is None:
            unnamed.append(value)
        elif series.symbol not in numbers or _is_worse(panel, value, numbers[series.symbol]):
            numbers[series.symbol] = value
    total: Judged | None = None
    if unnamed:
        number = functools.reduce(lambda a, b: b if _is_worse(panel, b, a) else a, unnamed)
        total = Judged(number, Severity.UNKNOWN, doubt) if doubt else _judged(panel, number, rests_on)
    elif not numbers and doubt:
        total = Judged(None, Severity.UNKNOWN, doubt)
    elif not numbers:
        total = absent(answer, panel.query, state.value, not_exported)
    return _Column(panel, numbers, total, doubt, rests_on)


def _is_worse(panel: Panel, one: float, other: float) -> bool:
    """Of several series for the same symbol the worst counts, and one that is no number before any."""
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one)
    return (badness(panel, one) or 0.0) < (badness(panel, other) or 0.0)


def _rests_on(panel: Panel, metrics: Metrics | None) -> str:
    if metrics is None or metrics.covered >= panel.window:
        return ""
    return f"watched for {metrics.covered:.0f} s of {panel.window:.0f} s"


def _judged(panel: Panel, number: float, rests_on: str) -> Judged:
    severity = panel.judge(number)
    if severity is Severity.OK:
        return Judged(number, severity, rests_on)
    return Judged(number, severity, "not a number" if math.isnan(number) else breach(panel, number))


def _known_symbols(metrics: Metrics | None, books: Books | None) -> set[str]:
    names: set[str] = set()
    if metrics is not None:
        for name in ("futures_mark_price", "futures_position_quantity"):
            names.update(s.symbol for s in metrics.samples.get(name, {}) if s.symbol is not None)
    if books is not None and books.positions is not None:
        names.update(position.symbol for position in books.positions)
    return names


def _symbols_held(metrics: Metrics | None, books: Books | None) -> Set[str]:
    """Symbols that have an open position, as far as anyone says; with nobody to say, all of them."""
    held: set[str] = set()
    told = False
    if metrics is not None and metrics.exports("futures_position_quantity"):
        told = True
        quantities = metrics.samples["futures_position_quantity"]
        held.update(s.symbol for s, quantity in quantities.items() if s.symbol is not None and quantity != 0)
    if books is not None and books.positions is not None:
        told = True
        held.update(position.symbol for position in books.positions)
    return held if told else _known_symbols(metrics, books)
