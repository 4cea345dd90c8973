"""The columns of a table, to show, hide and put in order: the table behind follows at once."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, TypeVar

from textual.events import Click
from textual.geometry import Size
from textual.widget import Widget

from console.tui.actions import Place, bindings
from console.tui.screens.frame import Dialog
from console.tui.text import Line, Span, fit, plain_ascii
from console.tui.theme import Glyphs, Tone
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.table.columns import Column

T = TypeVar("T")


class ChooseColumns(Dialog):
    """A list with a sign before each column that is shown. The first column always is, in its place."""

    PLACE: ClassVar[Place] = "choice"
    BINDINGS: ClassVar = bindings("choice")

    def __init__(
        self,
        view: View,
        columns: Sequence[Column[T]],
        shown: Sequence[str],
        changed: Callable[[Sequence[str]], None],
        in_view: Callable[[], Sequence[str]],
    ) -> None:
        """Choose among `columns`; `changed` is called with the keys of those to show, in their order.

        `in_view` are the keys of those that the table has room for as it is now.
        """
        super().__init__(view)
        titles = {column.key: column.title for column in columns}
        self._list = ColumnList(titles, shown, changed, in_view, view.glyphs)

    def body(self) -> Iterable[Widget]:
        self._list.border_title = "Columns"
        self._list.border_subtitle = _hint(self.view)
        yield self._list

    def on_mount(self) -> None:
        self._list.focus()

    def action_toggle_column(self) -> None:
        self._list.toggle()

    def action_move_up(self) -> None:
        self._list.shift(-1)

    def action_move_down(self) -> None:
        self._list.shift(1)

    def action_close(self) -> None:
        self.dismiss(None)


def _hint(view: View) -> str:
    """The dialog's keys, as the operator has them and the terminal can show them."""
    keys = {action.id: action.shown for action in view.actions if "choice" in action.places}
    toggle, up, down, close = (keys[name] for name in ("toggle_column", "move_up", "move_down", "close"))
    hint = f"{toggle} show or hide  {up} {down} move  {close} keep"
    return plain_ascii(hint) if view.glyphs.ascii_only else hint


class ColumnList(Lines, can_focus=True, inherit_bindings=False):
    """The columns' titles under each other, with a cursor among them."""

    PLACE: ClassVar[Place] = "reader"
    BINDINGS: ClassVar = bindings("reader")

    def __init__(
        self,
        titles: dict[str, str],
        shown: Sequence[str],
        changed: Callable[[Sequence[str]], None],
        in_view: Callable[[], Sequence[str]],
        glyphs: Glyphs,
    ) -> None:
        self._titles = titles
        self._order = [*shown, *(key for key in titles if key not in shown)]
        self._shown = set(shown)
        self._changed = changed
        self._in_view = in_view
        self._cursor = 1 if len(titles) > 1 else 0
        self._signs = glyphs
        super().__init__(self._entries, glyphs, classes="box")

    def toggle(self) -> None:
        """Show the column under the cursor, or hide it."""
        if self._cursor > 0:
            self._shown ^= {self._order[self._cursor]}
            self._tell()

    def shift(self, places: int) -> None:
        """Move the column under the cursor so many places to the right."""
        there = self._cursor + places
        if self._cursor > 0 and 0 < there < len(self._order):
            order = self._order
            order[self._cursor], order[there] = order[there], order[self._cursor]
            self._cursor = there
            self._tell()

    def _tell(self) -> None:
        self._changed([key for key in self._order if key in self._shown])
        self.show(self._entries)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._order)

    def _entries(self, size: Size) -> Sequence[Line]:
        """As many as there is room for, around the cursor."""
        first, in_view = self._first(size.height), self._in_view()
        places = range(first, min(len(self._order), first + size.height))
        return [self._entry(place, size.width, self._order[place] in in_view) for place in places]

    def _first(self, height: int) -> int:
        """The place of the first entry that `height` lines show."""
        return max(0, min(self._cursor - height // 2, len(self._order) - height))

    def _entry(self, place: int, cells: int, in_view: bool) -> Line:
        key, glyphs = self._order[place], self._signs
        sign = glyphs.ok if key in self._shown else " "
        words = f"{glyphs.cursor if place == self._cursor else ' '} {sign} {self._titles[key]}"
        remark = " always" if place == 0 else " no room now" if key in self._shown and not in_view else ""
        text = fit(words, cells - len(remark), "left", glyphs.ellipsis)
        tone = Tone.KEY if place == self._cursor else Tone.PLAIN if key in self._shown else Tone.DIM
        return (Span(text, tone), Span(remark, tone if place == self._cursor else Tone.DIM))

    def _go_to(self, place: int) -> None:
        self._cursor = max(0, min(place, len(self._order) - 1))
        self.show(self._entries)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None:
            self._go_to(self._first(self.size.height) + offset.y)
            self.toggle()

    def action_cursor_up(self) -> None:
        self._go_to(self._cursor - 1)

    def action_cursor_down(self) -> None:
        self._go_to(self._cursor + 1)

    def action_page_up(self) -> None:
        self._go_to(self._cursor - self.size.height)

    def action_page_down(self) -> None:
        self._go_to(self._cursor + self.size.height)

    def action_first_row(self) -> None:
        self._go_to(0)

    def action_last_row(self) -> None:
        self._go_to(len(self._order) - 1)
