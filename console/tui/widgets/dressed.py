"""Widgets that keep the styles they draw with: textual forgets them at every refresh, and they are dear."""

from typing import Self

from rich.style import Style
from textual.geometry import Region
from textual.widget import Widget


class Dressed(Widget, inherit_bindings=False):
    """A widget whose styles are looked up once, until its style sheet or the whole of it changes."""

    _dresses: dict[str, Style] | None = None

    def dress(self, name: str = "") -> Style:
        """The style of the component class `name`, or of the widget itself."""
        if self._dresses is None:
            self._dresses = {}
        style = self._dresses.get(name)
        if style is None:
            style = self._dresses[name] = self.get_component_rich_style(name) if name else self.rich_style
        return style

    def notify_style_update(self) -> None:
        self._dresses = None
        super().notify_style_update()

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        if not regions:
            self._dresses = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
