"""Screen 5: open runs, the runbooks by what fires now, and the latest runs; the one under the cursor in full.

A thread reads them, again and again. What fires is the present's, whatever picture is held.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, Protocol, runtime_checkable

from textual.containers import Container
from textual.events import ScreenResume
from textual.geometry import Size
from textual.widget import Widget

from console import threads
from console.runbooks.run import Run
from console.runbooks.seen import DeskError, Listing, Offered
from console.tui.actions import Place, bindings
from console.tui.screens.frame import Frame
from console.tui.screens.recovery.awaited import NOT_YET, AwaitedTable, being_read
from console.tui.screens.recovery.columns import PLACE, Instant, runbook_columns
from console.tui.screens.recovery.rows import Part, Row, rows_of
from console.tui.screens.recovery.told import LINES, LINES_HIGH, chosen_lines, header_lines
from console.tui.text import Line, Span
from console.tui.theme import Glyphs, Tone
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.table.table import Table

LOOKS_EVERY = 2.0
"""Seconds between two looks at the runbooks and runs."""
NO_RUNS = "this console was not given any"
IN_A_REPLAY = "a replay has none: `opsconsole runbook list` says which there are"


@runtime_checkable
class OpensRuns(Protocol):
    """The app, as far as screens want it for runbooks."""

    async def open_beginning(self, offered: Offered, values: Mapping[str, str] | None = None) -> None: ...

    async def open_run(self, run_id: str) -> None: ...


class Recovery(Frame):
    PLACE: ClassVar[Place] = "recovery"
    BINDINGS: ClassVar = bindings("recovery")
    LIVELY: ClassVar[bool] = True
    ABOUT: ClassVar[str] = (
        "Procedures step by step, each step checked. First the runs that are open, then the runbooks, those "
        "for what fires now before the others, then runs that are over. Enter opens a run where it stands, "
        "or shows what a run of a runbook would do. A run survives this console, and the line that it is on."
    )

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._listing: Listing | None = None
        self._unread = ""
        self._looking: asyncio.Future[Listing] | None = None
        self._rows: dict[str, Row] = {}
        self._now = Instant()
        self._header = Lines(self._header_lines, view.glyphs, id="runs")
        self._being_read = being_read(view.glyphs)
        self._chosen = Lines(self._chosen_lines, view.glyphs, id="runbook")
        self.table = RunbookTable(
            view.glyphs, self._now, lambda: self._chosen.show(self._chosen_lines), self._why_none
        )

    def body(self) -> Iterable[Widget]:
        yield self._header
        yield Container(self._being_read, self.table, self._chosen, id="runbooks")

    def on_mount(self) -> None:
        self.set_focus(self.table)  # at once: a prompt that a waiting key asks for is to keep it
        self.set_interval(LOOKS_EVERY, self._look_again)
        self._look_again()

    def paint(self, view: View) -> None:
        super().paint(view)
        self._show()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Look at once: something may have been done on the screen that covered this."""
        super().on_screen_resume(event)
        self._look_again()

    async def on_table_opened(self, event: Table.Opened) -> None:
        row = self._rows.get(event.key)
        if row is None or not isinstance(self.app, OpensRuns):
            return
        if (run := row.run or self._open_run_of(row.name)) is not None:
            await self.app.open_run(run.id)
        elif row.offered is not None:
            await self.app.open_beginning(row.offered)
        else:
            self.refuse("; ".join(row.why))

    def _open_run_of(self, name: str) -> Run | None:
        """The open run of a runbook: a second one can't be begun beside it."""
        return next(
            (row.run for row in self._rows.values() if row.part is Part.OPEN and row.name == name), None
        )

    def _look_again(self) -> None:
        """Have a thread look, unless one is at it, or nobody sees what it would find."""
        runs = self.view.runs
        if runs is None or self._looking is not None or not self.is_current:
            return
        self._looking = threads.start(lambda: runs().listing(), name="look at the runs")
        self._looking.add_done_callback(self._seen)

    def _seen(self, looked: "asyncio.Future[Listing]") -> None:
        self._looking = None
        error = looked.exception()
        if isinstance(error, DeskError):
            self._unread = str(error)
        else:
            self._unread, self._listing = "", looked.result()
        if self.is_attached:
            self._show()

    @property
    def _cause(self) -> str:
        """Why there is nothing to be read; empty where there is."""
        return IN_A_REPLAY if self.view.replay is not None else NO_RUNS if self.view.runs is None else ""

    def _why_none(self) -> str:
        """Why there is nothing to press enter on."""
        return self._cause or self._unread or NOT_YET.format(what="runbooks")

    def _show(self) -> None:
        self._being_read.display = self._listing is None and not (self._cause or self._unread)
        if self._listing is not None:
            self._now.at = self._listing.at
            rows = rows_of(self._listing, self.view.live)
            self._rows = {row.key: row for row in rows}
            self.table.set_rows(rows)
        self._header.show(self._header_lines)
        self._chosen.show(self._chosen_lines)

    def _header_lines(self, size: Size) -> Sequence[Line]:
        none = self._cause or self._unread
        if self._listing is None and not none:
            return (Span(" looking for runbooks", Tone.UNKNOWN),), ()
        return header_lines(tuple(self._rows.values()), none, size.width, self.view.glyphs)

    def _chosen_lines(self, size: Size) -> Sequence[Line]:
        row = self._rows.get(self.table.cursor_key or "")
        if row is None or self._listing is None:
            return ()
        most = LINES_HIGH if self.has_class("-high") else LINES
        return chosen_lines(row, self._listing, Size(size.width, most), self.view.glyphs)


class RunbookTable(AwaitedTable[Row]):
    """Runs and runbooks."""

    def __init__(
        self, glyphs: Glyphs, now: Instant, moved: Callable[[], None], why_none: Callable[[], str]
    ) -> None:
        super().__init__(
            "runbooks", lambda row: row.key, lambda row: row.severity, glyphs, moved, why_none=why_none
        )
        self.set_columns(runbook_columns(glyphs, now), PLACE)
