"""A text longer than the screen, read with the same keys as a table."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.tui.actions import Place, bindings
from console.tui.text import Line, plain_ascii, visible
from console.tui.theme import TONES, Glyphs

Text = Callable[[int], Sequence[Line]]
"""Makes the lines for a width in cells; there may be any number of them."""


class Reader(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows what its text makes for its width, from the line on that it was scrolled to."""

    PLACE: ClassVar[Place] = "reader"
    COMPONENT_CLASSES: ClassVar[set[str]] = TONES
    BINDINGS: ClassVar = bindings("reader")
    ALLOW_SELECT = False

    class Looked(Message):
        """Another part of the text may be in sight, with so many lines of it `below`."""

        def __init__(self, below: int) -> None:
            super().__init__()
            self.below = below

    def __init__(self, text: Text, glyphs: Glyphs) -> None:
        super().__init__()
        self._text = text
        self._glyphs = glyphs
        self._lines: tuple[Line, ...] = ()
        self._below = 0

    def show(self, text: Text) -> None:
        """Take on a new text, and stay where the old one was scrolled to."""
        self._text = text
        self._lay_out()

    def on_resize(self, event: Resize) -> None:
        self._lay_out()
        self._tell()

    def _lay_out(self) -> None:
        lines = tuple(self._text(max(1, self.size.width)))
        if lines != self._lines:
            self._lines = lines
            self.virtual_size = Size(1, len(lines))
            self._go_to(self.scroll_offset.y)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        number = self.scroll_offset.y + y
        line = self._lines[number] if number < len(self._lines) else ()
        segments = [
            Segment(
                plain_ascii(visible(span.text)) if self._glyphs.ascii_only else visible(span.text),
                self.get_component_rich_style(span.tone.value),
            )
            for span in line
        ]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def _go_to(self, line: int) -> None:
        last = max(0, len(self._lines) - self.size.height)
        self.scroll_to(y=max(0, min(line, last)), animate=False, force=True, immediate=True)
        self._tell()

    def _tell(self) -> None:
        below = max(0, len(self._lines) - self.scroll_offset.y - self.size.height)
        if below != self._below:
            self._below = below
            self.post_message(self.Looked(below))

    def action_cursor_up(self) -> None:
        self._go_to(self.scroll_offset.y - 1)

    def action_cursor_down(self) -> None:
        self._go_to(self.scroll_offset.y + 1)

    def action_page_up(self) -> None:
        self._go_to(self.scroll_offset.y - max(1, self.size.height - 1))

    def action_page_down(self) -> None:
        self._go_to(self.scroll_offset.y + max(1, self.size.height - 1))

    def action_first_row(self) -> None:
        self._go_to(0)

    def action_last_row(self) -> None:
        self._go_to(len(self._lines))
