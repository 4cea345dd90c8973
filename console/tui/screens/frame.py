"""What every screen has: the status line above, the key hints below, the environment's colour around."""

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import ModalScreen, Screen
from textual.timer import Timer
from textual.widget import Widget

from console.tui.actions import Place, footer_actions
from console.tui.text import Line, Span, fit_line
from console.tui.theme import Tone
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.status_line import StatusLine

_SAID_FOR = 6.0
"""Seconds that a notice takes the key hints' place."""


class Frame(Screen[None]):
    """A full screen. Subclasses yield their body, and show a view in `paint`, calling this class's.

    A view can come before the screen is mounted: widgets are made at once, and painted at any time.
    """

    PLACES: tuple[Place, ...] = ("anywhere", "app")

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self._status_line = StatusLine(view)
        self._footer = Lines(self._key_hints, view.glyphs, classes="footer")
        self._notice: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self._status_line
        yield from self.body()
        yield self._footer

    def body(self) -> Iterable[Widget]:
        return ()

    def paint(self, view: View) -> None:
        self.view = view
        self._status_line.paint(view)

    def say(self, words: str) -> None:
        """Show `words` for some seconds where the key hints are."""
        if self._notice is not None:
            self._notice.stop()
        notice: Line = (Span(f" {words} ", Tone.ALARM),)
        self._footer.show(lambda size: (fit_line(notice, size.width, self.view.glyphs.ellipsis),))
        self._notice = self.set_timer(_SAID_FOR, lambda: self._footer.show(self._key_hints))

    def _key_hints(self, size: Size) -> tuple[Line, ...]:
        hints: Line = tuple(
            span
            for action in footer_actions(*self.PLACES, owns_engine=self.view.context.owns_engine)
            for span in (Span(f" {action.shown} ", Tone.KEY), Span(f" {action.label}  ", Tone.DIM))
        )
        return (fit_line(hints, size.width, self.view.glyphs.ellipsis),)


class Dialog(ModalScreen[None]):
    """A box over the screen before it, which lives on. The status line is here too: nothing covers that."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self._status_line = StatusLine(view)

    def compose(self) -> ComposeResult:
        yield self._status_line
        yield from self.body()

    def body(self) -> Iterable[Widget]:
        return ()

    def paint(self, view: View) -> None:
        self.view = view
        self._status_line.paint(view)
