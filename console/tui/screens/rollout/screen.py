"""Screen 3: every feature's stage for every symbol, in the file and in the engine, and how to change it.

All of it is the present's, whatever picture is held: a change starts from what is so now.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, Protocol, runtime_checkable

from textual.containers import Container
from textual.events import ScreenResume
from textual.geometry import Size
from textual.widget import Widget

from console import threads
from console.actions.rollout.history import Change
from console.domain.access import AccessError
from console.domain.assessment import Assessment
from console.domain.rollout.operations import Demote, Disable, Operation, Promote, SetStage
from console.domain.rollout.stages import Stage
from console.tui.actions import Place, bindings
from console.tui.friction import Pace
from console.tui.screens.frame import Frame
from console.tui.screens.overview.screen import OpensSymbols
from console.tui.screens.rollout.cells import (
    FEATURE,
    Basis,
    FeatureRow,
    Present,
    key_of,
    matrix_columns,
    rows_of,
    symbol_of,
)
from console.tui.screens.rollout.history import History
from console.tui.screens.rollout.order import kept, ordered
from console.tui.screens.rollout.words import Chosen, cell_lines, file_lines
from console.tui.text import Line
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.matrix.matrix import Matrix

LOOKS_EVERY = 5.0
"""Seconds between two looks at the journal's changes."""
NO_FILE = "this console can't change the flags file: the context names none"
_CHANGES = frozenset({"promote", "demote", "set_stage", "disable", "undo_change"})


@runtime_checkable
class Changes(Protocol):
    """The app, as far as this screen wants it: it opens changes and logs, and knows which key was pressed."""

    pace: Pace

    def open_change(self, operation: Operation) -> None: ...

    async def open_evidence(self, feature: str) -> None: ...


class Rollout(Frame):
    PLACE: ClassVar[Place] = "rollout"
    BINDINGS: ClassVar = bindings("rollout")
    ABOUT: ClassVar[str] = (
        "What the flags file says of every feature for every symbol; the sign after a stage tells that the "
        "engine has loaded something else, or doesn't say. A change is made to the cell, to those marked in "
        "its row, or in the first column to the whole feature. Down waits for nothing; up waits for every "
        "gate. On this screen 0 to 3 are stages: esc and : lead to the screens with these digits."
    )

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._present = Present(view.glyphs)
        self._symbols: Sequence[str] = ()
        self._basis = Basis()
        self._every: Sequence[Change] = ()
        self._changes: Mapping[str, Change] = {}
        self._unread = ""
        self._looking: asyncio.Future[tuple[Change, ...]] | None = None
        self._header = Lines(self._header_lines, view.glyphs, id="flags")
        self._chosen = Lines(self._chosen_lines, view.glyphs, id="cell")
        self.matrix: Matrix[FeatureRow] = Matrix(
            "rollout", lambda row: row.name, lambda row: row.severity, view.glyphs, self._show_texts
        )

    def body(self) -> Iterable[Widget]:
        yield self._header
        yield Container(self.matrix, self._chosen, id="rollout")

    def on_mount(self) -> None:
        self.set_focus(self.matrix)  # at once: a prompt that a waiting key asks for is to keep it
        self.set_interval(LOOKS_EVERY, self._look_back)
        self._look_back()

    def paint(self, view: View) -> None:
        super().paint(view)
        if view.live is not None:
            self._fill(view.live)
        self._show_texts()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Look at the journal at once: it may be a change that this screen was covered by."""
        super().on_screen_resume(event)
        self._look_back()

    def _fill(self, live: Assessment) -> None:
        """Have the rows, columns and cells shown as they are now."""
        basis, symbols = self._present.take(live), live.rollout.listings
        if self._basis.is_that_of(basis):
            return
        if self._basis.listings is not symbols:
            self._arrange(kept(self._symbols, symbols) if self._symbols else ordered(symbols, live))
        self._basis = basis
        self.matrix.set_rows(rows_of(live.rollout))

    def _arrange(self, symbols: Sequence[str]) -> None:
        """Have a column for each symbol, in this order."""
        self._symbols = symbols
        self.matrix.set_columns(matrix_columns(symbols, self._present), FEATURE)

    def action_default_order(self) -> None:
        if self.view.live is not None:
            self._arrange(ordered(self._symbols, self.view.live))
            self.matrix.action_worst_first()

    def action_next_drift(self) -> None:
        """Row by row, from the cell under the cursor on, and from the first one again."""
        live, chosen = self.view.live, self._on
        if live is None or chosen is None:
            return
        rows, here = self.matrix.keys, self.matrix.keys.index(chosen.feature)
        columns = {symbol_of(each.key): place for place, each in enumerate(self.matrix.columns)}
        begin = columns.get(chosen.symbol or "", -1)
        for number in range(len(rows) + 1):
            feature = rows[(here + number) % len(rows)]
            lasting = {columns[each]: each for each in live.rollout.lasting(feature) if each in columns}
            places = [place for place in lasting if number or place > begin]
            if places:
                self.matrix.go_to(feature, key_of(lasting[min(places)]))
                return
        self.refuse("nothing that is shown here drifts")

    # Changing it.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.view.replay is None or action not in _CHANGES

    def action_promote(self) -> None:
        self._change(Promote)

    def action_demote(self) -> None:
        self._change(Demote)

    def action_set_stage(self) -> None:
        if isinstance(self.app, Changes):
            keys = next(action.keys for action in self.view.actions if action.id == "set_stage")
            stage = Stage(keys.index(self.app.pace.key))
            self._change(lambda feature, symbols: SetStage(feature, stage, symbols))

    def action_disable(self) -> None:
        self._change(lambda feature, symbols: Disable(feature))

    def action_undo_change(self) -> None:
        chosen = self._on
        last = None if chosen is None else self._changes.get(chosen.feature)
        if last is None:
            self.refuse("the journal has no change of this feature that could be taken back")
        else:
            self._change(lambda feature, symbols: last.undo)

    def _change(self, operation: Callable[[str, tuple[str, ...] | None], Operation]) -> None:
        """Open what `operation` is for the feature under the cursor, and the symbols that are meant."""
        chosen = self._on
        if self.view.rollout is None:
            self.refuse(NO_FILE)
        elif chosen is None:
            self.refuse("there is no feature to change")
        elif isinstance(self.app, Changes):
            self.app.open_change(operation(chosen.feature, chosen.meant))

    @property
    def _on(self) -> Chosen | None:
        """What the cursor is on; None where there are no features."""
        at = self.matrix.at
        if at is None:
            return None
        symbol = None if at.column is None else symbol_of(at.column)
        marked = tuple(map(symbol_of, self.matrix.marked))
        return Chosen(at.row, symbol, marked, self.matrix.hidden_marks)

    # Looking closer.

    def action_open_cell(self) -> None:
        chosen = self._on
        if chosen is not None and chosen.symbol is None:
            self.action_change_history()
        elif chosen is not None and chosen.symbol is not None and isinstance(self.app, OpensSymbols):
            self.app.open_symbol(chosen.symbol)

    def action_change_history(self) -> None:
        if (chosen := self._on) is not None:
            changes = [change for change in self._every if change.feature == chosen.feature]
            self.app.push_screen(History(self.view, chosen.feature, changes, self._unread))

    async def action_shadow_evidence(self) -> None:
        if (chosen := self._on) is not None and isinstance(self.app, Changes):
            await self.app.open_evidence(chosen.feature)

    def _look_back(self) -> None:
        """Have a thread read the journal's changes, unless one is at it."""
        rollout = self.view.rollout
        if rollout is not None and self._looking is None and self.is_current:
            self._looking = threads.start(lambda: rollout().history(), name="read the changes")
            self._looking.add_done_callback(self._looked_back)

    def _looked_back(self, looked: "asyncio.Future[tuple[Change, ...]]") -> None:
        self._looking = None
        error = looked.exception()
        if isinstance(error, AccessError):
            self._unread = str(error)
        else:
            self._unread, self._every = "", looked.result()
            self._changes = {change.feature: change for change in reversed(self._every) if change.done}
        if self.is_attached:
            self._show_texts()

    # What stands above and below.

    def _show_texts(self) -> None:
        self._header.show(self._header_lines)
        self._chosen.show(self._chosen_lines)

    def _header_lines(self, size: Size) -> Sequence[Line]:
        only = self.matrix.only
        return file_lines(self.view, "" if only is None else only.text, len(self.matrix.columns), size.width)

    def _chosen_lines(self, size: Size) -> Sequence[Line]:
        chosen = self._on
        last = None if chosen is None else self._changes.get(chosen.feature)
        return cell_lines(self.view, chosen, last, size.width)
