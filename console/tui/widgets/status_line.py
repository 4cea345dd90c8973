"""The one line that is never covered: where we are, what may be done, what is wrong, how fresh it all is.

It gives up its parts in this order when the terminal is narrow: the sources' names, the operator, the
database, the age of each source for one of those alike, most of the alert's words. Environment, context,
READ-ONLY, kill switch and source marks always stay at 80 columns; below that, where the console can't be
used, the line is cut at its right end. The alerts have their room whether there are any or not: nothing moves
when they come, go, or change their words.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from console.domain.kill_switch import KillState
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import SourceStatus
from console.tui.headline import short_alert
from console.tui.text import Line, Span, clip, fit_line, joined, line_width, spread, width
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.view import View
from console.tui.widgets.lines import Lines

_LETTERS = {"exchange": "X"}
"""The sources' letters where they aren't the first of the name: `engine` has the E."""


class StatusLine(Lines):
    """Is made anew only when something that it tells has changed."""

    def __init__(self, view: View) -> None:
        super().__init__(lambda size: (status_line(view, size.width),), view.glyphs)
        self._told: tuple[object, ...] = ()

    def paint(self, view: View) -> None:
        now = told(view)
        if now != self._told:
            self._told = now
            self.show(lambda size: (status_line(view, size.width),))


def told(view: View) -> tuple[object, ...]:
    """Everything that the line is made of."""
    if view.live is None:
        return (view.context, view.slow, view.line_is_slow, view.unrecorded)
    alerts, sources = view.live.alerts, view.live.sources
    return (
        view.context,
        view.slow,
        view.line_is_slow,
        view.unrecorded,
        view.database,
        view.live.kill_switch.state,
        alerts[:1],
        len(alerts),
        view.live.panels,
        tuple((source.health, source.severity, _age(source, view)) for source in sources),
    )


def status_line(view: View, cells: int) -> Line:
    """The widest form of the status line that fits into `cells`."""
    for left, right, words in _forms(view):
        room = cells - line_width(left) - line_width(right) - 1
        if room >= words:
            alert = _alert(view, room - 2)
            return spread((*left, Span("  "), *alert) if alert else left, right, cells, view.glyphs.ellipsis)
    return _tightest(view, cells)


def _forms(view: View) -> Iterator[tuple[Line, Line, int]]:
    """Left and right part, from everything to what must be there, and the cells for the alert's words."""
    name, mode = Span(view.context.name, Tone.STRONG), Span("READ-ONLY", Tone.STRONG)
    database = Span(f"db {view.database}" if view.database else "", Tone.DIM)
    operator = Span(view.context.operator, Tone.DIM)
    marks, kill = tuple(_marks(view)), _kill_switch(view)
    count, short_count = _alert_count(view)
    names, letters, groups = _named(view), _lettered(view), _grouped(view)
    wide, narrow = _in_its_room(count, _COUNT_CELLS), _in_its_room(short_count, _SHORT_COUNT_CELLS)
    yield _left(view, name, database, operator, mode, *marks, kill, wide), names, _SENTENCE
    yield _left(view, name, database, mode, *marks, kill, wide), names, _SENTENCE
    yield _left(view, name, database, operator, mode, *marks, kill, wide), letters, _SENTENCE
    yield _left(view, name, database, mode, *marks, kill, wide), letters, _FIGURE
    yield _left(view, name, mode, *marks, kill, wide), letters, _FIGURE
    yield _left(view, name, mode, *marks, kill, wide), groups, _FIGURE
    yield _left(view, name, mode, *marks, kill, wide), groups, _WORD
    yield _left(view, name, mode, kill, wide), groups, _WORD
    yield _left(view, name, mode, kill, narrow), groups, _WORD
    yield _left(view, name, mode, kill, count), groups, 0
    yield _left(view, name, mode, kill, short_count), groups, 0


_SENTENCE, _FIGURE, _WORD = 30, 19, 10
"""Cells for an alert in few words, for whose figure it is about, and for a word."""
_COUNT_CELLS, _SHORT_COUNT_CELLS = 12, 4
"""Cells for the number of alerts, up to 999 of them."""
_SHORTEST = 4
"""Cells in which the beginning of a name still says something."""


def _in_its_room(span: Span, cells: int) -> Span:
    return Span(f"{span.text:<{cells}}", span.tone)


def _left(view: View, *spans: Span) -> Line:
    return joined(((span,) for span in (_environment(view), *spans) if span.text), "  ")


def _environment(view: View) -> Span:
    return Span(f" {view.context.environment.upper()} ", Tone.ENVIRONMENT)


def _tightest(view: View, cells: int) -> Line:
    """What must be there, with the context's name in whatever is left."""
    mode, kill = Span("READ-ONLY", Tone.STRONG), _kill_switch(view, short=True)
    parts = [(mode,), (kill,), (_alert_count(view)[1],), _grouped(view)]
    rest = joined((part for part in parts if line_width(part)), " ")
    room = cells - line_width((_environment(view), *rest)) - 2
    name = Span(clip(view.context.name, max(1, room), view.glyphs.ellipsis), Tone.STRONG)
    line = joined(((_environment(view),), (name,), rest), " ")
    return fit_line(line, cells, view.glyphs.ellipsis)


def _marks(view: View) -> Iterator[Span]:
    """Whether the screen is drawn plainly, or should be, and whether the black box is not recording."""
    if view.slow:
        yield Span("LOW", Tone.STRONG)
    elif view.line_is_slow:
        yield Span("SLOW LINE", Tone.WARNING)
    if view.unrecorded:
        yield Span("NO RECORD", Tone.WARNING)


def _kill_switch(view: View, *, short: bool = False) -> Span:
    state = KillState.UNKNOWN if view.live is None else view.live.kill_switch.state
    tone = Tone.ALARM if state.severity >= Severity.HIGH else tone_of(state.severity)
    word = state.value if state in (KillState.CLEAR, KillState.UNKNOWN) else state.value.upper()
    if short and state is KillState.UNCONFIRMED:
        word = "UNCONF."
    return Span(f"{view.glyphs.of(state.severity)} kill {word}", tone)


def _alert_count(view: View) -> tuple[Span, Span]:
    """How many alerts there are, with the worst one's sign, in full and in short."""
    if view.live is None or not view.live.alerts or not view.answered:
        return Span(""), Span("")
    worst, number = view.live.alerts[0].severity, len(view.live.alerts)
    glyph, word = view.glyphs.of(worst), "alert" if number == 1 else "alerts"
    return Span(f"{glyph} {number} {word}", tone_of(worst)), Span(f"{glyph}{number}", tone_of(worst))


def _alert(view: View, cells: int) -> Line:
    """The worst alert's words, as far as they fit whole; of a long name its beginning."""
    if view.live is None or not view.live.alerts or not view.answered:
        return ()
    alert = view.live.alerts[0]
    *forms, word = short_alert(alert, view.live.panels)
    fitting = next((words for words in forms if width(words) <= cells), None)
    shown = clip(word, max(0, cells), view.glyphs.ellipsis) if fitting is None else fitting
    return (Span(shown, tone_of(alert.severity)),) if cells >= _SHORTEST else ()


_CONNECTING = (Span("connecting", Tone.UNKNOWN),)


def _named(view: View) -> Line:
    """One freshness mark per source, with its name and age."""
    if view.live is None:
        return _CONNECTING
    return joined((_named_mark(source, view) for source in view.live.sources), "  ")


def _named_mark(source: SourceStatus, view: View) -> Line:
    glyph, tone = _sign(source, view.glyphs)
    age = "" if source.health is Health.OFF else _age(source, view)
    return (Span(f"{glyph} {source.name} {age:>5}".rstrip(), tone),)


def _lettered(view: View) -> Line:
    """One mark per source by its letter; with its age where it isn't fresh."""
    if view.live is None:
        return _CONNECTING
    return joined(((_mark([source], view),) for source in view.live.sources), " ")


def _grouped(view: View) -> Line:
    """The letters of neighbours in the same state behind one another, with one sign and the highest age."""
    if view.live is None:
        return _CONNECTING
    groups = groupby(view.live.sources, key=lambda source: _sign(source, view.glyphs))
    return joined(((_mark(list(group), view),) for _, group in groups), " ")


def _mark(alike: Sequence[SourceStatus], view: View) -> Span:
    glyph, tone = _sign(alike[0], view.glyphs)
    letters = "".join(_LETTERS.get(source.name, source.name[:1].upper()) for source in alike)
    old = [source for source in alike if source.age is not None and source.health not in _UNTOLD]
    oldest = max(old, key=lambda source: source.age or 0, default=None)
    return Span(f"{letters}{glyph}" if oldest is None else f"{letters}{glyph} {_age(oldest, view)}", tone)


_UNTOLD = (Health.FRESH, Health.OFF)
"""Where a letter needs no age."""


def _age(source: SourceStatus, view: View) -> str:
    """The source's age: while it is fresh in whole seconds, so that the line doesn't flicker."""
    if source.age is None:
        return ""
    if source.health is Health.FRESH and not view.slow and source.age < 10:
        return f"{int(source.age)} s" if source.age >= 1 else "<1 s"
    return view.age(source.age, source.stale_after)


def _sign(source: SourceStatus, glyphs: Glyphs) -> tuple[str, Tone]:
    if source.health is Health.OFF:
        return glyphs.none, Tone.DIM
    return glyphs.of(source.severity), tone_of(source.severity)
