"""Widgets that keep the styles they draw with, and their lines: textual forgets both, and they are dear."""

from typing import Self

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.widget import Widget

from console.tui.widgets.kept_lines import KeptLines


class Dressed(Widget, inherit_bindings=False):
    """A widget whose styles are looked up once, until its style sheet or the whole of it changes."""

    _dresses: dict[str, Style] | None = None

    def __init__(self, *, classes: str = "", id: str | None = None) -> None:
        super().__init__(classes=classes, id=id)
        self._styles_cache = KeptLines()

    def dress(self, name: str = "") -> Style:
        """The style of the component class `name`, or of the widget itself."""
        if self._dresses is None:
            self._dresses = {}
        style = self._dresses.get(name)
        if style is None:
            plain = self.get_component_rich_style(name) if name else self.rich_style
            style = self._dresses[name] = self._filtered(plain)
        return style

    def _filtered(self, style: Style) -> Style:
        """As the app's filters leave it, such as the one that takes the colours away for NO_COLOR."""
        segments = [Segment("", style)]
        for line_filter in self.get_line_filters():
            segments = line_filter.apply(segments, self.background_colors[1])
        return segments[0].style or style

    def notify_style_update(self) -> None:
        self._dresses = None
        super().notify_style_update()

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        if not regions:
            self._dresses = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
