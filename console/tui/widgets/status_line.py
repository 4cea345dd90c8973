"""The one line that is never covered: where we are, what may be done, what is wrong, how fresh it all is.

It gives up its parts in this order when the terminal is narrow: the alert's words, the operator, the
database, the sources' names. Environment, context, READ-ONLY, kill switch and source marks always stay.
"""

from collections.abc import Iterator

from console.domain.kill_switch import KillState
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import Assessment, SourceStatus
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
            alert = _alert(view, room - 2)
            return spread((*left, Span("  "), *alert) if alert else left, right, cells, view.glyphs.ellipsis)
    return fit_line((*left, Span(" "), *right), cells, view.glyphs.ellipsis)


def _forms(view: View) -> Iterator[tuple[Line, Line]]:
    """Left and right part, from everything to the least that must be there."""
    context, glyphs = view.context, view.glyphs
    chip = Span(f" {context.environment.upper()} ", Tone.ENVIRONMENT)
    name = Span(context.name, Tone.STRONG)
    mode = Span("READ-ONLY", Tone.STRONG)
    database, operator = Span(f"db {context.database}", Tone.DIM), Span(context.operator, Tone.DIM)
    kill, short_kill = _kill_switch(view.assessment, glyphs)
    count, short_count = _alert_count(view)
    names, letters, tight = (_marks(view.assessment, glyphs, form) for form in ("names", "letters", "tight"))
    for parts, marks in (
        ((name, database, operator, mode, kill), names),
        ((name, database, mode, kill), names),
        ((name, database, operator, mode, kill), letters),
        ((name, database, mode, kill), letters),
        ((name, mode, kill), letters),
    ):
        yield _left(chip, *parts, count), marks
    yield _left(chip, name, mode, kill, short_count), letters
    yield _left(chip, name, mode, kill), letters
    yield _left(chip, name, mode, short_kill), letters
    yield _left(chip, name, mode, short_kill), tight
    clipped = Span(clip(context.name, 8, glyphs.ellipsis), Tone.STRONG)
    yield _left(chip, clipped, mode, short_kill), tight


def _left(*spans: Span) -> Line:
    return joined(((span,) for span in spans if span.text), "  ")


def _kill_switch(assessment: Assessment | None, glyphs: Glyphs) -> tuple[Span, Span]:
    """The kill switch's state in full and in short."""
    state = KillState.UNKNOWN if assessment is None else assessment.kill_switch.state
    tone = Tone.ALARM if state.severity >= Severity.HIGH else tone_of(state.severity)
    glyph = glyphs.of(state.severity)
    word = state.value if state in (KillState.CLEAR, KillState.UNKNOWN) else state.value.upper()
    return Span(f"{glyph} kill {word}", tone), Span(f"{glyph} {word}", tone)


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
    words = " ".join(part for part in (alert.symbol, alert.name, alert.summary) if part)
    return fit_line((Span(words, tone_of(alert.severity)),), cells, view.glyphs.ellipsis)


def _marks(assessment: Assessment | None, glyphs: Glyphs, form: str) -> Line:
    """One freshness mark per source; `form` is names, letters or tight."""
    if assessment is None:
        return (Span("connecting", Tone.UNKNOWN),)
    marks = (_mark(source, glyphs, form) for source in assessment.sources)
    return joined(((mark,) for mark in marks), "" if form == "tight" else " ")


def _mark(source: SourceStatus, glyphs: Glyphs, form: str) -> Span:
    off = source.health is Health.OFF
    glyph = glyphs.none if off else glyphs.of(source.severity)
    tone = Tone.DIM if off else tone_of(source.severity)
    age = "" if source.age is None else seconds(source.age)
    if form == "names":
        return Span(f"{glyph} {source.name} {age:>4}" if not off else f"{glyph} {source.name}", tone)
    letter = _LETTERS.get(source.name, source.name[:1].upper())
    fresh = source.health in (Health.FRESH, Health.OFF)
    return Span(f"{letter}{glyph}" if fresh else f"{letter}{glyph}{age}", tone)
