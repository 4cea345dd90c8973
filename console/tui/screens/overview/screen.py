"""Screen 1: every symbol against its limits, the worst first, under what matters most in words."""

import operator
from collections.abc import Iterable, Sequence
from typing import ClassVar, Protocol, runtime_checkable

from textual.containers import Container
from textual.events import Resize, ScreenSuspend
from textual.geometry import Size
from textual.widget import Widget

from console.domain.assessment import Assessment
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import SymbolStatus
from console.domain.symbols import SymbolRows
from console.domain.thresholds import Panel
from console.domain.worst import worst_symbol
from console.tui.headline import last_judged
from console.tui.screens.frame import Frame
from console.tui.screens.overview.columns import STATE, Present, symbol_columns
from console.tui.screens.overview.summary import TEXTS, with_screens
from console.tui.text import Line
from console.tui.view import View
from console.tui.widgets.lines import Content, Lines
from console.tui.widgets.table.columns import Order
from console.tui.widgets.table.table import Table

_LINES_BESIDE_THE_TABLE = 8
"""Lines of a low screen that aren't rows: status line, headline, key metrics, titles, key hints."""
_BAND = 8
"""Lines of accounts, engine and sources in full, with the empty one above them."""
_LINES_OF_A_VAST_SCREEN = 23
"""Lines that aren't rows where everything is shown in full, the band's among them."""
_BEFORE_ALL = -9.0
"""The place of the worst symbol in the default order: before any severity."""


@runtime_checkable
class OpensSymbols(Protocol):
    """The app, as far as a screen wants it: it shows everything about a symbol."""

    def open_symbol(self, symbol: str) -> None: ...


class Overview(Frame):
    ABOUT: ClassVar[str] = (
        "Every symbol against its limits, the worst first. TO NEXT is how long the margin ratio takes to its "
        "next threshold if it goes on as in the last minutes; 10 MIN is where it has been. The sign after a "
        "symbol is that of its worst alert."
    )

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._columns_for: tuple[tuple[Panel, ...], bool] = ((), False)
        self._present = Present(view.glyphs)
        self._judged: SymbolRows | None = None
        self._spare = 0
        self._filled: tuple[object, ...] = ()
        self._texts = {name: Lines(self._content(name, view), view.glyphs, id=name) for name in TEXTS}
        self._stayed = True  # on this screen: whoever has not seen the others is told which there are
        self._inputs: dict[str, tuple[object, ...]] = {}
        self.table: Table[SymbolStatus] = Table(
            "overview", lambda row: row.symbol, lambda row: row.severity, view.glyphs
        )

    def body(self) -> Iterable[Widget]:
        texts = self._texts
        yield texts["headline"]
        yield texts["key-metrics"]
        yield self.table
        engine = Container(texts["accounts"], texts["engine"], id="facts")
        yield Container(engine, texts["sources"], texts["alerts"], id="band")

    def on_mount(self) -> None:
        self.set_focus(self.table)  # at once: a prompt that a waiting key asks for is to keep it

    def on_resize(self, event: Resize) -> None:
        self._make_room()

    def paint(self, view: View) -> None:
        super().paint(view)
        for name, text in self._texts.items():
            inputs = TEXTS[name].inputs(view)
            if self._inputs.get(name) != inputs:
                self._inputs[name] = inputs
                text.show(self._content(name, view))
        if view.assessment is not None:
            self._fill_table(view, view.assessment)
            self._make_room()

    def on_table_opened(self, event: Table.Opened) -> None:
        if isinstance(self.app, OpensSymbols):
            self.app.open_symbol(event.key)

    def on_screen_suspend(self, event: ScreenSuspend) -> None:
        if self._stayed and isinstance(self.app.screen, Frame) and self.app.screen.symbol is None:
            self._stayed = False
            self._inputs.pop("headline", None)

    def _content(self, name: str, view: View) -> Content:
        def lines(size: Size) -> tuple[Line, ...]:
            shown = TEXTS[name].lines(view, size)
            return with_screens(shown, view, size) if name == "headline" and self._stayed else shown

        return lines

    def _make_room(self) -> None:
        """Show sources and the rest in full where the table would leave their lines empty."""
        rows = 0 if self._present.symbols is None else len(self._present.symbols)
        free = self.size.height - _LINES_BESIDE_THE_TABLE - rows
        self.set_class(rows > 0 and free >= _BAND, "-roomy")
        vast = rows > 0 and self.has_class("-vast") and self.has_class("-high")
        spare = max(0, self.size.height - _LINES_OF_A_VAST_SCREEN - rows) if vast else 0
        if spare != self._spare:
            self._spare = spare
            self.query_one("#band").styles.height = _BAND - 1 + spare if spare else None

    def _fill_table(self, view: View, assessment: Assessment) -> None:
        stale = _stale_for(view, assessment)
        filled = (
            self.has_class("-narrow"),
            id(assessment.symbols),
            id(assessment.margins),
            id(assessment.by_symbol),
            int(assessment.at),
            stale,
        )
        if filled == self._filled:
            return
        self._filled = filled
        self._present.take(assessment, stale)
        self._set_columns(assessment.panels)
        # Stale rows keep their order: all of them are unknown, and jumping would hide which were bad.
        self._judged = last_judged(assessment)
        self.table.set_rows(assessment.symbols)

    def _set_columns(self, panels: tuple[Panel, ...]) -> None:
        narrow = self.has_class("-narrow")
        if (panels, narrow) != self._columns_for:
            self._columns_for = panels, narrow
            columns = symbol_columns(panels, self._present, self._worst_first, narrow=narrow)
            self.table.set_columns(columns, STATE)

    def _worst_first(self, rows: Sequence[SymbolStatus]) -> Sequence[Order]:
        """By severity, and first of all the symbol that headline and status line name as the worst."""
        judged = self._judged
        if not isinstance(rows, SymbolRows) or judged is None:
            return [-row.severity for row in rows]
        if rows is judged:
            orders: list[Order] = list(map(operator.neg, rows.severities))
        else:
            places = (judged.place(name) for name in rows.names)
            orders = [-(Severity.UNKNOWN if at is None else judged.severities[at]) for at in places]
        worst = worst_symbol(judged)
        if worst is not None and (place := rows.place(worst[1])) is not None:
            orders[place] = _BEFORE_ALL
        return orders


def _stale_for(view: View, assessment: Assessment) -> str:
    """For how long the metrics have been stale, if they are."""
    source = assessment.source("metrics")
    stale = source.health is Health.STALE and source.age is not None
    return view.age(source.age or 0) if stale else ""
