"""The columns of screen 2: what stands in a cell of an open position, a total, an order or a trade.

Prices and amounts stand in line by their decimal points. What is not the present is grey: the database's
side by its own age; what the exchange says is unknown as soon as the exchange is.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeVar

from console.domain.amounts import price, quantity, span
from console.domain.figures import money
from console.domain.positions import Agreement, Holding, Total, distance_severity, notional
from console.domain.severity import Severity
from console.domain.surfaces import Activity, ExchangePosition, Position
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.widgets.table.columns import Cell, Column, Order

T = TypeVar("T")
Write = Callable[[Decimal, int], str]
"""Writes a number in at most so many cells."""

_PRICE_PLACES, _COIN_PLACES = 6, 5


@dataclass(slots=True)
class Present:
    """What cells need beside their row; taken anew at each paint.

    `at` is in seconds since 1970, `stale` says that the database's word isn't the present, and `accounts` are
    the accounts' names by their numbers.
    """

    glyphs: Glyphs
    at: float = 0.0
    stale: bool = False
    accounts: Mapping[int, str] = field(default_factory=dict)

    def account(self, number: int | None) -> str | None:
        return None if number is None else self.accounts.get(number) or f"account {number}"

    def cell(self, text: str | None, tone: Tone = Tone.PLAIN, mark: str = "") -> Cell:
        if text is None:
            return Cell(self.glyphs.none, Tone.DIM)
        return Cell(text, tone, mark, stale=self.stale)


def as_price(value: Decimal, cells: int) -> str:
    return _in_line(value, price(value), _PRICE_PLACES, cells)


def as_coins(value: Decimal, cells: int) -> str:
    return _in_line(value, quantity(value, cells), _COIN_PLACES, cells)


def as_money(value: Decimal, cells: int) -> str:
    """An amount to the cent; to the unit, and then to four digits, where that is too long."""
    return _shortest((money(value, ""), f"{value:,.0f}", f"{value:.4g}"), cells)


def as_gain(value: Decimal, cells: int) -> str:
    """The same with its sign."""
    return _shortest((money(value, "", signed=True), f"{value:+,.0f}", f"{value:+.4g}"), cells)


def as_percent(value: Decimal, cells: int) -> str:
    return _shortest((f"{value:+.1f}%", f"{value:+.2g}%"), cells)


def _shortest(forms: Sequence[str], cells: int) -> str:
    """The first of them that fits, else the last."""
    return next((form for form in forms if len(form) <= cells), forms[-1])


def _in_line(value: Decimal, written: str, places: int, cells: int) -> str:
    """`written` with as many blanks as bring its decimal point in line with those of `places` decimals."""
    if len(written) > cells:
        return f"{value:.4g}"
    _, point, decimals = written.partition(".")
    blanks = places + 1 - len(point + decimals)
    return written + " " * max(0, min(blanks, cells - len(written)))


def worst_first(rows: Sequence[Holding]) -> Sequence[Order]:
    """By severity, and within that by what is left to liquidation, unknown distances before the rest."""
    return [-10.0 * row.severity + _nearness(row.distance) for row in rows]


def _nearness(distance: Decimal | None) -> float:
    return -5.0 if distance is None else max(-4.0, min(4.0, float(distance)))


def position_columns(present: Present) -> list[Column[Holding]]:
    """The most important first: what a screen has no room for is left out at the right."""
    return [
        _words(present, "symbol", 12, lambda row: row.symbol, grow=16, tone=Tone.STRONG),
        _distance(present),
        _words(present, "side", 5, lambda row: row.side),
        _number(present, "quantity", 10, _held(lambda position: position.quantity), as_coins),
        _number(present, "uPnL", 10, _held(lambda position: position.unrealized_pnl), as_gain),
        _at_exchange(present),
        _number(present, "entry", 13, _held(lambda position: position.entry_price), as_price),
        _number(present, "mark", 13, _held(lambda position: position.mark_price), as_price),
        _number(present, "liq", 13, _held(lambda position: position.liquidation_price), as_price),
        _number(present, "uPnL%", 8, _held(lambda position: position.unrealized_pnl_pct), as_percent),
        _number(present, "margin", 11, _held(lambda position: position.margin), as_money),
        _words(present, "lev", 4, _leverage, align_right=True),
        _held_for(present),
        _number(present, "stop", 13, _held(lambda position: position.stop_loss_price), as_price),
        _number(present, "take", 13, _held(lambda position: position.take_profit_price), as_price),
        _words(present, "kind", 4, _kind),
        _words(present, "source", 10, lambda row: row.position and row.position.source, grow=8),
        _words(present, "account", 9, lambda row: present.account(row.account_id), grow=6),
        _words(present, "status", 8, lambda row: row.position and row.position.status, optional=True),
        _number(present, "notional", 12, _held(notional), as_money, optional=True),
        _number(present, "x quantity", 12, _there(lambda there: there.quantity), as_coins, optional=True),
        _number(present, "x entry", 13, _there(lambda there: there.entry_price), as_price, optional=True),
        _number(present, "x liq", 13, _there(lambda there: there.liquidation_price), as_price, optional=True),
        _number(present, "x uPnL", 11, _there(lambda there: there.unrealized_pnl), as_gain, optional=True),
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


def _words(
    present: Present,
    key: str,
    width: int,
    pick: Callable[[T], str | None],
    *,
    grow: int = 0,
    tone: Tone = Tone.PLAIN,
    align_right: bool = False,
    optional: bool = False,
) -> Column[T]:
    return Column(
        key,
        key.upper(),
        width,
        lambda row: present.cell(pick(row), tone),
        pick,
        "right" if align_right else "left",
        grow=grow,
        optional=optional,
    )


def _number(
    present: Present,
    key: str,
    width: int,
    pick: Callable[[T], Decimal | None],
    write: Write,
    *,
    optional: bool = False,
) -> Column[T]:
    """A column of numbers, the greatest first."""

    def number(row: T) -> float | None:
        value = pick(row)
        return None if value is None else float(value)

    def cell(row: T) -> Cell:
        value = pick(row)
        return present.cell(None if value is None else write(value, width))

    def order(row: T) -> Order:
        value = pick(row)
        return None if value is None else -float(value)

    title = key.replace("x ", "exch. ").upper().replace("UPNL", "uPnL")
    return Column(key, title, max(width, len(title)), cell, order, number=number, optional=optional)


def _distance(present: Present) -> Column[Holding]:
    """The way to liquidation, with the sign of how bad it is; sorted by it the whole row's is worst first."""

    def cell(row: Holding) -> Cell:
        severity = distance_severity(row.distance)
        mark = "" if severity is Severity.OK else present.glyphs.of(severity)
        if row.distance is None:
            return Cell(present.glyphs.none, Tone.UNKNOWN, mark, stale=present.stale)
        text = _shortest((f"{row.distance:.1%}", f"{row.distance * 100:.2g}%"), 7)
        return present.cell(text, Tone.PLAIN if severity is Severity.OK else tone_of(severity), mark)

    def number(row: Holding) -> float | None:
        return None if row.distance is None else float(row.distance * 100)

    return Column(
        "to liq",
        "TO LIQ",
        7,
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
            words = f"differs {quantity(comparison.difference, 9)}"
            words = words if comparison.difference < 0 else words.replace(" ", " +")
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

    return Column("held", "HELD", 7, cell, opened)


def total_columns(present: Present) -> list[Column[Total]]:
    """Accounts before symbols, and these by what is at stake."""

    def name(row: Total) -> str:
        kind, _, key = row.key.partition(" ")
        return key if kind == "symbol" else present.account(int(key)) or key

    def place(row: Total) -> Order:
        return (row.quantity is not None, -float(row.notional))

    name_column = _words(present, "total of", 14, name, grow=16, tone=Tone.STRONG)
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
        _number(present, "net", 13, lambda row: row.quantity, as_coins),
        _number(present, "notional", 14, lambda row: row.notional, as_money),
        _number(present, "margin", 12, lambda row: row.margin, as_money),
        _number(present, "uPnL", 12, lambda row: row.unrealized_pnl, as_gain),
        _words(present, "lacking", 10, lambda row: f"{row.unknown} unknown" if row.unknown else None),
    ]


def order_columns(present: Present) -> list[Column[Activity]]:
    return [
        *_activity_columns(present),
        _words(present, "status", 9, lambda row: row.status),
        _number(present, "quantity", 12, lambda row: row.quantity, as_coins),
        _number(present, "price", 13, lambda row: row.price, as_price),
        _words(present, "type", 6, lambda row: row.order_type),
        _number(present, "limit", 13, lambda row: row.limit_price, as_price),
        _number(present, "realised", 11, lambda row: row.realized_pnl, as_gain),
        _number(present, "fee", 9, lambda row: row.fee, as_money),
        _words(present, "account", 9, lambda row: present.account(row.account_id), grow=6),
        _words(present, "notes", 14, lambda row: row.notes, grow=40),
        _words(present, "id", 16, lambda row: row.id, grow=12),
    ]


def failure_columns(present: Present) -> list[Column[Activity]]:
    """An order's columns, but why it failed stands where the price would."""
    columns = {column.key: column for column in order_columns(present)}
    columns["notes"] = replace(columns["notes"], width=30)
    first = ("at", "symbol", "side", "status", "notes", "quantity", "type", "limit", "account", "id")
    return [columns[key] for key in first]


def trade_columns(present: Present) -> list[Column[Activity]]:
    return [
        *_activity_columns(present),
        _number(present, "quantity", 12, lambda row: row.quantity, as_coins),
        _number(present, "price", 13, lambda row: row.price, as_price),
        _number(present, "realised", 11, lambda row: row.realized_pnl, as_gain),
        _number(present, "fee", 9, lambda row: row.fee, as_money),
        _words(present, "account", 9, lambda row: present.account(row.account_id), grow=6),
        _words(present, "id", 16, lambda row: row.id, grow=12),
    ]


def _activity_columns(present: Present) -> list[Column[Activity]]:
    """When, of what and which way; the newest first."""

    def cell(row: Activity) -> Cell:
        return present.cell(None if row.at is None else _moment(row.at))

    def newest(row: Activity) -> Order:
        return None if row.at is None or math.isnan(row.at) else -row.at

    return [
        Column("at", "AT", 14, cell, newest, "left"),
        _words(present, "symbol", 12, lambda row: row.symbol, grow=16, tone=Tone.STRONG),
        _words(present, "side", 11, lambda row: row.side),
    ]


def _moment(at: float) -> str:
    """Day and time on the clock of this host, as engines write it."""
    return time.strftime("%m-%d %H:%M:%S", time.localtime(at))
