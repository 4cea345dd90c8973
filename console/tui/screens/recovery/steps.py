"""The left side of a run: its steps in their order, each with sign, name and what has become of it."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from textual.geometry import Size

from console.runbooks.run import State, StepRun
from console.tui.screens.recovery.words import clock, step_sign
from console.tui.text import Line, Span, fit
from console.tui.theme import Glyphs, Tone

_WORD = 7
"""Cells of a state's word."""
_TIME = 10
"""Cells of when it came into that state, with the gap before it."""
_WIDE, _VAST = 40, 70
"""Cells from which that time has room, and what was seen."""
_NAME = 24
"""Cells of a name beside what was seen."""


def step_lines(
    steps: Sequence[StepRun],
    at: str,
    chosen: str,
    size: Size,
    glyphs: Glyphs,
    *,
    parts: Mapping[str, str] = MappingProxyType({}),
) -> Sequence[Line]:
    """The steps around the one `chosen`, as many as have room; `at` is the one at which the run is.

    `parts` are headings by the name of the first step below each.
    """
    cells, room = size.width - 1, size.height
    rows = list(_with_headings(steps, parts))
    names = ["" if isinstance(row, str) else row.name for row in rows]
    first = _first_shown(names.index(chosen) if chosen in names else 0, len(rows), room)
    shown = rows[first : first + room]
    lines = [_row(row, at, chosen, cells, glyphs) for row in shown]
    if first:
        lines[0] = (Span(f"   {glyphs.up} {_steps_in(rows[: first + 1])} more above", Tone.DIM),)
    if first + room < len(rows):
        left = _steps_in(rows[first + room - 1 :])
        lines[-1] = (Span(f"   {glyphs.down} {left} more below", Tone.DIM),)
    return lines


def _with_headings(steps: Sequence[StepRun], parts: Mapping[str, str]) -> Iterator[StepRun | str]:
    for step in steps:
        if step.name in parts:
            yield parts[step.name]
        yield step


def _steps_in(rows: Sequence[StepRun | str]) -> int:
    return sum(isinstance(row, StepRun) for row in rows)


def _first_shown(chosen: int, count: int, room: int) -> int:
    """The first of the steps in sight: the chosen one stays in the middle, as far as there are others."""
    return max(0, min(chosen - room // 2, count - room))


def _row(row: StepRun | str, at: str, chosen: str, cells: int, glyphs: Glyphs) -> Line:
    if isinstance(row, str):
        return (Span(f" {row}", Tone.DIM),)
    return tuple(_spans(row, at, chosen, cells, glyphs))


def _spans(step: StepRun, at: str, chosen: str, cells: int, glyphs: Glyphs) -> Iterator[Span]:
    sign, is_chosen = step_sign(step.state, glyphs), step.name == chosen
    timed = cells >= _WIDE
    room = cells - 4 - _WORD - 1 - (_TIME if timed else 0)
    name = min(room, _NAME) if cells >= _VAST else room
    tone = Tone.STRONG if step.name == at or is_chosen else Tone.PLAIN
    if step.state is State.PENDING and tone is Tone.PLAIN:
        tone = Tone.DIM
    yield Span(glyphs.cursor if is_chosen else " ", Tone.ACCENT)
    yield Span(f" {sign.glyph} ", sign.tone)
    yield Span(fit(step.name, name, "left", glyphs.ellipsis), tone)
    yield Span(fit(f" {step.words}", room - name, "left", glyphs.ellipsis), Tone.DIM)
    yield Span(f" {sign.word:<{_WORD}}", sign.tone)
    if timed:
        yield Span(f"{clock(step.since) if step.since else '':>{_TIME}}", Tone.DIM)
