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

_BACK = "esc back"


class Reading(Dialog):
    """Shows the lines that `text` comes to at a width, under a `title`, which may be foreign."""

    PLACE: ClassVar[Place] = "help"
    BINDINGS: ClassVar = bindings("help")

    def __init__(self, view: View, title: str, text: Callable[[int], Sequence[Line]]) -> None:
        super().__init__(view)
        self._title = title
        self._reader = Reader(text, view.glyphs)
        self._box = Container(self._reader, classes="box")

    def body(self) -> Iterable[Widget]:
        self._box.border_title = Content(visible(self._title))  # a plain string would be markup
        self._box.border_subtitle = _BACK
        yield self._box

    def on_mount(self) -> None:
        self.set_focus(self._reader)  # at once: a prompt that a waiting key asks for is to keep it

    def on_reader_looked(self, event: Reader.Looked) -> None:
        """Say how much there is below what is in sight: nothing else would tell that there is any."""
        more = f"{self.view.glyphs.down} {event.below} more   " if event.below else ""
        self._box.border_subtitle = f"{more}{_BACK}"

    def action_close(self) -> None:
        self.dismiss()
