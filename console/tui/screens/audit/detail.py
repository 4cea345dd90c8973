"""A record of the journal in full, read like a text."""

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Container
from textual.content import Content
from textual.widget import Widget

from console.audit.follow import Entry
from console.tui.actions import Place, bindings
from console.tui.screens.audit.words import detail_lines
from console.tui.screens.frame import Dialog
from console.tui.text import visible
from console.tui.view import View
from console.tui.widgets.reader import Reader


class RecordDetail(Dialog):
    PLACE: ClassVar[Place] = "help"
    BINDINGS: ClassVar = bindings("help")

    def __init__(self, view: View, entry: Entry) -> None:
        super().__init__(view)
        self._title = entry.place if entry.record is None else f"record {entry.record.sequence}"
        self._reader = Reader(lambda cells: list(detail_lines(entry, cells)), view.glyphs)

    def body(self) -> Iterable[Widget]:
        box = Container(self._reader, classes="box")
        box.border_title = Content(visible(self._title))  # a plain string would be markup
        box.border_subtitle = "esc back"
        yield box

    def on_mount(self) -> None:
        self._reader.focus()

    def action_close(self) -> None:
        self.dismiss()
