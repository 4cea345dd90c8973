"""One symbol in full: what every source says of it, its margin and funding over time, and what it did.

Facts and plots stand above, one of the panes below them; narrow, each is a page of its own; vast, all of them
are there at once. Tab goes from one to the next.
"""

import math
from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Container
from textual.events import Resize
from textual.geometry import Size
from textual.widget import Widget

from console.domain.assessment import Assessment
from console.domain.symbol_detail import SOURCES, source_doubts, symbol_detail
from console.domain.symbol_detail import SymbolDetail as Detail
from console.tui.actions import Place
from console.tui.screens.alerts.muting import OpensAlerts
from console.tui.screens.overview.summary import source_age
from console.tui.screens.parted import Parted
from console.tui.screens.symbol.alerts import AlertPane
from console.tui.screens.symbol.facts import fact_lines, log_lines, summary_lines, tab_line
from console.tui.screens.symbol.panes import symbol_panes
from console.tui.screens.symbol.plots import Plots
from console.tui.text import Line
from console.tui.theme import Tone
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.reader import Reader
from console.tui.widgets.table.table import Table

FACTS, PLOTS, LOG = "facts", "plots", "log"


class SymbolDetail(Parted):
    PLACE: ClassVar[Place] = "symbol"
    ABOUT: ClassVar[str] = (
        "Everything about one symbol. Each fact stands beside what engine, database, exchange and flags file "
        "say of it; where those that are fresh differ, the line is marked."
    )

    def __init__(self, view: View, symbol: str) -> None:
        super().__init__(view, FACTS)
        self.symbol = symbol
        self._detail = Detail(symbol, None, (), ("",) * 4)
        self._gone = False
        self._opened_at = math.inf
        self._seen: tuple[object, ...] = ()
        self._grounds: dict[str, tuple[object, ...]] = {}
        glyphs = view.glyphs
        self._summary = Lines(self._summary_text, glyphs, id="summary")
        self._tabs = Lines(self._tabs_text, glyphs, id="tabs")
        self._facts = Reader(self._facts_text, glyphs)
        self._plots = Plots(symbol, glyphs, id=PLOTS)
        self._log = Reader(self._log_text, glyphs)
        self._alerts = AlertPane(view)
        self._panes = (*symbol_panes(glyphs), self._alerts)
        self._below = self._panes[0].name

    def body(self) -> Iterable[Widget]:
        yield self._summary
        yield self._tabs
        yield Container(Container(self._facts, id=FACTS), self._plots, id="upper")
        tables = (Container(pane.table, id=pane.name, classes="pane") for pane in self._panes)
        yield Container(*tables, Container(self._log, id=LOG, classes="pane"), id="lower")

    def on_mount(self) -> None:
        self.choose(FACTS)

    def paint(self, view: View) -> None:
        super().paint(view)
        if view.assessment is None or not self.is_mounted:
            return
        self._opened_at = min(self._opened_at, view.assessment.at)
        self._look(view.assessment)
        self._plots.paint(view, view.assessment)
        self._alerts.present.view = view
        for pane in self._panes:
            pane.show(view.assessment, self.symbol or "")
        self._show_texts(view, view.assessment)

    def _show_texts(self, view: View, assessment: Assessment) -> None:
        """Make those texts anew whose grounds have changed."""
        titles = self._titles()
        ages = tuple(source_age(view, assessment.source(name)) for name in SOURCES)
        seen = (self._seen, self._gone)
        if self._changed("tabs", (titles, self.chosen)):
            self._tabs.show(self._tabs_text)
            for part, title in titles.items():
                self.query_one(f"#{part}").border_title = title
        if self._changed("summary", (*seen, int(assessment.at))):
            self._summary.show(self._summary_text)
        if self._changed("facts", (*seen, ages)):
            self._facts.show(self._facts_text)
        if self._changed("log", (self._focus_lines,)):
            self._log.show(self._log_text)

    def _changed(self, text: str, grounds: tuple[object, ...]) -> bool:
        changed = self._grounds.get(text) != grounds
        self._grounds[text] = grounds
        return changed

    def _look(self, assessment: Assessment) -> None:
        """Gather the facts anew where a source has answered, or one has become too old."""
        snapshot = assessment.snapshot
        states = (snapshot.metrics, snapshot.database, snapshot.exchange, snapshot.flags)
        seen = (assessment.symbols, source_doubts(assessment), *(state.good for state in states))
        if seen == self._seen:
            return
        self._seen = seen
        detail = symbol_detail(assessment, self.symbol or "", self._detail.balances)
        self._gone = detail.row is None and self._detail.row is not None
        if not self._gone:
            self._detail = detail

    async def on_table_opened(self, event: Table.Opened) -> None:
        """Open one of the alerts; other rows are shown in full already."""
        row = next((row for row in self._alerts.rows if row.key == event.key), None)
        if row is not None and row.rule is not None and isinstance(self.app, OpensAlerts):
            await self.app.open_alert(row.rule.key)

    def on_resize(self, event: Resize) -> None:
        if self.chosen not in self.parts():
            self.choose(FACTS)

    def parts(self) -> tuple[str, ...]:
        """What tab goes through; the plots are a page of their own where it is narrow."""
        plots = (PLOTS,) if self.has_class("-narrow") else ()
        return (FACTS, *plots, *(pane.name for pane in self._panes), LOG)

    def show_chosen(self) -> None:
        self.set_class(self.chosen == FACTS, "-at-facts")
        self.set_class(self.chosen == PLOTS, "-at-plots")
        self._below = self.chosen if self.chosen not in (FACTS, PLOTS) else self._below
        for container in self.query(".pane"):
            container.set_class(container.id == self._below, "-chosen")
        self._tabs.show(self._tabs_text)

    def target(self, part: str) -> Widget | None:
        """What gets the focus; the plots can't have it."""
        if part == FACTS:
            return self._facts
        if part == LOG:
            return self._log
        return next((pane.table for pane in self._panes if pane.name == part), None)

    def _summary_text(self, size: Size) -> tuple[Line, ...]:
        return summary_lines(self.view, self._detail, self._gone, size.width)

    def _tabs_text(self, size: Size) -> tuple[Line, ...]:
        """The chosen part in reverse, the others in sight bright; without counts that have no room."""
        titles = self._titles()
        parts = [(part, titles.get(part, part), self._tone(part)) for part in self.parts()]
        return (tab_line(parts, size.width, self.view.glyphs),)

    def _titles(self) -> dict[str, str]:
        """The parts below by name, each with the number of its lines."""
        lines = self._focus_lines
        count = "?" if lines is None else len(lines) or "none"
        return {pane.name: pane.title for pane in self._panes} | {LOG: f"{LOG} {count}"}

    def _tone(self, part: str) -> Tone:
        if part == self.chosen:
            return Tone.KEY
        seen = not self.has_class("-narrow") and (part in (FACTS, self._below) or self.has_class("-vast"))
        return Tone.PLAIN if seen else Tone.DIM

    @property
    def _focus_lines(self) -> tuple[str, ...] | None:
        """The log's lines that name the symbol; None until it was read after the symbol was opened."""
        assessment = self.view.assessment
        log = None if assessment is None else assessment.snapshot.log
        if log is None or log.good is None or log.value is None:
            return None
        read_at = log.good.fetched_at if log.good.asked_at is None else log.good.asked_at
        return log.value.focus_lines or (() if read_at > self._opened_at else None)

    def _facts_text(self, cells: int) -> list[Line]:
        return fact_lines(self.view, self._detail, self._gone, cells)

    def _log_text(self, cells: int) -> list[Line]:
        return log_lines(self._focus_lines, cells, self.view.glyphs)
