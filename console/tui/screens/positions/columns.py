"""The columns of screen 2's own rows: what stands in a cell of an open position or of a total."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from console.domain.agreement import Agreement
from console.domain.amounts import quantity, span
from console.domain.positions import Holding, Total, distance_severity, notional
from console.domain.severity import Severity
from console.domain.surfaces import ExchangePosition, Position
from console.tui.screens.positions.cells import (
    Present,
    as_coins,
    as_gain,
    as_money,
    as_percent,
    as_price,
    number,
    shortest,
    words,
)
from console.tui.theme import Tone, tone_of
from console.tui.widgets.table.columns import Cell, Column, Order
from console.tui.words import decimals_left


def worst_first(rows: Sequence[Holding]) -> Sequence[Order]:
    """By severity, and within that by what is left to liquidation, unknown distances before the rest."""
    return [-10.0 * row.severity + _nearness(row.distance) for row in rows]


def _nearness(distance: Decimal | None) -> float:
    return -5.0 if distance is None else max(-4.0, min(4.0, float(distance)))


def position_columns(present: Present) -> list[Column[Holding]]:
    """The most important first: what a screen has no room for is left out at the right."""
    return [
        words(present, "symbol", 12, lambda row: row.symbol, grow=16, tone=Tone.STRONG),
        _distance(present),
        words(present, "side", 5, lambda row: row.side),
        number(present, "quantity", 10, _held(lambda position: position.quantity), as_coins),
        number(present, "uPnL", 10, _held(lambda position: position.unrealized_pnl), as_gain),
        _at_exchange(present),
        number(present, "entry", 13, _held(lambda position: position.entry_price), as_price),
        number(present, "mark", 13, _held(lambda position: position.mark_price), as_price),
        number(present, "liq", 13, _held(lambda position: position.liquidation_price), as_price),
        number(present, "uPnL%", 8, _held(lambda position: position.unrealized_pnl_pct), as_percent),
        number(present, "margin", 11, _held(lambda position: position.margin), as_money),
        words(present, "lev", 4, _leverage, align_right=True),
        _held_for(present),
        number(present, "stop", 13, _held(lambda position: position.stop_loss_price), as_price),
        number(present, "take", 13, _held(lambda position: position.take_profit_price), as_price),
        words(present, "kind", 4, _kind),
        words(present, "source", 10, lambda row: row.position and row.position.source, grow=8),
        words(present, "account", 9, lambda row: present.account(row.account_id), grow=6),
        words(present, "status", 8, lambda row: row.position and row.position.status, optional=True),
        number(present, "notional", 12, _held(notional), as_money, optional=True),
        number(present, "x quantity", 12, _there(lambda there: there.quantity), as_coins, optional=True),
        number(present, "x entry", 13, _there(lambda there: there.entry_price), as_price, optional=True),
        number(present, "x liq", 13, _there(lambda there: there.liquidation_price), as_price, optional=True),
        number(present, "x uPnL", 11, _there(lambda there: there.unrealized_pnl), as_gain, optional=True),
    ]


def _held(pick: Callable[[Position], Decimal | None]) -> Callable[[Holding], Decimal | None]:
    return lambda row: None if row.position is None else pick(row.position)


def _there(pick: Callable[[ExchangePosition], Decimal | None]) -> Callable[[Holding], Decimal | None]:
    return lambda row: None if row.there is None else pick(row.there)


def _leverage(row: Holding) -> str | None:
    known = row.position is not None and row.position.leverage is not None
    return f"{row.position.leverage}x" if known and row.position is not None else None


def _kind(row: Holding) -> str | None:
    if row.position is not None and row.position.coin_margin is None:
        return None
    return "coin" if row.contract[0] == "coinm" else "usd"


def _distance(present: Present) -> Column[Holding]:
    """The way to liquidation, with a sign where nothing is left; sorted by it, the worst row is first."""

    def cell(row: Holding) -> Cell:
        severity = Severity.UNKNOWN if present.stale else distance_severity(row.distance)
        mark = "" if severity is Severity.OK else present.glyphs.of(severity)
        if row.distance is None:
            return Cell(present.glyphs.none, Tone.UNKNOWN, mark, stale=present.stale)
        exact = f"{row.distance:.{decimals_left(row.distance)}%}"
        text = shortest((exact, f"{row.distance:.0%}", f"{row.distance * 100:.0e}%"), 6)
        return present.cell(text, Tone.PLAIN if severity is Severity.OK else tone_of(severity), mark)

    def number(row: Holding) -> float | None:
        return None if row.distance is None else float(row.distance * 100)

    return Column(
        "to liq",
        "TO LIQ",
        6,
        cell,
        lambda row: worst_first((row,))[0],
        marked=True,
        number=number,
        orders=worst_first,
    )


def _at_exchange(present: Present) -> Column[Holding]:
    def cell(row: Holding) -> Cell:
        comparison, glyph = row.comparison, present.glyphs.of(row.comparison.agreement.severity)
        words = comparison.agreement.value
        if comparison.agreement is Agreement.DIFFERS and comparison.difference is not None:
            words = f"off {'+' if comparison.difference > 0 else ''}{quantity(comparison.difference, 7)}"
        tone = tone_of(comparison.agreement.severity)
        return Cell(f"{glyph} {words}", tone, stale=present.stale)

    return Column(
        "exchange",
        "AT EXCHANGE",
        14,
        cell,
        lambda row: -row.comparison.agreement.severity,
        "left",
        grow=8,
    )


def _held_for(present: Present) -> Column[Holding]:
    """How long it has been open, in local time as engines write it; the longest first."""

    def opened(row: Holding) -> float | None:
        return None if row.position is None else row.position.open_time

    def cell(row: Holding) -> Cell:
        at = opened(row)
        return present.cell(None if at is None else span(present.at - at))

    return Column("held", "HELD", 8, cell, opened)


def total_columns(present: Present) -> list[Column[Total]]:
    """Accounts before symbols, and these by what is at stake."""

    def name(row: Total) -> str:
        kind, _, key = row.key.partition(" ")
        return key if kind == "symbol" else present.account(int(key)) or key

    def place(row: Total) -> Order:
        return (row.quantity is not None, -float(row.notional))

    name_column = words(present, "total of", 14, name, grow=16, tone=Tone.STRONG)
    return [
        name_column,
        Column(
            "positions",
            "POSITIONS",
            11,
            lambda row: present.cell(f"{row.positions:,}"),
            place,
            number=lambda row: row.positions,
        ),
        number(present, "net", 13, lambda row: row.quantity, as_coins),
        number(present, "notional", 14, lambda row: row.notional, as_money),
        number(present, "margin", 12, lambda row: row.margin, as_money),
        number(present, "uPnL", 12, lambda row: row.unrealized_pnl, as_gain),
        words(present, "lacking", 10, lambda row: f"{row.unknown} unknown" if row.unknown else None),
    ]
