"""What came of a trip, in four steps: requested, written, acknowledged, observed.

Each step is only what it says: none is taken for done because the one before it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from console.actions.kill.actuator import Act, Result, Scope
from console.domain.figures import seconds
from console.domain.kill_state import KillState, Seen, Verdict
from console.domain.last_trip import LastTrip
from console.tui.screens.kill.asking import SCOPES, label
from console.tui.screens.kill.state import age_of, ago, instant
from console.tui.text import Line, Span, clip, fit, fit_line, line_width, spread, wrap
from console.tui.theme import Glyphs, Tone
from console.tui.view import View
from console.tui.watched import TripUnderWay

_NAME, _LATENCY = 15, 8
_RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Shot:
    """One actuator of a trip: `done` is None while it is under way; `latency` is in seconds, if known."""

    name: str
    done: bool | None
    words: str
    latency: float | None = None


def shots_of(trip: TripUnderWay | None, last: LastTrip | None) -> tuple[Shot, ...]:
    """The actuators of this console's own trip, or of the last one that is known of."""
    if trip is None:
        return () if last is None else tuple(Shot(one.name, one.done, one.words) for one in last.written)
    answered = {result.name: _shot(result) for result in trip.results}
    return tuple(answered.get(name) or Shot(name, None, "fired, no answer yet") for name in trip.fired)


def _shot(result: Result) -> Shot:
    said = "" if result.state in (Act.DONE, Act.FAILED) else f"{result.state.value}: "
    return Shot(result.name, result.state is Act.DONE, f"{said}{result.words}", result.latency)


def requested_lines(
    view: View, last: LastTrip | None, trip: TripUnderWay | None, cells: int
) -> Iterator[Line]:
    """Who asked for what, when and why."""
    order = None if trip is None else trip.order
    if last is not None:
        drill = "a DRILL, " if last.drill else ""
        said = f"{drill}{instant(view, last.at)}, by {last.by}: stop {SCOPES[Scope(last.scope)]}"
        reason = last.reason
    elif order is not None:
        said, reason = f"just now: stop {SCOPES[order.scope]}", order.reason
    else:
        yield label("REQUESTED"), Span("by somebody else: no trip from here is known", Tone.DIM)
        return
    yield fit_line((label("REQUESTED"), Span(said)), cells, view.glyphs.ellipsis)
    yield fit_line((label(""), Span(reason, Tone.STRONG)), cells, view.glyphs.ellipsis)


def written_lines(
    view: View, shots: Sequence[Shot], journal: str, cells: int, *, name: str = "WRITTEN"
) -> Iterator[Line]:
    """How many actuators did their part, whether that is in the journal, and each with its latency.

    Then what was amiss besides: who could not be told of it.
    """
    done, glyphs = sum(1 for shot in shots if shot.done), view.glyphs
    if any(shot.done is None for shot in shots):
        tone = Tone.UNKNOWN
    else:
        tone = Tone.OK if done == len(shots) else Tone.HIGH
    noted = Tone.DIM if journal == _RECORDED else Tone.WARNING
    right = (Span(f"journal: {journal} ", noted),) if journal else ()
    yield spread((label(name), Span(f"{done} of {len(shots)}", tone)), right, cells, glyphs.ellipsis)
    for shot in shots:
        yield from _shot_lines(shot, cells, glyphs)
    complaint = "" if view.kill is None else view.kill.complaint
    for line in wrap(complaint, cells - line_width((label(""),))) if complaint else ():
        yield label(""), Span(line, Tone.WARNING)


def _shot_lines(shot: Shot, cells: int, glyphs: Glyphs) -> Iterator[Line]:
    """What became of it; why it failed, in as many words as two lines take."""
    tone = Tone.UNKNOWN if shot.done is None else Tone.OK if shot.done else Tone.CRITICAL
    sign = glyphs.unknown if shot.done is None else glyphs.ok if shot.done else glyphs.critical
    before = (
        label(""),
        Span(f"{sign} ", tone),
        Span(fit(shot.name, _NAME, "left", glyphs.ellipsis), Tone.STRONG),
        Span(f"{_took(shot.latency):>{_LATENCY}}  ", Tone.DIM),
    )
    room = cells - line_width(before)
    first, *rest = wrap(shot.words, room)
    said = Tone.PLAIN if shot.done else tone
    if shot.done or not rest:
        yield (*before, Span(clip(shot.words, room, glyphs.ellipsis), said))
        return
    yield (*before, Span(first, said))
    yield Span(" " * (cells - room)), Span(clip(" ".join(rest), room, glyphs.ellipsis), said)


def _took(latency: float | None) -> str:
    if latency is None:
        return ""
    return f"{latency * 1000:,.0f} ms" if latency >= 0.001 else "<1 ms"


def not_judged(shots: Sequence[Shot]) -> Verdict:
    """What a trip is in until the monitor has looked at it."""
    done = sum(1 for shot in shots if shot.done)
    return Verdict(
        KillState.TRIPPING, "fired just now: what the engine says of it isn't known yet", done, len(shots)
    )


def acknowledged_line(view: View, last: LastTrip | None, cells: int) -> Iterator[Line]:
    """Whether the engine itself says that it is tripped, or how long it hasn't been saying so."""
    live, glyphs = view.live, view.glyphs
    if live is None:
        return
    engine, since = live.kill_evidence.engine, live.kill_watch.acknowledged
    took = "" if last is None or since is None else f"after {seconds(max(0.0, since - last.at))}, "
    if live.kill.state is KillState.LOST:
        sign, tone, said = glyphs.critical, Tone.CRITICAL, "no more: the engine has cleared it by itself"
    elif live.kill.acknowledged:
        sign, tone, said = glyphs.ok, Tone.OK, f"{took}the engine says that it is tripped"
    else:
        waited = "" if last is None else f" after {ago(view, last.at)}"
        sign, tone, said = glyphs.unknown, Tone.UNKNOWN, f"not yet{waited}; {_denial(engine)}"
    yield _step(view, "ACKNOWLEDGED", (f"{sign} {said}", tone), engine, cells)


def _denial(engine: Seen) -> str:
    return "the engine says clear" if engine.known == 0 else engine.why_not or "it says neither"


def observed_lines(view: View, cells: int) -> Iterator[Line]:
    """What the market shows: fills since, and what is left there. Open positions are no fault of a trip.

    Where there are no books to count fills in, what has changed at the exchange.
    """
    if view.live is None:
        return
    left, since, evidence = view.live.aftermath, 0.0, view.live.kill_evidence
    thing, where = ("change", "at the exchange") if evidence.by_exchange else ("fill", "since the trip")
    found = [_Left("OBSERVED", thing, where, evidence.fills, fault=True)]
    if left is not None:
        since = left.since
        found += [
            _Left("", "resting order", "at the exchange", left.resting_orders, fault=True),
            _Left("", "open position", "at the exchange", left.at_exchange),
            _Left("", "open position", "in the books", left.in_books),
        ]
    for one in found:
        yield _step(view, one.name, _counted(one, since, view.live.at, view.glyphs), one.seen, cells)


class _Left(NamedTuple):
    """What may be left at the market, as somebody else counts it; any of what is a `fault` is one."""

    name: str
    thing: str
    where: str
    seen: Seen
    fault: bool = False


def _counted(left: _Left, since: float, now: float, glyphs: Glyphs) -> tuple[str, Tone]:
    """How much of it there is. A number from before `since` says nothing of what came after."""
    number, age = left.seen.known, left.seen.age
    if number is None or age is None:
        return f"{glyphs.unknown} {left.thing}s {left.where}: {left.seen.why_not}", Tone.UNKNOWN
    counted = (
        f"{'no' if number == 0 else f'{number:g}'} {left.thing}{'' if number in (0, 1) else 's'} {left.where}"
    )
    if now - age < since:
        return f"{glyphs.unknown} before: {counted}", Tone.UNKNOWN
    if number == 0:
        return f"{glyphs.ok} {counted}", Tone.OK
    return (
        (f"{glyphs.critical} {counted}", Tone.CRITICAL)
        if left.fault
        else (f"{glyphs.none} {counted}", Tone.PLAIN)
    )


def _step(view: View, name: str, said: tuple[str, Tone], seen: Seen, cells: int) -> Line:
    age = age_of(view, seen)
    right = (Span(f"{age} ", Tone.DIM),) if age else ()
    return spread((label(name), Span(*said)), right, cells, view.glyphs.ellipsis)
