"""A line of a log in full, with what else belongs to its record, wrapped and read like a text."""

from collections.abc import Iterator

from console.sources.logs.lines import LogLine
from console.tui.screens.reading import Reading
from console.tui.text import Line, Span, wrap
from console.tui.theme import Tone
from console.tui.view import View
from console.tui.widgets.log.header import size_words
from console.tui.widgets.log.rows import clock_time, tone_of_level

_PART = 2000
"""Characters that are wrapped at once: a line can be much longer than the screen's own texts."""


class LineDetail(Reading):
    def __init__(self, view: View, log: str, record: tuple[LogLine, ...]) -> None:
        """Show the record's lines; there is at least one. `log` is the log's name."""
        title = f"{log}, byte {record[0].begin.offset:,}"
        super().__init__(view, title, lambda cells: list(_text(record, cells)))


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
