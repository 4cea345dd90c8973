"""Rows and columns on the screen: only what is to be seen is formatted, and only what changes is drawn.

The cursor stays on its row's key, and the row on its line of the screen, through sorting, filtering and
updates. What the operator's keys do to it is `table`'s.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual.events import Blur, Focus, Resize
from textual.strip import Strip

from console.domain.severity import Severity
from console.tui.theme import TONES, Glyphs
from console.tui.widgets.dressed import Dressed
from console.tui.widgets.table.across import Across
from console.tui.widgets.table.columns import Column
from console.tui.widgets.table.filter import Filter
from console.tui.widgets.table.lines import (
    Drawn,
    Kind,
    Piece,
    TableLine,
    changes,
    counting_title,
    narrowed_line,
    piece_of,
    row_line,
    title_line,
)
from console.tui.widgets.table.movements import Movements
from console.tui.widgets.table.rows import Rows
from console.tui.widgets.table.strips import STYLES, strip_of

T = TypeVar("T")


class Grid(Dressed, Generic[T], inherit_bindings=False):
    """Rows of one type, told apart by `key`, under the titles of their columns, sorted by one of these.

    Where rows hide that have a higher `severity` than what is shown, the lines above the rows say so.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = TONES | STYLES
    ALLOW_SELECT = False

    def __init__(self, key: Callable[[T], str], severity: Callable[[T], Severity], glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._across: Across[T] = Across()
        self._sort: Column[T] | None = None
        self._reversed = False
        self._rows: Rows[T] = Rows(key, severity)
        self._top = 0
        self._movements = Movements()
        self._drawn: list[Drawn] = []

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor; None when there are no rows."""
        return self._rows.cursor_key

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the rows shown, in their order."""
        return self._rows.keys

    def set_rows(self, rows: Sequence[T]) -> None:
        """Show `rows`. Cells are formatted anew even where `rows` is the same object as before."""
        if self._rows.take(rows):
            self._arrange()
        self._draw()

    def resort(self) -> None:
        """Sort anew, where what a column sorts by has changed outside the rows."""
        self._arrange()
        self._draw()

    def _arrange(self) -> None:
        sort = self._sort
        if sort is not None:
            self._keeping_the_line(lambda: self._rows.sort(sort, self._reversed))

    def _narrow(self, filter: Filter[T] | None, marked_only: bool) -> None:
        """Show what these ask for alone."""
        self._keeping_the_line(lambda: self._rows.narrow(filter, marked_only))
        self._draw()

    def _move(self, place: int) -> None:
        """Put the cursor on the row at `place`, or the one nearest to it."""
        top, left = self._top, self._rows.cursor
        self._rows.move(place)
        self._follow_cursor()
        if self._top == top and not self._rows.narrowed:
            self._draw_cursor(left)
        else:
            self._draw()

    def _keeping_the_line(self, rearrange: Callable[[], None]) -> None:
        """Have the rows rearranged, and the cursor's on the same line of the screen if it was to be seen."""
        line = self._header + self._rows.cursor - self._top
        seen = self._header <= line < self._header + self._page
        rearrange()
        if seen:
            self._scroll(self._header + self._rows.cursor - line)
            self._follow_cursor()
        else:
            self._scroll(self._top)

    @property
    def _header(self) -> int:
        """Lines above the rows."""
        return 2 if self._rows.narrowed else 1

    @property
    def _page(self) -> int:
        """Rows that the screen has room for."""
        return max(1, self.size.height - self._header)

    def _scroll(self, top: int) -> None:
        self._top = max(0, min(top, len(self._rows) - self._page))

    def _follow_cursor(self) -> None:
        cursor = self._rows.cursor
        self._scroll(min(cursor, max(self._top, cursor - self._page + 1)))

    def _draw(self) -> None:
        """Have those cells drawn again that differ from what is on the screen."""
        self._show(self._lines())

    def _draw_cursor(self, left: int) -> None:
        """Have the cursor drawn, which has `left` a row, where nothing else has changed."""
        lines = list(self._drawn)
        if not lines:
            return
        lines[self._header - 1] = self._titles()  # it says which row the cursor is on
        for place in (left, self._rows.cursor):
            line = self._header + place - self._top
            if self._header <= line < len(lines) and place < len(self._rows):
                lines[line] = self._row(place)
        self._show(lines)

    def _show(self, lines: list[Drawn]) -> None:
        before, self._drawn = self._drawn, lines
        placed, cells = self._across.placed, self.size.width
        regions = [
            changes(y, old, new, placed, cells)
            for y, (old, new) in enumerate(zip(before, lines, strict=False))
            if old != new
        ]
        if len(before) != len(self._drawn):
            self.refresh()
        elif regions:
            self.refresh(*regions)

    def _draw_all(self) -> None:
        """Have everything drawn again, where columns have other places now."""
        self._drawn = []
        self._draw()

    def _lines(self) -> list[Drawn]:
        """What is to stand on each line of the screen now."""
        height = self.size.height
        if not self._across.placed:
            return []
        lines: list[Drawn] = []
        if self._rows.narrowed:
            lines.append(narrowed_line(self._rows, self.size.width, self._glyphs))
        lines.append(self._titles())
        lines.extend(map(self._row, range(self._top, min(len(self._rows), self._top + self._page))))
        lines.extend([TableLine(Kind.ROW, ())] * (height - len(lines)))
        return lines[:height]

    def _titles(self) -> TableLine:
        across, glyphs = self._across, self._glyphs
        sort, first = self._sort or across.columns[0], across.placed[0]
        arrow = glyphs.up if self._reversed else glyphs.down
        title = f"{first.column.title} {arrow}" if first.column is sort else first.column.title
        counting = counting_title(title, self._rows, self._top, self._page, cells=first.width, glyphs=glyphs)
        return title_line(across, counting, sort, arrow, focused=self.has_focus, glyphs=glyphs)

    def _row(self, place: int) -> TableLine:
        row, key = self._rows[place], self._rows.key(place)
        kind = Kind.ROW
        if place == self._rows.cursor:
            kind = Kind.CURSOR if self.has_focus else Kind.BLURRED
        pieces = [self._piece(placed.column, row, key) for placed in self._across.placed]
        return row_line(pieces, kind, key in self._rows.marks, self._across.chosen_number, self._glyphs)

    def _piece(self, column: Column[T], row: T, key: str) -> Piece:
        cell = column.cell(row)
        tells = column.marked and column.number is not None
        number = column.number(row) if tells and column.number is not None else None
        way = self._movements.of(key, column.key, cell.text, number) if tells else 0
        return piece_of(cell, way, self._glyphs)

    def render_line(self, y: int) -> Strip:
        line = self._drawn[y] if y < len(self._drawn) else TableLine(Kind.ROW, ())
        return strip_of(line, self._across.placed, self.size.width, self.dress, self._glyphs)

    def on_resize(self, event: Resize) -> None:
        self._across.fit(self.size.width)
        self._follow_cursor()
        self._draw_all()

    def on_focus(self, event: Focus) -> None:
        self._draw()

    def on_blur(self, event: Blur) -> None:
        self._draw()
