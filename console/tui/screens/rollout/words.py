"""What is said above and below the matrix of screen 3: how the file stands, and the cell under the cursor."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from console.actions.rollout.history import Change
from console.domain.figures import seconds
from console.domain.reading import Health
from console.domain.rollout.drift import RolloutStatus, Standing
from console.domain.rollout.stages import Stage, feature_named
from console.domain.severity import Severity
from console.domain.surfaces import Flags
from console.tui.screens.rollout.cells import own_stage, severity_of, stage_tone, stage_words
from console.tui.text import Line, Span, clip, fit_line, joined, line_width, spread, visible, width
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.view import View

_NAMED = 3
"""Symbols that a sentence names at most."""


def file_lines(view: View, only: str, shown: int, cells: int) -> Sequence[Line]:
    """How the file stands, and what is amiss with it, or what the signs mean.

    `only` is the filter of the symbols, which leaves `shown` of them.
    """
    live = view.live
    if live is None:
        return ((Span(" CONNECTING ", Tone.BLIND),), ())
    flags, source = live.snapshot.flags.value, live.source("flags")
    if source.health is Health.OFF:
        return ((_blind(" NO FLAGS FILE "), Span(" this context names none", Tone.UNKNOWN)), ())
    if flags is None:
        why = Span(f" {source.cause or 'not read yet'}", Tone.UNKNOWN)
        return (fit_line((_blind(" NOT READ "), why), cells, view.glyphs.ellipsis), ())
    status = live.rollout
    second = _second_line(view, flags, only, (shown, len(status.listings)), cells)
    return _file_line(view, flags, status, cells), second


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the cursor is on: a feature, and one of its symbols, or None for the feature as a whole.

    `marked` are the symbols that are marked in its row, but for as many as the symbols' filter has `hidden`:
    a change leaves alone what isn't in sight.
    """

    feature: str
    symbol: str | None
    marked: tuple[str, ...]
    hidden: int = 0

    @property
    def meant(self) -> tuple[str, ...] | None:
        """The symbols that a change is made to; None for the feature as a whole."""
        return None if self.symbol is None else self.marked or (self.symbol,)


def cell_lines(view: View, chosen: Chosen | None, last: Change | None, cells: int) -> Sequence[Line]:
    """What the cursor is on in words: what a change would be made to, what is so now, the `last` change."""
    live = view.live
    if chosen is None or live is None or live.snapshot.flags.value is None:
        return ()
    ellipsis = view.glyphs.ellipsis
    lines = (
        _scope(chosen, cells, ellipsis),
        joined(_stages(view, live.rollout, chosen), "  "),
        _last(last),
    )
    return tuple(fit_line(line, cells, ellipsis) for line in lines)


def _blind(words: str) -> Span:
    return Span(words, Tone.BLIND)


def _file_line(view: View, flags: Flags, status: RolloutStatus, cells: int) -> Line:
    """The file, its environment, and whether the engine has loaded what it says."""
    if status.desired_doubt:
        stale = (_blind(" STALE "), Span(f" {status.desired_doubt}", Tone.UNKNOWN))
        return fit_line(stale, cells, view.glyphs.ellipsis)
    ellipsis, loaded = view.glyphs.ellipsis, _loaded(status, view.glyphs)
    said = Span(f"  {flags.environment or 'no environment named'}", Tone.DIM)
    path = _end_of(flags.path, cells - line_width((said, *loaded)) - 2, ellipsis)
    return spread((Span(f" {path}", Tone.STRONG), said), loaded, cells, ellipsis)


def _end_of(path: str, cells: int, ellipsis: str) -> str:
    """The path, or as many of its last letters as there is room for."""
    shown = visible(path)
    if width(shown) <= cells:
        return shown
    while shown and width(shown) > cells - 1:
        shown = shown[1:]
    return ellipsis + shown


def _loaded(status: RolloutStatus, glyphs: Glyphs) -> Line:
    """Whether the engine has loaded what the file says, as far as that lasts."""
    drifting = status.drifting
    if status.loaded_doubt:
        return (Span(f"{glyphs.unknown} loaded: {status.loaded_doubt} ", Tone.UNKNOWN),)
    if not drifting:
        return (_nothing_lasts(status, glyphs),)
    lasting = _cells(sum(one.symbols for one in drifting))
    age = seconds(max(0.0, status.at - min(one.since for one in drifting)))
    what = "need a restart" if status.at_start else "loaded otherwise"
    return (Span(f"{glyphs.warning} {lasting} {what}, for {age} ", Tone.WARNING),)


def _nothing_lasts(status: RolloutStatus, glyphs: Glyphs) -> Span:
    """What is so while no difference lasts: what isn't known isn't loaded."""
    differing = 0 if status.differences is None else status.differences.count
    if differing:
        return Span(f"{glyphs.ellipsis} {_cells(differing)} not loaded yet ")
    if not status.is_known:
        return Span(f"{glyphs.unknown} loaded, as far as all is known ", Tone.UNKNOWN)
    return Span(f"{glyphs.ok} the engine has loaded it ", Tone.OK)


def _cells(number: int) -> str:
    return f"{number:,} cell{'' if number == 1 else 's'}"


def _second_line(view: View, flags: Flags, only: str, counts: tuple[int, int], cells: int) -> Line:
    """What is wrong with the file; else which symbols are shown, and what the signs mean."""
    left: list[Span] = []
    if only:
        left += [Span(f" o {only} ", Tone.KEY), Span(f" {counts[0]:,} of {counts[1]:,} symbols", Tone.STRONG)]
    if flags.global_kill_switch is not False:
        on = flags.global_kill_switch
        said = "global_kill_switch is on: everything is off" if on else "global_kill_switch says neither"
        return fit_line(
            (Span(f" {said} ", Tone.ALARM if on else Tone.BLIND), *left), cells, view.glyphs.ellipsis
        )
    serious = [finding for finding in flags.findings if finding.serious]
    for finding in (serious or flags.findings)[:1]:
        more = f" (+{len(flags.findings) - 1})" if len(flags.findings) > 1 else ""
        tone = Tone.HIGH if serious else Tone.WARNING
        left.append(Span(f" {view.glyphs.warning} line {finding}{more}", tone))
        return fit_line(left, cells, view.glyphs.ellipsis)
    signs = legend(view.glyphs)
    right = signs if line_width(left) + 1 + line_width(signs) <= cells else ()
    return spread(tuple(left), right, cells, view.glyphs.ellipsis)


def legend(glyphs: Glyphs) -> Line:
    """What the signs and letters of the stages mean."""
    signs = [
        (Span(f"{glyphs.stages[stage]} {stage.letter} {stage.word}", stage_tone(stage)),) for stage in Stage
    ]
    return (*joined(signs, "  "), Span(" "))


def _scope(chosen: Chosen, cells: int, ellipsis: str) -> Line:
    """What a change would be made to."""
    name, symbol, marked = clip(chosen.feature, cells // 2, ellipsis), chosen.symbol, chosen.marked
    if symbol is None:
        return Span(name, Tone.STRONG), Span(" as a whole", Tone.STRONG)
    if not marked:
        left = f", not for {chosen.hidden} marked but hidden" if chosen.hidden else ""
        return Span(f"{name} for {symbol}", Tone.STRONG), Span(left, Tone.WARNING)
    named = ", ".join(islice(marked, _NAMED)) + (f", {ellipsis}" if len(marked) > _NAMED else "")
    return (
        Span(f"{name} for {len(marked)} marked", Tone.STRONG),
        Span(f", not for {chosen.hidden} hidden" if chosen.hidden else "", Tone.WARNING),
        Span(f": {named}", Tone.STRONG),
        Span(f"; the cursor is on {symbol}", Tone.DIM),
    )


def _stages(view: View, status: RolloutStatus, chosen: Chosen) -> Iterator[Line]:
    """What the file says, what the engine has loaded, and what is seen of it."""
    if chosen.symbol is None:
        yield from _whole(view, status, chosen.feature)
        return
    known, glyphs = status.cell(chosen.feature, chosen.symbol), view.glyphs
    yield _said("file", known.desired, glyphs)
    severity = severity_of(known)
    if known.loaded is None:
        yield _engine(f"{glyphs.unknown} {status.loaded_doubt or 'says nothing of it'}", Tone.UNKNOWN)
    elif severity is Severity.OK:
        yield _said("engine", known.loaded, glyphs)
    else:
        yield _engine(stage_words(known.loaded, glyphs), tone_of(severity))
    if known.standing not in (Standing.LOADED, Standing.UNKNOWN):
        age = "" if known.since is None else f" for {seconds(max(0.0, status.at - known.since))}"
        yield (Span(f"{known.standing.value}{age}", tone_of(severity)),)
    if known.observed:
        yield Span("seen ", Tone.DIM), Span(known.observed, Tone.HIGH)


def _whole(view: View, status: RolloutStatus, feature: str) -> Iterator[Line]:
    """The same of a feature as a whole."""
    written = None if status.flags is None else feature_named(status.flags, feature)
    yield _said("file", own_stage(written), view.glyphs)
    found, glyphs = status.following(feature), view.glyphs
    if found.differing:
        yield _engine(f"{glyphs.warning} something else for {_symbols(found.differing)}", Tone.WARNING)
    if found.doubt or found.unknown:
        words = found.doubt or f"not known for {_symbols(found.unknown)}"
        yield _engine(f"{glyphs.unknown} {words}", Tone.UNKNOWN)
    if found.is_so:
        yield _engine(f"{glyphs.ok} has loaded it", Tone.OK)


def _symbols(symbols: Sequence[str]) -> str:
    return f"{len(symbols):,} symbol{'s' if len(symbols) > 1 else ''}"


def _said(who: str, stage: Stage | None, glyphs: Glyphs) -> Line:
    return Span(f"{who} ", Tone.DIM), Span(stage_words(stage, glyphs), stage_tone(stage))


def _engine(words: str, tone: Tone) -> Line:
    return Span("engine ", Tone.DIM), Span(words, tone)


def _last(last: Change | None) -> Line:
    """Who made the last change of the feature, and why."""
    if last is None:
        return (Span("no change of it is in the journal", Tone.DIM),)
    who = Span(f"{clock_time(last.at)} by {last.user}: ", Tone.DIM)
    return who, Span(last.words), Span(f"  {last.reason}", Tone.DIM)


def clock_time(at: float) -> str:
    """An instant by the clock here."""
    return time.strftime("%m-%d %H:%M", time.localtime(at))
