"""What the app itself does when an operator asks for it: one method for each action of its places.

The boxes that it opens are imported when they are wanted: the first picture doesn't wait for them.
"""

import math
import re
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from console.domain.status import SymbolStatus
from console.domain.symbols import SymbolRows
from console.tui.appearance import Appearance
from console.tui.navigation import Navigation
from console.tui.open_runs import StandingRuns
from console.tui.painting import Painting
from console.tui.places import offers
from console.tui.reminding import Reminding
from console.tui.safety import Safety
from console.tui.screens.frame import Frame
from console.tui.screens.too_small import TooSmall
from console.tui.terminal.app import TerminalApp
from console.tui.view import View
from console.tui.widgets.prompt import Question
from console.tui.wishes import Wishes

if TYPE_CHECKING:
    from console.domain.approval import Request
    from console.domain.rollout.operations import Operation
    from console.runbooks.seen import Offered
    from console.tui.commands import Deed
    from console.tui.screens.alerts.draft import Draft


@runtime_checkable
class ShowsLines(Protocol):
    """The screen of the logs, where there are any."""

    def show_only(self, text: str) -> None: ...


class AppActions(TerminalApp[int], inherit_bindings=False):
    """The actions of the places `app`, `anywhere` and `replay`; whoever runs them makes what they work on."""

    _painting: Painting
    _navigation: Navigation
    _appearance: Appearance
    _safety: Safety
    _reminding: Reminding
    _open_runs: StandingRuns
    _wishes: Wishes
    _saved: Path | None = None

    @property
    def view(self) -> View:
        """The newest view, which every screen is painted with."""
        return self._painting.view

    def crumbs(self) -> tuple[str, ...]:
        """The path to the topmost full screen."""
        return self._navigation.crumbs()

    def open_symbol(self, symbol: str) -> None:
        """Show everything about `symbol`."""
        self._navigation.to_symbol(symbol)

    def action_overview(self) -> None:
        self._open_runs.begin()
        self._navigation.to_overview()

    async def action_positions(self) -> None:
        await self._navigation.to_main("positions")

    async def action_rollout(self) -> None:
        await self._navigation.to_main("rollout")

    def open_change(self, operation: "Operation") -> None:
        """Show what a change of a feature's stage takes."""
        self._navigation.to_change(operation)

    async def open_evidence(self, feature: str) -> None:
        """Show what the log says of a feature in shadow."""
        await self._navigation.to_main("logs")
        if isinstance(self.screen, ShowsLines):
            name = re.escape(feature)
            self.screen.show_only(f"shadow.*{name}|{name}.*shadow")

    async def action_alerts(self) -> None:
        await self._navigation.to_main("alerts")

    async def open_alert(self, key: str) -> None:
        """Show everything about the rule's alert with this key."""
        rows = () if self.view.live is None else self.view.live.alert_rows
        row = next((row for row in rows if row.key == key), None)
        if row is not None:
            await self._navigation.to_alert(row)

    async def open_triggers(self) -> None:
        """Show every rollback trigger in full."""
        await self._navigation.to_triggers()

    async def open_marking(self, draft: "Draft") -> None:
        """Show what muting an alert takes, or taking that back."""
        await self._navigation.to_marking(draft)

    async def action_recovery(self) -> None:
        await self._navigation.to_main("recovery")

    async def action_rollback(self) -> None:
        await self._navigation.to_main("rollback")

    async def open_beginning(self, offered: "Offered", values: Mapping[str, str] | None = None) -> None:
        """Show what a run of a runbook would do, and what it takes to begin it, with `values` filled in."""
        await self._navigation.to_beginning(offered, values)

    async def open_run(self, run_id: str) -> None:
        """Show a run, to be gone on with or watched."""
        await self._navigation.to_run(run_id)

    async def action_logs(self) -> None:
        await self._navigation.to_main("logs")

    async def action_audit(self) -> None:
        await self._navigation.to_main("audit")

    async def action_back(self) -> None:
        self._open_runs.begin()
        self._navigation.back()

    async def action_help(self) -> None:
        from console.tui.screens.help import Help  # noqa: PLC0415 (as said above)

        about = self.screen.ABOUT if isinstance(self.screen, Frame) else ""
        if self._saved is not None:
            about = f"{about} The screen was last written to {self._saved} and .txt beside it.".lstrip()
        table = self.view.actions
        typing = [action for action in table if {"prompt", "palette"} & set(action.places)]
        await self.push_screen(Help(self.view, about, offers(self.screen, table), typing))

    async def action_palette(self) -> None:
        from console.tui.commands import Offered  # noqa: PLC0415 (as said above)
        from console.tui.screens.palette import Palette  # noqa: PLC0415 (as said above)

        assessment = self.view.assessment
        symbols = () if assessment is None else _names(assessment.symbols)
        table = self.view.actions
        here = offers(self.screen, table, beyond=True)
        offered = Offered(here, table, self._appearance.names, symbols)
        await self.push_screen(Palette(self.view, offered, self._do))

    def _do(self, deed: "Deed") -> None:
        """What was chosen in the palette, which has gone by now: done before the next key is."""
        from console.tui.commands import fps_of  # noqa: PLC0415 (as said above)

        if deed.offer is not None:
            self.call_next(self.run_action, deed.name, deed.offer.owner)
        elif deed.kind == "symbol":
            self.call_next(self.open_symbol, deed.name)
        elif deed.kind == "theme":
            self._appearance.wear(deed.name)
        elif (fps := fps_of(deed.name)) is not None:
            self._painting.set_fps(fps)

    def action_next_pane(self) -> None:
        self.screen.focus_next()

    def action_previous_pane(self) -> None:
        self.screen.focus_previous()

    def action_pause(self) -> None:
        self._painting.pause()

    def action_earlier(self) -> None:
        self._painting.seek_by(-10)

    def action_later(self) -> None:
        self._painting.seek_by(10)

    def action_much_earlier(self) -> None:
        self._painting.seek_by(-300)

    def action_much_later(self) -> None:
        self._painting.seek_by(300)

    def action_jump_in_record(self) -> None:
        from console.tui.record_time import record_time  # noqa: PLC0415 (nobody else needs it)

        if self.view.replay is not None:
            self.ask(record_time(self.view.replay, self._painting.seek_to))

    def action_faster(self) -> None:
        self._painting.speed_up(2)

    def action_slower(self) -> None:
        self._painting.speed_up(0.5)

    def say(self, words: str) -> None:
        """A notice for some seconds, where the key hints are: something was done, or can be."""
        if (frame := self._full_screen) is not None:
            frame.say(words)

    def refuse(self, words: str) -> None:
        """The same of what can't be done, or went wrong."""
        if (frame := self._full_screen) is not None:
            frame.refuse(words)

    def end_notice(self, at: float = math.inf) -> None:
        """Give the key hints their place back, where what was said there was to be read by `at`."""
        if (frame := self._full_screen) is not None:
            frame.end_notice(at)

    def ask(self, question: Question) -> None:
        """Have a line typed on the topmost full screen."""
        if (frame := self._full_screen) is not None:
            frame.ask(question)

    def show_hints(self) -> None:
        """Show what the keys do now, on the topmost full screen: of a dialog over it, that one's keys."""
        if (frame := self._full_screen) is not None:
            frame.show_hints()

    @property
    def _full_screen(self) -> Frame | None:
        """The topmost full screen."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Frame)), None)

    def action_kill_switch(self) -> None:
        if isinstance(self.screen, TooSmall):
            self.screen.get_ready()
        else:
            self._navigation.to_kill_switch()

    def action_reset(self) -> None:
        self._navigation.to_reset()

    async def action_approve(self) -> None:
        """Ask about what has waited longest."""
        from console.tui.screens.approving import approval_of  # noqa: PLC0415 (as said above)
        from console.tui.screens.confirm import Confirm  # noqa: PLC0415 (as said above)

        if not self.view.requests:
            self.refuse("nothing waits for your approval")
            return
        waiting = self.view.requests[0]
        danger = approval_of(waiting, self.view.context.environment)
        await self.push_screen(Confirm(self.view, danger), partial(self._approve, waiting.request))

    def _approve(self, asked: "Request", yes: bool | None) -> None:
        if yes:
            self._safety.approve(asked)

    def action_record_look(self) -> None:
        self._reminding.record()

    def action_next_theme(self) -> None:
        self._appearance.next()

    def action_low_bandwidth(self) -> None:
        self._draw_plainly(not self.view.slow)

    def _draw_plainly(self, slow: bool) -> None:
        """Few colours and few paints, on a slow line."""
        if slow != self.view.slow:
            self._appearance.plain(slow)
            self._painting.set_slow(slow)

    def tell_of_line(self, slow: bool) -> None:
        """To be called when the line turns out to be slow, or not to be any more: it is said, and shown."""
        if self._wishes.low_bandwidth is None and slow != self.view.line_is_slow:
            self._painting.tell_of_line(slow)
            if slow and not self.view.slow:
                self.say("this line is slow: b draws seldom and plainly")

    def action_save_screen(self) -> None:
        from console.tui.saved_screen import save_screen, where  # noqa: PLC0415 (as said above)

        if self._wishes.state is None:
            self.refuse("there is no state folder to write the screen into")
            return
        try:
            self._saved = save_screen(self, self._wishes.state, time.time())
        except OSError as error:
            self.refuse(f"the screen can't be written: {error.strerror or error}")
            return
        words, around = "written: ", 4  # the frame, and a blank on either side
        room = self.size.width - len(words) - around
        self.say(words + where(self._saved, room, self.view.glyphs.ellipsis))


def _names(symbols: Sequence[SymbolStatus]) -> Sequence[str]:
    """The symbols' names, without a row being made for each where the rows know them."""
    return symbols.names if isinstance(symbols, SymbolRows) else [row.symbol for row in symbols]
