"""What is shown when the terminal is too small for the console: nothing that could be misread."""

from collections.abc import Iterable
from typing import ClassVar

from textual.geometry import Size
from textual.widget import Widget

from console.tui.actions import Place
from console.tui.screens.frame import Frame
from console.tui.text import Line, Span, fit_line
from console.tui.theme import Glyphs, Tone
from console.tui.widgets.lines import Lines

SMALLEST = Size(80, 24)


class TooSmall(Frame):
    PLACE: ClassVar[Place] = "anywhere"
    crumb = ""

    def body(self) -> Iterable[Widget]:
        glyphs = self.view.glyphs
        yield Lines(lambda size: _notice(size, self.app.size, glyphs), glyphs, classes="notice")


def _notice(size: Size, terminal: Size, glyphs: Glyphs) -> tuple[Line, ...]:
    lines: tuple[Line, ...] = (
        (Span(f"This terminal is {terminal.width}x{terminal.height}, too small.", Tone.STRONG),),
        (Span(f"The console needs {SMALLEST.width}x{SMALLEST.height}."),),
        (Span("Enlarge it, or press q to quit.", Tone.DIM),),
    )
    return tuple(fit_line(line, size.width, glyphs.ellipsis) for line in lines)
