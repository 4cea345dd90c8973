"""A line of a log in full, with what else belongs to its record, wrapped and read like a text."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from textual.containers import Container
from textual.content import Content
from textual.widget import Widget

from console.sources.logs.lines import LogLine
from console.tui.actions import Place, bindings
from console.tui.screens.frame import Dialog
from console.tui.text import Line, Span, visible, wrap
from console.tui.theme import Tone
from console.tui.view import View
from console.tui.widgets.log.header import size_words
from console.tui.widgets.log.rows import clock_time, tone_of_level
from console.tui.widgets.reader import Reader

_PART = 2000
"""Characters that are wrapped at once: a line can be much longer than the screen's own texts."""


class LineDetail(Dialog):
    PLACE: ClassVar[Place] = "help"
    BINDINGS: ClassVar = bindings("help")

    def __init__(self, view: View, log: str, record: tuple[LogLine, ...]) -> None:
        """Show the record's lines; there is at least one. `log` is the log's name."""
        super().__init__(view)
        self._title = f"{log}, byte {record[0].begin.offset:,}"
        self._reader = Reader(lambda cells: list(_text(record, cells)), view.glyphs)

    def body(self) -> Iterable[Widget]:
        box = Container(self._reader, classes="box")
        box.border_title = Content(visible(self._title))  # a plain string would be markup
        box.border_subtitle = "esc back"
        yield box

    def on_mount(self) -> None:
        self._reader.focus()

    def action_close(self) -> None:
        self.dismiss()


def _text(record: tuple[LogLine, ...], cells: int) -> Iterator[Line]:
    first = record[0]
    if first.at is not None:
        yield (
            Span(clock_time(first.at, "%Y-%m-%d %H:%M:%S"), Tone.STRONG),
            Span(f"  {first.level}", tone_of_level(first.level)),
            Span(f"  {first.logger}", Tone.DIM),
        )
        yield ()
    for line in record:
        text = line.message if line.begins else line.text
        for begin in range(0, max(1, len(text)), _PART):
            for part in wrap(text[begin : begin + _PART], cells):
                yield (Span(part),)
        if line.cut:
            yield (Span(f"{size_words(line.cut)} more of this line are not shown", Tone.WARNING),)
