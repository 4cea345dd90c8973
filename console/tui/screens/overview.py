"""Screen 1: every symbol against its limits, the worst first, under what matters most in words."""

from collections.abc import Iterable, Mapping

from textual.containers import Container
from textual.events import Resize
from textual.widget import Widget

from console.domain.figures import seconds
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import Assessment, SymbolStatus
from console.domain.thresholds import Panel
from console.tui.actions import Place
from console.tui.screens.frame import Frame
from console.tui.screens.summary import (
    account_lines,
    alert_lines,
    headline_lines,
    key_metric_lines,
    source_lines,
)
from console.tui.screens.symbol_columns import STATE, symbol_columns
from console.tui.view import View
from console.tui.widgets.columns import Order
from console.tui.widgets.lines import Content, Lines
from console.tui.widgets.table import Table

_TEXTS = {
    "headline": headline_lines,
    "key-metrics": key_metric_lines,
    "accounts": account_lines,
    "alerts": alert_lines,
    "sources": source_lines,
}

_LINES_ABOVE_AND_BELOW = 8
"""Lines of a low screen beside the table: status line, headline, key metrics, accounts, key hints."""
_SIDE = 9
"""Lines of alerts and sources, with the empty one above them."""


class Overview(Frame):
    PLACES: tuple[Place, ...] = ("anywhere", "app", "table")

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._severities: Mapping[str, Severity] = {}
        self._symbols: tuple[SymbolStatus, ...] = ()
        self._panels: tuple[Panel, ...] | None = None
        self._texts = {name: Lines(self._content(name, view), view.glyphs, id=name) for name in _TEXTS}
        self.table: Table[SymbolStatus] = Table(lambda row: row.symbol, lambda row: row.severity, view.glyphs)

    def body(self) -> Iterable[Widget]:
        texts = self._texts
        yield texts["headline"]
        yield texts["key-metrics"]
        yield texts["accounts"]
        yield Container(self.table, Container(texts["alerts"], texts["sources"], id="side"), id="main")

    @staticmethod
    def _content(name: str, view: View) -> Content:
        return lambda size: _TEXTS[name](view, size)

    def on_mount(self) -> None:
        self.table.focus()

    def on_resize(self, event: Resize) -> None:
        self._make_room()

    def paint(self, view: View) -> None:
        super().paint(view)
        for name, text in self._texts.items():
            text.show(self._content(name, view))
        if view.assessment is not None:
            self._fill_table(view.assessment)
            self._make_room()

    def _make_room(self) -> None:
        """Show alerts and sources below the table where it would leave their lines empty."""
        free = self.size.height - _LINES_ABOVE_AND_BELOW - 1 - len(self._symbols)
        self.set_class(bool(self._symbols) and free >= _SIDE, "-roomy")

    def _fill_table(self, assessment: Assessment) -> None:
        if assessment.panels != self._panels:
            self._panels = assessment.panels
            columns = symbol_columns(assessment.panels, self.view.glyphs, self._stale, self._rank)
            self.table.set_columns(columns, STATE)
        if assessment.symbols is not self._symbols:
            self._symbols = assessment.symbols
            # Stale rows keep their order: all of them are unknown, and jumping would hide which were bad.
            if assessment.source("metrics").health in (Health.FRESH, Health.FAILING):
                self._severities = {row.symbol: row.severity for row in assessment.symbols}
        self.table.set_rows(assessment.symbols)

    def _rank(self, row: SymbolStatus) -> Order:
        return (-self._severities.get(row.symbol, row.severity),)

    def _stale(self) -> str:
        if self.view.assessment is None:
            return ""
        source = self.view.assessment.source("metrics")
        stale = source.health is Health.STALE and source.age is not None
        return seconds(source.age or 0) if stale else ""
