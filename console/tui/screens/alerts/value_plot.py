"""A rule's value over time against its threshold, under its name and newest value."""

from collections.abc import Iterable, Sequence
from functools import partial

from textual.containers import Container
from textual.widget import Widget

from console import threads
from console.domain.alert_book import AlertingRule, severity_of
from console.domain.alert_rows import AlertRow, AlertState
from console.domain.assessment import Assessment
from console.domain.severity import Severity
from console.domain.symbols import FUNDING, OUTLOOK
from console.domain.thresholds import Condition, Panel
from console.domain.trails import FINE_STEP
from console.tui.screens.alerts.words import bound_text, panel_of, value_text
from console.tui.text import Line, Span, fit_line
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.view import View
from console.tui.widgets import plot
from console.tui.widgets.lines import Lines

_GONE = (AlertState.LOST, AlertState.RESOLVED)


class ValuePlot(Container):
    """The figure that a rule compares; of a symbol's own figures all of the past that is remembered."""

    def __init__(self, glyphs: Glyphs, *, id: str) -> None:
        super().__init__(id=id)
        self._title = Lines(lambda size: (), glyphs, classes="title")
        self._body = Lines(lambda size: (), glyphs, classes="body")
        self._can_draw = False
        self._shown: tuple[View, Assessment, AlertRow] | None = None
        self._drawn: tuple[object, ...] = ()

    def compose(self) -> Iterable[Widget]:
        yield self._title
        yield self._body

    def on_mount(self) -> None:
        self.run_worker(self._learn_to_draw(), name="import the plot")

    async def _learn_to_draw(self) -> None:
        await threads.start(plot.load, name="import the plot")
        self._can_draw = True
        if self._shown is not None:
            self.paint(*self._shown)

    def paint(self, view: View, live: Assessment, row: AlertRow) -> None:
        """Show the title as it is now; the curve, once it has another point or has moved a step."""
        self._shown = view, live, row
        self._title.show(lambda size: (_title(row, live, size.width, view.glyphs),))
        points = points_of(row, view, live)
        end = points[-1][0] if points else live.at
        steps = int(max(0.0, live.at - end) / FINE_STEP)
        drawn = (self._can_draw, len(points), points[-1:], steps, row.state)
        if self._can_draw and drawn != self._drawn:
            self._drawn = drawn
            seen = plot.Seen(points, end + steps * FINE_STEP, row.state in _GONE)
            panel, limits = figure_panel(row.rule, live.panels), limits_of(row.rule)
            self._body.show(partial(plot.plot_lines, panel, seen, glyphs=view.glyphs, limits=limits))


def points_of(row: AlertRow, view: View, live: Assessment) -> Sequence[tuple[float, float]]:
    """The value over time: a symbol's margin or funding as the engine told it, else as the rule found it."""
    panel = panel_of(row.rule, live.panels)
    trails = {OUTLOOK: live.margins, FUNDING: live.fundings}.get("" if panel is None else panel.key)
    if trails is not None and row.symbol is not None:
        return trails.of(row.symbol)
    return view.alert_trails.values.of(row.key)


def figure_panel(rule: AlertingRule, panels: Sequence[Panel]) -> Panel:
    """The rule as a panel, with the numbers of the one that has the same figure."""
    panel = panel_of(rule, panels)
    name = rule.name if panel is None else panel.name
    return Panel(name, rule.expression, Condition(rule.sign or ">", rule.threshold or 0.0))


def limits_of(rule: AlertingRule) -> tuple[plot.Limit, ...]:
    """The rule's threshold, if it has one."""
    if rule.threshold is None:
        return ()
    return (plot.Limit(rule.threshold, max(severity_of(rule.severity), Severity.WARNING)),)


def _title(row: AlertRow, live: Assessment, cells: int, glyphs: Glyphs) -> Line:
    value = None if row.raised is None else row.raised.value
    tone = tone_of(row.severity) if row.severity else Tone.PLAIN
    bound = bound_text(row.rule, live.panels)
    said = Span(f"  {value_text(row.rule, value, live.panels)}", tone), Span(f"  {bound}", Tone.DIM)
    return fit_line((Span("VALUE", Tone.STRONG), *said), cells, glyphs.ellipsis)
