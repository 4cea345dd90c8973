"""Columns of a table and their cells: plain values, of which the operator chooses what to see."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from console.tui.text import Align
from console.tui.theme import Tone

T = TypeVar("T")

Order = float | str | tuple[float | str, ...] | None
"""What a column sorts by, smallest first, of one kind in a column.

None, or a float that is NaN, where a row has nothing to sort by: it comes last always.
"""


class Cell(NamedTuple):
    """One cell: its text, and a mark of one sign after it, in the mark's own place.

    The mark has the text's tone, unless it has one of its own. A `stale` cell is grey as a whole, whatever
    its tones.
    """

    text: str
    tone: Tone = Tone.PLAIN
    mark: str = ""
    stale: bool = False
    mark_tone: Tone | None = None


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """`width` is in terminal cells; `grow` says how many more it may take where there is room.

    A `marked` column keeps two further cells for the mark, so that numbers stay in line. `number` is the
    cell's number in the unit displayed, None where there is none: filters compare it, and where there is
    no other mark, it tells which way the cell has last moved. An `optional` column is hidden until chosen.
    A column without numbers that isn't `searched` has no words to look for: a drawing, a time.
    `copied` is what is copied of a cell whose text is a drawing.

    `orders`, `numbers` (NaN: none) and `texts` say the same of all rows at once as `order`, `number` and the
    text of `cell` do of one; they are never asked about no rows. With thousands of rows they make sorting
    and filtering many times faster.
    """

    key: str
    title: str
    width: int
    cell: Callable[[T], Cell]
    order: Callable[[T], Order]
    align: Align = "right"
    marked: bool = False
    grow: int = 0
    number: Callable[[T], float | None] | None = None
    orders: Callable[[Sequence[T]], Sequence[Order]] | None = None
    numbers: Callable[[Sequence[T]], Sequence[float]] | None = None
    texts: Callable[[Sequence[T]], Sequence[str]] | None = None
    optional: bool = False
    searched: bool = True
    copied: Callable[[T], str] | None = None

    @property
    def numeric(self) -> bool:
        return self.number is not None or self.numbers is not None


def orders_of(column: Column[T], rows: Sequence[T]) -> Sequence[Order]:
    """What each of `rows` is sorted by in `column`."""
    if column.orders is None or not rows:
        return list(map(column.order, rows))
    return column.orders(rows)


def numbers_of(column: Column[T], rows: Sequence[T]) -> Sequence[float]:
    """Each row's number in a numeric `column`, in the unit displayed; NaN where there is none."""
    if column.numbers is not None and rows:
        return column.numbers(rows)
    if column.number is None:
        return [math.nan] * len(rows)
    return [math.nan if number is None else number for number in map(column.number, rows)]


def texts_of(column: Column[T], rows: Sequence[T]) -> Sequence[str]:
    """Each row's text in `column`."""
    if column.texts is None or not rows:
        return [column.cell(row).text for row in rows]
    return column.texts(rows)


def copied_of(column: Column[T], row: T) -> str:
    """What copying the row's cell in `column` gives."""
    return column.cell(row).text if column.copied is None else column.copied(row)


_HIDDEN = "-"
"""Before the key of a column that was hidden: one that isn't named at all is new, and shown."""


def chosen(columns: Sequence[Column[T]], choice: Sequence[str] | None) -> tuple[Column[T], ...]:
    """The columns to show: the first one always, the others as `choice` has kept them.

    Columns that the choice doesn't know follow in their own order, unless they are optional.
    """
    by_key = {column.key: column for column in columns[1:]}
    kept = dict.fromkeys(choice or ())
    shown = [by_key[key] for key in kept if key in by_key]
    new = [
        column
        for column in by_key.values()
        if column.key not in kept and _HIDDEN + column.key not in kept and not column.optional
    ]
    return (*columns[:1], *shown, *new)


def choice_of(columns: Sequence[Column[T]], shown: Sequence[str]) -> tuple[str, ...]:
    """What to keep, so that `chosen` shows these again, in this order."""
    return (*shown, *(_HIDDEN + column.key for column in columns if column.key not in shown))
