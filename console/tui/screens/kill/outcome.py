"""What came of a reset: requested, cleared, left, acknowledged. Each is only what it says."""

from collections.abc import Iterator
from dataclasses import replace

from console.domain.figures import seconds
from console.domain.severity import Severity
from console.tui.access import ResetUnderWay
from console.tui.screens.kill import ladder
from console.tui.screens.kill.asking import label
from console.tui.screens.kill.state import age_of
from console.tui.text import Line, Span, fit_line, spread, wrap
from console.tui.theme import Tone, tone_of
from console.tui.view import View


def requested_lines(view: View, reset: ResetUnderWay, cells: int) -> Iterator[Line]:
    """Who asked for it, and why; before that, loud, whether it is over and how it ended."""
    word, tone, said = _ending(reset)
    yield fit_line((Span(f" {word} ", tone), Span(f" {said}", Tone.STRONG)), cells, view.glyphs.ellipsis)
    who = reset.order.by.removeprefix("opsconsole ")
    words = (label("REQUESTED"), Span(f"by {who}: "), Span(reset.order.reason, Tone.STRONG))
    yield fit_line(words, cells, view.glyphs.ellipsis)


def _ending(reset: ResetUnderWay) -> tuple[str, Tone, str]:
    if reset.overtaken:
        return "OVERTAKEN", Tone.ALARM, "a trip came meanwhile: it stands, and everything is fired again"
    if reset.pending:
        return "RESETTING", Tone.BLIND, f"{reset.pending[0]} is being done"
    if reset.done:
        return "RESET", Tone.KEY, "everything that trips of this host had set is cleared"
    if reset.done is None:
        return "UNKNOWN", Tone.BLIND, "whether all was cleared isn't known"
    return "NOT RESET", Tone.ALARM, "it ended at the first step that failed: the trip stands"


def cleared_lines(view: View, reset: ResetUnderWay, cells: int) -> Iterator[Line]:
    """Each step with its latency, and what is set all the same."""
    steps = tuple(_steps(reset))
    yield from ladder.written_lines(view, steps, reset.journal or "not yet", cells, name="CLEARED")
    for number, words in enumerate(reset.left):
        for at, line in enumerate(wrap(words, max(20, cells - 16))):
            yield label("LEFT" if number == at == 0 else ""), Span(line, Tone.HIGH)


def _steps(reset: ResetUnderWay) -> Iterator[ladder.Shot]:
    """Each step with what came of it: they come one after the other, up to one that isn't done."""
    for number, step in enumerate(ladder.shots_of(reset, None)):
        if number < len(reset.results):
            yield step
        elif not reset.pending:
            yield replace(step, words="not tried")
        else:
            yield replace(step, words="being done" if step.name == reset.pending[0] else "still to come")


def heard_lines(view: View, since: float, cells: int) -> Iterator[Line]:
    """Whether the engine says that it is clear, in a word from after `since`, and whether it is alive."""
    live, glyphs = view.live, view.glyphs
    if live is None:
        return
    word = live.kill_evidence.engine
    heard = word.known is not None and word.age is not None and live.at - word.age >= since
    if heard and word.known == 0:
        sign, tone, said = glyphs.ok, Tone.OK, "the engine says that it is clear"
    else:
        waited = seconds(max(0.0, live.at - since))
        denial = "the engine says tripped" if heard else word.why_not or "it has said nothing since"
        sign, tone, said = glyphs.unknown, Tone.UNKNOWN, f"not yet after {waited}; {denial}"
    age = (Span(f"{age_of(view, word)} ", Tone.DIM),)
    yield spread((label("ACKNOWLEDGED"), Span(f"{sign} {said}", tone)), age, cells, glyphs.ellipsis)
    metrics, beats = live.source("metrics"), live.engine.heartbeat_age is not None
    worst = max(metrics.severity, Severity.OK if beats else Severity.UNKNOWN)
    said = (metrics.cause or "it beats") if beats else "no heartbeat"
    old = "" if metrics.age is None else f"{view.age(metrics.age, metrics.stale_after)} old "
    beat = (label("HEARTBEAT"), Span(f"{glyphs.of(worst)} {said}", tone_of(worst)))
    yield spread(beat, (Span(old, Tone.DIM),), cells, glyphs.ellipsis)
