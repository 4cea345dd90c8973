"""Screen 4: every alert in full, the worst first, and below them how every source is and why."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from textual.widget import Widget

from console.domain.figures import seconds
from console.domain.reading import Health
from console.domain.status import Alert, SourceStatus
from console.tui.actions import Place, bindings
from console.tui.screens.frame import Frame
from console.tui.text import Line, Span, one_colon, wrap
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.view import View
from console.tui.widgets.reader import Reader


class Alerts(Frame):
    PLACES: tuple[Place, ...] = ("anywhere", "app", "alerts")
    BINDINGS: ClassVar = bindings("alerts")

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._told: tuple[tuple[Alert, ...], int, list[Line]] = ((), -1, [])
        self._reader = Reader(self._text, view.glyphs)

    def body(self) -> Iterable[Widget]:
        yield self._reader

    def on_mount(self) -> None:
        self._reader.focus()

    def paint(self, view: View) -> None:
        super().paint(view)
        self._reader.show(self._text)

    def action_overview(self) -> None:
        self.dismiss()

    def _text(self, cells: int) -> list[Line]:
        assessment, glyphs = self.view.assessment, self.view.glyphs
        if assessment is None:
            return [(Span("connecting", Tone.UNKNOWN),)]
        lines = [*self._of_alerts(assessment.alerts, cells), (), (Span("SOURCES", Tone.DIM),)]
        for source in assessment.sources:
            lines += _source(source, glyphs, cells)
        return lines

    def _of_alerts(self, alerts: tuple[Alert, ...], cells: int) -> list[Line]:
        """Their lines, kept while they are the same: there can be thousands."""
        if self._told[0] is not alerts or self._told[1] != cells:
            lines: list[Line] = [(Span(f"ALERTS {len(alerts) or 'none'}", Tone.DIM),)]
            for alert in alerts:
                lines += _alert(alert, self.view.glyphs, cells)
            self._told = alerts, cells, lines
        return self._told[2]


def _alert(alert: Alert, glyphs: Glyphs, cells: int) -> Iterator[Line]:
    """Sign, severity and what is meant; wrapped lines begin under the first one's words."""
    sign = f"{glyphs.of(alert.severity)} {alert.severity.word:<9}"
    meant = alert.name if alert.symbol is None else f"{alert.symbol} {alert.name}"
    yield from _hanging(sign, one_colon(f"{meant}: {alert.summary}"), tone_of(alert.severity), cells)


def _source(source: SourceStatus, glyphs: Glyphs, cells: int) -> Iterator[Line]:
    """State, age with its limit, latency; then the whole cause."""
    if source.health is Health.OFF:
        yield (Span(f"{glyphs.none} {source.name:<9}not configured", Tone.DIM),)
        return
    tone = tone_of(source.severity)
    sign = f"{glyphs.of(source.severity)} {source.name:<9}"
    age = "no data" if source.age is None else f"{seconds(source.age)} old"
    latency = "" if source.latency is None else f", answered in {source.latency * 1000:.0f} ms"
    said = f"{source.health.value:<8} {age}, good for {seconds(source.stale_after)}{latency}"
    yield from _hanging(sign, said, tone, cells)
    if source.cause is not None:
        yield from _hanging(" " * len(sign), source.cause, tone, cells)


def _hanging(sign: str, words: str, tone: Tone, cells: int) -> Iterator[Line]:
    for number, line in enumerate(wrap(words, cells - len(sign))):
        yield (Span(sign if number == 0 else " " * len(sign), tone), Span(line, tone))
