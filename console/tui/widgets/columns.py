"""Columns of a table and their cells: plain values, laid out to a width."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from console.tui.text import Align
from console.tui.theme import Tone

T = TypeVar("T")

Order = tuple[float | str, ...] | None
"""What a column sorts by, smallest first; None where a row has nothing to sort by: it comes last always."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, and a mark of one sign after it, in the mark's own place."""

    text: str
    tone: Tone = Tone.PLAIN
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """`width` is in terminal cells; `grow` says how many more it may take where there is room.

    A `marked` column keeps two further cells for the mark, so that numbers stay in line.
    """

    key: str
    title: str
    width: int
    cell: Callable[[T], Cell]
    order: Callable[[T], Order]
    align: Align = "right"
    marked: bool = False
    grow: int = 0


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A column at its place: from cell `x` on, `width` cells wide with its mark."""

    column: Column[T]
    x: int
    width: int


_GUTTER = 2
"""Cells before the first column, for the cursor's sign."""
_GAPS = (2, 5)


def place(columns: Sequence[Column[T]], left: int, cells: int) -> tuple[Placed[T], ...]:
    """Lay out the first column, and the others from the `left`-th on, in `cells` cells.

    Room that is left over goes to columns that grow, then to the gaps. Columns that don't fit whole are
    left out, but the one after the first is always there.
    """
    shown = [columns[0], *columns[1 + left :]]
    widths = [column.width + 2 * column.marked for column in shown]
    spare = max(0, cells - _GUTTER - sum(widths) - _GAPS[0] * (len(shown) - 1))
    for number, column in enumerate(shown):
        more = min(column.grow, spare)
        widths[number] += more
        spare -= more
    gap = min(_GAPS[1], _GAPS[0] + spare // max(1, len(shown) - 1))
    placed: list[Placed[T]] = []
    x = _GUTTER
    for number, (column, width) in enumerate(zip(shown, widths, strict=True)):
        if number > 1 and x + width > cells:
            break
        placed.append(Placed(column, x, width))
        x += width + gap
    return tuple(placed)
