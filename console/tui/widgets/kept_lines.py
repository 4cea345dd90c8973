"""A widget's lines on their way to the compositor, worked out again only where something has changed.

At every paint textual asks of every widget in sight, changed or not, what its style sheet may put around and
over its lines: that costs more than making the lines.
"""

from textual._styles_cache import StylesCache
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class KeptLines(StylesCache):
    """The lines as they were rendered last, until one of them is refreshed.

    With nothing around it, a widget is taken to render its lines in its whole width and as they are to be
    seen: there is no tint, outline or opacity, and the app's filters have been applied.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rendered: list[Strip] = []
        self._crop: Region | None = None

    def clear(self) -> None:
        super().clear()
        self._crop = None

    def render_widget(self, widget: Widget, crop: Region) -> list[Strip]:
        if self._dirty_lines or crop != self._crop:
            bare = not widget.styles.gutter
            self._rendered = self._bare(widget, crop) if bare else super().render_widget(widget, crop)
            self._crop = crop
        return self._rendered

    def _bare(self, widget: Widget, crop: Region) -> list[Strip]:
        for y in crop.line_range:
            if y in self._dirty_lines or y not in self._cache:
                self._cache[y] = widget.render_line(y)
        self._dirty_lines.difference_update(crop.line_range)
        return [self._cache[y].crop(*crop.column_span) for y in crop.line_range]
