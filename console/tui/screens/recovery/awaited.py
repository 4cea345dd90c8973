"""A table whose rows a thread still reads: enter is answered meanwhile, and it says where the cursor is."""

from collections.abc import Callable
from typing import TypeVar

from textual.geometry import Size

from console.domain.severity import Severity
from console.tui.text import Line, Span, fit_line
from console.tui.theme import Glyphs, Tone
from console.tui.widgets.lines import Lines
from console.tui.widgets.table.lines import Drawn
from console.tui.widgets.table.table import Table

T = TypeVar("T")

NOT_YET = "the {what} are still being read: press enter once they are here"
"""What is said of rows, called `what`, that a thread still reads."""


class AwaitedTable(Table[T]):
    """Calls `moved` as soon as the cursor is on another row; `name` is what its columns are kept under, and
    `why_none` says why there are no rows.
    """

    def __init__(
        self,
        name: str,
        key: Callable[[T], str],
        severity: Callable[[T], Severity],
        glyphs: Glyphs,
        moved: Callable[[], None],
        *,
        why_none: Callable[[], str],
    ) -> None:
        super().__init__(name, key, severity, glyphs)
        self._moved = moved
        self._why_none = why_none
        self._told: str | None = None

    def action_open(self) -> None:
        if self.cursor_key is None and not self._rows.narrowed:
            self._refuse(self._why_none())
        super().action_open()

    def _show(self, lines: list[Drawn]) -> None:
        super()._show(lines)
        if self.cursor_key != self._told:
            self._told = self.cursor_key
            self._moved()


def being_read(glyphs: Glyphs) -> Lines:
    """What stands where the first row will be, until there are rows."""

    def said(size: Size) -> tuple[Line, ...]:
        words = (
            f" {glyphs.unknown} reading the runbooks and runs{glyphs.ellipsis} enter works once they are here"
        )
        return (fit_line((Span(words, Tone.UNKNOWN),), size.width, glyphs.ellipsis),)

    return Lines(said, glyphs, classes="being-read")
