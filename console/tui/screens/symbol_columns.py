"""The overview's columns: a symbol, its state in a word, and one column for each panel of the dashboard."""

import math
from collections.abc import Callable

from console.domain.figures import badness, figure_of
from console.domain.severity import Severity
from console.domain.status import NOT_EXPORTED, Judged, SymbolStatus
from console.domain.thresholds import Panel
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.widgets.columns import Cell, Column, Order

STATE = "state"


def symbol_columns(
    panels: tuple[Panel, ...],
    glyphs: Glyphs,
    stale: Callable[[], str],
    rank: Callable[[SymbolStatus], Order],
) -> list[Column[SymbolStatus]]:
    """`stale` says for how long the values have been stale, if they are; `rank` is worst first."""
    return [
        Column("symbol", "SYMBOL", 14, _symbol, lambda row: (row.symbol,), "left", grow=16),
        Column(STATE, "STATE", 13, lambda row: _state(row, glyphs, stale()), rank, "left"),
        *(_panel_column(panel, glyphs) for panel in panels),
    ]


def _symbol(row: SymbolStatus) -> Cell:
    return Cell(row.symbol, Tone.STRONG)


def _state(row: SymbolStatus, glyphs: Glyphs, stale: str) -> Cell:
    glyph = glyphs.of(row.severity)
    if row.severity is Severity.UNKNOWN:
        return Cell(f"{glyph} stale {stale}" if stale else f"{glyph} unknown", Tone.UNKNOWN)
    if row.severity is Severity.OK and all(_empty(value) for value in row.values.values()):
        return Cell(f"{glyphs.none} flat", Tone.DIM)
    tone = Tone.ALARM if row.severity is Severity.CRITICAL else tone_of(row.severity)
    return Cell(f"{glyph} {row.severity.word}", tone)


def _empty(value: Judged) -> bool:
    return value.number is None and value.severity is Severity.OK


def _panel_column(panel: Panel, glyphs: Glyphs) -> Column[SymbolStatus]:
    figure = figure_of(panel)

    def order(row: SymbolStatus) -> Order:
        place = badness(panel, row.values[panel.key].number)
        return None if place is None else (place,)

    def cell(row: SymbolStatus) -> Cell:
        value = row.values[panel.key]
        mark = "" if value.severity is Severity.OK else glyphs.of(value.severity)
        if value.number is not None and not math.isnan(value.number):
            return Cell(figure.write(value.number), tone_of(value.severity), mark)
        if value.severity is Severity.OK:
            return Cell(glyphs.none, Tone.DIM)
        word = (
            "not exp." if value.reason == NOT_EXPORTED else "NaN" if value.number is not None else glyphs.none
        )
        return Cell(word, Tone.UNKNOWN, mark)

    return Column(panel.key, figure.title.upper(), figure.width, cell, order, marked=True)
