"""A text over the screen that it belongs to: read with the keys that move, left with `esc`."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.containers import Container
from textual.content import Content
from textual.widget import Widget

from console.tui.actions import Place, bindings
from console.tui.screens.frame import Dialog
from console.tui.text import Line, visible
from console.tui.view import View
from console.tui.widgets.reader import Reader


class Reading(Dialog):
    """Shows the lines that `text` comes to at a width, under a `title`, which may be foreign."""

    PLACE: ClassVar[Place] = "help"
    BINDINGS: ClassVar = bindings("help")

    def __init__(self, view: View, title: str, text: Callable[[int], Sequence[Line]]) -> None:
        super().__init__(view)
        self._title = title
        self._reader = Reader(text, view.glyphs)

    def body(self) -> Iterable[Widget]:
        box = Container(self._reader, classes="box")
        box.border_title = Content(visible(self._title))  # a plain string would be markup
        box.border_subtitle = "esc back"
        yield box

    def on_mount(self) -> None:
        self._reader.focus()

    def action_close(self) -> None:
        self.dismiss()
