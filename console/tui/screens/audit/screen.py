"""Screen 8: the journal, the newest record first, as it grows, and whether all of it is what was written.

A thread reads and verifies; this shows what it saw. All of it is the present's, whatever picture is held.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.containers import Container
from textual.geometry import Size
from textual.widget import Widget

from console import threads
from console.audit.follow import Entry, Look
from console.tui.actions import Place, bindings
from console.tui.screens.approving import waiting_lines
from console.tui.screens.audit.columns import NUMBER, Row, record_columns, rows_of, severity_of
from console.tui.screens.audit.detail import RecordDetail
from console.tui.screens.audit.words import NO_JOURNAL, place_line, summary_lines, verdict_line
from console.tui.screens.frame import Frame
from console.tui.text import Line, Span
from console.tui.theme import Glyphs, Tone
from console.tui.view import View
from console.tui.watched import FollowsJournal
from console.tui.widgets.lines import Lines
from console.tui.widgets.table.lines import Drawn
from console.tui.widgets.table.table import Table

LOOKS_EVERY = 1.0
"""Seconds between two looks at the journal."""
_SUMMARY = 4
"""Lines of the record under the cursor, at most."""


class Audit(Frame):
    PLACE: ClassVar[Place] = "audit"
    BINDINGS: ClassVar = bindings("audit")
    LIVELY: ClassVar[bool] = True
    ABOUT: ClassVar[str] = (
        "Who did what, when and why: an intent before each act, and what became of it after. SOUND says that "
        "every record is the one that was written and follows the one before; NOT SOUND names the first that "
        "isn't. Times are local."
    )

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._look: Look | None = None
        self._looking: asyncio.Future[Look] | None = None
        self._entries: Sequence[Entry] = ()
        self._rows: dict[str, Row] = {}
        self._header = Lines(self._header_lines, view.glyphs, classes="journal-header")
        self._chosen = Lines(self._chosen_lines, view.glyphs, id="record")
        self.table = RecordTable(view.glyphs, lambda: self._chosen.show(self._chosen_lines))

    def body(self) -> Iterable[Widget]:
        yield self._header
        yield Container(self.table, self._chosen, id="journal")

    def on_mount(self) -> None:
        self.set_focus(self.table)  # at once: a prompt that a waiting key asks for is to keep it
        self.set_interval(LOOKS_EVERY, self._look_again)
        self._look_again()

    def paint(self, view: View) -> None:
        before = self.view
        super().paint(view)
        if bool(view.requests) is not bool(before.requests):
            self.show_hints()
        self._show()

    def action_verify(self) -> None:
        """Verify the whole once more, now."""
        self._look_again(verify_now=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "approve" or bool(self.view.requests)

    async def action_approve(self) -> None:
        await self.app.run_action("approve")

    def on_table_opened(self, event: Table.Opened) -> None:
        row = self._rows.get(event.key)
        if row is not None:
            self.app.push_screen(RecordDetail(self.view, row.entry))

    @property
    def _journal(self) -> FollowsJournal | None:
        return self.view.journal if self.view.replay is None else None

    def _look_again(self, *, verify_now: bool = False) -> None:
        """Have a thread look, unless one is at it, or nobody sees what it would find."""
        journal = self._journal
        if journal is None or self._looking is not None or not (self.is_current or verify_now):
            return
        self._looking = threads.start(lambda: journal.look(verify_now=verify_now), name="read the journal")
        self._looking.add_done_callback(self._seen)

    def _seen(self, looked: "asyncio.Future[Look]") -> None:
        self._looking = None
        if self.is_attached and not looked.cancelled():
            self._look = looked.result()
            self._show()

    def _show(self) -> None:
        if self._look is not None and self._look.entries is not self._entries:
            self._entries = self._look.entries
            rows = rows_of(self._entries)
            self._rows = {row.key: row for row in rows}
            self.table.set_rows(rows)
        self._header.show(self._header_lines)
        self._chosen.show(self._chosen_lines)

    def _header_lines(self, size: Size) -> tuple[Line, ...]:
        glyphs, journal = self.view.glyphs, self._journal
        waiting = tuple(waiting_lines(self.view, size.width))
        if journal is None:
            why = NO_JOURNAL if self.view.replay is not None else "this console was not given one"
            return (*waiting, verdict_line(None, why, size.width, glyphs), ())
        return (
            *waiting,
            verdict_line(self._look, "", size.width, glyphs),
            place_line(self._look, str(journal.folder), size.width, glyphs),
        )

    def _chosen_lines(self, size: Size) -> Sequence[Line]:
        row = self._rows.get(self.table.cursor_key or "")
        if row is None:
            said = "no record" if not self._entries else "no record is shown"
            return [(Span(said if self._look is not None else "", Tone.DIM),)]
        return summary_lines(row, size.width, _SUMMARY, self.view.glyphs)


class RecordTable(Table[Row]):
    """The journal's lines; `moved` is called as soon as the cursor is on another one."""

    def __init__(self, glyphs: Glyphs, moved: Callable[[], None]) -> None:
        super().__init__("audit", lambda row: row.key, severity_of, glyphs)
        self._moved = moved
        self._told: str | None = None
        self.set_columns(record_columns(glyphs), NUMBER)

    def _show(self, lines: list[Drawn]) -> None:
        super()._show(lines)
        if self.cursor_key != self._told:
            self._told = self.cursor_key
            self._moved()
