"""A symbol's margin ratio and funding rate over time, each under its name and newest value."""

import math
from collections.abc import Iterable
from functools import partial

from textual.containers import Container
from textual.geometry import Size
from textual.widget import Widget

from console import threads
from console.domain.assessment import Assessment
from console.domain.symbols import FUNDING, OUTLOOK
from console.domain.thresholds import Panel
from console.domain.trails import FINE_STEP, Trails
from console.tui.text import Line
from console.tui.theme import Glyphs
from console.tui.view import View
from console.tui.widgets import plot
from console.tui.widgets.lines import Lines


class Plots(Container):
    """Both of them, above each other or side by side, as the style sheet has it."""

    def __init__(self, symbol: str, glyphs: Glyphs, *, id: str) -> None:
        super().__init__(id=id)
        self._drawings = {key: _Drawing(symbol, glyphs) for key in (OUTLOOK, FUNDING)}
        self._can_draw = False
        self._shown: tuple[View, Assessment] | None = None

    def compose(self) -> Iterable[Widget]:
        for drawing in self._drawings.values():
            yield Container(drawing.title, drawing.body, classes="plot")

    def on_mount(self) -> None:
        self.run_worker(self._learn_to_draw(), name="import the plot")

    async def _learn_to_draw(self) -> None:
        await threads.start(plot.load, name="import the plot")
        self._can_draw = True
        if self._shown is not None:
            self.paint(*self._shown)

    def paint(self, view: View, assessment: Assessment) -> None:
        self._shown = view, assessment
        trails = {OUTLOOK: assessment.margins, FUNDING: assessment.fundings}
        for panel in assessment.panels:
            if panel.key in self._drawings:
                self._drawings[panel.key].paint(
                    view, assessment, panel, trails[panel.key], can_draw=self._can_draw
                )


class _Drawing:
    """One figure: its title follows each answer, its curve the steps that are kept."""

    def __init__(self, symbol: str, glyphs: Glyphs) -> None:
        self.title = Lines(lambda size: (), glyphs, classes="title")
        self.body = Lines(lambda size: (), glyphs, classes="body")
        self._symbol = symbol
        self._points: list[tuple[float, float]] = []
        self._kept: tuple[object, ...] = ()
        self._titled: tuple[object, ...] = ()
        self._drawn: tuple[object, ...] = ()

    def paint(
        self, view: View, assessment: Assessment, panel: Panel, trails: Trails, *, can_draw: bool
    ) -> None:
        self._follow(trails)
        at, value = self._points[-1] if self._points else (assessment.at, None)
        age, limit = max(0.0, assessment.at - at), assessment.source("metrics").stale_after
        old = age > limit or bool(assessment.symbols.columns[panel.key].ground.doubt)
        self._entitle(panel, value, view.age(age, limit) if old else "", view.glyphs)
        steps = int(age / FINE_STEP)
        drawn = (can_draw, self._kept, old, steps)
        if can_draw and drawn != self._drawn:
            self._drawn = drawn
            seen = plot.Seen(tuple(self._points), at + steps * FINE_STEP, old)
            self.body.show(partial(plot.plot_lines, panel, seen, glyphs=view.glyphs))

    def _follow(self, trails: Trails) -> None:
        """Take the newest value, and all of them once another step is kept of them."""
        newest = trails.newest
        kept = (newest is None, *(moment.at for moment in trails.fine[-1:]))
        if kept != self._kept:
            self._kept, self._points = kept, trails.of(self._symbol)
        elif newest is not None and not math.isnan(value := newest.of(self._symbol)):
            self._points[-1:] = [(newest.at, value)]

    def _entitle(self, panel: Panel, value: float | None, age: str, glyphs: Glyphs) -> None:
        titled = (panel, value, age)
        if titled == self._titled:
            return
        self._titled = titled

        def text(size: Size) -> tuple[Line, ...]:
            return (plot.title_line(panel, value, age, size.width, glyphs),)

        self.title.show(text)
