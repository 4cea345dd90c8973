"""The one line that is never covered: where we are, what may be done, what is wrong, how fresh it all is.

It gives up its parts in this order when the terminal is narrow: the alert's words, the operator, the
database, the sources' names. Environment, context, READ-ONLY, kill switch and source marks always stay.
"""

from collections.abc import Iterator
from typing import Literal

from console.domain.kill_switch import KillState
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import SourceStatus
from console.tui.headline import alert_words
from console.tui.text import Line, Span, clip, fit_line, joined, line_width, seconds, spread
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.view import View
from console.tui.widgets.lines import Lines

_LETTERS = {"exchange": "X"}
"""The sources' letters where they aren't the first of the name: `engine` has the E."""


class StatusLine(Lines):
    def __init__(self, view: View) -> None:
        super().__init__(lambda size: (status_line(view, size.width),), view.glyphs)

    def paint(self, view: View) -> None:
        self.show(lambda size: (status_line(view, size.width),))


def status_line(view: View, cells: int) -> Line:
    """The widest form of the status line that fits into `cells`."""
    for left, right in _forms(view):
        room = cells - line_width(left) - line_width(right) - 1
        if room >= 0:
            alert = _alert(view, room - 3)
            return spread((*left, Span("  "), *alert) if alert else left, right, cells, view.glyphs.ellipsis)
    return _tightest(view, cells)


def _forms(view: View) -> Iterator[tuple[Line, Line]]:
    """Left and right part, from everything to what must be there."""
    name, mode = Span(view.context.name, Tone.STRONG), Span("READ-ONLY", Tone.STRONG)
    database = Span(f"db {view.database}" if view.database else "", Tone.DIM)
    operator = Span(view.context.operator, Tone.DIM)
    kill = _kill_switch(view)
    count, short_count = _alert_count(view)
    names, letters = _marks(view, "names"), _marks(view, "letters")
    yield _left(view, name, database, operator, mode, kill, count), names
    yield _left(view, name, database, mode, kill, count), names
    yield _left(view, name, database, operator, mode, kill, count), letters
    yield _left(view, name, database, mode, kill, count), letters
    yield _left(view, name, mode, kill, count), letters
    yield _left(view, name, mode, kill, short_count), letters
    yield _left(view, name, mode, kill), letters


def _left(view: View, *spans: Span) -> Line:
    return joined(((span,) for span in (_environment(view), *spans) if span.text), "  ")


def _environment(view: View) -> Span:
    return Span(f" {view.context.environment.upper()} ", Tone.ENVIRONMENT)


def _tightest(view: View, cells: int) -> Line:
    """What must be there, with the context's name in whatever is left."""
    rest = joined(
        ((Span("READ-ONLY", Tone.STRONG),), (_kill_switch(view, short=True),), _marks(view, "tight")), " "
    )
    room = cells - line_width((_environment(view), *rest)) - 2
    name = Span(clip(view.context.name, max(1, room), view.glyphs.ellipsis), Tone.STRONG)
    line = joined(((_environment(view),), (name,), rest), " ")
    return fit_line(line, cells, view.glyphs.ellipsis)


def _kill_switch(view: View, *, short: bool = False) -> Span:
    state = KillState.UNKNOWN if view.assessment is None else view.assessment.kill_switch.state
    tone = Tone.ALARM if state.severity >= Severity.HIGH else tone_of(state.severity)
    word = state.value if state in (KillState.CLEAR, KillState.UNKNOWN) else state.value.upper()
    if short and state is KillState.UNCONFIRMED:
        word = "UNCONF."
    return Span(f"{view.glyphs.of(state.severity)} kill {word}", tone)


def _alert_count(view: View) -> tuple[Span, Span]:
    """How many alerts there are, with the worst one's sign, in full and in short."""
    if view.assessment is None or not view.assessment.alerts:
        return Span(""), Span("")
    worst, number = view.assessment.alerts[0].severity, len(view.assessment.alerts)
    glyph, word = view.glyphs.of(worst), "alert" if number == 1 else "alerts"
    return Span(f"{glyph} {number} {word}", tone_of(worst)), Span(f"{glyph}{number}", tone_of(worst))


def _alert(view: View, cells: int) -> Line:
    """The worst alert's words, where there is room for enough of them to say something."""
    if view.assessment is None or not view.assessment.alerts or cells < 12:
        return ()
    alert = view.assessment.alerts[0]
    return fit_line((Span(alert_words(alert), tone_of(alert.severity)),), cells, view.glyphs.ellipsis)


Form = Literal["names", "letters", "tight"]


def _marks(view: View, form: Form) -> Line:
    """One freshness mark per source."""
    if view.assessment is None:
        return (Span("connecting", Tone.UNKNOWN),)
    marks = (_mark(source, view.glyphs, form) for source in view.assessment.sources)
    return joined(((mark,) for mark in marks), "" if form == "tight" else " ")


def _mark(source: SourceStatus, glyphs: Glyphs, form: Form) -> Span:
    off = source.health is Health.OFF
    glyph = glyphs.none if off else glyphs.of(source.severity)
    tone = Tone.DIM if off else tone_of(source.severity)
    age = "" if source.age is None or off else seconds(source.age, places=0 if form == "tight" else 1)
    if form == "names":
        return Span(f"{glyph} {source.name} {age:>4}".rstrip(), tone)
    letter = _LETTERS.get(source.name, source.name[:1].upper())
    return Span(f"{letter}{glyph}" if source.health is Health.FRESH else f"{letter}{glyph}{age}", tone)
