"""The table of every screen, as it is worked with: moving, sorting, filtering, marking, choosing columns.

`grid` shows it, `rows` keeps the rows' order and the cursor among them, `across` the columns' places,
`filter` is the language of filters.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

from textual.events import Click, Mount, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.widget import Widget

from console.domain.severity import Severity
from console.tui.actions import Place, bindings
from console.tui.text import visible
from console.tui.theme import Glyphs
from console.tui.view import View
from console.tui.widgets.prompt import Asks, Question
from console.tui.widgets.table.columns import Column, choice_of, chosen, copied_of
from console.tui.widgets.table.filter import Filter, FilterError, complaint, parse, sound_part
from console.tui.widgets.table.grid import Grid

T = TypeVar("T")

NO_MATCH = "no row matches"
_WHEEL = 3
"""Rows that one notch of the mouse wheel scrolls."""


@runtime_checkable
class Stage(Asks, Protocol):
    """What a table needs of the screen that it is on: to ask, to answer, to keep the choice of columns."""

    view: View

    def say(self, words: str) -> None: ...

    def refuse(self, words: str) -> None: ...

    def remark(self, words: str) -> None: ...

    def show_hints(self) -> None: ...


class Table(Grid[T], can_focus=True, inherit_bindings=False):
    """A grid with all its keys. The operator's choice of columns is kept under `table_id`."""

    PLACE: ClassVar[Place] = "table"
    BINDINGS: ClassVar = bindings("table")

    class Opened(Message):
        """The row with this key is to be shown in full."""

        def __init__(self, table: Widget, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

    def __init__(
        self, table_id: str, key: Callable[[T], str], severity: Callable[[T], Severity], glyphs: Glyphs
    ) -> None:
        super().__init__(key, severity, glyphs)
        self.table_id = table_id
        self._all: tuple[Column[T], ...] = ()
        self._choice: tuple[str, ...] | None = None
        self._default = ""
        self._wanted: Filter[T] | None = None

    def set_columns(self, columns: Sequence[Column[T]], sort: str) -> None:
        """Have these columns, of which the first is always shown, and by default the order of the one `sort`.

        What the operator has chosen of them stays chosen: those shown, the order, the filter.
        """
        by_key = {column.key: column for column in columns}
        kept = by_key.get(self._sort.key) if self._sort is not None and self._default == sort else None
        self._reversed = self._reversed and kept is not None
        self._all, self._default, self._sort = tuple(columns), sort, kept or by_key[sort]
        if self._rows.filter is not None:
            self._narrow(self._again(self._rows.filter), self._rows.marked_only)
        self._arrange()
        self._show_columns()

    def _again(self, before: Filter[T]) -> Filter[T] | None:
        """The filter as the present columns understand it; None where they don't."""
        try:
            return parse(before.text, self._all)
        except FilterError as error:
            self._refuse(f"the filter is off: {error}")
            return None

    def _show_columns(self) -> None:
        self._across.take(chosen(self._all, self._choice))
        self._draw_all()

    def on_mount(self, event: Mount) -> None:
        if isinstance(self.screen, Stage):
            self._choice = self.screen.view.preferences.columns(self.table_id)
            self._refuse(self.screen.view.preferences.complaint())
            self._show_columns()

    def _say(self, words: str) -> None:
        if words and self.is_attached and isinstance(self.screen, Stage):
            self.screen.say(words)

    def _refuse(self, words: str) -> None:
        if words and self.is_attached and isinstance(self.screen, Stage):
            self.screen.refuse(words)

    def _narrow(self, filter: Filter[T] | None, marked_only: bool) -> None:
        super()._narrow(filter, marked_only)
        if self.is_attached and isinstance(self.screen, Stage):
            self.screen.show_hints()

    # Moving.

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
        self._rows.chosen = None

    def action_column_left(self) -> None:
        self._across.step(-1)
        self._draw_all()

    def action_column_right(self) -> None:
        self._across.step(1)
        self._draw_all()

    def on_click(self, event: Click) -> None:
        line = event.y - self._header
        if line == -1:
            self._click_title(event.x)
        elif line >= 0 and self._top + line < len(self._rows):
            self._move(self._top + line)
            if event.chain == 2:
                self.action_open()

    def _click_title(self, x: int) -> None:
        number = self._across.at(x)
        if number is not None:
            self._across.choose(self._across.place_of(number))
            self.action_sort_here()
            self._draw_all()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self._wheel(_WHEEL)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self._wheel(-_WHEEL)

    def _wheel(self, rows: int) -> None:
        """Look elsewhere, with the cursor left where it is."""
        self._scroll(self._top + rows)
        self._draw()

    # Using what is under the cursor.

    def action_open(self) -> None:
        if self.cursor_key is not None:
            self.post_message(self.Opened(self, self.cursor_key))

    def action_copy_cell(self) -> None:
        if len(self._rows) and self._across.columns:
            text = visible(copied_of(self._across.chosen, self._rows[self._rows.cursor]))
            self.app.copy_to_clipboard(text)
            self._say(f"sent to your clipboard: {text}")  # whether it takes it isn't told

    def action_mark(self) -> None:
        self._keeping_the_line(self._rows.mark)
        self._draw()

    # Sorting.

    def action_sort(self) -> None:
        columns = self._across.columns
        if self._sort is not None:
            following = columns.index(self._sort) + 1 if self._sort in columns else 0
            self._sort_by(columns[following % len(columns)], reverse=False)

    def action_sort_here(self) -> None:
        if self._across.columns:
            column = self._across.chosen
            self._sort_by(column, reverse=column is self._sort and not self._reversed)

    def action_worst_first(self) -> None:
        self._across.scroll_home()
        self._draw_all()
        for column in self._all:
            if column.key == self._default:
                self._sort_by(column, reverse=False)

    def _sort_by(self, column: Column[T], *, reverse: bool) -> None:
        self._sort, self._reversed = column, reverse
        self.resort()

    # Showing some of the rows, or of the columns.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "all_rows" or self._rows.narrowed

    def action_filter(self) -> None:
        """Ask for a filter, and apply it as it is typed: the cursor goes to the nearest row from here.

        A term that can't be understood changes nothing; what is typed is shown before the rows follow it.
        """
        stage = self.screen
        if not isinstance(stage, Stage):
            return
        before, on = self._rows.filter, self._rows.chosen

        def apply(wanted: Filter[T] | None) -> None:
            self._rows.chosen = on
            self._narrow(wanted, self._rows.marked_only)

        def follow() -> None:
            # A word that is only begun seldom matches anything: the rows stay in view until enter says so.
            wanted, self._wanted = self._wanted, None
            if wanted is not None and self._rows.any_match(wanted):
                apply(wanted if wanted.terms else None)
            elif wanted is not None:
                stage.remark(NO_MATCH)

        def typed(text: str) -> str:
            if self._wanted is None:
                self.call_after_refresh(follow)
            self._wanted = sound_part(text, self._all)
            return complaint(text, self._all)

        def answered(text: str | None) -> None:
            self._wanted = None
            if text is None:
                apply(before)
            else:
                wanted = parse(text, self._all)
                apply(wanted if wanted.terms else None)

        stage.ask(Question("filter", f"{before.text} " if before else "", typed, answered))

    def action_all_rows(self) -> None:
        """Take the filter off, or where there is none, show unmarked rows again."""
        self._narrow(None, self._rows.marked_only and self._rows.filter is not None)

    def action_marked_only(self) -> None:
        if self._rows.marked or self._rows.marked_only:
            self._narrow(self._rows.filter, not self._rows.marked_only)
        else:
            self._refuse("no row is marked yet: space marks the one under the cursor")

    def action_unmark_all(self) -> None:
        self._rows.marks = frozenset()
        self._narrow(self._rows.filter, False)

    def action_choose_columns(self) -> None:
        if isinstance(self.screen, Stage) and self._all:
            from console.tui.screens.choose_columns import ChooseColumns  # noqa: PLC0415 (not before it is wanted)

            shown = [column.key for column in self._across.columns]
            dialog = ChooseColumns(self.screen.view, self._all, shown, self._choose, self._in_view)
            self.app.push_screen(dialog, self._keep_choice)

    def _in_view(self) -> Sequence[str]:
        """The keys of the columns that there is room for."""
        return [placed.column.key for placed in self._across.placed]

    def _choose(self, shown: Sequence[str]) -> None:
        self._choice = choice_of(self._all, shown)
        self._show_columns()

    def _keep_choice(self, _closed: None) -> None:
        if isinstance(self.screen, Stage):
            self.screen.view.preferences.keep_columns(self.table_id, self._choice)
            self._refuse(self.screen.view.preferences.complaint())
