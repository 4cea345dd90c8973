"""What every screen has: the status line above, the key hints below, the environment's colour around."""

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from console.tui.actions import Place, footer_actions
from console.tui.text import Line, Span, fit_line
from console.tui.theme import Tone
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.status_line import StatusLine


class Frame(Screen[None]):
    """A full screen. Subclasses yield their body, and show a view in `paint`, calling this class's.

    A view can come before the screen is mounted: widgets are made at once, and painted at any time.
    """

    PLACES: tuple[Place, ...] = ("app",)

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self._status_line = StatusLine(view)

    def compose(self) -> ComposeResult:
        yield self._status_line
        yield from self.body()
        yield footer(self.view, *self.PLACES)

    def body(self) -> Iterable[Widget]:
        return ()

    def paint(self, view: View) -> None:
        self.view = view
        self._status_line.paint(view)


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


def footer(view: View, *places: Place) -> Lines:
    """The key hints of these places in one line."""
    hints: Line = tuple(
        span
        for action in footer_actions(*places)
        for span in (Span(f" {action.shown} ", Tone.KEY), Span(f" {action.label}   ", Tone.DIM))
    )
    return Lines(
        lambda size: (fit_line(hints, size.width, view.glyphs.ellipsis),), view.glyphs, classes="footer"
    )
