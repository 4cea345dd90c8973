"""Screen 6: what calls for a rollback now, and the procedures, those that are advised first, one in full.

Threads look again and again while it is shown: at the runbooks and runs, and, which takes longer, at what
calls for one. What the first knows is shown without waiting for the second.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar

from textual.containers import Container
from textual.events import ScreenResume
from textual.geometry import Size
from textual.widget import Widget

from console import threads
from console.domain.assessment import Assessment
from console.domain.rollback import Rollbacks
from console.runbooks.seen import DeskError, Listing
from console.tui.actions import Place, bindings
from console.tui.drill import drill_lines
from console.tui.screens.frame import Frame
from console.tui.screens.gated import InFull
from console.tui.screens.kill.asking import key_of
from console.tui.screens.recovery.awaited import NOT_YET, AwaitedTable
from console.tui.screens.recovery.columns import Instant
from console.tui.screens.recovery.opening import open_runbook
from console.tui.screens.recovery.screen import LOOKS_EVERY, NO_RUNS
from console.tui.screens.rollback.columns import PLACE, procedure_columns
from console.tui.screens.rollback.procedure import chosen_lines, full_lines
from console.tui.screens.rollback.rows import Row, advice_now, rows_of
from console.tui.screens.rollback.told import Told, told_lines
from console.tui.text import Line
from console.tui.theme import Glyphs
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.table.table import Table

GUIDES_EVERY = 5.0
"""Seconds from one look at what calls for a rollback to the next."""
IN_A_REPLAY = "a replay has no way back: see `opsconsole rollback list`"


class Rollback(Frame):
    PLACE: ClassVar[Place] = "rollback"
    BINDINGS: ClassVar = bindings("rollback")
    LIVELY: ClassVar[bool] = True
    ABOUT: ClassVar[str] = (
        "The way back. Above, what calls for it now with its evidence, what was changed last, and what is "
        "deployed; then the procedures, those that are advised first, and the one under the cursor in full. "
        "Enter shows what it would do here, with what is known filled in. Nothing is done before it is begun."
    )

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._listing: Listing | None = None
        self._looked: Rollbacks | None = None
        self._unlisted = self._unread = ""
        self._listing_now: asyncio.Future[Listing] | None = None
        self._looking_now: asyncio.Future[Rollbacks] | None = None
        self._answered: frozenset[str] = frozenset()
        self._rows: dict[str, Row] = {}
        self._now = Instant()
        self._told = Lines(self._told_lines, view.glyphs, id="rollback-told")
        self._chosen = Lines(self._chosen_lines, view.glyphs, id="procedure")
        self.table = ProcedureTable(
            view.glyphs, self._now, lambda: self._chosen.show(self._chosen_lines), self._why_none
        )

    def body(self) -> Iterable[Widget]:
        yield self._told
        yield Container(self.table, self._chosen, id="procedures")

    def on_mount(self) -> None:
        self.set_focus(self.table)  # at once: a prompt that a waiting key asks for is to keep it
        self.set_interval(LOOKS_EVERY, self._list_again)
        self.set_interval(GUIDES_EVERY, self._look_again)
        self._list_again()
        self._look_again()

    def paint(self, view: View) -> None:
        """Look at once where a source answers that had nothing to say yet: a feature may hang on it."""
        super().paint(view)
        self._show()
        if not self._answered >= answering(view.live):
            self._look_again()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Look at once: something may have been done on the screen that covered this."""
        super().on_screen_resume(event)
        self._list_again()
        self._look_again()

    async def on_table_opened(self, event: Table.Opened) -> None:
        row = self._rows.get(event.key)
        if row is None or self._listing is None:
            self.refuse(self._why_none())
        elif why := await open_runbook(self.app, self._listing, row.name, row.values, row.refusal):
            self.refuse(why)

    def action_run_evidence(self) -> None:
        """Show all that the lines have no room for."""
        row = self._rows.get(self.table.cursor_key or "")
        if row is not None:
            text = partial(full_lines, row, self._now.at, glyphs=self.view.glyphs)
            self.app.push_screen(InFull(self.view, row.title, text))

    @property
    def _cause(self) -> str:
        """Why there is nothing to look at; empty where there is."""
        if self.view.replay is not None:
            return IN_A_REPLAY
        return NO_RUNS if self.view.runs is None or self.view.guide is None else ""

    def _why_none(self) -> str:
        """Why there is nothing to press enter on."""
        return self._cause or self._unlisted or NOT_YET.format(what="rollbacks")

    def _list_again(self) -> None:
        """Have a thread look at runbooks and runs, unless one is at it, or nobody sees what it would find."""
        runs = self.view.runs
        if runs is None or self._listing_now is not None or not self.is_current:
            return
        self._listing_now = threads.start(lambda: runs().listing(), name="look at the runs")
        self._listing_now.add_done_callback(self._listed)

    def _look_again(self) -> None:
        """The same of what calls for a rollback, and of what each procedure needs and loses."""
        guide, live = self.view.guide, self.view.live
        if guide is None or live is None or self._looking_now is not None or not self.is_current:
            return
        self._answered = answering(live)
        self._looking_now = threads.start(lambda: guide().rollbacks(live), name="look at the ways back")
        self._looking_now.add_done_callback(self._seen)

    def _listed(self, listing: "asyncio.Future[Listing]") -> None:
        self._listing_now = None
        error = listing.exception()
        if isinstance(error, DeskError):
            self._unlisted = str(error)
        else:
            self._unlisted, self._listing = "", listing.result()
        if self.is_attached:
            self._show()

    def _seen(self, looked: "asyncio.Future[Rollbacks]") -> None:
        self._looking_now = None
        error = looked.exception()
        if isinstance(error, DeskError):
            self._unread = str(error)
        else:
            self._unread, self._looked = "", looked.result()
        if self.is_attached:
            self._show()

    def _show(self) -> None:
        if not self._cause:
            self._now.at = max(
                0.0 if self._listing is None else self._listing.at,
                0.0 if self._looked is None else self._looked.at,
            )
            advice = advice_now(self._looked, self.view.live)
            rows = rows_of(self._listing, self._looked, advice)
            self._rows = {row.name: row for row in rows}
            self.table.set_rows(rows)
            self.table.styles.max_height = len(rows) + 1
        self._told.show(self._told_lines)
        self._chosen.show(self._chosen_lines)

    def _told_lines(self, size: Size) -> Sequence[Line]:
        unread = self._cause or self._unread or self._unlisted
        advice = advice_now(self._looked, self.view.live)
        drill = tuple(drill_lines(self.view, size.width))
        return told_lines(Told(advice, self._looked, unread, self._now.at, drill), size, self.view.glyphs)

    def _chosen_lines(self, size: Size) -> Sequence[Line]:
        row = self._rows.get(self.table.cursor_key or "")
        if row is None:
            return ()
        return chosen_lines(row, self._now.at, size, key_of(self.view, "run_evidence"), self.view.glyphs)


def answering(live: Assessment | None) -> frozenset[str]:
    """The names of the sources whose word may be shown as true."""
    if live is None:
        return frozenset()
    return frozenset(each.name for each in live.snapshot.sources() if each.usable(live.at))


class ProcedureTable(AwaitedTable[Row]):
    """The procedures."""

    def __init__(
        self, glyphs: Glyphs, now: Instant, moved: Callable[[], None], why_none: Callable[[], str]
    ) -> None:
        super().__init__(
            "rollback", lambda row: row.name, lambda row: row.severity, glyphs, moved, why_none=why_none
        )
        self.set_columns(procedure_columns(glyphs, now), PLACE)
