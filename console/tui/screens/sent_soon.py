"""How soon a screen sends what has changed.

Textual looks for changes sixty times a second, counted from the screen's first one: a key that comes just
after a paint would wait for up to two such periods, which is felt. While nothing changes, nobody looks.

And what a widget draws anew it tells its screen by way of its own queue, the screen's and a timer: half a
dozen turns of the event loop, in each of which a thread that computes may go first.
"""

from functools import cached_property

from textual.screen import Screen, ScreenResultType
from textual.timer import Timer
from textual.widget import Widget

from console.tui.terminal.compositor import LettingGo

_PERIOD = 0.004
"""Seconds between two looks for changes, at least."""


class SentSoon(Screen[ScreenResultType]):
    """A screen that sends its changes within milliseconds, also right after others."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = LettingGo()

    @cached_property
    def _update_timer(self) -> Timer:
        return self.set_interval(_PERIOD, self._on_timer_update, name="screen_update", pause=True)

    def send_now(self) -> None:
        """Send what has changed by now; where something has to be laid out, all goes textual's way."""
        changed = {widget for widget in self._compositor.visible_widgets if widget._repaint_required}
        if not self.is_current or any(_is_to_be_laid_out(widget) for widget in (self, *changed)):
            return
        for widget in changed:
            widget._repaint_required = False
        self._dirty_widgets |= changed
        if self._dirty_widgets:
            self._on_timer_update()


def _is_to_be_laid_out(widget: Widget) -> bool:
    return widget._layout_required or widget._scroll_required or widget._refresh_styles_required
