"""What is said of an alert: its value against its rule, since when, who has muted it; all of it in full."""

import math
import re
import time
from collections.abc import Iterator, Sequence

from console.domain.alert_book import AlertingRule
from console.domain.alert_rows import AlertRow, AlertState
from console.domain.amounts import span
from console.domain.assessment import Assessment
from console.domain.figures import Figure, figure_of, number
from console.domain.severity import Severity
from console.domain.silences import Acknowledgement, Silence
from console.domain.thresholds import Panel
from console.tui.screens.alerts.rows import Listed
from console.tui.text import Line, Span, clip, one_colon, wrap
from console.tui.theme import Tone, tone_of
from console.tui.view import View

MOST_LINES = 6
"""Of the alert in full, which leaves the table room on a small screen."""
_PLAIN = re.compile(r"\s*([A-Za-z_:][\w:]*)\s*(?:\{[^{}]*\})?\s*(?:<=?|>=?|==|!=)\s*[-+.\deE]+\s*")
"""An expression that compares one metric with a number, and does nothing else."""


def spelled(name: str) -> str:
    """An alert's name; a panel's title, `Margin Ratio`, as everything else is spelled: `Margin ratio`."""
    return name.capitalize() if " " in name and name.istitle() else name


def panel_of(rule: AlertingRule, panels: Sequence[Panel]) -> Panel | None:
    """The panel of the very figure that a rule compares with a number; None where there is none."""
    plain = _PLAIN.fullmatch(rule.expression)
    if plain is None:
        return None
    return next((panel for panel in panels if panel.query.partition("{")[0].strip() == plain[1]), None)


def value_text(rule: AlertingRule, value: float | None, panels: Sequence[Panel]) -> str:
    """A rule's value as its panel writes it, or in four digits; empty where there is none."""
    if value is None:
        return ""
    panel = panel_of(rule, panels)
    return general(value) if panel is None else figure_of(panel).write(value)


def general(value: float) -> str:
    """Any number, in at most ten cells."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{value:+}"
    return f"{value:.4g}" if abs(value) < 1e6 or not value.is_integer() else number(value, 0, 10)


def bound_text(rule: AlertingRule, panels: Sequence[Panel]) -> str:
    """What a rule compares with: `< 1.05`; empty where that isn't one number."""
    if rule.threshold is None:
        return ""
    panel = panel_of(rule, panels)
    figure = Figure(rule.name, 10, 4) if panel is None else figure_of(panel)
    return f"{rule.sign} {figure.bound(rule.threshold)}"


def events_text(count: float) -> str:
    return f"{count:g} event" if count == 1 else f"{count:g} events"


def lasting_text(seconds: float) -> str:
    """A length of time that somebody has chosen, in the greatest unit that leaves it whole: `30 s`, `2 h`."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"


def age_text(view: View, seconds: float) -> str:
    """For how long something has been so; coarsely on a slow line."""
    return view.age(seconds) if view.slow else span(seconds)


def wall_of(assessment: Assessment, at: float) -> float:
    """The time of day, in seconds since 1970, of an instant of the console's clock."""
    book = assessment.snapshot.alerts.value
    return at + (0.0 if book is None else book.wall_ahead)


def clock_text(wall: float, now: float) -> str:
    """A time of day; with its date where it is a day or more from `now`."""
    form = "%H:%M:%S" if abs(wall - now) < 20 * 3600 else "%m-%d %H:%M"
    return time.strftime(form, time.localtime(wall))


def mark_words(mark: Acknowledgement | Silence, now: float) -> str:
    """Who has muted it and until when: `acknowledged by dana until 15:04:00`."""
    done = "acknowledged" if isinstance(mark, Acknowledgement) else "silenced"
    return f"{done} by {mark.owner} until {clock_text(mark.until, now)}"


def muted_words(row: AlertRow, now: float) -> str:
    """The same of a row; the acknowledgement where there is a silence too, empty where there is neither."""
    mark = row.acknowledged or row.silenced
    return "" if mark is None else mark_words(mark, now)


def state_words(row: AlertRow, view: View, assessment: Assessment) -> str:
    """How a rule's alert stands, in a sentence: `firing for 3m 20s, 1.010 < 1.05, worst 1.003`."""
    said = [f"{row.state.word}{_lasts(row, view, assessment)}"]
    if row.raised is not None:
        panels = assessment.panels
        bound = bound_text(row.rule, panels)
        said.append(f"{value_text(row.rule, row.raised.value, panels)} {bound}".rstrip())
        if row.worst is not None and row.worst != row.raised.value:
            said.append(f"worst {value_text(row.rule, row.worst, panels)}")
        if row.raised.count is not None:
            said.append(f"exactly {events_text(row.raised.count)}")
    return ", ".join(said)


def _lasts(row: AlertRow, view: View, assessment: Assessment) -> str:
    """For how long it has been so, and of which `for`, while it is pending."""
    if row.since is None:
        return ""
    lasts = age_text(view, max(0.0, assessment.at - row.since))
    if row.state is AlertState.RESOLVED:
        return f" {lasts} ago"
    return f" for {lasts}" + (f" of {lasting_text(row.rule.hold)}" if row.state is AlertState.PENDING else "")


def in_full(row: Listed, view: View, cells: int) -> list[Line]:
    """A row's sign, what is meant, and all of the words, in as many lines as there may be."""
    glyphs, sign = view.glyphs, view.glyphs.of(row.severity)
    tone, room = tone_of(row.severity), cells - 2
    if row.severity is Severity.OK:
        sign, tone = glyphs.none, Tone.PLAIN
    said = [line for words in _said(row, view) for line in wrap(words, room)]
    if len(said) > MOST_LINES:
        said[MOST_LINES - 1 :] = [clip(" ".join(said[MOST_LINES - 1 :]), room, glyphs.ellipsis)]
    return [
        (Span(f"{sign} " if place == 0 else "  ", tone), Span(line, tone)) for place, line in enumerate(said)
    ]


def _said(row: Listed, view: View) -> Iterator[str]:
    alert = row.alert
    meant = spelled(alert.name) if alert.symbol is None else f"{alert.symbol} {spelled(alert.name)}"
    yield one_colon(f"{meant}: {alert.summary}")
    if row.rule is not None and view.live is not None:
        yield state_words(row.rule, view, view.live)
        now = wall_of(view.live, view.live.at)
        for mark in (row.rule.acknowledged, row.rule.silenced):
            if mark is not None:
                yield f"{mark_words(mark, now)}: {mark.reason}"
