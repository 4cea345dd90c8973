"""Screen 7 of a replay: it says that there is nothing to follow, and why."""

from collections.abc import Iterable
from typing import ClassVar

from textual.geometry import Size
from textual.widget import Widget

from console.tui.screens.frame import Frame
from console.tui.text import Line, Span, wrap
from console.tui.theme import Tone
from console.tui.view import View
from console.tui.widgets.lines import Lines

_WHY = (
    "A record holds what the sources said, and not the engine's log files. To read these, open the console "
    "on the engine itself."
)


class NoLogs(Frame):
    ABOUT: ClassVar[str] = _WHY
    crumb = "logs"

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._words = Lines(_words, view.glyphs, id="no-logs")

    def body(self) -> Iterable[Widget]:
        yield self._words


def _words(size: Size) -> list[Line]:
    why: list[Line] = [(Span(line, Tone.DIM),) for line in wrap(_WHY, size.width)]
    return [(Span("A replay has no log lines.", Tone.STRONG),), (), *why]
