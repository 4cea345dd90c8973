"""What is shown when the terminal is too small for the console: nothing that could be misread.

It names the command that trips the kill switch, which needs no room.
"""

from collections.abc import Iterable
from shlex import quote
from typing import ClassVar

from textual.geometry import Size
from textual.widget import Widget

from console.tui.actions import Place
from console.tui.screens.frame import Frame
from console.tui.text import Line, Span, wrap
from console.tui.theme import Tone
from console.tui.view import View
from console.tui.widgets.lines import Lines

SMALLEST = Size(80, 24)


class TooSmall(Frame):
    PLACE: ClassVar[Place] = "anywhere"
    crumb = ""

    def body(self) -> Iterable[Widget]:
        view = self.view
        yield Lines(lambda size: _notice(size, self.app.size, view), view.glyphs, classes="notice")


def _notice(size: Size, terminal: Size, view: View) -> tuple[Line, ...]:
    said = (
        (f"This terminal is {terminal.width}x{terminal.height}, too small.", Tone.STRONG),
        (f"The console needs {SMALLEST.width}x{SMALLEST.height}.", Tone.PLAIN),
        ("Enlarge it, or press q to quit.", Tone.DIM),
        ("To stop the engine now, in a shell here, with the same --config and --state:", Tone.PLAIN),
        (f"opsconsole kill trip --context {quote(view.context.name)} --reason WHY", Tone.STRONG),
    )
    return tuple((Span(line, tone),) for words, tone in said for line in wrap(words, max(1, size.width)))
