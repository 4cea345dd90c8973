"""Screen 4: every alert, the worst first, the one under the cursor in full, and how every source is.

All of it is the present's, whatever picture is held: alerts are what must not be missed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import ClassVar

from textual.containers import Container
from textual.geometry import Size
from textual.widget import Widget

from console.domain.figures import seconds
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import Alert, SourceStatus
from console.tui.screens.frame import Frame
from console.tui.screens.overview.screen import OpensSymbols
from console.tui.screens.overview.summary import source_age
from console.tui.text import Line, Span, clip, fit_line, one_colon, wrap
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.view import View
from console.tui.widgets.lines import Lines
from console.tui.widgets.table.columns import Cell, Column
from console.tui.widgets.table.lines import Drawn
from console.tui.widgets.table.table import Table

SEVERITY = "severity"
_MOST_LINES = 6
"""Of the alert in full, which leaves the table room on a small screen."""
_TITLES = 2
"""Lines above the table's rows while it is filtered; else one is empty below them."""


_SCREENS = {"kill switch": "kill_switch", "log": "logs"}
"""The alerts that a screen says more of, with the action that opens it."""


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert at its place, the worst one's being 0; `key` stays the same while its words change."""

    key: str
    place: int
    alert: Alert


class Alerts(Frame):
    ABOUT: ClassVar[str] = (
        "Everything that is wrong now, the worst first; below it the alert under the cursor in full, and "
        "each source with its age, its limit and why it isn't fresh. Nothing here is ever held still. Enter "
        "opens the symbol that an alert names, the log or the kill switch."
    )

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._alerts: tuple[Alert, ...] | None = None
        self._rows: dict[str, AlertRow] = {}
        self._chosen = Lines(self._chosen_text, view.glyphs, id="chosen")
        self._sources = Lines(self._sources_text, view.glyphs, id="sources")
        self.table = AlertTable(view.glyphs, lambda: self._chosen.show(self._chosen_text))

    def body(self) -> Iterable[Widget]:
        yield Container(self.table, self._chosen, id="alerts")
        yield self._sources

    def on_mount(self) -> None:
        self.table.focus()

    def paint(self, view: View) -> None:
        super().paint(view)
        if view.live is not None and view.live.alerts is not self._alerts:
            self._alerts = view.live.alerts
            figures = {key.metric.name for key in view.live.key_metrics}
            self._rows = {row.key: row for row in alert_rows(self._alerts, figures)}
            self.table.set_rows(tuple(self._rows.values()))
        self.table.styles.max_height = _TITLES + len(self.table.keys)
        self._chosen.show(self._chosen_text)
        self._sources.show(self._sources_text)

    async def on_table_opened(self, event: Table.Opened) -> None:
        """Open what the alert is about, where that has a screen of its own."""
        row = self._rows.get(event.key)
        if row is None:
            return
        if row.alert.symbol is not None and isinstance(self.app, OpensSymbols):
            self.app.open_symbol(row.alert.symbol)
        elif row.alert.name in _SCREENS:
            await self.app.run_action(_SCREENS[row.alert.name])
        else:
            self.say("all that is known of it stands below the alerts")

    def _chosen_text(self, size: Size) -> list[Line]:
        """The alert under the cursor, or that there is none."""
        if not self.view.answered:
            return [(Span("connecting", Tone.UNKNOWN),)]
        row = self._rows.get(self.table.cursor_key or "")
        if row is None:
            return [(Span("no alerts" if not self._rows else "no alert is shown", Tone.DIM),)]
        return list(_in_full(row.alert, self.view.glyphs, size.width))

    def _sources_text(self, size: Size) -> list[Line]:
        title = f"{'SOURCES':<20}{'age':>7}  {'limit':>6}  answers in"
        line: list[Span] = [Span(title, Tone.DIM)]
        if self.view.paused_for is not None:
            line += Span("  "), Span(" PAUSED, but not here ", Tone.BLIND)
        lines: list[Line] = [fit_line(line, size.width, self.view.glyphs.ellipsis)]
        if self.view.live is not None:
            lines += [_source(source, self.view, size.width) for source in self.view.live.sources]
        return lines


class AlertTable(Table[AlertRow]):
    """The alerts; `moved` is called as soon as the cursor is on another one."""

    def __init__(self, glyphs: Glyphs, moved: Callable[[], None]) -> None:
        super().__init__("alerts", lambda row: row.key, lambda row: row.alert.severity, glyphs)
        self._moved = moved
        self._told: str | None = None
        self.set_columns(alert_columns(glyphs), SEVERITY)

    def _show(self, lines: list[Drawn]) -> None:
        super()._show(lines)
        if self.cursor_key != self._told:
            self._told = self.cursor_key
            self._moved()


def alert_rows(alerts: Iterable[Alert], figures: Set[str] = frozenset()) -> Iterator[AlertRow]:
    """A row for each; several of one name and symbol are told apart by their number.

    A key metric's row is the same whichever symbol it is of at present: `figures` are their names.
    """
    seen: Counter[tuple[str, str | None]] = Counter()
    for place, alert in enumerate(alerts):
        meant = alert.name, None if alert.name in figures else alert.symbol
        yield AlertRow(f"{meant[0]} {meant[1] or ''} {seen[meant]}", place, alert)
        seen[meant] += 1


def alert_columns(glyphs: Glyphs) -> Sequence[Column[AlertRow]]:
    def severity(row: AlertRow) -> Cell:
        tone = Tone.ALARM if row.alert.severity is Severity.CRITICAL else tone_of(row.alert.severity)
        return Cell(f"{glyphs.of(row.alert.severity)} {row.alert.severity.word}", tone)

    def symbol(row: AlertRow) -> Cell:
        return (
            Cell(glyphs.none, Tone.DIM) if row.alert.symbol is None else Cell(row.alert.symbol, Tone.STRONG)
        )

    return (
        Column(SEVERITY, "ALERT", 15, severity, lambda row: row.place, "left"),
        Column("symbol", "SYMBOL", 10, symbol, lambda row: row.alert.symbol, "left", grow=10),
        Column("name", "WHAT", 20, lambda row: Cell(row.alert.name), lambda row: row.alert.name, "left"),
        Column(
            "summary",
            "WHY",
            23,
            lambda row: Cell(row.alert.summary, tone_of(row.alert.severity)),
            lambda row: row.alert.summary,
            "left",
            grow=200,
        ),
    )


def _in_full(alert: Alert, glyphs: Glyphs, cells: int) -> Iterator[Line]:
    """Sign, what is meant, and all of the words."""
    meant = alert.name if alert.symbol is None else f"{alert.symbol} {alert.name}"
    sign, tone = f"{glyphs.of(alert.severity)} ", tone_of(alert.severity)
    room = cells - len(sign)
    lines = wrap(one_colon(f"{meant}: {alert.summary}"), room)
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES - 1 :] = [clip(" ".join(lines[_MOST_LINES - 1 :]), room, glyphs.ellipsis)]
    for number, line in enumerate(lines):
        yield (Span(sign if number == 0 else " " * len(sign), tone), Span(line, tone))


def _source(source: SourceStatus, view: View, cells: int) -> Line:
    """State, age with its limit, latency and cause, as far as they fit: an alert has all of the cause."""
    glyphs = view.glyphs
    if source.health is Health.OFF:
        return (Span(f"{glyphs.none} {source.name:<9}not configured", Tone.DIM),)
    tone = tone_of(source.severity)
    age = "no data" if source.age is None else source_age(view, source)
    latency = glyphs.none if source.latency is None else f"{source.latency * 1000:.0f} ms"
    line = (
        Span(f"{glyphs.of(source.severity)} {source.name:<9}{source.health.value:<9}{age:>7}  ", tone),
        Span(f"{seconds(source.stale_after):>6}  {latency:>10}  ", Tone.DIM),
        Span(source.cause or "", tone),
    )
    return fit_line(line, cells, glyphs.ellipsis)
