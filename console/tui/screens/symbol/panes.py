"""The tables of a symbol's detail: its positions, orders, trades, and what was closed or liquidated."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, TypeVar

from console.domain.amounts import price, quantity, span
from console.domain.assessment import Assessment
from console.domain.figures import money
from console.domain.severity import Severity
from console.domain.surfaces import Activity, Books, ClosedPosition, Position
from console.tui.text import Align
from console.tui.theme import Glyphs, Tone
from console.tui.widgets.table.columns import Cell, Column, Order
from console.tui.widgets.table.table import Table

T = TypeVar("T")


@dataclass(slots=True)
class Pane(Generic[T]):
    """A table and where its rows come from; `rows` is None where the database doesn't say."""

    name: str
    table: Table[T]
    columns: "_Columns[T]"
    pick: Callable[[Books, str], Sequence[T] | None]
    rows: Sequence[T] | None = None
    _seen: tuple[Books | None, bool] = field(default=(None, False))

    def show(self, assessment: Assessment, symbol: str) -> None:
        """Take on what the database says of `symbol`; grey, once that is no longer the present."""
        books, fresh = assessment.books, assessment.snapshot.database.usable(assessment.at)
        if self._seen[0] is books and self._seen[1] is fresh:
            return
        self._seen = books, fresh
        self.columns.stale = not fresh
        self.rows = None if books is None else self.pick(books, symbol)
        self.table.set_rows(self.rows or ())

    @property
    def title(self) -> str:
        """The pane's name with the number of its rows."""
        return f"{self.name} {'?' if self.rows is None else len(self.rows) or 'none'}"


AnyPane = Pane[Position] | Pane[Activity] | Pane[ClosedPosition]


def symbol_panes(glyphs: Glyphs) -> tuple[AnyPane, ...]:
    """The panes in the order in which tab goes through them; the newest rows are first."""
    return (
        _pane("positions", glyphs, _position_columns, _held, key=lambda row: str(row.id), severity=_calm),
        _pane("orders", glyphs, _order_columns, _orders, key=lambda row: row.id, severity=_calm),
        _pane("trades", glyphs, _trade_columns, _trades, key=lambda row: row.id, severity=_calm),
        _pane("closed", glyphs, _closed_columns, _closed, key=lambda row: str(row.id), severity=_liquidated),
    )


class _Rows(Table[T]):
    """A table whose rows are shown in full already: there is nothing to open."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "open" and super().check_action(action, parameters)


class _Columns(Generic[T]):
    """Makes the columns of one table; all of their cells are grey together while they are `stale`."""

    def __init__(self, glyphs: Glyphs) -> None:
        self._none = glyphs.none
        self.stale = False

    def words(
        self, key: str, width: int, pick: Callable[[T], str | None], align: Align = "left", grow: int = 0
    ) -> Column[T]:
        return Column(key, key.upper(), width, lambda row: self._cell(pick(row)), pick, align, grow=grow)

    def at(self, key: str, pick: Callable[[T], float | None]) -> Column[T]:
        """An instant in local time, as the engines write it; the newest first."""

        def order(row: T) -> Order:
            at = pick(row)
            return None if at is None else -at

        return Column(key, key.upper(), 14, lambda row: self._cell(_moment(pick(row))), order, "left")

    def amount(
        self, key: str, width: int, pick: Callable[[T], Decimal | None], write: Callable[[Decimal], str]
    ) -> Column[T]:
        def number(row: T) -> float | None:
            value = pick(row)
            return None if value is None else float(value)

        def cell(row: T) -> Cell:
            value = pick(row)
            return self._cell(None if value is None else write(value))

        return Column(key, key.upper(), width, cell, number, number=number)

    def _cell(self, text: str | None) -> Cell:
        return Cell(self._none, Tone.DIM) if text is None else Cell(text, stale=self.stale)


def _pane(
    name: str,
    glyphs: Glyphs,
    columns: Callable[[_Columns[T]], list[Column[T]]],
    pick: Callable[[Books, str], Sequence[T] | None],
    *,
    key: Callable[[T], str],
    severity: Callable[[T], Severity],
) -> Pane[T]:
    maker: _Columns[T] = _Columns(glyphs)
    made = columns(maker)
    table: Table[T] = _Rows(f"symbol-{name}", key, severity, glyphs)
    table.set_columns(made, made[0].key)
    return Pane(name, table, maker, pick)


def _calm(row: object) -> Severity:
    return Severity.OK


def _liquidated(row: ClosedPosition) -> Severity:
    return Severity.HIGH if row.liquidated else Severity.OK


def _held(books: Books, symbol: str) -> Sequence[Position] | None:
    if books.positions is None:
        return None
    return tuple(position for position in books.positions if position.symbol == symbol)


def _orders(books: Books, symbol: str) -> Sequence[Activity] | None:
    return books.focus.orders if books.focus is not None and books.focus.symbol == symbol else None


def _trades(books: Books, symbol: str) -> Sequence[Activity] | None:
    return books.focus.trades if books.focus is not None and books.focus.symbol == symbol else None


def _closed(books: Books, symbol: str) -> Sequence[ClosedPosition] | None:
    return books.focus.closed if books.focus is not None and books.focus.symbol == symbol else None


def _moment(at: float | None) -> str | None:
    return None if at is None else time.strftime("%m-%d %H:%M:%S", time.localtime(at))


def _signed(value: Decimal) -> str:
    return money(value, "", signed=True)


def _coins(value: Decimal) -> str:
    return quantity(value, 12)


def _plain(value: Decimal) -> str:
    return money(value, "")


def _position_columns(of: _Columns[Position]) -> list[Column[Position]]:
    return [
        of.at("opened", lambda row: row.open_time),
        of.words("side", 5, lambda row: row.side),
        of.amount("quantity", 12, lambda row: row.quantity, _coins),
        of.amount("entry", 11, lambda row: row.entry_price, price),
        of.amount("uPnL", 10, lambda row: row.unrealized_pnl, _signed),
        of.amount("liq", 11, lambda row: row.liquidation_price, price),
        of.amount("stop", 11, lambda row: row.stop_loss_price, price),
        of.amount("take", 11, lambda row: row.take_profit_price, price),
        of.words("lev", 4, lambda row: None if row.leverage is None else f"{row.leverage}x", "right"),
        of.amount("margin", 10, lambda row: row.margin, _plain),
        of.words("account", 7, lambda row: str(row.account_id), "right"),
        of.words("source", 12, lambda row: row.source, grow=20),
    ]


def _order_columns(of: _Columns[Activity]) -> list[Column[Activity]]:
    return [
        of.at("at", lambda row: row.at),
        of.words("side", 11, lambda row: row.side),
        of.words("status", 9, lambda row: row.status),
        of.amount("quantity", 12, lambda row: row.quantity, _coins),
        of.amount("price", 11, lambda row: row.price, price),
        of.words("type", 6, lambda row: row.order_type),
        of.amount("limit", 11, lambda row: row.limit_price, price),
        of.amount("fee", 8, lambda row: row.fee, _plain),
        of.words("id", 16, lambda row: row.id),
        of.words("notes", 12, lambda row: row.notes, grow=40),
    ]


def _trade_columns(of: _Columns[Activity]) -> list[Column[Activity]]:
    return [
        of.at("at", lambda row: row.at),
        of.words("side", 11, lambda row: row.side),
        of.amount("quantity", 12, lambda row: row.quantity, _coins),
        of.amount("price", 11, lambda row: row.price, price),
        of.amount("PnL", 10, lambda row: row.realized_pnl, _signed),
        of.amount("fee", 8, lambda row: row.fee, _plain),
        of.words("id", 16, lambda row: row.id, grow=10),
    ]


def _closed_columns(of: _Columns[ClosedPosition]) -> list[Column[ClosedPosition]]:
    return [
        of.at("closed", lambda row: row.close_time),
        of.words("side", 5, lambda row: row.side),
        of.amount("quantity", 12, lambda row: row.quantity, _coins),
        of.amount("entry", 11, lambda row: row.entry_price, price),
        of.amount("PnL", 10, lambda row: row.realized_pnl, _signed),
        of.words("held", 7, _held_for, "right"),
        of.words("notes", 12, lambda row: row.notes, grow=40),
    ]


def _held_for(row: ClosedPosition) -> str | None:
    known = row.open_time is not None and row.close_time is not None
    return span(row.close_time - row.open_time) if known and row.close_time and row.open_time else None
