"""Texts in full, over the run that they are of: one step, and the report."""

from pathlib import Path

from console.tui.screens.reading import Reading
from console.tui.screens.recovery.detail import Shown, full_lines
from console.tui.screens.recovery.report_lines import report_lines
from console.tui.view import View


class Evidence(Reading):
    """One step, with all that is kept of it."""

    def __init__(self, view: View, shown: Shown) -> None:
        super().__init__(view, f"step {shown.step.name}", lambda cells: full_lines(shown, cells, view.glyphs))


class Report(Reading):
    """A run's report, which is Markdown, and the file that it is kept in."""

    def __init__(self, view: View, file: Path, text: str) -> None:
        super().__init__(view, f"report, kept in {file}", lambda cells: report_lines(text, cells))
