"""The application's side of the terminal: its frames go out through `Output`."""

import os
import time
from typing import TypeVar

from rich.console import COLOR_SYSTEMS, RenderableType
from rich.control import Control
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.driver import Driver
from textual.events import Resize
from textual.geometry import Offset
from textual.screen import Screen

from console.tui import garbage
from console.tui.styling import SteadyStylesheet
from console.tui.terminal.clipboard import may_be_in_screen, past_screen
from console.tui.terminal.driver import TidyDriver
from console.tui.terminal.output import Output

ResultT = TypeVar("ResultT")
ScreenT = TypeVar("ScreenT", bound=Screen[None])

_STARTED = 2.5
"""Seconds after which everything is there that stays."""
_LAYING_OUT = 1.0
"""Seconds that a new screen has to be laid out: far more than it takes."""


class TerminalApp(App[ResultT]):
    """An app of which only changed cells reach the terminal, and of a new screen only finished frames.

    Whatever isn't a frame of the full screen goes textual's way, and the frame after it is sent whole.
    """

    _output: Output | None = None
    _withheld_since: float | None = None

    def get_driver_class(self) -> type[Driver]:
        return TidyDriver

    def on_mount(self) -> None:
        self.set_timer(_STARTED, garbage.release)

    def on_resize(self, event: Resize) -> None:
        """The terminal has moved or dropped what it showed, or has just been taken on again."""
        self._forget()

    def take_theme(self) -> None:
        """To be called once the theme is set: the style sheets are read with its colours, and only once."""
        self.stylesheet = SteadyStylesheet(variables=self.get_css_variables())

    def give_terminal_back(self) -> None:
        """Leave the terminal as it was found without waiting for anything: the process ends after it."""
        if isinstance(self._driver, TidyDriver):
            self._driver.stop_at_once()

    def copy_to_clipboard(self, text: str) -> None:
        super().copy_to_clipboard(text)
        if self._driver is not None and may_be_in_screen(os.environ):
            self._driver.write(past_screen(text))

    def fitted(self, screen: ScreenT) -> ScreenT:
        """A new `screen` with the classes of the terminal's size: with others it would be styled twice."""
        width, height = self.size
        for cells, breakpoints in ((width, self.HORIZONTAL_BREAKPOINTS), (height, self.VERTICAL_BREAKPOINTS)):
            reached = [name for start, name in sorted(breakpoints or ()) if cells >= start]
            screen.add_class(*reached[-1:])
        return screen

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        shown = renderable is not None and not self._batch_count and self._running and not self._closed
        if not shown or self._driver is None or self.is_headless:
            super()._display(screen, renderable)
        elif self.is_inline or not isinstance(renderable, CompositorUpdate):
            self._forget()
            super()._display(screen, renderable)
        else:
            self._send(self._driver, self._frame(screen, renderable))
            self.post_display_hook()

    def _frame(self, screen: Screen[object], update: CompositorUpdate) -> str:
        """What is to be sent; nothing while the screen isn't laid out: the one before it stays in sight."""
        whole = self._withheld_since is not None
        if self._is_to_be_withheld(screen):
            return ""
        if self._output is None:
            colours = self.console.color_system
            known = None if colours is None else COLOR_SYSTEMS[colours]
            self._output = Output(known, (lambda: self.current_theme.dark) if self.no_color else None)
        compositor = screen._compositor
        text = None if whole else self._output.frame(update, compositor.size)
        if text is None:
            text = self._output.frame(compositor.render_full_update(), compositor.size)
        return text or ""

    def _is_to_be_withheld(self, screen: Screen[object]) -> bool:
        """Whether the screen says that it hasn't been painted at its size yet: nobody is to see it before.

        One that doesn't come to rest is shown in the end.
        """
        now = time.monotonic()
        if getattr(screen, "laid_out", True):
            self._withheld_since = None
            return False
        if self._withheld_since is None:
            self._withheld_since = now
        return now - self._withheld_since < _LAYING_OUT

    def _send(self, driver: Driver, text: str) -> None:
        """Write one frame at once; where an input method needs it, the cursor goes to where one types."""
        if not text:
            return
        if self.cursor_position != Offset(0, 0):
            text += Control.move_to(*self.cursor_position).segment.text
        driver.write(f"{SYNC_START}{text}{SYNC_END}" if self._sync_available else text)
        driver.flush()

    def _forget(self) -> None:
        if self._output is not None:
            self._output.forget()
