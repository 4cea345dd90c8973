"""The table of every screen: keyed rows, of which only the visible ones are formatted and only changes drawn.

The cursor stays on its row's key, and the row on its line of the screen, through sorting and updates. As
long as the operator hasn't moved it, it stays at the top instead, on whatever comes first.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.events import Blur, Click, Focus, Resize
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.domain.severity import Severity
from console.tui.actions import bindings
from console.tui.text import fit, plain_ascii
from console.tui.theme import TONES, Glyphs, Tone, tone_of
from console.tui.widgets.columns import Cell, Column, Placed, place
from console.tui.widgets.rows import Rows

T = TypeVar("T")

_HEADER = 1


@dataclass(frozen=True, slots=True)
class _DrawnLine:
    """What stands on one line of the screen: compared to find out what has changed."""

    cells: tuple[Cell, ...]
    cursor: bool = False


class Table(ScrollView, Generic[T], can_focus=True, inherit_bindings=False):
    """Rows of one type, told apart by `key`, and sorted by one column.

    Where rows hide that have a higher `severity` than what is on the page, the header says so.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = TONES | {
        "table--header",
        "table--cursor",
        "table--cursor-blurred",
    }
    BINDINGS: ClassVar = bindings("table")
    ALLOW_SELECT = False

    def __init__(self, key: Callable[[T], str], severity: Callable[[T], Severity], glyphs: Glyphs) -> None:
        super().__init__()
        self._columns: tuple[Column[T], ...] = ()
        self._sort: Column[T] | None = None
        self._glyphs = glyphs
        self._reversed = False
        self._rows: Rows[T] = Rows(key, severity)
        self._left = 0
        self._placed: tuple[Placed[T], ...] = ()
        self._drawn: dict[int, _DrawnLine] = {}

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor; None when there are no rows."""
        return self._rows.cursor_key

    @property
    def keys(self) -> tuple[str, ...]:
        """The rows' keys in the order shown."""
        return self._rows.keys

    def set_columns(self, columns: Sequence[Column[T]], sort: str) -> None:
        """Show these columns, the first one always, in the default order of the one whose key is `sort`."""
        self._columns = tuple(columns)
        self._sort = next(column for column in columns if column.key == sort)
        self._reversed, self._left = False, 0
        self._arrange()
        self._place_columns()

    def set_rows(self, rows: Sequence[T]) -> None:
        """Show `rows`. Cells are formatted anew even where `rows` is the same object as before."""
        if self._rows.take(rows):
            self._arrange()
        self._draw_changes()

    def resort(self) -> None:
        """Sort anew, where what a column sorts by has changed outside the rows."""
        self._arrange()
        self._draw_changes()

    def _arrange(self) -> None:
        """Sort the rows; keep the cursor on its key, and its row on the same line of the screen."""
        if self._sort is None:
            return
        line = self._rows.cursor - self._top
        self._rows.sort(self._sort.order, self._reversed)
        if self.virtual_size.height != len(self._rows) + _HEADER:
            self.virtual_size = Size(1, len(self._rows) + _HEADER)
        if 0 <= line < self._page:
            self._scroll(self._rows.cursor - line)

    @property
    def _more_columns(self) -> bool:
        """Whether there are columns to the right of those shown."""
        return bool(self._placed) and self._placed[-1].column is not self._columns[-1]

    @property
    def _top(self) -> int:
        return self.scroll_offset.y

    @property
    def _page(self) -> int:
        """Rows that the screen has room for."""
        return max(1, self.size.height - _HEADER)

    def _scroll(self, top: int) -> None:
        top = max(0, min(top, len(self._rows) - self._page))
        if top != self._top:
            self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def _follow_cursor(self) -> None:
        cursor = self._rows.cursor
        self._scroll(min(cursor, max(self._top, cursor - self._page + 1)))

    def _draw_changes(self) -> None:
        """Have those cells drawn again that differ from what is on the screen."""
        regions: list[Region] = []
        for y in range(self.size.height):
            drawn, line = self._drawn.get(y), self._line(y)
            if drawn != line:
                regions.extend(self._changes(y, drawn, line))
        if regions:
            self.refresh(*regions)

    def _changes(self, y: int, drawn: _DrawnLine | None, line: _DrawnLine) -> Iterator[Region]:
        if drawn is None or drawn.cursor != line.cursor or len(drawn.cells) != len(line.cells):
            yield Region(0, y, self.size.width, 1)
            return
        for placed, before, now in zip(self._placed, drawn.cells, line.cells, strict=True):
            if before != now:
                yield Region(placed.x, y, placed.width, 1)

    def _line(self, y: int) -> _DrawnLine:
        if y < _HEADER:
            return _DrawnLine(tuple(self._title(number) for number in range(len(self._placed))))
        row = self._top + y - _HEADER
        if row >= len(self._rows):
            return _DrawnLine(())
        value = self._rows[row]
        return _DrawnLine(tuple(p.column.cell(value) for p in self._placed), row == self._rows.cursor)

    def _title(self, number: int) -> Cell:
        column = self._placed[number].column
        title = column.title
        if number == 0 and self._rows:
            worse = self._rows.worse(self._top, self._page)
            if worse is not None:
                up, down = self._glyphs.up, self._glyphs.down
                return Cell(worse.words(up, down, self._placed[0].width), tone_of(worse.severity))
            title = f"{title} {self._rows.cursor + 1}/{len(self._rows)}"
        if column is not self._sort:
            return Cell(title)
        arrow = self._glyphs.up if self._reversed else self._glyphs.down
        return Cell(title, mark=arrow) if column.marked else Cell(f"{title} {arrow}")

    def render_line(self, y: int) -> Strip:
        line = self._drawn[y] = self._line(y)
        header, base = y < _HEADER, self.rich_style
        if header:
            base = self.get_component_rich_style("table--header")
        elif line.cursor:
            base = self.get_component_rich_style(
                "table--cursor" if self.has_focus else "table--cursor-blurred"
            )
        segments = [Segment(self._glyphs.cursor if line.cursor else " ", base)]
        x = 1
        for placed, cell in zip(self._placed, line.cells, strict=False):
            segments.append(Segment(" " * (placed.x - x), base))
            segments.append(Segment(self._text(placed, cell, header), self._style(cell, base, header)))
            x = placed.x + placed.width
        strip = Strip(segments)
        if header and self._more_columns:
            end = Strip([Segment(self._glyphs.more, base)])
            return Strip.join([strip.adjust_cell_length(self.size.width - 1, base), end])
        return strip.adjust_cell_length(self.size.width, base)

    def _text(self, placed: Placed[T], cell: Cell, header: bool) -> str:
        column, ellipsis = placed.column, self._glyphs.ellipsis
        if not column.marked:
            text = fit(cell.text, placed.width, column.align, ellipsis)
        else:
            text = fit(cell.text, placed.width - 2, column.align, ellipsis) + " " + (cell.mark or " ")
        return plain_ascii(text) if self._glyphs.ascii_only and not header else text

    def _style(self, cell: Cell, base: Style, header: bool) -> Style:
        if header and cell.tone is Tone.PLAIN:
            return base
        style = self.get_component_rich_style(cell.tone.value)
        return style if cell.tone is Tone.ALARM else style + Style(bgcolor=base.bgcolor)

    def on_resize(self, event: Resize) -> None:
        self._place_columns()
        self._follow_cursor()

    def _place_columns(self) -> None:
        self._placed = place(self._columns, self._left, self.size.width) if self._columns else ()
        self.refresh()

    def on_focus(self, event: Focus) -> None:
        self.refresh()

    def on_blur(self, event: Blur) -> None:
        self.refresh()

    def _move(self, row: int) -> None:
        if not self._rows:
            return
        self._rows.move(row)
        self._follow_cursor()
        self._draw_changes()

    def action_cursor_up(self) -> None:
        self._move(self._rows.cursor - 1)

    def action_cursor_down(self) -> None:
        self._move(self._rows.cursor + 1)

    def action_page_up(self) -> None:
        self._move(self._rows.cursor - self._page)

    def action_page_down(self) -> None:
        self._move(self._rows.cursor + self._page)

    def action_last_row(self) -> None:
        self._move(len(self._rows) - 1)

    def action_first_row(self) -> None:
        self._move(0)
        self._rows.stay_on_top()

    def action_columns_left(self) -> None:
        self._left = max(0, self._left - 1)
        self._place_columns()

    def action_columns_right(self) -> None:
        if self._more_columns:
            self._left += 1
            self._place_columns()

    def action_sort(self) -> None:
        if self._sort is not None:
            following = self._columns.index(self._sort) + 1
            self._sort_by(self._columns[following % len(self._columns)])

    def action_reverse(self) -> None:
        self._reversed = not self._reversed
        self.resort()

    def _sort_by(self, column: Column[T]) -> None:
        self._sort, self._reversed = column, False
        self.resort()

    def on_click(self, event: Click) -> None:
        if event.y >= _HEADER:
            if self._top + event.y - _HEADER < len(self._rows):
                self._move(self._top + event.y - _HEADER)
            return
        for placed in self._placed:
            if placed.x <= event.x < placed.x + placed.width:
                self._sort_by(placed.column)
