"""Screen 2: both accounts, what they hold, and what they did; beside each position what the exchange says.

Narrow, one pane at a time stands under the panes' names; wide, the positions and one pane below them; vast
and high, all of them are there at once. Tab goes from one to the next.
"""

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Container
from textual.events import DescendantFocus
from textual.geometry import Size
from textual.widget import Widget

from console.domain.assessment import Assessment
from console.domain.positions import holdings
from console.tui.actions import Place
from console.tui.screens.frame import Frame
from console.tui.screens.overview.screen import OpensSymbols
from console.tui.screens.positions.accounts import account_lines
from console.tui.screens.positions.columns import Present
from console.tui.screens.positions.panes import POSITIONS, TOTALS, Matter, panes
from console.tui.screens.positions.words import Verdict, notice, tabs, title, verdict_on, with_verdict
from console.tui.text import Line, fit_line
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.table.table import Table


class Positions(Frame):
    PLACE: ClassVar[Place] = "positions"
    ABOUT: ClassVar[str] = (
        "Both accounts, and every open position, the worst first: what is nearest to its liquidation, and "
        "what the exchange holds otherwise than the database says. Tab goes on to totals, orders, trades "
        "and failures."
    )

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._present = Present(view.glyphs)
        self._panes = panes(self._present)
        self._names = tuple(pane.name for pane in self._panes)
        self._matter = Matter()
        self._verdict: Verdict = ()
        self._seen: tuple[object, ...] = ()
        self._filled: tuple[object, ...] = ()
        self._chosen, self._below = POSITIONS, TOTALS
        self._accounts = Lines(self._accounts_text, view.glyphs, id="accounts")
        self._tabs = Lines(self._tabs_text, view.glyphs, id="tabs")
        self._notice_line = Lines(self._notice_text, view.glyphs, id="notice")

    def body(self) -> Iterable[Widget]:
        yield self._accounts
        yield self._tabs
        yield self._notice_line
        first, *rest = (Container(pane.table, id=pane.name, classes="pane") for pane in self._panes)
        yield first
        yield Container(*rest, id="lower")

    def on_mount(self) -> None:
        self._choose(POSITIONS)

    def paint(self, view: View) -> None:
        super().paint(view)
        if not self.is_mounted:
            return
        if view.assessment is not None:
            self._look(view.assessment)
        filled = (self._matter, self._present.stale, self._visible(), self.size, int(self._present.at))
        if filled != self._filled:
            self._filled = filled
            self._fill()

    def _look(self, assessment: Assessment) -> None:
        """Join database and exchange anew where one has answered, or has become too old."""
        database, exchange, now = assessment.snapshot.database, assessment.snapshot.exchange, assessment.at
        self._present.at = now
        self._present.stale = not database.usable(now)
        seen = (database.good, exchange.good, exchange.configured, database.usable(now), exchange.usable(now))
        if all(old is new for old, new in zip(self._seen, seen, strict=False)) and self._seen:
            return
        self._seen = seen
        books = database.value
        accounts = () if books is None else books.accounts or ()
        self._present.accounts = {account.id: account.name for account in accounts if account.name}
        self._matter = Matter(holdings(assessment.snapshot, self._matter.holdings), books)
        self._verdict = verdict_on(self._matter, self.view.glyphs)

    def _fill(self) -> None:
        """Show everything that is to be seen."""
        for pane in self._panes:
            if pane.name in self._visible():
                pane.show(self._matter)
        self._accounts.show(self._accounts_text)
        self._tabs.show(self._tabs_text)
        self._notice_line.display = notice(self.view, self._matter) is not None
        self._notice_line.show(self._notice_text)
        for pane in self._panes:
            self.query_one(f"#{pane.name}").border_title = title(pane.name, self._matter)

    def on_table_opened(self, event: Table.Opened) -> None:
        pane = next(pane for pane in self._panes if pane.table is event.table)
        symbol = pane.symbol_at(event.key)
        if symbol and isinstance(self.app, OpensSymbols):
            self.app.open_symbol(symbol)

    # Going from pane to pane.

    def focus_next(self, selector: str | type[Widget] = "*") -> Widget | None:
        return self._step(1)

    def focus_previous(self, selector: str | type[Widget] = "*") -> Widget | None:
        return self._step(-1)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Follow the mouse, which may have gone to another pane."""
        for pane in self._panes:
            if pane.table is event.widget and pane.name != self._chosen:
                self._choose(pane.name)

    def _step(self, step: int) -> Widget | None:
        return self._choose(self._names[(self._names.index(self._chosen) + step) % len(self._names)])

    def _choose(self, name: str) -> Widget:
        """Show the pane, and give it the focus once it is there."""
        self._chosen = name
        self._below = name if name != POSITIONS else self._below
        self.set_class(name == POSITIONS, "-at-positions")
        for container in self.query("#lower .pane"):
            container.set_class(container.id == self._below, "-chosen")
        table = next(pane.table for pane in self._panes if pane.name == name)
        self.call_after_refresh(table.focus)
        self.paint(self.view)
        return table

    def _visible(self) -> tuple[str, ...]:
        """The panes that the arrangement of this size shows."""
        if self.has_class("-narrow"):
            return (self._chosen,)
        return (
            self._names if self.has_class("-vast") and self.has_class("-high") else (POSITIONS, self._below)
        )

    # What stands above the tables.

    def _accounts_text(self, size: Size) -> tuple[Line, ...]:
        return account_lines(self.view, size)

    def _tabs_text(self, size: Size) -> tuple[Line, ...]:
        names = tabs(self._names, self._chosen, self._matter)
        return (with_verdict(names, self._verdict, size.width, self.view.glyphs.ellipsis),)

    def _notice_text(self, size: Size) -> tuple[Line, ...]:
        said = notice(self.view, self._matter)
        return () if said is None else (fit_line((said,), size.width, self.view.glyphs.ellipsis),)
