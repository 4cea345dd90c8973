"""What is known of the kill switch now: its state with the cause, and each piece of evidence with its age."""

import time
from collections.abc import Iterator, Mapping, Sequence

from console.domain.figures import seconds
from console.domain.kill_state import Process, Seen, Verdict
from console.domain.severity import Severity
from console.tui.headline import in_a_drill
from console.tui.screens.kill.asking import label
from console.tui.text import Line, Span, clip, fit_line, spread, wrap
from console.tui.theme import Tone, tone_of
from console.tui.view import View

_MOST_WORDS = 3
"""Lines of the state's cause, at most."""
_HALF_A_DAY = 12 * 3600.0
"""Seconds after which the time of day alone says too little."""
_WORDS: Mapping[float | None, str] = {0: "it is clear", 1: "it is tripped"}


def state_lines(view: View, newer: Verdict | None, cells: int) -> Iterator[Line]:
    """Whose kill switch it is, its state, loud where it isn't calm, and the cause of that in words.

    `newer` is what is known where the monitor hasn't judged it yet.
    """
    ellipsis, whose = view.glyphs.ellipsis, Span(f"KILL SWITCH of {view.context.name}", Tone.STRONG)
    verdict = newer or (None if view.live is None else view.live.kill)
    if verdict is None:
        state, words = Span(" CONNECTING ", Tone.BLIND), "nothing is known of the engine yet"
    else:
        sign = view.glyphs.of(verdict.state.severity)
        state, words = Span(f" {sign} {verdict.title} ", _loud(verdict)), verdict.words
    drill = (Span(" "), Span(" DRILL ", Tone.KEY)) if in_a_drill(view.live) else ()
    yield fit_line((whose, Span("  "), state, *drill), cells, ellipsis)
    lines = wrap(words, cells)
    if len(lines) > _MOST_WORDS:
        lines[_MOST_WORDS - 1 :] = [clip(" ".join(lines[_MOST_WORDS - 1 :]), cells, ellipsis)]
    yield from ((Span(line),) for line in lines)


def _loud(verdict: Verdict) -> Tone:
    severity = verdict.state.severity
    if severity >= Severity.HIGH:
        return Tone.ALARM
    return Tone.BLIND if severity is Severity.UNKNOWN else tone_of(severity)


def proof_lines(view: View, cells: int) -> Iterator[Line]:
    """What the state rests on: the engine's word, its processes, and every surface as it is read back."""
    if view.live is None:
        return
    evidence = view.live.kill_evidence
    word = evidence.engine.known
    said = _WORDS.get(word) or evidence.engine.why_not or f"{word:g}, neither 0 nor 1"
    tone = Tone.UNKNOWN if word is None else Tone.PLAIN
    engine = (label("ENGINE SAYS"), Span(said, tone), *_processes(evidence.processes))
    yield spread(engine, (Span(f"{age_of(view, evidence.engine)} ", Tone.DIM),), cells, view.glyphs.ellipsis)
    yield fit_line((label("SURFACES"), *_surfaces(evidence.surfaces)), cells, view.glyphs.ellipsis)
    last = view.live.last_trip
    if last is not None:
        over = "" if last.reset is None else f", reset {ago(view, last.reset)} ago"
        said = f"{instant(view, last.at)}, by {last.by}{over}: {last.reason}"
        yield fit_line((label("LAST TRIP"), Span(said)), cells, view.glyphs.ellipsis)


def instant(view: View, at: float) -> str:
    """When something was, by the clock here, and how long ago that is; `at` is in seconds since 1970."""
    recent = view.live is None or view.live.at - at < _HALF_A_DAY
    clock = time.strftime("%H:%M:%S" if recent else "%m-%d %H:%M", time.localtime(at))
    return f"{clock}, {ago(view, at)} ago"


def ago(view: View, at: float) -> str:
    """How long ago it was; no time at all before anything is known of the present."""
    return seconds(0.0 if view.live is None else max(0.0, view.live.at - at))


def age_of(view: View, seen: Seen) -> str:
    """How old what was seen is; empty where there is nothing."""
    return "" if seen.age is None else f"{view.age(seen.age, seen.limit)} old"


def _processes(processes: Sequence[Process]) -> Iterator[Span]:
    """Those that aren't as they should be."""
    for process in processes:
        if process.alive is False:
            yield Span(f"; {process.name} is not running", Tone.HIGH)
        elif process.held:
            yield Span(f"; {process.name} hangs", Tone.HIGH)
        elif process.alive is None:
            yield Span(f"; whether {process.name} runs can't be seen", Tone.UNKNOWN)


def _surfaces(surfaces: Mapping[str, bool | None]) -> Iterator[Span]:
    """Which are set, which are clear, and which nobody has read back."""
    groups = (
        ("set: ", True, Tone.HIGH),
        ("clear: ", False, Tone.PLAIN),
        ("not read back: ", None, Tone.UNKNOWN),
    )
    between = ""
    for words, wanted, tone in groups:
        names = [name for name, value in surfaces.items() if value is wanted]
        if names:
            yield Span(f"{between}{words}{', '.join(names)}", tone)
            between = "; "
    if not surfaces:
        yield Span("none that could be read back", Tone.UNKNOWN)
