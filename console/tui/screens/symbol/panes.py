"""The tables of a symbol's detail: its positions, orders, trades, and what was closed or liquidated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from console.domain.amounts import span
from console.domain.assessment import Assessment
from console.domain.severity import Severity
from console.domain.surfaces import Activity, Books, ClosedPosition, Position
from console.tui.screens.positions.activities import of_one_symbol, order_columns, trade_columns
from console.tui.screens.positions.cells import (
    Present,
    as_coins,
    as_gain,
    as_money,
    as_price,
    moment,
    number,
    words,
)
from console.tui.theme import Glyphs
from console.tui.widgets.table.columns import Column
from console.tui.widgets.table.table import Table

T = TypeVar("T")


@dataclass(slots=True)
class Pane(Generic[T]):
    """A table and where its rows come from; `rows` is None where the database doesn't say."""

    name: str
    table: Table[T]
    present: Present
    pick: Callable[[Books, str], Sequence[T] | None]
    rows: Sequence[T] | None = None
    _seen: tuple[Books | None, bool] = field(default=(None, False))

    def show(self, assessment: Assessment, symbol: str) -> None:
        """Take on what the database says of `symbol`; grey, once that is no longer the present."""
        books, stale = assessment.books, bool(assessment.books_doubt)
        if self._seen[0] is books and self._seen[1] is stale:
            return
        self._seen = books, stale
        self.present.take(assessment)
        self.rows = None if books is None else self.pick(books, symbol)
        self.table.set_rows(self.rows or ())

    @property
    def title(self) -> str:
        """The pane's name with the number of its rows."""
        return f"{self.name} {'?' if self.rows is None else len(self.rows) or 'none'}"


AnyPane = Pane[Position] | Pane[Activity] | Pane[ClosedPosition]


def symbol_panes(glyphs: Glyphs) -> tuple[AnyPane, ...]:
    """The panes in the order in which tab goes through them; the newest rows are first."""
    present = Present(glyphs)
    orders, trades = of_one_symbol(order_columns(present)), of_one_symbol(trade_columns(present))
    return (
        _pane("positions", present, _position_columns(present), _held, key=lambda row: str(row.id)),
        _pane("orders", present, orders, _orders, key=lambda row: row.id),
        _pane("trades", present, trades, _trades, key=lambda row: row.id),
        _pane(
            "closed",
            present,
            _closed_columns(present),
            _closed,
            key=lambda row: str(row.id),
            severity=_liquidated,
        ),
    )


class _Rows(Table[T]):
    """A table whose rows are shown in full already: there is nothing to open."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "open" and super().check_action(action, parameters)


def _calm(_row: object) -> Severity:
    return Severity.OK


def _pane(
    name: str,
    present: Present,
    columns: list[Column[T]],
    pick: Callable[[Books, str], Sequence[T] | None],
    *,
    key: Callable[[T], str],
    severity: Callable[[T], Severity] = _calm,
) -> Pane[T]:
    table: Table[T] = _Rows(f"symbol-{name}", key, severity, present.glyphs)
    table.set_columns(columns, columns[0].key)
    return Pane(name, table, present, pick)


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


def _position_columns(present: Present) -> list[Column[Position]]:
    return [
        moment(present, "opened", lambda row: row.open_time),
        words(present, "side", 5, lambda row: row.side),
        number(present, "quantity", 12, lambda row: row.quantity, as_coins),
        number(present, "entry", 13, lambda row: row.entry_price, as_price),
        number(present, "uPnL", 10, lambda row: row.unrealized_pnl, as_gain),
        number(present, "liq", 13, lambda row: row.liquidation_price, as_price),
        number(present, "stop", 13, lambda row: row.stop_loss_price, as_price),
        number(present, "take", 13, lambda row: row.take_profit_price, as_price),
        words(present, "lev", 4, _leverage, align_right=True),
        number(present, "margin", 10, lambda row: row.margin, as_money),
        words(present, "account", 9, lambda row: present.account(row.account_id), grow=10),
        words(present, "source", 12, lambda row: row.source, grow=20),
    ]


def _leverage(row: Position) -> str | None:
    return None if row.leverage is None else f"{row.leverage}x"


def _closed_columns(present: Present) -> list[Column[ClosedPosition]]:
    return [
        moment(present, "closed", lambda row: row.close_time),
        words(present, "side", 5, lambda row: row.side),
        number(present, "quantity", 12, lambda row: row.quantity, as_coins),
        number(present, "entry", 13, lambda row: row.entry_price, as_price),
        number(present, "realised", 11, lambda row: row.realized_pnl, as_gain),
        words(present, "held", 7, _held_for, align_right=True),
        words(present, "notes", 12, lambda row: row.notes, grow=40),
    ]


def _held_for(row: ClosedPosition) -> str | None:
    known = row.open_time is not None and row.close_time is not None
    return span(row.close_time - row.open_time) if known and row.close_time and row.open_time else None
