"""All that is known of a rule's alert: the rule, the labels, all times, who muted it, what came before."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from console.domain.alert_book import Raised, RuleStanding
from console.domain.alert_rows import AlertRow, AlertState
from console.domain.alert_trails import Turn
from console.domain.assessment import Assessment
from console.domain.metrics import Labels
from console.domain.severity import Severity
from console.domain.silences import Acknowledgement, Silence
from console.tui.screens.alerts.holes import hole_lines, timing
from console.tui.screens.alerts.words import (
    age_text,
    bound_text,
    clock_text,
    mark_words,
    state_words,
    value_text,
    wall_of,
)
from console.tui.screens.kill.asking import key_of
from console.tui.text import Line, Span, fit_line, short_name, wrap
from console.tui.theme import Tone, tone_of
from console.tui.view import View

_NAME = 14
"""Cells of what a fact is called."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The alert as it was seen last; `gone` says that nothing tells of it any more."""

    row: AlertRow
    gone: bool = False


def head_lines(view: View, live: Assessment, subject: Subject, cells: int) -> tuple[Line, ...]:
    """Two lines: how it stands; which rule it is, and who has muted it, or what it says."""
    row, glyphs = subject.row, view.glyphs
    named = Span(f"{short_name(row.symbol or row.rule.name)}  ", Tone.STRONG)
    alarm = row.severity is Severity.CRITICAL and not row.muted
    word = f"{glyphs.of(row.severity)} {row.severity.word}" if row.matters else f"{glyphs.none} not wrong now"
    tone = Tone.ALARM if alarm else tone_of(row.severity) if row.matters else Tone.DIM
    state: Line = (named, Span(word, tone), Span(f"  {state_words(row, view, live)}"))
    if subject.gone:
        state = (named, Span(" no rule tells of it any more; this is what it said last ", Tone.BLIND))
    mark, now = row.acknowledged or row.silenced, wall_of(live, live.at)
    said = row.summary if mark is None else f"{mark_words(mark, now)}: {mark.reason}"
    rule = (Span(f"{row.rule.name}  ", Tone.DIM), Span(said, Tone.PLAIN if mark is None else Tone.ACCENT))
    return fit_line(state, cells, glyphs.ellipsis), fit_line(rule, cells, glyphs.ellipsis)


def fact_lines(
    view: View, live: Assessment, row: AlertRow, cells: int, runbooks: Sequence[str] = ()
) -> list[Line]:
    """All of it, a fact to a line or more; `runbooks` are those that the rule's alerts are a reason for."""
    standing = _standing(row, live)
    known = f"screen {key_of(view, 'recovery')}: {', '.join(runbooks)}"
    lines = [
        *(_fact("runbook", known, cells, Tone.STRONG) if runbooks else ()),
        *_fact("rule", f"{row.rule.name}, in {row.rule.group}", cells),
        *_fact("expression", row.rule.expression, cells, Tone.STRONG),
        *_fact("looked at", timing(row.rule), cells),
        *(_fact("stands in", row.rule.place, cells) if row.rule.place else ()),
        *_evaluation(view, live, standing, cells),
        (),
    ]
    if row.raised is not None:
        lines += [*_value(live, row, row.raised, cells), *_times(view, live, row.raised, cells), ()]
        pairs = *_pairs("labels", row.labels, cells), *_pairs("annotations", row.raised.annotations, cells)
        lines += [*pairs, (), *_marks(live, row, cells), ()]
        lines += [(Span("SO FAR", Tone.DIM),), *_history(view, live, row, row.raised, cells), ()]
    lines += [(Span("WHAT THIS RULE CAN NEVER CATCH", Tone.DIM),), *hole_lines(row.rule, cells)]
    return lines


def _fact(name: str, words: str, cells: int, tone: Tone = Tone.PLAIN) -> Iterator[Line]:
    for number, line in enumerate(wrap(words, max(20, cells - _NAME))):
        yield Span(f"{'' if number else name:<{_NAME}}", Tone.DIM), Span(line, tone)


def _standing(row: AlertRow, live: Assessment) -> RuleStanding | None:
    book = live.ruled.book
    return next((one for one in book.rules if one.rule == row.rule), None) if book is not None else None


def _evaluation(view: View, live: Assessment, standing: RuleStanding | None, cells: int) -> Iterator[Line]:
    """When the rule was evaluated last, and why it can't tell."""
    if standing is None or standing.evaluated_at is None:
        yield from _fact("evaluated", "not yet", cells, Tone.UNKNOWN)
        return
    yield from _fact("evaluated", f"{age_text(view, live.at - standing.evaluated_at)} ago", cells)
    if standing.error is not None:
        yield from _fact("fails", standing.error, cells, Tone.UNKNOWN)
    if standing.warming:
        watched = f"{age_text(view, standing.watched)} of {age_text(view, standing.needed)} are watched"
        yield from _fact("not yet", watched, cells, Tone.UNKNOWN)


def _value(live: Assessment, row: AlertRow, raised: Raised, cells: int) -> Iterator[Line]:
    panels = live.panels
    said = f"{value_text(row.rule, raised.value, panels)}  {bound_text(row.rule, panels)}"
    yield from _fact("value", said.strip(), cells, Tone.STRONG)
    low, high = (value_text(row.rule, value, panels) for value in (raised.lowest, raised.highest))
    worst = value_text(row.rule, row.worst, panels)
    yield from _fact("worst", f"{worst}, between {low} and {high} since it began", cells)
    if raised.count is not None:
        yield from _fact("events", f"exactly {raised.count:g}", cells, Tone.STRONG)


def _times(view: View, live: Assessment, raised: Raised, cells: int) -> Iterator[Line]:
    """Every instant that the alert has, with how long ago that was."""
    told = (
        ("active since", raised.active_at),
        ("fired", raised.fired_at),
        ("quiet since", raised.quiet_since),
        ("lost since", raised.lost_since),
        ("resolved", raised.resolved_at),
    )
    for name, at in told:
        if at is not None:
            clock = clock_text(wall_of(live, at), wall_of(live, live.at))
            yield from _fact(name, f"{clock}, {age_text(view, max(0.0, live.at - at))} ago", cells)


def _pairs(name: str, pairs: Labels, cells: int) -> Iterator[Line]:
    for number, (label, value) in enumerate(pairs):
        yield from _fact("" if number else name, f"{label}: {value}", cells)


def _marks(live: Assessment, row: AlertRow, cells: int) -> Iterator[Line]:
    """Who has muted it until when, and why; that nobody has."""
    now = wall_of(live, live.at)
    marks = [mark for mark in (row.acknowledged, row.silenced) if mark is not None]
    for mark in marks:
        yield from _fact("muted", f"{mark_words(mark, now)}: {mark.reason}", cells, Tone.ACCENT)
        if isinstance(mark, Silence):
            yield from _fact("", f"{mark.key}: {' '.join(map(str, mark.matchers))}", cells, Tone.DIM)
    if not marks:
        yield from _fact("muted", "by nobody", cells, Tone.DIM)


def _history(view: View, live: Assessment, row: AlertRow, raised: Raised, cells: int) -> Iterator[Line]:
    """What became of it while this console was open, and who muted it in the last days; the newest first."""
    now = wall_of(live, live.at)
    turns = {*view.alert_trails.turns.get(row.key, ()), *_turns(raised)}
    told = [(wall_of(live, turn.at), _BECAME.get(turn.state, turn.state.word)) for turn in turns]
    for at, words in sorted((*told, *_muted(live, row, now)), reverse=True):
        yield from _fact(clock_text(at, now), words, cells)


_BECAME = {AlertState.PENDING: "pending: its condition holds"}


def _turns(raised: Raised) -> Iterator[Turn]:
    """What the alert itself says of when it became what."""
    told = (
        (AlertState.PENDING, raised.active_at),
        (AlertState.FIRING, raised.fired_at),
        (AlertState.LOST, raised.lost_since),
        (AlertState.RESOLVED, raised.resolved_at),
    )
    yield from (Turn(state, at) for state, at in told if at is not None)


def _muted(live: Assessment, row: AlertRow, now: float) -> Iterator[tuple[float, str]]:
    """What was said of this very alert, and the silences that are of it too, ended ones as well."""
    book = live.ruled.book
    if book is None:
        return
    labels = dict(row.labels)
    of_it: Iterable[Acknowledgement | Silence] = (
        *(one for one in book.marks.acknowledgements if one.labels == row.labels),
        *(one for one in book.marks.silences if all(matcher.accepts(labels) for matcher in one.matchers)),
    )
    for mark in of_it:
        if mark.since <= now:
            yield mark.since, f"{mark_words(mark, now)}: {mark.reason}"
