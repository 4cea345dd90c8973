"""From the panels' answers to one row per symbol."""

import math
from collections.abc import Set

from console.domain.metrics import Answer, Metrics
from console.domain.severity import Severity, worst
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
    now, state = snapshot.at, snapshot.metrics
    metrics, books = state.value, snapshot.database.value
    doubt = "" if state.usable(now) else state.doubt(now)
    numbers: dict[str, dict[str, float]] = {}
    totals: dict[str, Judged] = {}
    for panel in panels:
        answer = answer_to(metrics, panel.query)
        numbers[panel.key] = {s.symbol: value for s, value in answer.vector.items() if s.symbol is not None}
        if not numbers[panel.key]:
            totals[panel.key] = _total(panel, answer, metrics, not_exported, doubt)
    held = _symbols_held(metrics, snapshot.database.fresh(now))
    rows = []
    for symbol in sorted(_known_symbols(metrics, books).union(*numbers.values())):
        values = {
            panel.key: _value(
                panel, numbers[panel.key].get(symbol), totals.get(panel.key), symbol in held, doubt
            )
            for panel in panels
        }
        rows.append(SymbolStatus(symbol, worst(value.severity for value in values.values()), values))
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
    if any(name in query for name in not_exported):
        return Judged(None, Severity.OK, NOT_EXPORTED)
    if metrics is not None and any(name in query for name in metrics.samples):
        return Judged(None, Severity.UNKNOWN, "no value yet")
    return Judged(None, Severity.UNKNOWN, NOT_EXPORTED)


def _value(panel: Panel, number: float | None, total: Judged | None, held: bool, doubt: str) -> Judged:
    if doubt:
        return Judged(number, Severity.UNKNOWN, doubt)
    if number is not None:
        return _judged(panel, number)
    if total is not None:
        return total if total.number is None else _COUNTED_TOGETHER
    return _NOT_EXPORTED if held else _IS_FLAT


def _judged(panel: Panel, number: float) -> Judged:
    severity = panel.judge(number)
    if severity is Severity.OK:
        return Judged(number, severity)
    return Judged(number, severity, "not a number" if math.isnan(number) else panel.breach(number))


def _total(
    panel: Panel, answer: Answer, metrics: Metrics | None, not_exported: Set[str], doubt: str
) -> Judged:
    """The panel's value for the engine as a whole, where its series carry no symbol."""
    values = list(answer.vector.values())
    if doubt:
        return Judged(values[0] if len(values) == 1 else None, Severity.UNKNOWN, doubt)
    if len(values) == 1:
        return _judged(panel, values[0])
    if values:
        return Judged(None, Severity.UNKNOWN, f"{len(values)} series without a symbol")
    return absent(answer, panel.query, metrics, not_exported)


def _known_symbols(metrics: Metrics | None, books: Books | None) -> set[str]:
    names: set[str] = set()
    if metrics is not None:
        for name in ("futures_mark_price", "futures_position_quantity"):
            names.update(s.symbol for s in metrics.samples.get(name, {}) if s.symbol is not None)
    if books is not None and books.positions is not None:
        names.update(position.symbol for position in books.positions)
    return names


def _symbols_held(metrics: Metrics | None, books: Books | None) -> set[str]:
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
