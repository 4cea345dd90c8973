"""The lines of a followed log, of which only the visible ones are laid out and only changed ones drawn.

It follows the end until the operator moves; then the cursor stays on its line, and that on its row of the
screen, whatever is written meanwhile.
"""

from bisect import bisect_right
from dataclasses import replace
from functools import lru_cache
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.sources.logs.lines import LogLine, Place
from console.sources.logs.reader import Page
from console.tui.actions import Place as ActionPlace
from console.tui.actions import bindings
from console.tui.text import plain_ascii, wrap
from console.tui.theme import TONES, Glyphs, Tone
from console.tui.widgets.log.rows import Piece, Row, log_row

_LINE, _CURSOR, _BLURRED = "log--line", "log--cursor", "log--cursor-blurred"
_WHEEL = 3
_NEAR = 100
"""Lines to the page's edge from which on more of the log is asked for."""


class LogView(Widget, can_focus=True, inherit_bindings=False):
    """Shows the pages of one log, and says where the operator goes in it."""

    PLACE: ClassVar[ActionPlace] = "reader"
    COMPONENT_CLASSES: ClassVar[set[str]] = TONES | {_LINE, _CURSOR, _BLURRED}
    BINDINGS: ClassVar = bindings("reader")
    ALLOW_SELECT = False

    class Moved(Message):
        """The cursor has been moved by the operator; `place` is None when the end is followed again."""

        def __init__(self, place: Place | None) -> None:
            super().__init__()
            self.place = place

    class ToBeginning(Message):
        """The log's first line is wanted."""

    class Opened(Message):
        """The line under the cursor is wanted in full."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._page = Page()
        self._begins: list[Place] = []
        self._following = True
        self._cursor = 0
        self._row = 0
        self._settled_for = -1
        self._rows: dict[Place, tuple[LogLine, Row]] = {}
        self._drawn: dict[int, tuple[Row, bool]] = {}

    @property
    def following(self) -> bool:
        return self._following

    @property
    def line(self) -> LogLine | None:
        """The line under the cursor."""
        return self._page.lines[self._cursor] if self._page.lines else None

    @property
    def record(self) -> tuple[LogLine, ...]:
        """The line under the cursor with those around it that belong to the same record, if all are shown."""
        lines = self._page.lines
        if self._page.pattern is not None or not lines:
            return lines[self._cursor : self._cursor + 1]
        first = last = self._cursor
        while first > 0 and not lines[first].begins:
            first -= 1
        while last + 1 < len(lines) and not lines[last + 1].begins:
            last += 1
        return lines[first : last + 1]

    def show(self, page: Page) -> None:
        """Show another page of the log, with the cursor on the same line as before."""
        before, self._page = self._page, page
        if page is before:
            return
        place = self._begins[self._cursor] if self._begins else Place(0, 0)
        self._begins = [line.begin for line in page.lines]
        if page.arrived != before.arrived:
            self._following = page.place is None
        if page.arrived != before.arrived and page.place is not None:
            self._row = self.size.height // 3
            self._cursor = self._last_before(page.place, inclusive=False) + 1
        elif not self._following:
            self._cursor = self._last_before(place, inclusive=True)
        self._settle()
        self._draw_changes()

    def begin(self) -> None:
        """Be ready for the pages of another follower."""
        self._page = replace(self._page, arrived=0)

    def follow(self) -> None:
        """Stay on the newest line."""
        self._following = True
        self._settle()
        self._draw_changes()
        self.post_message(self.Moved(None))

    def stand(self) -> None:
        """Stay on the line under the cursor."""
        self._move(self._cursor)

    def _last_before(self, place: Place, *, inclusive: bool) -> int:
        found = bisect_right(self._begins, place) - 1
        if found >= 0 and not inclusive and self._begins[found] == place:
            found -= 1
        return found

    @property
    def _top(self) -> int:
        """The line on the first row."""
        return self._cursor - self._row

    def _settle(self) -> None:
        """Keep the cursor among the lines, and the screen full of lines where there are enough."""
        count, height = len(self._begins), max(1, self.size.height)
        self._settled_for = self.size.height
        self._cursor = count - 1 if self._following else self._cursor
        self._cursor = max(0, min(self._cursor, count - 1))
        row = height - 1 if self._following else max(0, min(self._row, height - 1))
        row = max(row, self._cursor - max(0, count - height))
        self._row = min(row, self._cursor)

    def _move(self, line: int) -> None:
        if not self._begins:
            return
        line = max(0, min(line, len(self._begins) - 1))
        self._following = False
        self._row += line - self._cursor
        self._cursor = line
        self._settle()
        self._draw_changes()
        self.post_message(self.Moved(self._begins[line]))

    @property
    def near_edge(self) -> bool:
        """Whether there are few lines left on the page beside the cursor."""
        older = self._cursor < _NEAR and not self._page.complete
        return older or len(self._begins) - self._cursor < _NEAR

    def _draw_changes(self) -> None:
        changed = [y for y in range(self.size.height) if self._drawn.get(y) != self._at(y)]
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def _at(self, y: int) -> tuple[Row, bool]:
        """What stands on a row of the screen, and whether the cursor does."""
        if self._settled_for != self.size.height:  # drawn before the resize is told
            self._settle()
        if not self._page.lines:
            return _instead(self._page, y, self.size.width), False
        number = self._top + y
        if not 0 <= number < len(self._page.lines):
            return (), False
        return self._laid_out(self._page.lines[number]), number == self._cursor

    def _laid_out(self, line: LogLine) -> Row:
        """The line's row, kept for as long as it is likely to be on the screen."""
        kept = self._rows.get(line.begin)
        if kept is not None and kept[0] is line:
            return kept[1]
        if len(self._rows) > 4 * self.size.height:
            self._rows.clear()
        row = log_row(line, self.size.width - 2, self._glyphs)
        self._rows[line.begin] = line, row
        return row

    def render_line(self, y: int) -> Strip:
        row, cursor = self._drawn[y] = self._at(y)
        base = self.get_component_rich_style(_LINE if not cursor else _CURSOR if self.has_focus else _BLURRED)
        segments = [Segment(f"{self._glyphs.cursor} " if cursor else "  ", base)]
        for piece in row:
            text = plain_ascii(piece.text) if self._glyphs.ascii_only else piece.text
            tone = self.get_component_rich_style(piece.tone.value)
            segments.append(Segment(text, _upon(base, tone, piece.marked)))
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def on_resize(self, event: Resize) -> None:
        self._settle()
        self._rows.clear()
        self._drawn.clear()
        self.refresh()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def action_cursor_up(self) -> None:
        self._move(self._cursor - 1)

    def action_cursor_down(self) -> None:
        if not self._following:
            self._move(self._cursor + 1)

    def action_page_up(self) -> None:
        self._move(self._cursor - max(1, self.size.height - 1))

    def action_page_down(self) -> None:
        if not self._following:
            self._move(self._cursor + max(1, self.size.height - 1))

    def action_first_row(self) -> None:
        self.post_message(self.ToBeginning())

    def action_last_row(self) -> None:
        self.follow()

    def on_click(self, event: Click) -> None:
        if 0 <= self._top + event.y < len(self._begins):
            self._move(self._top + event.y)
            if event.chain == 2:
                self.post_message(self.Opened())

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self._move(self._cursor - _WHEEL)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        if not self._following:
            self._move(self._cursor + _WHEEL)


def _instead(page: Page, y: int, cells: int) -> Row:
    """What stands on a row where there is no line to show: why, in full."""
    if page.unread:
        why = f"{page.note}. It is shown as soon as it can be read."
    elif page.complete and page.pattern is None:
        why = "the log is empty"
    elif page.complete and page.pattern is not None and page.progress is None:
        why = f"no line matches {page.pattern.text} in {page.path}"
    else:
        return ()
    words = wrap(why, max(1, cells - 4))
    return (Piece(words[y - 1], Tone.UNKNOWN),) if 0 < y <= len(words) else ()


@lru_cache(maxsize=256)
def _upon(ground: Style, tone: Style, marked: bool) -> Style:
    """The tone on the line's ground; what a search has found is reversed."""
    return tone + Style(bgcolor=ground.bgcolor, reverse=True if marked else None)
