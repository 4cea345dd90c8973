"""One alert of a rule in full: its value against the threshold over time, and all that is known of it."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.containers import Container
from textual.geometry import Size
from textual.widget import Widget

from console import threads
from console.domain.alert_rows import AlertRow
from console.runbooks.seen import DeskError, Listing
from console.tui.actions import Place, bindings
from console.tui.screens.alerts.facts import Subject, fact_lines, head_lines
from console.tui.screens.alerts.holes import Holes
from console.tui.screens.alerts.muting import Muting
from console.tui.screens.alerts.value_plot import ValuePlot
from console.tui.text import Line, clip
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.reader import Reader

_CRUMB = 18
"""Cells of the rule's name in the path, which leave room for the keys."""


class AlertDetail(Muting):
    PLACE: ClassVar[Place] = "alert"
    BINDINGS: ClassVar = bindings("alert")
    ABOUT: ClassVar[str] = (
        "One alert of a rule: its value against the rule's threshold over time, then the rule itself, all "
        "labels and times, who has muted it until when, what became of it so far, and what the rule can "
        "never catch. It is the present's, whatever picture is held."
    )

    def __init__(self, view: View, row: AlertRow) -> None:
        super().__init__(view)
        self._subject = Subject(row)
        self._rows: tuple[AlertRow, ...] = ()
        self._runbooks: tuple[str, ...] = ()
        glyphs = view.glyphs
        self._head = Lines(self._head_text, glyphs, id="alert-head")
        self._plot = ValuePlot(glyphs, id="alert-plot")
        self._facts = Reader(self._facts_text, glyphs)

    @property
    def crumb(self) -> str:
        return clip(self._subject.row.rule.name, _CRUMB, self.view.glyphs.ellipsis)

    def body(self) -> Iterable[Widget]:
        yield self._head
        yield Container(self._plot, Container(self._facts, id="alert-facts"), id="alert-detail")

    def on_mount(self) -> None:
        self.set_focus(self._facts)  # at once: a prompt that a waiting key asks for is to keep it
        runs = self.view.runs
        if runs is not None:
            listing = threads.start(lambda: runs().listing(), name="find runbooks")
            listing.add_done_callback(self._has_listed)

    def paint(self, view: View) -> None:
        super().paint(view)
        live = view.live
        if live is None or not self.is_mounted:
            return
        if live.alert_rows is not self._rows:
            self._follow(live.alert_rows)
        row = self._subject.row
        self.set_class(row.raised is None, "-no-value")
        if row.raised is not None:
            self._plot.paint(view, live, row)
        self._head.show(self._head_text)
        self._facts.show(self._facts_text)

    async def action_rule_holes(self) -> None:
        await self.app.push_screen(Holes(self.view))

    @property
    def _meant(self) -> AlertRow | None:
        return None if self._subject.gone else self._subject.row

    def _follow(self, rows: tuple[AlertRow, ...]) -> None:
        """Take the alert as it is now; where it is gone, keep what it was."""
        was = self._subject
        self._rows = rows
        row = next((row for row in rows if row.key == was.row.key), None)
        self._subject = Subject(was.row, gone=True) if row is None else Subject(row)
        if (was.gone, was.row.state, was.row.muted) != (
            self._subject.gone,
            self._subject.row.state,
            self._subject.row.muted,
        ):
            self.show_hints()

    def _has_listed(self, listing: "asyncio.Future[Listing]") -> None:
        """Name the runbooks that are for this alert; one that can't be read is screen 5's to tell."""
        if not isinstance(listing.exception(), DeskError) and self.is_attached:
            name = self._subject.row.rule.name
            books = (each.runbook for each in listing.result().offered)
            self._runbooks = tuple(book.name for book in books if name in book.alerts)
            self._facts.show(self._facts_text)

    def _head_text(self, size: Size) -> Sequence[Line]:
        live = self.view.live
        return () if live is None else head_lines(self.view, live, self._subject, size.width)

    def _facts_text(self, cells: int) -> Sequence[Line]:
        live = self.view.live
        return () if live is None else fact_lines(self.view, live, self._subject.row, cells, self._runbooks)
