"""The beginning of a symbol's row: how bad it is, in a word, and which of its values makes it so.

The column of that value may be one that the screen has no room for, so it is named here.
"""

import math
from collections.abc import Callable, Sequence

from console.domain.figures import figure_of
from console.domain.severity import Severity
from console.domain.status import Judged, SymbolStatus
from console.domain.symbols import SymbolRows
from console.domain.thresholds import Panel
from console.tui.screens.overview.alerts import BySymbol, counted, tone_of_alerts
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.widgets.table.columns import Cell, Column, Order

Panels = tuple[Panel, ...]
Rank = Callable[[Sequence[SymbolStatus]], Sequence[Order]]
Stale = Callable[[], str]
"""For how long the metrics have been stale, empty while they aren't."""


def state_column(key: str, panels: Panels, glyphs: Glyphs, stale: Stale, rank: Rank) -> Column[SymbolStatus]:
    """The severity with its glyph; `flat` where no panel has a number and nothing is wrong."""
    flat = f"{glyphs.none} flat"

    def words(severity: Severity) -> str:
        word = "stale" if severity is Severity.UNKNOWN and stale() else severity.word
        return f"{glyphs.of(severity)} {word}"

    def cell(row: SymbolStatus) -> Cell:
        if row.severity is Severity.OK and all(map(_is_empty, row.values.values())):
            return Cell(flat, Tone.DIM)
        tone = Tone.ALARM if row.severity is Severity.CRITICAL else tone_of(row.severity)
        return Cell(words(row.severity), tone)

    def texts(rows: Sequence[SymbolStatus]) -> Sequence[str]:
        if not isinstance(rows, SymbolRows):
            return [cell(row).text for row in rows]
        by_severity = {severity: words(severity) for severity in Severity}
        found = list(map(by_severity.__getitem__, rows.severities))
        for place in _without_a_number(panels, rows):
            if rows.severities[place] is Severity.OK:
                found[place] = flat
        return found

    return Column(key, "STATE", 10, cell, lambda row: -row.severity, "left", orders=rank, texts=texts)


def _is_empty(value: Judged) -> bool:
    return value.number is None and value.severity is Severity.OK


def _without_a_number(panels: Panels, rows: SymbolRows) -> Sequence[int]:
    """The places of the rows for which no panel has a number."""
    places: Sequence[int] = range(len(rows))
    for panel in panels:
        numbers = rows.numbers(panel.key)
        places = [place for place in places if math.isnan(numbers[place])]
    return places


def why_column(panels: Panels, stale: Stale, alerts: BySymbol) -> Column[SymbolStatus]:
    """The title of the panel that makes the row as bad as it is, and how many others do.

    Where its alerts are worse than that, how many of these there are.
    """

    def cell(row: SymbolStatus) -> Cell:
        if stale():
            return Cell(f"{stale()} old" if row.severity else "", Tone.UNKNOWN)
        raised = alerts().get(row.symbol, ())
        if raised and raised[0].severity > row.severity:
            return Cell(counted(raised), tone_of_alerts(raised))
        if row.severity is Severity.OK:
            return Cell("")
        reasons = [panel for panel in panels if row.values[panel.key].severity is row.severity]
        return Cell(_named(reasons), tone_of(row.severity))

    def texts(rows: Sequence[SymbolStatus]) -> Sequence[str]:
        if not isinstance(rows, SymbolRows):
            return [cell(row).text for row in rows]
        if stale():
            return [f"{stale()} old" if severity else "" for severity in rows.severities]
        found = _reasons(panels, rows)
        for symbol, raised in alerts().items():
            place = rows.place(symbol)
            if place is not None and raised[0].severity > rows.severities[place]:
                found[place] = counted(raised)
        return found

    def orders(rows: Sequence[SymbolStatus]) -> Sequence[Order]:
        return [text or None for text in texts(rows)]

    return Column(
        "why", "WHY", 11, cell, lambda row: cell(row).text or None, "left", texts=texts, orders=orders
    )


def _reasons(panels: Panels, rows: SymbolRows) -> list[str]:
    """Of each row which of its values are as bad as the whole of it."""
    reasons: dict[int, list[Panel]] = {}
    for panel in panels:
        severities = rows.columns[panel.key].severities
        for place in rows.off(panel.key):
            if severities[place] == rows.severities[place]:
                reasons.setdefault(place, []).append(panel)
    return [_named(reasons.get(place, ())) for place in range(len(rows))]


def _named(reasons: Sequence[Panel]) -> str:
    if not reasons:
        return ""
    title = figure_of(reasons[0]).title
    return f"{title} +{len(reasons) - 1}" if len(reasons) > 1 else title
