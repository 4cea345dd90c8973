"""The one line that is never covered: where we are, what may be done, what is wrong, how fresh it all is.

Environment, context, who is operating on which database host, READ-ONLY or ARMED, kill switch, the number
of alerts and a mark for each source are there at any width. Where the terminal is narrow the sources' names
go first, then most of the alert's words, then the ends of long names; below 80 columns, where the console
can't be used, the line is cut at its right end. Which form is taken, and where each part stands, rests on
names and width alone: nothing moves when a value changes. Only the ages at the right end take their room
from the alert's words.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from console.domain.access import Arming
from console.domain.kill_state import WHOLE, KillState, Verdict
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import SourceStatus
from console.tui.headline import by_its_figure, in_a_drill, short_alert, sources_told, worst_alert
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
    waiting = bool(view.requests)
    sources = sources_told(view.live)
    return (
        view.context,
        view.slow,
        view.line_is_slow,
        view.unrecorded,
        view.database,
        _mode(view),
        waiting,
        view.live.kill.title,
        in_a_drill(view.live),
        view.drill,
        view.live.alerts,
        view.live.panels,
        tuple((source.health, source.severity, _age(source, view)) for source in sources),
    )


def status_line(view: View, cells: int) -> Line:
    """The widest form of the status line that fits into `cells`."""
    if (left := _wide(view, cells - _SENTENCE - _named_cells(view) - 3)) is not None:
        return _filled(view, left, (_named(view), _lettered(view)), cells)
    if (left := _wide(view, cells - _WORD - _LETTERED - 3)) is not None:
        return _filled(view, left, (_lettered(view), _grouped(view)), cells)
    left = _narrow(view, cells)
    return _filled(view, left, (_grouped(view), _grouped(view, ages=False)), cells, short=True)


_SENTENCE, _WORD = 30, 10
"""Cells for an alert in few words, and for a word."""
_LETTERED, _GROUPED = 23, 15
"""Cells of the sources' marks, letter by letter and grouped, while one of them has an age."""
_COUNT_CELLS, _SHORT_COUNT_CELLS = 12, 4
"""Cells for the number of alerts, up to 999 of them. In short what `✘12/345` needs more, the words give."""
_KILL_CELLS, _SHORT_KILL_CELLS = 14, 10
_SHORTEST = 4
"""Cells in which the beginning of a name still says something."""


def _wide(view: View, room: int) -> Line | None:
    """The left part with every name whole, if there is room for it."""
    name, who = Span(view.context.name, Tone.STRONG), Span(_who(view), Tone.DIM)
    kill, count = _in_its_room(_kill_switch(view), _KILL_CELLS), _in_its_room(_count(view), _COUNT_CELLS)
    spans = (_environment(view), name, who, _mode(view), *_marks(view), kill, count)
    left = joined(((span,) for span in spans if span.text), "  ")
    return left if line_width(left) <= room else None


def _narrow(view: View, cells: int) -> Line:
    """The left part in short forms, with the names clipped to the room that the rest leaves them."""
    kill = _in_its_room(_kill_switch(view, short=True), _SHORT_KILL_CELLS)
    count = _in_its_room(_count(view, short=True), _SHORT_COUNT_CELLS)
    shown = [_environment(view), _mode(view), *_marks(view), kill, count]
    names = width(view.context.name) + width(_who(view))

    def room() -> int:
        return cells - sum(width(span.text) + 1 for span in shown) - 2 - _SHORTEST - 1 - _GROUPED

    while len(shown) > 4 and room() < names:
        del shown[2]  # what is said elsewhere too gives way to the names
    names_room = room()
    if _is_of_a_source(view):
        shown[-1] = _count(view, short=True)  # next to its word, which no symbol's name stands in for
    name, who = _sharing(view.context.name, _who(view), names_room, view.glyphs.ellipsis)
    spans = (shown[0], Span(name, Tone.STRONG), Span(who, Tone.DIM), *shown[1:])
    return joined(((span,) for span in spans if span.text), " ")


def _sharing(one: str, other: str, cells: int, ellipsis: str) -> tuple[str, str]:
    """Both texts clipped to `cells` together: the shorter one whole where it takes no more than half."""
    half = max(_SHORTEST, cells // 2)
    first = max(half, cells - width(other))
    kept = clip(one, first, ellipsis)
    return kept, clip(other, max(_SHORTEST, cells - width(kept)), ellipsis)


def _filled(view: View, left: Line, rights: Sequence[Line], cells: int, *, short: bool = False) -> Line:
    """`left`, the alert's words in the room that is left, and the first of `rights` that fits."""
    room = cells - line_width(left) - 1
    right = next((marks for marks in rights if line_width(marks) <= room), rights[-1])
    space = room - line_width(right)
    alert = _alert(view, space - 1, short=short)
    whole = (*left, Span(" "), *alert) if alert else left
    if line_width(left) + 1 + line_width(right) <= cells:
        return spread(whole, right, cells, view.glyphs.ellipsis)
    return fit_line(joined((left, right), " "), cells, view.glyphs.ellipsis)


_READ_ONLY = "READ-ONLY"


def _mode(view: View) -> Span:
    """What may be done: for how long the console stays armed if no key is pressed, or that it isn't.

    Both take the same cells.
    """
    if view.live is None or not isinstance(view.mode, Arming):
        return Span(_READ_ONLY, Tone.STRONG)
    left = int(view.mode.left(view.live.at))
    shown = f"{left}s" if left < _MINUTE else f"{left // _MINUTE}m"
    return _in_its_room(Span(f"ARMED {shown}", Tone.ALARM), len(_READ_ONLY))


_MINUTE = 60


def _who(view: View) -> str:
    """Who is operating, on which database host."""
    return "@".join(filter(None, (view.context.operator, view.database)))


def _in_its_room(span: Span, cells: int) -> Span:
    return Span(f"{span.text:<{cells}}", span.tone)


def _environment(view: View) -> Span:
    return Span(f" {view.context.environment.upper()} ", Tone.ENVIRONMENT)


def _marks(view: View) -> Iterator[Span]:
    """Whether the screen is drawn plainly, or should be, the black box not recording, a drill, who waits."""
    if view.slow:
        yield Span("LOW", Tone.STRONG)
    elif view.line_is_slow:
        yield Span("SLOW LINE", Tone.WARNING)
    if view.unrecorded:
        yield Span("NO RECORD", Tone.WARNING)
    if view.drill:
        yield Span("DRILL", Tone.KEY)
    if view.requests:
        yield Span("APPROVE?", Tone.ALARM)


def _kill_switch(view: View, *, short: bool = False) -> Span:
    """Its state: `■ kill TRIPPED`, `■ TRIPPING 2/5`, `■ USDM TRIPPED`; in short `? kill`, `■ USDM off`.

    While a drill has tripped it, or one is under way, that it is one: `■ DRILL TRIPPED`, in short `■ DRILL`.
    """
    kill = _NOTHING_KNOWN if view.live is None else view.live.kill
    severity = kill.state.severity
    text = _kill_form(kill, short=short, drill=in_a_drill(view.live) or bool(view.drill)).format(
        glyph=view.glyphs.of(severity),
        word=_KILL_WORDS.get(kill.state, kill.state.name),
        what="kill" if kill.scope == WHOLE else kill.scope.upper(),
        count=f"{kill.done}/{kill.fired}",
    )
    return Span(text, Tone.ALARM if severity >= Severity.HIGH else tone_of(severity))


def _kill_form(kill: Verdict, *, short: bool, drill: bool) -> str:
    if drill and kill.state not in (KillState.CLEAR, KillState.UNKNOWN):
        return "{glyph} DRILL" if short else "{glyph} DRILL {word}"
    if short and kill.state is KillState.TRIPPED and kill.scope != WHOLE:
        return "{glyph} {what} off"
    forms = _KILL_SHORT if short else _KILL
    return forms.get(kill.state, "{glyph} {word}" if short else "{glyph} {what} {word}")


_NOTHING_KNOWN = Verdict(KillState.UNKNOWN, "")
_KILL_WORDS = {
    KillState.CLEAR: "clear",
    KillState.UNKNOWN: "unknown",
    KillState.UNCONFIRMED: "UNCONF.",
}
_KILL = {KillState.TRIPPING: "{glyph} TRIPPING {count}"}
_KILL_SHORT = {
    KillState.CLEAR: "kill clear",
    KillState.UNKNOWN: "{glyph} kill",
    KillState.TRIPPING: "{glyph} TRIP {count}",
}
"""The forms that aren't like the others."""


def _count(view: View, *, short: bool = False) -> Span:
    """How many alerts are as bad as the worst, after its sign, and of how many: `✘ 2 of 7`, in short `✘2/7`.

    Where all are as bad `✘ 7 alerts`, `✘7`: nobody is to take milder ones for as bad as that.
    """
    if view.live is None or not view.live.alerts or not view.answered:
        return Span("")
    worst, number = view.live.alerts[0].severity, len(view.live.alerts)
    as_bad, glyph = sum(alert.severity is worst for alert in view.live.alerts), view.glyphs.of(worst)
    if as_bad < number:
        return Span(f"{glyph}{as_bad}/{number}" if short else f"{glyph} {as_bad} of {number}", tone_of(worst))
    word = "alert" if number == 1 else "alerts"
    return Span(f"{glyph}{number}" if short else f"{glyph} {number} {word}", tone_of(worst))


def _alert(view: View, cells: int, *, short: bool) -> Line:
    """The worst alert's words, as far as they fit whole; of a long name its beginning.

    In short, after a bare number, one of a source is only called an alert: the source's mark names it.
    """
    if view.live is None or not view.answered or (alert := worst_alert(view.live)) is None:
        return ()
    *forms, word = short_alert(alert, view.live.panels)
    forms += by_its_figure(alert, view.live)
    if short and _is_of_a_source(view):
        forms, word = forms[:1], "alert" if len(view.live.alerts) == 1 else "alerts"
    fitting = next((words for words in forms if width(words) <= cells), None)
    shown = clip(word, max(0, cells), view.glyphs.ellipsis) if fitting is None else fitting
    return (Span(shown, tone_of(alert.severity)),) if cells >= _SHORTEST else ()


def _is_of_a_source(view: View) -> bool:
    """Whether the worst alert says of a source what its mark says too."""
    if view.live is None or not view.live.alerts:
        return False
    return view.live.alerts[0].name in {source.name for source in view.live.sources}


_CONNECTING = (Span("connecting", Tone.UNKNOWN),)


def _named(view: View) -> Line:
    """One freshness mark per source, with its name and age."""
    if view.live is None:
        return _CONNECTING
    return joined((_named_mark(source, view) for source in sources_told(view.live)), "  ")


def _named_cells(view: View) -> int:
    """The cells that the named marks take, whatever the ages are."""
    sources = () if view.live is None else view.live.sources
    return sum(width(source.name) + 10 for source in sources) - 2 if sources else line_width(_CONNECTING)


def _named_mark(source: SourceStatus, view: View) -> Line:
    glyph, tone = _sign(source, view.glyphs)
    age = "" if source.health is Health.OFF else _age(source, view)
    if source.health is Health.FRESH and source.severity is Severity.UNKNOWN:
        age = "quiet"
    return (Span(f"{glyph} {source.name} {age:>5}".rstrip(), tone),)


def _lettered(view: View) -> Line:
    """One mark per source by its letter; with its age where it isn't fresh."""
    if view.live is None:
        return _CONNECTING
    return joined(((_mark([source], view),) for source in sources_told(view.live)), " ")


def _grouped(view: View, *, ages: bool = True) -> Line:
    """The letters of neighbours in the same state behind one another, with one sign and the highest age."""
    if view.live is None:
        return _CONNECTING
    groups = groupby(sources_told(view.live), key=lambda source: _sign(source, view.glyphs))
    return joined(((_mark(list(group), view, ages=ages),) for _, group in groups), " " if ages else "")


def _mark(alike: Sequence[SourceStatus], view: View, *, ages: bool = True) -> Span:
    glyph, tone = _sign(alike[0], view.glyphs)
    letters = "".join(_LETTERS.get(source.name, source.name[:1].upper()) for source in alike)
    old = [source for source in alike if source.age is not None and source.health not in _UNTOLD]
    oldest = max(old, key=lambda source: source.age or 0, default=None)
    return Span(f"{letters}{glyph}" + (f" {_age(oldest, view)}" if oldest and ages else ""), tone)


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
