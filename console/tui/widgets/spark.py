"""A figure's last minutes in a few cells: ▁▂▃▄▅▆▇█, or as much of that as ASCII can say."""

import math
from collections.abc import Iterable, Sequence

from console.domain.trails import FINE_STEP, Moment, Trails, step_of
from console.tui.theme import Glyphs

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-=^"
_FLAT = 2
"""Which of either stands for no change."""

LEAST_SPAN = 0.04
"""The least share of the value that the whole height stands for: what hardly moves is drawn flat."""


def spark(values: Sequence[float], cells: int, glyphs: Glyphs, least: float = LEAST_SPAN) -> str:
    """The newest `cells` of `values` as bars, one cell each; blank where one is not a finite number.

    The height is relative to these values, lowest to highest, and stands for at least `least` of their size,
    so that noise isn't drawn as a mountain. With fewer values than cells there are blanks on the left.
    """
    shown = values[max(0, len(values) - cells) :]
    finite = [value for value in shown if math.isfinite(value)]
    if not finite:
        return " " * cells
    levels = _ASCII if glyphs.ascii_only else _BLOCKS
    low, high = min(finite), max(finite)
    least_span = least * max(abs(low), abs(high))
    span = max(high - low, least_span)
    # What is flat stands low, and in the middle of a level, where little changes don't reach the next.
    middle = 0.5 if high - low > least_span else (_FLAT + 0.5) / len(levels)
    low = low / 2 + high / 2 - span * middle
    return "".join(_bar(value, low, span, levels) for value in shown).rjust(cells)


def _bar(value: float, low: float, span: float, levels: str) -> str:
    if not math.isfinite(value):
        return " "
    share = (value - low) / span if span and math.isfinite(span) else 0.5
    return levels[max(0, min(len(levels) - 1, int(share * len(levels))))]


def sampled(trails: Trails, cells: int, seconds: float) -> tuple[Moment | None, ...]:
    """The last `seconds` in `cells` equal steps, each with the lowest values in it; None where one has none.

    The last step has the newest values, whatever came before them in it. While less than `seconds` are
    known, the steps divide what is known. They begin at whole multiples of their length, so that as time
    goes on only the last one changes, until all of them move on by one.
    """
    if trails.newest is None or cells == 0:
        return (None,) * cells
    step = _step(trails, trails.newest, cells, seconds)
    last = math.floor(trails.newest.at / step)
    found: list[list[Moment]] = [[] for _ in range(cells)]
    for moment in _backwards(trails):
        part = cells - 1 - (last - math.floor(moment.at / step))
        if part < 0:
            break
        found[part].append(moment)
    return (*(step_of(*moments) if moments else None for moments in found[:-1]), trails.newest)


_LEAST_KNOWN = 60.0
"""Seconds that all steps together are never less than."""
_APART = 1.5
"""How much longer a step is than moments are apart: none is empty only because an answer was late."""


def _step(trails: Trails, newest: Moment, cells: int, seconds: float) -> float:
    """The length of a step in seconds: in whole fine steps while it grows, so that it grows seldom."""
    known = newest.at - next(trails.moments()).at
    apart = known / max(1, len(trails.coarse) + len(trails.fine))
    # The first step has begun before what is known, so that one of them isn't counted on.
    step = max(max(known, _LEAST_KNOWN) / max(1, cells - 1), _APART * apart)
    return min(seconds / cells, math.ceil(step / FINE_STEP) * FINE_STEP)


def values_of(name: str, moments: Iterable[Moment | None]) -> list[float]:
    """One name's value at each of the moments; NaN where there is none."""
    return [math.nan if moment is None else moment.of(name) for moment in moments]


def _backwards(trails: Trails) -> Iterable[Moment]:
    if trails.newest is not None:
        yield trails.newest
    yield from reversed(trails.fine)
    yield from reversed(trails.coarse)
