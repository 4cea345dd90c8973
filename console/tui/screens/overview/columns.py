"""The overview's columns: a symbol, its state in a word and why, and what is known of it by importance.

Values that aren't the present are grey with a `?`, each by its own source: those of a stale database are
position and PnL only.
Filters and sorting ask thousands of rows at once: what they need is told in bulk, without a row being made.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from console.domain.alert_rows import AlertRow
from console.domain.amounts import about, price, quantity, span
from console.domain.assessment import Assessment
from console.domain.figures import badness, figure_of, money, number
from console.domain.positions import distance_severity
from console.domain.severity import Severity
from console.domain.status import NOT_EXPORTED, StageSummary, SymbolStatus
from console.domain.symbols import SymbolRows
from console.domain.thresholds import Panel
from console.domain.trails import Moment
from console.domain.trend import Outlook
from console.tui.screens.overview.alerts import alerts_column, sign_of
from console.tui.screens.overview.state import Rank, state_column, why_column
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.widgets.spark import sampled, spark, values_of
from console.tui.widgets.table.columns import Cell, Column, Order
from console.tui.words import decimals_left

STATE = "state"
TREND_CELLS, TREND_SECONDS = 8, 600.0
"""Cells of the trend, and how far it looks back."""

_Column = Column[SymbolStatus]
_Numbers = Callable[[Sequence[SymbolStatus]], Sequence[float]]


@dataclass(slots=True)
class Present:
    """What cells need beside their row: taken anew at each paint.

    `stale` says for how long the metrics have been stale, if they are.
    """

    glyphs: Glyphs
    at: float = 0.0
    stale: str = ""
    symbols: SymbolRows | None = None
    alerts: Mapping[str, tuple[AlertRow, ...]] = field(default_factory=dict)
    moments: tuple[Moment | None, ...] = ()

    def take(self, assessment: Assessment, stale: str) -> None:
        self.at, self.stale, self.symbols = assessment.at, stale, assessment.symbols
        self.alerts = assessment.by_symbol
        self.moments = sampled(assessment.margins, TREND_CELLS, TREND_SECONDS)

    def outlook(self, row: SymbolStatus) -> Outlook | None:
        """Where the row's margin ratio is going; None where that isn't known, as with old values."""
        return None if self.symbols is None or self.stale else self.symbols.outlook(row.symbol)


def symbol_columns(
    panels: tuple[Panel, ...], present: Present, rank: Rank, *, narrow: bool = False
) -> list[_Column]:
    """All of them, the most important first: what a screen has no room for is left out at the right.

    Where it is not `narrow`, there is room to have the position beside the state, and the trend beside the
    ratio. `rank` is worst first. What makes a row bad is named at its beginning: columns that came forward by
    themselves would be looked for in vain.
    """
    judged = {panel.key: _panel_column(panel, present) for panel in panels}
    first = [
        _symbol(present, narrow=narrow),
        state_column(STATE, panels, present.glyphs, lambda: present.stale, rank),
        why_column(panels, lambda: present.stale, lambda: present.alerts),
    ]
    margin = [judged.pop("margin_ratio")] if "margin_ratio" in judged else []
    funding = [judged.pop("funding_rate")] if "funding_rate" in judged else []
    position, trend, to_next = _position(present), _trend(present), _to_next(present)
    pnl, distance = _pnl(present), _distance(present)
    if narrow:
        shown = [*first, *margin, to_next, *funding, pnl, trend, distance, position]
    else:
        shown = [*first, position, *margin, trend, to_next, distance, *funding, pnl]
    rest = [_mark(present), _funding_in(present), *judged.values(), _slippage(present), _stage(present)]
    rest.append(alerts_column(present.glyphs, lambda: present.alerts))
    return [*shown, *rest]


def _symbol(present: Present, *, narrow: bool) -> _Column:
    """The name, with the sign of its worst alert.

    `narrow`, the title leaves its room to what stands beside it, the worse rows off the page.
    """

    def cell(row: SymbolStatus) -> Cell:
        sign, tone = sign_of(present.alerts.get(row.symbol, ()), present.glyphs)
        return Cell(row.symbol, Tone.STRONG, sign, mark_tone=tone)

    title, width = ("SYM", 12) if narrow else ("SYMBOL", 10)
    return Column(
        "symbol",
        title,
        width,
        cell,
        lambda row: row.symbol,
        "left",
        marked=True,
        grow=16,
        texts=_names,
        orders=_names,
    )


def _names(rows: Sequence[SymbolStatus]) -> Sequence[str]:
    return rows.names if isinstance(rows, SymbolRows) else [row.symbol for row in rows]


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
    """How long at the present slope until the margin ratio passes its next threshold: `18m crit`."""

    def cell(row: SymbolStatus) -> Cell:
        outlook = present.outlook(row)
        if outlook is None or outlook.seconds is None or outlook.next_severity is None:
            return Cell("")
        word = outlook.next_severity.word[:4]
        return Cell(f"{about(outlook.seconds)} {word}", tone_of(outlook.next_severity))

    def minutes(row: SymbolStatus) -> float | None:
        return _minutes(present.outlook(row))

    def numbers(rows: Sequence[SymbolStatus]) -> Sequence[float]:
        if not isinstance(rows, SymbolRows) or rows is not present.symbols:
            return _or_nan(map(minutes, rows))
        if present.stale:
            return [math.nan] * len(rows)
        return [seconds / 60 for seconds in rows.seconds_to_next]

    return Column("to_next", "TO NEXT", 9, cell, minutes, number=minutes, numbers=numbers, orders=numbers)


def _minutes(outlook: Outlook | None) -> float | None:
    return None if outlook is None or outlook.seconds is None else outlook.seconds / 60


def _or_nan(numbers: Iterable[float | None]) -> Sequence[float]:
    return [math.nan if number is None else number for number in numbers]


def _figures(key: str, shown: Callable[[SymbolStatus], float | None], scale: int = 1) -> _Numbers:
    """What `shown` says of one row, of all at once: the field `key`, times `scale`."""

    def numbers(rows: Sequence[SymbolStatus]) -> Sequence[float]:
        if not isinstance(rows, SymbolRows):
            return _or_nan(map(shown, rows))
        values = rows.numbers(key)
        return values if scale == 1 else [value * scale for value in values]

    return numbers


V = TypeVar("V", Decimal, float)


def _figure_cell(
    value: V | None, write: Callable[[V, int], str], cells: int, glyphs: Glyphs, doubt: str
) -> Cell:
    """What `write` makes of a value in at most `cells`, of which the `?` of an old one takes the last."""
    if value is None:
        return Cell("")
    sign = glyphs.unknown if doubt else ""
    text = write(value, cells - len(sign))
    return Cell((text if len(text + sign) <= cells else f"{value:.0e}") + sign, stale=bool(doubt))


def _pnl(present: Present) -> _Column:
    def write(value: Decimal, cells: int) -> str:
        text = money(value, "", signed=True)
        return text if len(text) <= cells else number(float(value), 0, cells)

    def cell(row: SymbolStatus) -> Cell:
        return _figure_cell(row.unrealized_pnl, write, 9, present.glyphs, row.doubts.database)

    def shown(row: SymbolStatus) -> float | None:
        return None if row.unrealized_pnl is None else float(row.unrealized_pnl)

    numbers = _figures("unrealized_pnl", shown)
    return Column("upnl", "UPNL", 9, cell, shown, number=shown, numbers=numbers, orders=numbers)


def _trend(present: Present) -> _Column:
    def cell(row: SymbolStatus) -> Cell:
        drawn = spark(values_of(row.symbol, present.moments), TREND_CELLS, present.glyphs)
        return Cell(
            drawn, tone_of(row.severity) if row.severity else Tone.DIM, stale=bool(row.doubts.metrics)
        )

    def change(row: SymbolStatus) -> float | None:
        values = [v for v in values_of(row.symbol, present.moments) if not math.isnan(v)]
        return values[-1] / values[0] - 1 if values and values[0] else None

    def figures(row: SymbolStatus) -> str:
        """The values that are drawn, the newest last."""
        values = [v for v in values_of(row.symbol, present.moments) if not math.isnan(v)]
        return " ".join(f"{value:.3f}" for value in values) or present.glyphs.none

    return Column("trend", "10 MIN", TREND_CELLS, cell, change, "left", searched=False, copied=figures)


def _distance(present: Present) -> _Column:
    """What is left of the mark price to the nearest liquidation price, with a sign where nothing is left."""
    glyphs = present.glyphs

    def cell(row: SymbolStatus) -> Cell:
        if row.side is None:
            return Cell("")
        share, stale = row.liquidation_distance, bool(row.doubts.database or row.doubts.metrics)
        severity = Severity.UNKNOWN if stale else distance_severity(None if share is None else Decimal(share))
        mark = "" if severity is Severity.OK else glyphs.of(severity)
        text = glyphs.none if share is None else number(share * 100, decimals_left(share), 6) + "%"
        return Cell(text, Tone.PLAIN if severity is Severity.OK else tone_of(severity), mark, stale=stale)

    def shown(row: SymbolStatus) -> float | None:
        return None if row.liquidation_distance is None else row.liquidation_distance * 100

    numbers = _figures("liquidation_distance", shown, 100)
    return Column(
        "liq_distance",
        "TO LIQ",
        7,
        cell,
        shown,
        marked=True,
        number=shown,
        numbers=numbers,
        orders=numbers,
    )


def _position(present: Present) -> _Column:
    """Side and quantity, each in a place of its own."""

    def cell(row: SymbolStatus) -> Cell:
        if row.side is None:
            return Cell("")
        coins = _figure_cell(row.quantity, quantity, 8, present.glyphs, row.doubts.database).text
        return Cell(f"{row.side:<5} {coins or present.glyphs.unknown:>8}", stale=bool(row.doubts.database))

    def shown(row: SymbolStatus) -> float | None:
        return None if row.quantity is None else float(row.quantity)

    numbers = _figures("quantity", shown)
    return Column("position", "POSITION", 14, cell, shown, number=shown, numbers=numbers, orders=numbers)


def _mark(present: Present) -> _Column:
    def write(value: float, cells: int) -> str:
        text = price(value)
        return text if len(text) <= cells else number(value, 0, cells)

    def cell(row: SymbolStatus) -> Cell:
        return _figure_cell(row.mark_price, write, 11, present.glyphs, row.doubts.metrics)

    def shown(row: SymbolStatus) -> float | None:
        return row.mark_price

    numbers = _figures("mark_price", shown)
    return Column("mark", "MARK", 11, cell, shown, number=shown, numbers=numbers, orders=numbers)


def _funding_in(present: Present) -> _Column:
    def cell(row: SymbolStatus) -> Cell:
        if row.next_funding is None:
            return Cell("")
        if row.doubts.exchange:
            return Cell(present.glyphs.unknown, stale=True)
        left = row.next_funding - present.at
        return Cell(span(left) if left > 0 else "now", Tone.DIM)

    def shown(row: SymbolStatus) -> float | None:
        return row.next_funding

    orders = _figures("next_funding", shown)
    return Column("funding_in", "FUND IN", 7, cell, shown, searched=False, orders=orders)


def _slippage(present: Present) -> _Column:
    def write(value: float, cells: int) -> str:
        return number(value, 1, cells)

    def cell(row: SymbolStatus) -> Cell:
        return _figure_cell(row.slippage, write, 8, present.glyphs, row.doubts.metrics)

    def shown(row: SymbolStatus) -> float | None:
        return row.slippage

    numbers = _figures("slippage", shown)
    return Column("slippage", "SLIP BPS", 8, cell, shown, number=shown, numbers=numbers, orders=numbers)


def _stage(present: Present) -> _Column:
    """How far the furthest feature has got, and how many of them have got there."""

    def words(stage: StageSummary | None) -> str:
        return "" if stage is None else f"{stage.stage} {stage.reached}/{stage.features}"

    def cell(row: SymbolStatus) -> Cell:
        old = bool(row.doubts.metrics)
        sign = present.glyphs.unknown if old and row.stage is not None else ""
        return Cell(words(row.stage) + sign, stale=old)

    told: Sequence[str] = ()
    told_of: tuple[object, object] | None = None

    def texts(rows: Sequence[SymbolStatus]) -> Sequence[str]:
        nonlocal told, told_of
        if not isinstance(rows, SymbolRows):
            return [words(row.stage) for row in rows]
        of = (rows.facts.stages, rows.names)
        if told_of is None or told_of[0] is not of[0] or told_of[1] is not of[1]:
            told, told_of = [words(stage) for stage in _stages(rows)], of
        return told

    def order(row: SymbolStatus) -> Order:
        return None if row.stage is None else (row.stage.stage, row.stage.reached)

    return Column("stage", "STAGE", 17, cell, order, "left", texts=texts)


def _stages(rows: SymbolRows) -> Iterator[StageSummary | None]:
    """Each row's stage. Thousands of symbols have the same few: each of these is worked out once."""
    loaded: dict[str | None, list[float]] = {}
    column = rows.facts.stages
    for symbol, stage in zip(column.lineup.symbols, column.numbers, strict=True):
        loaded.setdefault(symbol, []).append(stage)
    known: dict[tuple[float, ...], StageSummary | None] = {}
    for name in rows.names:
        stages = tuple(loaded.get(name, ()))
        if stages not in known:
            known[stages] = rows.facts.stage(name)
        yield known[stages]
