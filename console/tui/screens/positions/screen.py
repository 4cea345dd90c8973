"""Screen 2: both accounts, what they hold, and what they did; beside each position what the exchange says.

Narrow, one pane at a time stands under the panes' names; wide, the positions and one pane below them; vast
and high, all of them are there at once. Tab goes from one to the next.
"""

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Container
from textual.geometry import Size
from textual.widget import Widget

from console.domain.assessment import Assessment
from console.domain.positions import holdings
from console.tui.actions import Place
from console.tui.screens.overview.screen import OpensSymbols
from console.tui.screens.parted import Parted
from console.tui.screens.positions.accounts import account_lines
from console.tui.screens.positions.cells import Present
from console.tui.screens.positions.panes import POSITIONS, TOTALS, Matter, panes
from console.tui.screens.positions.words import Verdict, notice, tabs, title, verdict_on, with_verdict
from console.tui.text import Line, fit_line
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.table.table import Table

_TITLES = 2
"""Lines above the rows of a table, while it is filtered."""
_SPARE = 4
"""Rows beyond the positions that there is room for at first: one that comes or goes moves nothing."""


class Positions(Parted):
    PLACE: ClassVar[Place] = "positions"
    ABOUT: ClassVar[str] = (
        "Both accounts, and every open position, the worst first: what is nearest to its liquidation, and "
        "what the exchange holds otherwise than the database says. Tab goes on to totals, orders, trades "
        "and failures."
    )

    def __init__(self, view: View) -> None:
        super().__init__(view, POSITIONS)
        self._present = Present(view.glyphs)
        self._panes = panes(self._present)
        self._names = tuple(pane.name for pane in self._panes)
        self._matter = Matter()
        self._verdict: Verdict = ()
        self._seen: tuple[object, ...] = ()
        self._filled: tuple[object, ...] = ()
        self._below = TOTALS
        self._rows_wanted = 0
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
        self.choose(POSITIONS)

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
        """Join database and exchange anew where one has answered, or is no longer the present."""
        database, exchange, now = assessment.snapshot.database, assessment.snapshot.exchange, assessment.at
        self._present.take(assessment)
        doubt = assessment.books_doubt
        usable = database.usable(now), exchange.usable(now)
        held = self.view.paused_for is not None
        seen = (database.good, exchange.good, exchange.configured, bool(doubt), held, *usable)
        if all(old is new for old, new in zip(self._seen, seen, strict=False)) and self._seen:
            return
        self._seen = seen
        self._matter = Matter(holdings(assessment.snapshot, doubt, self._matter.holdings), database.value)
        self._verdict = verdict_on(self._matter, self.view)

    def _fill(self) -> None:
        """Show everything that is to be seen."""
        for pane in self._panes:
            if pane.name in self._visible():
                pane.show(self._matter)
        self.query_one(f"#{POSITIONS}").styles.max_height = self._room()
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

    def parts(self) -> tuple[str, ...]:
        return self._names

    def target(self, part: str) -> Widget:
        return next(pane.table for pane in self._panes if pane.name == part)

    def show_chosen(self) -> None:
        self._below = self.chosen if self.chosen != POSITIONS else self._below
        self.set_class(self.chosen == POSITIONS, "-at-positions")
        for container in self.query("#lower .pane"):
            container.set_class(container.id == self._below, "-chosen")
        self.paint(self.view)

    def _visible(self) -> tuple[str, ...]:
        """The panes that the arrangement of this size shows."""
        if self.has_class("-narrow"):
            return (self.chosen,)
        return (
            self._names if self.has_class("-vast") and self.has_class("-high") else (POSITIONS, self._below)
        )

    def _room(self) -> int | None:
        """The lines that the positions may have at most, so that the panes below them have the rest."""
        if self.has_class("-narrow"):
            return None
        rows = len(self._matter.holdings.rows)
        if not rows < self._rows_wanted <= rows + 2 * _SPARE:
            self._rows_wanted = rows + _SPARE
        return _TITLES + self._rows_wanted

    # What stands above the tables.

    def _accounts_text(self, size: Size) -> tuple[Line, ...]:
        return account_lines(self.view, size)

    def _tabs_text(self, size: Size) -> tuple[Line, ...]:
        names = tabs(self._names, self.chosen, self._matter)
        return (with_verdict(names, self._verdict, size.width, self.view.glyphs.ellipsis),)

    def _notice_text(self, size: Size) -> tuple[Line, ...]:
        said = notice(self.view, self._matter)
        return () if said is None else (fit_line((said,), size.width, self.view.glyphs.ellipsis),)
