"""The parts of screen 2 that are tables, and what each of them shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from console.domain.positions import Holding, Holdings, Total, totals
from console.domain.severity import Severity
from console.domain.surfaces import Activity, Books
from console.tui.screens.positions.activities import failure_columns, order_columns, trade_columns
from console.tui.screens.positions.cells import Present
from console.tui.screens.positions.columns import position_columns, total_columns
from console.tui.theme import Glyphs
from console.tui.widgets.table.columns import Column
from console.tui.widgets.table.table import Table

T = TypeVar("T")

POSITIONS, TOTALS = "positions", "totals"


@dataclass(frozen=True, slots=True)
class Matter:
    """What there is to show: the positions, and the rest of the books as they were last read."""

    holdings: Holdings = field(default_factory=Holdings)
    books: Books | None = None


class Pane(Generic[T]):
    """A table and where its rows come from; `rows` is None where the database doesn't say."""

    def __init__(
        self,
        name: str,
        table: Table[T],
        pick: Callable[[Matter], Sequence[T] | None],
        key: Callable[[T], str],
        symbol: Callable[[T], str],
    ) -> None:
        self.name = name
        self.table = table
        self._pick = pick
        self._key = key
        self._symbol = symbol
        self._matter: Matter | None = None
        self.rows: Sequence[T] | None = None

    def show(self, matter: Matter) -> None:
        """Pick the rows from `matter`, unless it is still the same, and have their cells written anew."""
        if matter is not self._matter:
            self._matter = matter
            self.rows = self._pick(matter)
        self.table.set_rows(self.rows or ())

    def symbol_at(self, key: str) -> str:
        """The symbol of the row with this key; empty where it has none, as an account's total."""
        return next((self._symbol(row) for row in self.rows or () if self._key(row) == key), "")


class AnyPane(Protocol):
    """A pane, whatever its rows are."""

    name: str

    @property
    def table(self) -> Table[Holding] | Table[Total] | Table[Activity]: ...

    @property
    def rows(self) -> Sequence[object] | None: ...

    def show(self, matter: Matter) -> None: ...

    def symbol_at(self, key: str) -> str: ...


def panes(present: Present) -> tuple[AnyPane, ...]:
    """The panes in the order in which tab goes through them."""

    def severity(row: Holding) -> Severity:
        return Severity.UNKNOWN if present.stale else row.severity

    glyphs = present.glyphs
    held: Table[Holding] = Table("positions", lambda row: row.key, severity, glyphs)
    held.set_columns(position_columns(present), "to liq")
    sums: Table[Total] = Table(TOTALS, lambda row: row.key, _calm, glyphs)
    sums.set_columns(total_columns(present), "positions")
    return (
        Pane(POSITIONS, held, _holdings, lambda row: row.key, lambda row: row.symbol),
        Pane(TOTALS, sums, _totals, lambda row: row.key, _symbol_of_total),
        _activities("orders", order_columns(present), _orders, glyphs),
        _activities("trades", trade_columns(present), _trades, glyphs),
        _activities("failures", failure_columns(present), _failures, glyphs),
    )


def _activities(
    name: str,
    columns: Sequence[Column[Activity]],
    pick: Callable[[Matter], Sequence[Activity] | None],
    glyphs: Glyphs,
) -> Pane[Activity]:
    table: Table[Activity] = Table(name, lambda row: row.id, _calm, glyphs)
    table.set_columns(columns, "at")
    return Pane(name, table, pick, lambda row: row.id, lambda row: row.symbol)


def _calm(_row: object) -> Severity:
    return Severity.OK


def _holdings(matter: Matter) -> Sequence[Holding] | None:
    listed = matter.books is not None and matter.books.positions is not None
    return matter.holdings.rows if listed or matter.holdings.rows else None


def _totals(matter: Matter) -> Sequence[Total] | None:
    """By account, then by symbol; the keys say which: `account 2`, `symbol BTC/USD`."""
    positions = None if matter.books is None else matter.books.positions
    if positions is None:
        return None
    by_account = totals(positions, lambda position: f"account {position.account_id}", net=False)
    return (*by_account, *totals(positions, lambda position: f"symbol {position.symbol}", net=True))


def _symbol_of_total(row: Total) -> str:
    return row.key.removeprefix("symbol ") if row.quantity is not None else ""


def _orders(matter: Matter) -> Sequence[Activity] | None:
    return None if matter.books is None else matter.books.orders


def _trades(matter: Matter) -> Sequence[Activity] | None:
    return None if matter.books is None else matter.books.trades


def _failures(matter: Matter) -> Sequence[Activity] | None:
    return None if matter.books is None else matter.books.failures
