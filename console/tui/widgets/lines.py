"""Lines of text in tones, of which only the changed ones are drawn again."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.events import Resize
from textual.geometry import Region, Size
from textual.strip import Strip

from console.tui.text import Line, line_width, plain_ascii, visible
from console.tui.theme import TONES, Glyphs
from console.tui.widgets.dressed import Dressed

Content = Callable[[Size], Sequence[Line]]
"""Makes the lines for a size in cells; they fit its width."""


class Lines(Dressed):
    """Shows what its content makes for its size."""

    COMPONENT_CLASSES: ClassVar[set[str]] = TONES

    def __init__(self, content: Content, glyphs: Glyphs, *, classes: str = "", id: str | None = None) -> None:
        super().__init__(classes=classes, id=id)
        self._content = content
        self._glyphs = glyphs
        self._lines: tuple[Line, ...] = ()

    def show(self, content: Content) -> None:
        """Take on new content, and draw the lines that it changes."""
        self._content = content
        self._compare()

    def _compare(self) -> None:
        before, now = self._lines, tuple(self._content(self.size))
        self._lines = now
        height = self.styles.height
        if len(before) != len(now) and height is not None and height.is_auto:
            self.refresh(layout=True)
        changed = [y for y in range(max(len(before), len(now))) if before[y : y + 1] != now[y : y + 1]]
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def on_resize(self, event: Resize) -> None:
        self._compare()
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._content(Size(width, container.height)))

    def render_line(self, y: int) -> Strip:
        line = self._lines[y] if y < len(self._lines) else ()
        segments = [
            Segment(
                plain_ascii(visible(span.text)) if self._glyphs.ascii_only else visible(span.text),
                self.dress(span.tone.value),
            )
            for span in line
        ]
        return Strip(segments, line_width(line)).adjust_cell_length(self.size.width, self.dress())
