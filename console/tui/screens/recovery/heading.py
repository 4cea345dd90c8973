"""The two lines above a run: how it stands, who drives it, how far it is, and what it was begun with."""

from console.domain.amounts import span
from console.runbooks.run import Standing, State
from console.runbooks.seen import Hands, Seen
from console.tui.screens.recovery.words import clock, current, progress, who
from console.tui.text import Line, Span, clip, spread, wrap
from console.tui.theme import Glyphs, Tone


def unseen_lines(words: str, cells: int, glyphs: Glyphs) -> tuple[Line, Line]:
    """Why a run can't be seen, in the two lines that tell of it otherwise."""
    first, *others = wrap(words, cells)
    return (Span(first, Tone.UNKNOWN),), (Span(clip(" ".join(others), cells, glyphs.ellipsis), Tone.UNKNOWN),)


def head_lines(seen: Seen, unread: str, cells: int, glyphs: Glyphs) -> tuple[Line, Line]:
    """`unread` says why it can't be seen any more; then what stands here is the past."""
    word, tone = standing_badge(seen)
    left = Span(f" {word} ", tone), Span(f" {seen.runbook.title}", Tone.STRONG)
    hands = Span(f" {who(seen.run.driver, seen.hands)}", _HANDS[seen.hands])
    right: Line = () if seen.run.standing.over else (hands,)
    run = seen.run
    values = ", ".join(f"{name}={value}" for name, value in run.values.items())
    facts = f"{run.id}{f', {values}' if values else ''}"
    lasts = Span(f" {_how_far(seen)}", Tone.DIM)
    second: Line = (Span(facts, Tone.DIM),)
    if seen.unread:
        lasts = Span("")
        second = Span(" NO RUNBOOK ", Tone.BLIND), Span(f" {seen.unread}", Tone.UNKNOWN)
    if unread:
        second = Span(" NOT READ ", Tone.BLIND), Span(f" since {clock(seen.at)}: {unread}", Tone.UNKNOWN)
    return spread(left, right, cells, glyphs.ellipsis), spread(second, (lasts,), cells, glyphs.ellipsis)


_HANDS = {
    Hands.OWN: Tone.STRONG,
    Hands.OTHERS: Tone.WARNING,
    Hands.NOBODY: Tone.DIM,
    Hands.STANDBY: Tone.BLIND,
}


def _how_far(seen: Seen) -> str:
    """How far the run is and since when it lasts, or how long it took."""
    run = seen.run
    if run.standing.over:
        took = max((step.since for step in run.steps), default=run.began) - run.began
        return f"{progress(run)} in {span(took)}, begun at {clock(run.began)}"
    return f"{progress(run)}, {span(seen.at - run.began)} since it began"


def standing_badge(seen: Seen) -> tuple[str, Tone]:
    """How a run stands, in a word to be seen from two metres."""
    run = seen.run
    step = None if run.standing.over else current(run)
    if step is not None and step.state in _STOPPED:
        return _STOPPED[step.state]
    if run.standing is not Standing.OPEN:
        return run.standing.value.upper(), _STANDINGS[run.standing]
    if seen.doing or (step is not None and step.state is State.RUNNING):
        return ("LEFT RUNNING", Tone.BLIND) if seen.hands is Hands.NOBODY else ("RUNNING", Tone.KEY)
    return ("WAITING" if step is not None and step.state is State.WAITING else "OPEN"), Tone.BLIND


_STOPPED = {State.UNKNOWN: ("UNKNOWN", Tone.BLIND), State.FAILED: ("STEP FAILED", Tone.ALARM)}
_STANDINGS = {
    Standing.PASSED: Tone.KEY,
    Standing.FAILED: Tone.ALARM,
    Standing.ABORTED: Tone.BLIND,
    Standing.ABORTING: Tone.ALARM,
    Standing.FAILING: Tone.ALARM,
}


def left_words(seen: Seen) -> str:
    """What is said when its screen is left; empty of a run that is over, or another's."""
    if seen.run.standing.over or seen.hands is not Hands.OWN:
        return ""
    goes = "goes on" if seen.doing else "stays where it is"
    return f"the run {goes}: {seen.run.id}, on screen 5"
