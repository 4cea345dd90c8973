"""The way through the screens: one main screen by digit over the overview, details on top of it.

The overview is always at the bottom, and a main screen, once made, is kept with its cursor and its filter.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from textual.timer import Timer

from console.tui import garbage
from console.tui.screens.frame import Frame
from console.tui.terminal.app import TerminalApp
from console.tui.view import View

if TYPE_CHECKING:
    from console.domain.alert_rows import AlertRow
    from console.domain.rollout.operations import Operation
    from console.runbooks.seen import Offered
    from console.tui.screens.alerts.draft import Draft

Make = Callable[[View], Frame]

_CALM = 60.0
"""Seconds after the key for the kill switch in which no look for garbage holds up the one that trips."""


def load_kill_switch() -> None:
    """Have the kill switch's code read, before the disk that it lies on may be the trouble."""
    for name in ("kill.screen", "kill.reset", "kill.in_small"):
        importlib.import_module(f"console.tui.screens.{name}")


def _positions(view: View) -> Frame:
    from console.tui.screens.positions.screen import Positions  # noqa: PLC0415 (not before it is wanted, as below)

    return Positions(view)


def _alerts(view: View) -> Frame:
    from console.tui.screens.alerts.screen import Alerts  # noqa: PLC0415

    return Alerts(view)


def _logs(view: View) -> Frame:
    if view.replay is not None:
        from console.tui.screens.no_logs import NoLogs  # noqa: PLC0415

        return NoLogs(view)
    from console.tui.screens.logs import Logs  # noqa: PLC0415

    return Logs(view)


def _rollout(view: View) -> Frame:
    from console.tui.screens.rollout.screen import Rollout  # noqa: PLC0415

    return Rollout(view)


def _recovery(view: View) -> Frame:
    from console.tui.screens.recovery.screen import Recovery  # noqa: PLC0415

    return Recovery(view)


def _rollback(view: View) -> Frame:
    from console.tui.screens.rollback.screen import Rollback  # noqa: PLC0415

    return Rollback(view)


def _audit(view: View) -> Frame:
    from console.tui.screens.audit.screen import Audit  # noqa: PLC0415

    return Audit(view)


MAIN: Mapping[str, Make] = {
    "positions": _positions,
    "rollout": _rollout,
    "alerts": _alerts,
    "recovery": _recovery,
    "rollback": _rollback,
    "logs": _logs,
    "audit": _audit,
}
"""The main screens by their action, without the overview, which is the bottom of everything."""


class Navigation:
    """Goes from screen to screen of `app`."""

    def __init__(self, app: TerminalApp[int], view: Callable[[], View]) -> None:
        self._app = app
        self._view = view
        self._calm: Timer | None = None

    def to_overview(self) -> None:
        self._unwind(1)

    async def to_main(self, name: str) -> None:
        """Show the main screen `name`; where it is shown already, what lies on top of it goes."""
        stack = self._app.screen_stack
        if not self._app.is_screen_installed(name):
            self._app.install_screen(self._app.fitted(MAIN[name](self._view())), name)
        screen = self._app.get_screen(name)
        if screen in stack:
            self._unwind(stack.index(screen) + 1)
        else:
            self._unwind(1)
            await self._app.push_screen(screen)

    def to_symbol(self, symbol: str) -> None:
        """Open everything about `symbol`, over the screen from which it was opened."""
        from console.tui.screens.symbol.screen import SymbolDetail  # noqa: PLC0415 (as above)

        if isinstance(self._app.screen, Frame) and self._app.screen.symbol is not None:
            if self._app.screen.symbol == symbol:
                return
            self._app.pop_screen()
        self._app.push_screen(self._app.fitted(SymbolDetail(self._view(), symbol)))

    async def to_alert(self, row: "AlertRow") -> None:
        """Open everything about a rule's alert, over the screen from which it was opened."""
        from console.tui.screens.alerts.detail import AlertDetail  # noqa: PLC0415 (as above)

        await self._app.push_screen(self._app.fitted(AlertDetail(self._view(), row)))

    async def to_triggers(self) -> None:
        """Open the rollback triggers in full, over the alerts."""
        from console.tui.screens.alerts.trigger_screen import Triggers  # noqa: PLC0415 (as above)

        await self._app.push_screen(self._app.fitted(Triggers(self._view())))

    async def to_marking(self, draft: "Draft") -> None:
        """Open what muting an alert takes, ready for what is typed next."""
        from console.tui.screens.alerts.marking import Marking  # noqa: PLC0415 (as above)

        await self._app.push_screen(self._app.fitted(Marking(self._view(), draft)))

    async def to_beginning(self, offered: "Offered", values: Mapping[str, str] | None = None) -> None:
        """Open what a run of a runbook would do, over the list, ready for what is typed next."""
        from console.tui.screens.recovery.beginning import Beginning  # noqa: PLC0415 (as above)

        await self._app.push_screen(self._app.fitted(Beginning(self._view(), offered, values)))

    async def to_run(self, run_id: str) -> None:
        """Open a run, in place of the screen on which it was begun."""
        from console.tui.screens.recovery.beginning import Beginning  # noqa: PLC0415 (as above)
        from console.tui.screens.recovery.wizard import Wizard  # noqa: PLC0415 (as above)

        if isinstance(self._app.screen, Beginning):
            self._app.pop_screen()
        await self._app.push_screen(self._app.fitted(Wizard(self._view(), run_id)))

    def to_kill_switch(self) -> None:
        """Show the kill switch above everything; where it is shown already, have it ready to be tripped."""
        from console.tui.screens.kill.screen import KillSwitch  # noqa: PLC0415 (as above)

        self._keep_calm()
        for depth, screen in enumerate(self._app.screen_stack, 1):
            if isinstance(screen, KillSwitch):
                self._unwind(depth)
                screen.get_ready()
                return
        self._app.push_screen(self._app.fitted(KillSwitch(self._view())))

    def to_reset(self) -> None:
        """Open what a reset of the kill switch takes, over its screen."""
        from console.tui.screens.kill.reset import Reset  # noqa: PLC0415 (as above)

        self._app.push_screen(self._app.fitted(Reset(self._view())))

    def to_change(self, operation: "Operation") -> None:
        """Open what a change of a feature's stage takes, over the rollout."""
        from console.tui.screens.rollout.change import Change  # noqa: PLC0415 (as above)

        self._app.push_screen(self._app.fitted(Change(self._view(), operation)))

    def back(self) -> None:
        if self.can_go_back:
            self._app.pop_screen()

    @property
    def can_go_back(self) -> bool:
        return len(self._app.screen_stack) > 1

    def crumbs(self) -> tuple[str, ...]:
        """The path to the topmost full screen: the main screen, and the details opened on it."""
        frames = [screen for screen in self._app.screen_stack if isinstance(screen, Frame)]
        beneath = 1 if len(frames) > 1 and self._app.is_screen_installed(frames[1]) else 0
        return tuple(frame.crumb for frame in frames[beneath:] if frame.crumb)

    def _unwind(self, depth: int) -> None:
        while len(self._app.screen_stack) > depth:
            self._app.pop_screen()

    def _keep_calm(self) -> None:
        garbage.pause()
        if self._calm is not None:
            self._calm.stop()
        self._calm = self._app.set_timer(_CALM, garbage.resume)
