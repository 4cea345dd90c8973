"""A record of the journal in full, read like a text."""

from console.audit.follow import Entry
from console.tui.screens.audit.words import detail_lines
from console.tui.screens.reading import Reading
from console.tui.view import View


class RecordDetail(Reading):
    def __init__(self, view: View, entry: Entry) -> None:
        title = entry.place if entry.record is None else f"record {entry.record.sequence}"
        super().__init__(view, title, lambda cells: list(detail_lines(entry, cells)))
