"""Where a table's columns stand on the screen, and which of them is chosen.

The first column is always there; the others scroll sideways under the chosen one.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from console.tui.widgets.table.columns import Column

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A column at its place: from cell `x` on, `width` cells wide with its mark."""

    column: Column[T]
    x: int
    width: int


class Across(Generic[T]):
    """The columns from left to right, as far as there is room. `columns` isn't empty once there are any."""

    def __init__(self) -> None:
        self.columns: tuple[Column[T], ...] = ()
        self.placed: tuple[Placed[T], ...] = ()
        self._chosen = 0
        self._left = 0
        self._cells = 0

    @property
    def chosen(self) -> Column[T]:
        return self.columns[self._chosen]

    @property
    def more_left(self) -> bool:
        """Whether columns are scrolled out to the left."""
        return self._left > 0

    @property
    def more_right(self) -> bool:
        """Whether there are columns to the right of those that have room."""
        return bool(self.placed) and self.placed[-1].column is not self.columns[-1]

    def take(self, columns: Sequence[Column[T]]) -> None:
        """Show these columns; the chosen one stays so by its key."""
        key = self.chosen.key if self.columns else ""
        self.columns = tuple(columns)
        places = {column.key: number for number, column in enumerate(columns)}
        self._chosen = places.get(key, 0)
        self._place()

    def fit(self, cells: int) -> None:
        """Lay out anew for this width."""
        self._cells, self._left = cells, 0
        self._place()

    def choose(self, place: int) -> None:
        """Choose the column at `place`, or the one nearest to it, and bring it into view."""
        self._chosen = max(0, min(place, len(self.columns) - 1))
        self._place()

    def scroll_home(self) -> None:
        """Choose the first column, and have those after it in view again."""
        self._left = 0
        self.choose(0)

    def step(self, columns: int) -> None:
        """Choose the column that stands so many to the right."""
        self.choose(self._chosen + columns)

    def at(self, x: int) -> int | None:
        """Which of the columns placed stands at the cell `x`."""
        return next((n for n, p in enumerate(self.placed) if p.x <= x < p.x + p.width), None)

    def place_of(self, number: int) -> int:
        """The place among all columns of the `number`-th of those placed."""
        return number + self._left if number else 0

    @property
    def chosen_number(self) -> int:
        """The chosen column's place among those placed."""
        return self._chosen - self._left if self._chosen else 0

    def _place(self) -> None:
        """Scroll no further than it takes to see the chosen column, and lay out."""
        if not self.columns:
            return
        furthest = self._chosen - 1 if self._chosen else len(self.columns) - 2
        self._left = max(0, min(self._left, furthest))
        self.placed = place(self.columns, self._left, self._cells)
        while (beyond := self.chosen_number - len(self.placed)) >= 0:
            self._left += 1 + beyond
            self.placed = place(self.columns, self._left, self._cells)


GUTTER = 2
"""Cells before the first column, for the cursor's sign and the mark's."""
_GAPS = (2, 5)
_SIGN = 1
"""The cell at the end that says there are more columns."""


def place(columns: Sequence[Column[T]], left: int, cells: int) -> tuple[Placed[T], ...]:
    """Lay out the first column, and the others from the `left`-th on, in `cells` cells.

    Columns that don't fit whole are left out, but the one after the first is always there. Room that is
    left over goes to columns that grow, then to the gaps.
    """
    asked = [columns[0], *columns[1 + left : 1 + left + cells]]  # no more have room, of thousands
    shown = _fitting(asked, cells)
    if len(shown) < len(asked):
        cells -= _SIGN
        shown = _fitting(asked, cells)
    widths = [_least(column) for column in shown]
    spare = max(0, cells - GUTTER - sum(widths) - _GAPS[0] * (len(shown) - 1))
    for number, column in enumerate(shown):
        more = min(column.grow, spare)
        widths[number] += more
        spare -= more
    gap = min(_GAPS[1], _GAPS[0] + spare // max(1, len(shown) - 1))
    starts = itertools.accumulate((width + gap for width in widths), initial=GUTTER)
    return tuple(map(Placed, shown, starts, widths))


def _fitting(columns: Sequence[Column[T]], cells: int) -> Sequence[Column[T]]:
    ends = itertools.accumulate((_GAPS[0] + _least(column) for column in columns), initial=GUTTER - _GAPS[0])
    return columns[: max(2, sum(end <= cells for end in ends) - 1)]


def _least(column: Column[T]) -> int:
    return column.width + 2 * column.marked
