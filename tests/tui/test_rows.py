"""The rows of a table against a model: whatever happens to them, the cursor stays on its symbol."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from console.domain.severity import Severity
from console.tui.widgets.table.columns import Cell, Column
from console.tui.widgets.table.filter import parse
from console.tui.widgets.table.rows import Rows
from tests.examples import examples


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    number: float
    severity: Severity


COLUMNS: list[Column[Item]] = [
    Column("name", "NAME", 8, lambda i: Cell(i.name), lambda i: i.name),
    Column("number", "NUMBER", 8, lambda i: Cell(""), lambda i: i.number, number=lambda i: i.number),
    Column("worst", "WORST", 8, lambda i: Cell(""), lambda i: (-i.severity, i.number)),
]  # fmt: skip

NAMES = [f"S{n:02}" for n in range(12)]
NUMBERS = st.sampled_from([0.0, 1.0, 2.0, 3.0, math.nan])
VALUES = st.tuples(NUMBERS, st.sampled_from(Severity))
ITEMS = st.lists(st.one_of(VALUES, VALUES, VALUES, st.none()), min_size=len(NAMES), max_size=len(NAMES))


class InOrder:
    """What rows must be, told plainly: sorted, filtered, with one of them under the cursor.

    `pinned` is the row that the cursor stays on; None while it stays at the top.
    """

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.column, self.reverse = COLUMNS[0], False
        self.below: float | None = None
        self.marks: set[str] = set()
        self.marked_only = False
        self.pinned: str | None = None
        self.shown: list[str] = []

    def sorted(self) -> list[str]:
        """All names in the order of the column, those without a number last."""

        def has(name: str) -> bool:
            return self.column.key != "number" or not math.isnan(self.items[name].number)

        names = sorted(self.items)
        first = [name for name in names if has(name)]
        first.sort(key=lambda name: self.column.order(self.items[name]), reverse=self.reverse)  # type: ignore[arg-type,return-value]
        return first + [name for name in names if not has(name)]

    def asked_for(self, name: str) -> bool:
        below = self.below is None or self.items[name].number < self.below
        return below and (not self.marked_only or name in self.marks)

    def update(self) -> None:
        """The rows after new data or another order: the pinned one stays if it is still there."""
        kept = self.pinned if self.pinned in self.shown else None
        place = self.shown.index(kept) if kept is not None else 0
        self.shown = [name for name in self.sorted() if self.asked_for(name) or name == kept]
        self._pin(place)

    def narrow(self) -> None:
        """The rows after another question: the pinned one gives way to the nearest that is asked for."""
        order = self.sorted()
        if self.pinned in order and not self.asked_for(str(self.pinned)):
            place = order.index(str(self.pinned))
            candidates = [*order[place:], *reversed(order[:place])]
            self.pinned = next((name for name in candidates if self.asked_for(name)), self.pinned)
        self.shown = [name for name in order if self.asked_for(name)]
        self._pin(0)

    def _pin(self, place: int) -> None:
        """Where the pinned row itself is gone, pin what stands in its place."""
        if self.pinned is not None and self.pinned not in self.shown and self.shown:
            self.pinned = self.shown[min(place, len(self.shown) - 1)]

    @property
    def cursor(self) -> str | None:
        if not self.shown:
            return None
        return self.shown[0] if self.pinned is None else self.pinned


class RowsAgainstModel(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.rows: Rows[Item] = Rows(lambda item: item.name, lambda item: item.severity)
        self.model = InOrder()

    @rule(items=ITEMS)
    def new_data(self, items: list[tuple[float, Severity] | None]) -> None:
        """Every row has other values, and some are gone."""
        values = zip(NAMES, items, strict=True)
        self.model.items = {name: Item(name, *value) for name, value in values if value is not None}
        place = self.rows.cursor
        self.rows.take(list(self.model.items.values()))
        self._sort()
        if self.model.pinned is not None and self.model.pinned not in self.model.items and self.model.shown:
            assert self.rows.cursor == min(place, len(self.rows) - 1)

    @rule(column=st.sampled_from(COLUMNS), reverse=st.booleans())
    def another_order(self, column: Column[Item], reverse: bool) -> None:
        self.model.column, self.model.reverse = column, reverse
        self._sort()

    def _sort(self) -> None:
        self.rows.sort(self.model.column, self.model.reverse)
        self.model.update()

    @rule(below=st.sampled_from([None, 1.0, 2.0, 0.0]), marked_only=st.booleans())
    def another_question(self, below: float | None, marked_only: bool) -> None:
        self.model.below, self.model.marked_only = below, marked_only
        wanted = None if below is None else parse(f"number<{below}", COLUMNS)
        self.rows.narrow(wanted, marked_only)
        self.model.narrow()

    @precondition(lambda self: self.model.shown)
    @rule(place=st.integers(-2, 14))
    def move(self, place: int) -> None:
        self.rows.move(place)
        model = self.model
        model.pinned = model.shown[max(0, min(place, len(model.shown) - 1))]
        model.shown = [name for name in model.sorted() if model.asked_for(name) or name == model.pinned]

    @rule()
    def mark(self) -> None:
        cursor = self.model.cursor
        self.rows.mark()
        if cursor is not None:
            self.model.marks ^= {cursor}
            self.model.marked_only = self.model.marked_only and bool(self.model.marks)
            self.model.update()

    @invariant()
    def the_cursor_is_where_the_model_says(self) -> None:
        assert self.rows.keys == tuple(self.model.shown)
        assert self.rows.cursor_key == self.model.cursor

    @invariant()
    def every_worse_row_that_hides_is_counted(self) -> None:
        items, shown = self.model.items, self.model.shown
        worst = max((items[name].severity for name in shown), default=Severity.OK)
        hidden = [item.severity for item in items.values() if item.severity > worst]
        assert self.rows.worse_hidden() == (len(hidden), max(hidden, default=Severity.OK))

    @invariant()
    def worse_rows_off_the_page_are_counted(self) -> None:
        severities = [self.model.items[name].severity for name in self.model.shown]
        worse = self.rows.worse(2, 3)
        mildest = min(severities[2:5], default=Severity.CRITICAL)
        above = sum(severity > mildest for severity in severities[:2])
        below = sum(severity > mildest for severity in severities[5:])
        assert (above, below) == ((0, 0) if worse is None else (worse.above, worse.below))


TestRowsAgainstModel = RowsAgainstModel.TestCase
TestRowsAgainstModel.settings = settings(max_examples=examples(25, 60), stateful_step_count=25, deadline=None)


class Table(Sequence[Item]):
    """Rows that know their names and severities, and count how many were looked at."""

    def __init__(self, items: list[Item]) -> None:
        self._items = items
        self.names = tuple(item.name for item in items)
        self.severities = [item.severity for item in items]
        self.made = 0

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, place):  # type: ignore[no-untyped-def]
        self.made += 1
        return self._items[place]


def test_rows_in_bulk_are_made_only_to_be_looked_at() -> None:
    table = Table([Item(name, 1.0, Severity.OK) for name in NAMES])
    rows: Rows[Item] = Rows(lambda item: item.name, lambda item: item.severity)
    column: Column[Item] = Column(
        "name", "NAME", 8, lambda i: Cell(i.name), lambda i: i.name, orders=lambda _rows: table.names
    )
    rows.take(table)
    rows.sort(column, reverse=True)
    rows.move(3)
    assert table.made == 0
    assert rows[0].name == NAMES[-1]
    assert table.made == 1
