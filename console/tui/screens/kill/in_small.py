"""The kill switch where there is no room for its screen: what K asks, and what came of T, in a few lines."""

from collections.abc import Iterator

from console.actions.kill.actuator import Scope
from console.domain.severity import Severity
from console.tui.screens.kill import asking, ladder
from console.tui.screens.kill.reasons import reasons_at
from console.tui.text import Line, Span, wrap
from console.tui.theme import Tone, tone_of
from console.tui.view import View
from console.tui.watched import TripUnderWay


def reason_at(view: View) -> str:
    """The reason that a trip is given while nobody says another."""
    return reasons_at(view).chosen


def asked_lines(view: View, cells: int, *, pasted: bool) -> Iterator[Line]:
    """What the second key does; `pasted`: it was pressed, but among other keys."""
    key = asking.key_of(view, "trip")
    if pasted:
        yield from _wrapped(f"{asking.NOT_TRIPPED}: press {key} NOW to trip", Tone.ALARM, cells)
    yield from _wrapped(f"{key} stops {asking.SCOPES[Scope.ALL]} now: {reason_at(view)}", Tone.ALARM, cells)
    yield from _wrapped("esc: no", Tone.DIM, cells)


def fired_lines(view: View, trip: TripUnderWay, cells: int) -> Iterator[Line]:
    """The state, each surface of which it isn't known that it has followed, and the state's cause."""
    shots = ladder.shots_of(trip, None)
    judged = view.live.kill if view.live is not None and _is_judged(view) else ladder.not_judged(shots)
    severity = judged.state.severity
    loud = Tone.ALARM if severity >= Severity.HIGH else tone_of(severity)
    yield from _wrapped(f"{view.glyphs.of(severity)} {judged.title}", loud, cells)
    done = sum(1 for shot in shots if shot.done)
    yield from _wrapped(f"written: {done} of {len(shots)}", Tone.STRONG, cells)
    for shot in shots:
        if not shot.done:
            yield from _wrapped(f"{shot.name}: {shot.words}", Tone.HIGH, cells)
    yield from _wrapped(judged.words, Tone.PLAIN, cells)


def _is_judged(view: View) -> bool:
    """Whether what is known of the world takes the newest trip of this console into account."""
    own = None if view.kill is None else view.kill.latest
    known = None if view.live is None else view.live.last_trip
    return own is not None and known is not None and known.at >= own.at


def _wrapped(words: str, tone: Tone, cells: int) -> Iterator[Line]:
    return ((Span(line, tone),) for line in wrap(words, max(1, cells)))
