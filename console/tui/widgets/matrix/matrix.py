"""A table of thousands of columns, one for each name, in which the operator works on single cells.

The first column stands for the whole row. Rows are filtered as everywhere, columns by their names; what is
marked are cells, all of which belong to the row that they are in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import ClassVar, TypeVar

from textual.events import Click

from console.domain.severity import Severity
from console.tui.actions import Place, bindings
from console.tui.theme import Glyphs
from console.tui.widgets.prompt import Question
from console.tui.widgets.table.columns import Cell, Column
from console.tui.widgets.table.filter import Filter, complaint, parse, sound_part
from console.tui.widgets.table.lines import Drawn, Piece
from console.tui.widgets.table.table import Stage, Table

T = TypeVar("T")

_MARKS = ("[", "]")
"""What stands around a marked cell, in place of the blanks that its text begins and ends with."""


@dataclass(frozen=True, slots=True)
class At:
    """Where the cursor is: a row and a column by key, the column None where it is the row as a whole."""

    row: str
    column: str | None


@dataclass(frozen=True, slots=True)
class _Range:
    """Cells marked in one go, from the column `begin` up to where the cursor is left: `end`.

    `before` is what was marked in the row already.
    """

    begin: str
    end: At
    before: frozenset[str]


class Matrix(Table[T], inherit_bindings=False):
    """A table in which cells are marked, and columns are shown by a filter of their own.

    The text of a cell that can be marked begins and ends with a blank. `moved` is called as soon as the
    cursor is on another cell, or other cells are marked.
    """

    PLACE: ClassVar[Place] = "matrix"
    BINDINGS: ClassVar = bindings("matrix")

    def __init__(
        self,
        table_id: str,
        key: Callable[[T], str],
        severity: Callable[[T], Severity],
        glyphs: Glyphs,
        moved: Callable[[], None],
    ) -> None:
        super().__init__(table_id, key, severity, glyphs)
        self.only: Filter[str] | None = None
        self._moved = moved
        self._told: object = None
        self._marks: dict[str, frozenset[str]] = {}
        self._range: _Range | None = None
        self._column: str | None = None

    @property
    def at(self) -> At | None:
        """Where the cursor is; None where there are no rows."""
        row = self.cursor_key
        if row is None or not self._across.columns:
            return None
        chosen = self._across.chosen
        return At(row, None if chosen is self._across.columns[0] else chosen.key)

    @property
    def marked(self) -> tuple[str, ...]:
        """The columns of the marked cells in the cursor's row, as far as the filter leaves them."""
        return _marked(self.columns, self._here)

    @property
    def hidden_marks(self) -> int:
        """How many cells of the cursor's row are marked in columns that the filter hides."""
        return len(_marked(self._all, self._here)) - len(self.marked)

    @property
    def _here(self) -> frozenset[str]:
        """What is marked in the cursor's row, shown or not."""
        return self._marks.get(self.cursor_key or "", frozenset())

    @property
    def columns(self) -> Sequence[Column[T]]:
        """The columns that the filter leaves, without the first."""
        return self._across.columns[1:]

    # Showing.

    def _show_columns(self) -> None:
        """Show the columns that are asked for; the cursor goes to no other scope by itself."""
        first, others = self._all[:1], self._all[1:]
        if self.only is not None and others:
            others = tuple(compress(others, self.only.matching([column.title for column in others])))
        before = self.at
        begun = bool(self._across.columns)
        self._across.take((*first, *others))
        if not begun or (before is not None and before.column is not None and self._on_first):
            self._across.choose(1)
        self._draw_all()

    @property
    def _on_first(self) -> bool:
        return self._across.chosen is self._across.columns[0]

    def _piece(self, column: Column[T], row: T, key: str) -> Piece:
        piece = super()._piece(column, row, key)
        if column.key not in self._marks.get(key, ()):
            return piece
        begin, end = _MARKS
        return piece._replace(text=f"{begin}{piece.text[1:-1]}{end}")

    def _show(self, lines: list[Drawn]) -> None:
        super()._show(lines)
        now = (self.at, self.marked)
        if now != self._told:
            self._told = now
            self._moved()

    # Moving from column to column.

    def on_click(self, event: Click) -> None:
        number = self._across.at(event.x)
        if number is not None and event.y >= self._header:
            self._across.choose(self._across.place_of(number))
            self._draw_all()

    def action_cell_left(self) -> None:
        self._step(-1)

    def action_cell_right(self) -> None:
        self._step(1)

    def action_cells_left(self) -> None:
        self._step(min(-1, 2 - len(self._across.placed)))

    def action_cells_right(self) -> None:
        self._step(max(1, len(self._across.placed) - 2))

    def _step(self, columns: int) -> None:
        """So many columns on; one at a time leads to the first one, which stands for the whole row."""
        if columns < -1 and not self._on_first:
            columns = max(columns, 1 - self._across.place_of(self._across.chosen_number))
        self._across.step(columns)
        self._draw_all()

    def action_whole_row(self) -> None:
        """From a cell to the row as a whole, and back."""
        if self._on_first:
            keys = [column.key for column in self._across.columns]
            self._across.choose(keys.index(self._column) if self._column in keys else 1)
        else:
            self._column = self._across.chosen.key
            self._across.choose(0)
        self._draw_all()

    def go_to(self, row: str, column: str) -> None:
        """Put the cursor on this cell, as far as it is shown."""
        keys = [each.key for each in self._across.columns]
        if row in self.keys and column in keys:
            self._across.choose(keys.index(column))
            self._move(self.keys.index(row))
            self._draw_all()

    # Marking cells.

    def action_mark_cell(self) -> None:
        if self.at is None or self.at.column is None:
            self._refuse("the whole row needs no mark: choose a cell of it")
        else:
            self._range = None
            self._mark(self._marks.get(self.at.row, frozenset()) ^ {self.at.column})

    def action_unmark_cells(self) -> None:
        self._marks, self._range = {}, None
        self._draw_all()

    def action_extend_left(self) -> None:
        self._extend(-1)

    def action_extend_right(self) -> None:
        self._extend(1)

    def _extend(self, columns: int) -> None:
        """Mark from where this began to where the cursor goes, beside what was marked before."""
        at = self.at
        if at is None or at.column is None:
            return
        if self._range is None or self._range.end != at:
            self._range = _Range(at.column, at, self._marks.get(at.row, frozenset()))
        keys = [column.key for column in self._across.columns]
        begin = keys.index(self._range.begin) if self._range.begin in keys else keys.index(at.column)
        end = max(1, min(keys.index(at.column) + columns, len(keys) - 1))
        self._range = replace(self._range, end=At(at.row, keys[end]))
        self._across.choose(end)
        self._mark(self._range.before | set(keys[min(begin, end) : max(begin, end) + 1]))

    def _mark(self, columns: frozenset[str]) -> None:
        if self.cursor_key is not None:
            self._marks[self.cursor_key] = columns
            self._draw_all()

    # Showing some of the columns.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "all_rows" and self.only is not None:
            return True
        return super().check_action(action, parameters)

    def action_all_rows(self) -> None:
        """Take a filter off: that of the rows first."""
        if self._rows.narrowed:
            super().action_all_rows()
        else:
            self._show_only(None)

    def action_filter_columns(self) -> None:
        """Ask for columns by their names, and show them while they are typed."""
        if not isinstance(self.screen, Stage):
            return
        before = self.only

        def typed(text: str) -> str:
            wanted = sound_part(text, _NAMES)
            if not wanted.terms or True in wanted.matching([column.title for column in self._all[1:]]):
                self._show_only(wanted)
            return complaint(text, _NAMES)

        def answered(text: str | None) -> None:
            self._show_only(before if text is None else parse(text, _NAMES))

        text = "" if before is None else f"{before.text} "
        self.screen.ask(Question("columns", text, typed, answered))

    def _show_only(self, only: Filter[str] | None) -> None:
        self.only = only if only is not None and only.terms else None
        self._show_columns()
        if isinstance(self.screen, Stage):
            self.screen.show_hints()
        self._moved()


_NAMES: Sequence[Column[str]] = (Column("name", "NAME", 1, Cell, str, texts=lambda names: names),)
"""What a filter of columns sees: their names alone."""


def _marked(columns: Sequence[Column[T]], marks: frozenset[str]) -> tuple[str, ...]:
    return tuple(column.key for column in columns if column.key in marks) if marks else ()
