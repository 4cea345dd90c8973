"""How soon a screen sends what has changed.

Textual looks for changes sixty times a second, counted from the screen's first one: a key that comes just
after a paint would wait for up to two such periods, which is felt. While nothing changes, nobody looks.
"""

from functools import cached_property

from textual.screen import Screen, ScreenResultType
from textual.timer import Timer

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
