"""The overview's columns: a symbol, its state in a word, and what is known of it by importance.

Values that aren't the present are grey, each by its own source: a stale database greys position and PnL only.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.domain.amounts import about, price, quantity, span
from console.domain.assessment import Assessment
from console.domain.figures import badness, figure_of, money, number
from console.domain.severity import Severity
from console.domain.status import NOT_EXPORTED, Judged, SymbolStatus
from console.domain.symbols import SymbolRows
from console.domain.thresholds import Panel
from console.domain.trails import Moment
from console.domain.trend import Outlook
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.widgets.spark import sampled, spark, values_of
from console.tui.widgets.table.columns import Cell, Column, Order
from console.tui.words import COLOURS

STATE = "state"
TREND_CELLS, TREND_SECONDS = 8, 600.0
"""Cells of the trend, and how far it looks back."""

_SHORT = COLOURS | {Severity.CRITICAL: "crit"}

Rank = Callable[[Sequence[SymbolStatus]], Sequence[Order]]
_Column = Column[SymbolStatus]


@dataclass(slots=True)
class Present:
    """What cells need beside their row: taken anew at each paint.

    `stale` says for how long the metrics have been stale, if they are.
    """

    glyphs: Glyphs
    at: float = 0.0
    stale: str = ""
    symbols: SymbolRows | None = None
    moments: tuple[Moment | None, ...] = ()

    def take(self, assessment: Assessment, stale: str) -> None:
        self.at, self.stale, self.symbols = assessment.at, stale, assessment.symbols
        self.moments = sampled(assessment.margins, TREND_CELLS, TREND_SECONDS)

    def outlook(self, row: SymbolStatus) -> Outlook | None:
        """Where the row's margin ratio is going; None where that isn't known, as with old values."""
        return None if self.symbols is None or self.stale else self.symbols.outlook(row.symbol)


def symbol_columns(
    panels: tuple[Panel, ...], present: Present, rank: Rank, *, narrow: bool = False
) -> list[_Column]:
    """All of them, the most important first: what a screen has no room for is left out at the right.

    Where it is not `narrow`, there is room to have the position beside the symbol, and the trend beside the
    ratio. `rank` is worst first.
    """
    judged = {panel.key: _panel_column(panel, present) for panel in panels}
    first = [_symbol(), _state(present, rank)]
    margin = [judged.pop("margin_ratio")] if "margin_ratio" in judged else []
    funding = [judged.pop("funding_rate")] if "funding_rate" in judged else []
    position, trend, to_next = _position(present), _trend(present), _to_next(present)
    pnl, distance = _pnl(present), _distance(present)
    if narrow:
        shown = [*first, *margin, to_next, *funding, pnl, trend, distance, position]
    else:
        shown = [*first, position, *margin, trend, to_next, distance, *funding, pnl]
    rest = [_mark(present), _funding_in(present), *judged.values(), _slippage(present), _stage(present)]
    return [*shown, *rest]


def _symbol() -> _Column:
    def cell(row: SymbolStatus) -> Cell:
        return Cell(row.symbol, Tone.STRONG)

    return Column(
        "symbol", "SYMBOL", 12, cell, lambda row: row.symbol, "left", grow=16, texts=_names, orders=_names
    )


def _names(rows: Sequence[SymbolStatus]) -> Sequence[str]:
    return rows.names if isinstance(rows, SymbolRows) else [row.symbol for row in rows]


def _state(present: Present, rank: Rank) -> _Column:
    glyphs = present.glyphs

    def cell(row: SymbolStatus) -> Cell:
        glyph = glyphs.of(row.severity)
        if row.severity is Severity.UNKNOWN:
            return Cell(
                f"{glyph} stale {present.stale}" if present.stale else f"{glyph} unknown", Tone.UNKNOWN
            )
        if row.severity is Severity.OK and all(_empty(value) for value in row.values.values()):
            return Cell(f"{glyphs.none} flat", Tone.DIM)
        tone = Tone.ALARM if row.severity is Severity.CRITICAL else tone_of(row.severity)
        return Cell(f"{glyph} {row.severity.word}", tone)

    return Column(STATE, "STATE", 13, cell, lambda row: -row.severity, "left", orders=rank)


def _empty(value: Judged) -> bool:
    return value.number is None and value.severity is Severity.OK


def _panel_column(panel: Panel, present: Present) -> _Column:
    figure, glyphs = figure_of(panel), present.glyphs

    def cell(row: SymbolStatus) -> Cell:
        value = row.values[panel.key]
        mark = "" if value.severity is Severity.OK else glyphs.of(value.severity)
        if value.number is not None and not math.isnan(value.number):
            return Cell(figure.write(value.number), tone_of(value.severity), mark)
        if value.severity is Severity.OK:
            return Cell(glyphs.none, Tone.DIM)
        missing = "not exp." if value.reason == NOT_EXPORTED else glyphs.none
        return Cell("NaN" if value.number is not None else missing, Tone.UNKNOWN, mark)

    def shown(row: SymbolStatus) -> float | None:
        value = row.values[panel.key].number
        return None if value is None else value * figure.scale

    def numbers(rows: Sequence[SymbolStatus]) -> Sequence[float]:
        if not isinstance(rows, SymbolRows):
            return [math.nan if value is None else value for value in map(shown, rows)]
        values = rows.numbers(panel.key)
        return values if figure.scale == 1 else [value * figure.scale for value in values]

    def orders(rows: Sequence[SymbolStatus]) -> Sequence[Order]:
        if not isinstance(rows, SymbolRows):
            return [badness(panel, row.values[panel.key].number) for row in rows]
        return [badness(panel, value) for value in rows.numbers(panel.key)]

    return Column(
        panel.key,
        figure.title.upper(),
        figure.width,
        cell,
        lambda row: badness(panel, row.values[panel.key].number),
        marked=True,
        number=shown,
        numbers=numbers,
        orders=orders,
    )


def _to_next(present: Present) -> _Column:
    """How long at the present slope until the margin ratio passes its next threshold, and which."""

    def cell(row: SymbolStatus) -> Cell:
        outlook = present.outlook(row)
        if outlook is None or outlook.seconds is None or outlook.next_severity is None:
            return Cell("")
        colour = _SHORT.get(outlook.next_severity, "")
        return Cell(f"{about(outlook.seconds)} {colour}", tone_of(outlook.next_severity))

    def soonest(row: SymbolStatus) -> Order:
        outlook = present.outlook(row)
        return None if outlook is None else outlook.seconds

    return Column("to_next", "TO NEXT", 10, cell, soonest, number=lambda row: _minutes(present.outlook(row)))


def _minutes(outlook: Outlook | None) -> float | None:
    return None if outlook is None or outlook.seconds is None else outlook.seconds / 60


def _pnl(present: Present) -> _Column:
    def cell(row: SymbolStatus) -> Cell:
        text = money(row.unrealized_pnl, "", signed=True)
        short = text if len(text) <= 9 else number(float(row.unrealized_pnl or 0), 0, 9)
        return Cell(short, stale=bool(row.doubts.database))

    def shown(row: SymbolStatus) -> float | None:
        return None if row.unrealized_pnl is None else float(row.unrealized_pnl)

    return Column("upnl", "UPNL", 9, cell, shown, number=shown)


def _trend(present: Present) -> _Column:
    def cell(row: SymbolStatus) -> Cell:
        drawn = spark(values_of(row.symbol, present.moments), TREND_CELLS, present.glyphs)
        return Cell(
            drawn, tone_of(row.severity) if row.severity else Tone.DIM, stale=bool(row.doubts.metrics)
        )

    def change(row: SymbolStatus) -> float | None:
        values = [v for v in values_of(row.symbol, present.moments) if not math.isnan(v)]
        return values[-1] / values[0] - 1 if values and values[0] else None

    return Column("trend", "10 MIN", TREND_CELLS, cell, change, "left")


def _distance(present: Present) -> _Column:
    """What is left of the mark price to the nearest liquidation price."""

    def cell(row: SymbolStatus) -> Cell:
        share = row.liquidation_distance
        stale = bool(row.doubts.database or row.doubts.metrics)
        return Cell("" if share is None else number(share * 100, 1, 6) + "%", stale=stale)

    def shown(row: SymbolStatus) -> float | None:
        return None if row.liquidation_distance is None else row.liquidation_distance * 100

    return Column("liq_distance", "TO LIQ", 7, cell, shown, number=shown)


def _position(present: Present) -> _Column:
    """Side and quantity, each in a place of its own."""

    def cell(row: SymbolStatus) -> Cell:
        if row.side is None:
            return Cell("")
        coins = "?" if row.quantity is None else quantity(row.quantity, 8)
        return Cell(f"{row.side:<5} {coins:>8}", stale=bool(row.doubts.database))

    def shown(row: SymbolStatus) -> float | None:
        return None if row.quantity is None else float(row.quantity)

    return Column("position", "POSITION", 14, cell, shown, number=shown)


def _mark(present: Present) -> _Column:
    def cell(row: SymbolStatus) -> Cell:
        text = "" if row.mark_price is None else price(row.mark_price)
        return Cell(text, stale=bool(row.doubts.metrics))

    return Column("mark", "MARK", 11, cell, lambda row: row.mark_price, number=lambda row: row.mark_price)


def _funding_in(present: Present) -> _Column:
    def cell(row: SymbolStatus) -> Cell:
        left = None if row.next_funding is None else row.next_funding - present.at
        stale = bool(row.doubts.exchange)
        return Cell("" if left is None else span(left) if left > 0 else "now", Tone.DIM, stale=stale)

    return Column("funding_in", "FUND IN", 7, cell, lambda row: row.next_funding)


def _slippage(present: Present) -> _Column:
    def cell(row: SymbolStatus) -> Cell:
        text = "" if row.slippage is None else number(row.slippage, 1, 8)
        return Cell(text, stale=bool(row.doubts.metrics))

    return Column("slippage", "SLIP BPS", 8, cell, lambda row: row.slippage, number=lambda row: row.slippage)


def _stage(present: Present) -> _Column:
    """How far the furthest feature has got, and how many of them have got there."""

    def cell(row: SymbolStatus) -> Cell:
        stage = row.stage
        text = "" if stage is None else f"{stage.stage} {stage.reached}/{stage.features}"
        return Cell(text, stale=bool(row.doubts.metrics))

    def order(row: SymbolStatus) -> Order:
        return None if row.stage is None else (row.stage.stage, row.stage.reached)

    return Column("stage", "STAGE", 16, cell, order, "left")
