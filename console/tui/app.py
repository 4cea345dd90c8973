"""The console's screen: it paints what the monitor assessed, and decides nothing.

The frame is painted first; the monitor, with its heavy imports, is made behind it in a daemon thread. From
then on every paint takes the assessment of the present moment, at most `fps` times a second when something
has changed, and in time before any value passes its limit.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Protocol

from rich.segment import Segments
from rich.text import Text
from rich.traceback import Traceback
from textual.app import App
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from console import threads
from console.domain.clock import Clock
from console.domain.status import Assessment
from console.tui import signals
from console.tui.actions import NO_KILL_SWITCH, bindings
from console.tui.screens.alerts import Alerts
from console.tui.screens.frame import Frame
from console.tui.screens.help import Help
from console.tui.screens.overview import Overview
from console.tui.screens.too_small import SMALLEST, TooSmall
from console.tui.text import visible
from console.tui.theme import glyphs_for, theme_variables, themes_for
from console.tui.view import ContextView, Painted, View

__all__ = ["ContextView", "OpsConsole", "Watched"]

TICK = 0.25
"""Seconds between two paints when nothing arrives, so that ages are seen to go on."""
LEAD = 0.1
"""Seconds that a frame looks ahead, more than drawing takes: what it shows as good is so when it is read."""

_STYLES = Path(__file__).parent / "styles"


class Watched(Protocol):
    """What the screen needs of the monitor."""

    clock: Clock

    def assessment(self, ahead: float = 0.0) -> Assessment:
        """What is true `ahead` seconds from now; cheap when nothing has changed."""

    async def run(self, changed: Callable[[], None]) -> None:
        """Poll until cancelled; call `changed` on the event loop after each reading."""


class OpsConsole(App[int]):
    """The application. Its result is the exit code: 0, or 128 and the signal's number."""

    CSS_PATH: ClassVar = sorted(_STYLES.glob("*.tcss"))
    BINDINGS: ClassVar = bindings("anywhere", "app")
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide"), (170, "-vast")]  # noqa: RUF012  # as textual's
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]  # noqa: RUF012

    def __init__(
        self,
        context: ContextView,
        watch: Callable[[], Watched],
        *,
        fps: float = 4,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """Show `context` through what `watch` makes; `watch` is called off the event loop.

        Raises textual.color.ColorParseError when the context's colour is neither a name nor `#rrggbb`.
        """
        self._environment_colour = theme_variables(context.colour)
        super().__init__()
        self._view = View(context, glyphs_for(environ))
        self._watch = watch
        self._watched: Watched | None = None
        self._frame_time = 1 / fps
        self._painted_at = 0.0
        self._next_paint: Timer | None = None
        self._themes = themes_for(environ)
        for theme in self._themes:
            self.register_theme(theme)
        self.theme = self._themes[0].name
        self.title = f"opsconsole {context.name}"

    def get_css_variables(self) -> dict[str, str]:
        return {**super().get_css_variables(), **self._environment_colour}

    def get_default_screen(self) -> Screen[None]:
        return Overview(self._view)

    def on_mount(self) -> None:
        self.set_class(self._view.glyphs.ascii_only, "-ascii")
        self._give_signals_back = signals.obey(self.exit)
        self.set_interval(TICK, self._paint_soon)
        self.call_after_refresh(self._start_watching)

    def on_unmount(self) -> None:
        self._give_signals_back()

    def _start_watching(self) -> None:
        self.run_worker(self._live(), name="monitor", exit_on_error=False)

    async def _live(self) -> None:
        self._watched = await threads.start(self._watch, name="make the monitor")
        self.paint()
        await self._watched.run(self._changed)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """End with a clear line when the monitor fails: a frozen screen would be worse than none."""
        if event.state is WorkerState.ERROR:
            failure = event.worker.error
            while isinstance(failure, BaseExceptionGroup):
                failure = failure.exceptions[0]
            words = f"opsconsole: the monitor failed: {type(failure).__name__}: {failure}"
            self.exit(70, message=Text(visible(words)))

    def _changed(self) -> None:
        self._paint_soon()

    def _paint_soon(self) -> None:
        """Paint as soon as the frame rate allows."""
        if self._next_paint is None:
            wait = self._painted_at + self._frame_time - self._loop_time()
            self._paint_in(wait)

    def _paint_in(self, wait: float) -> None:
        self._forget_next_paint()
        self._next_paint = self.set_timer(max(0.001, wait), self.paint)

    def _forget_next_paint(self) -> None:
        if self._next_paint is not None:
            self._next_paint.stop()
            self._next_paint = None

    def paint(self) -> None:
        """Show the world as it is now, and be back before any of it gets too old to be shown."""
        self._forget_next_paint()
        self._painted_at = self._loop_time()
        if self._watched is None or not self.is_running:
            return
        assessment = self._watched.assessment(ahead=LEAD)
        self._view = self._view.next(assessment)
        self._show()
        if assessment.next_change is not None:
            left = assessment.next_change - assessment.at
            if left < max(TICK, self._frame_time):
                self._paint_in(left)

    def _show(self) -> None:
        with self.batch_update():
            for screen in self.screen_stack:
                if isinstance(screen, Painted):
                    screen.paint(self._view)

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()

    def on_resize(self, event: Resize) -> None:
        fits = _fits(event.size)
        if not fits and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall(self._view))
        elif fits and isinstance(self.screen, TooSmall):
            self.pop_screen()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action == "quit" or not isinstance(self.screen, TooSmall)

    async def action_quit(self) -> None:
        self.exit(0)

    def action_help(self) -> None:
        if not isinstance(self.screen, Help):
            self.push_screen(Help(self._view))

    def action_alerts(self) -> None:
        if not isinstance(self.screen, Alerts):
            self.push_screen(Alerts(self._view))

    def action_kill_switch(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Frame):
                screen.say(NO_KILL_SWITCH)

    def action_next_theme(self) -> None:
        names = [theme.name for theme in self._themes]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def _fatal_error(self) -> None:
        """After a crash, show where it was, but no local variables: a database URL may be among them."""
        traceback = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(traceback, self.console.options)))
        self._close_messages_no_wait()


def _fits(size: Size) -> bool:
    return size.width >= SMALLEST.width and size.height >= SMALLEST.height
