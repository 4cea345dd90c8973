"""How steeply points rise or fall: told only where they show a trend, not a walk that happened to lead away.

Prices walk at random, and a line drawn through a walk nearly always slopes: that it fits proves little. So
four things are asked of several stretches of the last minutes, and the one that a line fits best is told:

- The points lie on a line: it explains at least `LEAST_EXPLAINED` of their variance.
- They drift: they have come at least `LEAST_DRIFT` times as far as a walk without aim typically gets by steps
  of their size (a t-test of the steps' mean; each is taken over two intervals, so that noise around a line
  weighs less). A jump is a single step, and doesn't pass.
- They still do: the newest part goes on at the same pace, give or take `SAME_PACE`.
- It isn't news: all of this held without the newest point too.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import mul, sub

LOOKS = (60.0, 90.0, 120.0, 180.0)
"""Seconds that the stretches look back; there is one besides over all of the points."""
SHORTEST = 30.0
"""Seconds that the points have to span, and that the newest part does."""
FEWEST = 7
"""Points that a slope rests on, at least."""
LEAST_EXPLAINED = 0.8
"""The share of the points' variance that a line explains (r²) if it is a trend."""
LEAST_DRIFT = 3.5
"""Standard errors by which the steps' mean differs from nought if it is a trend.

Several stretches are looked at again and again, so the 2 of a single test would be too few.
"""
SAME_PACE = 2.0
"""How many times faster or slower than the whole the newest part may go."""

_FEWEST_NEWEST = 4
"""Points of the newest part, at least."""


def enough(instants: Sequence[float]) -> bool:
    """Whether there are points enough, over a time long enough, to see a trend if there is one."""
    return len(instants) > FEWEST and instants[-2] - instants[0] >= SHORTEST


def slope(instants: tuple[float, ...], values: Sequence[float]) -> float | None:
    """Change per second of `values` at `instants` (seconds, rising). None where they show no trend."""
    if not enough(instants) or not all(map(math.isfinite, values)):
        return None
    if min(values) == max(values):
        return 0.0
    now = _steepest(instants, values)
    before = None if now is None else _steepest(instants[:-1], values[:-1])
    return now if now is not None and before is not None and now * before > 0 else None


def _steepest(instants: tuple[float, ...], values: Sequence[float]) -> float | None:
    """The slope of the stretch that a line fits best, among those that drift and still do."""
    looks = _looks(instants)
    pace_now, _ = looks.newest.line(values[looks.newest.begin :])
    best, found = LEAST_EXPLAINED, None
    for stretch in looks.stretches:
        part = values[stretch.begin :]
        if (part[-1] - part[0]) * pace_now <= 0:
            continue
        pace, explained = stretch.line(part)
        if explained >= best and _same_pace(pace, pace_now) and stretch.drifts(part):
            best, found = explained, pace
    return found


def _same_pace(one: float, other: float) -> bool:
    return one * other > 0 and abs(one) <= SAME_PACE * abs(other) and abs(other) <= SAME_PACE * abs(one)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The points from the number `begin` on, by their instants; `offsets` are these less their mean."""

    begin: int
    seconds: float
    offsets: tuple[float, ...]
    spread: float
    steps: tuple[float, ...]

    def line(self, values: Sequence[float]) -> tuple[float, float]:
        """The slope of the least-squares line, and what share of the values' variance it explains."""
        mean = math.fsum(values) / len(values)
        apart = [value - mean for value in values]
        variance = sum(map(mul, apart, apart))
        together = sum(map(mul, self.offsets, apart))
        return together / self.spread, together * together / (self.spread * variance) if variance else 0.0

    def drifts(self, values: Sequence[float]) -> bool:
        """Whether the values have come further than a walk without aim does by steps of their size.

        Its way has the variance of the steps, per second, times the seconds.
        """
        way = values[-1] - values[0]
        drift = way / self.seconds
        taken = map(sub, values[2:], values)
        variance = math.fsum(
            (step - drift * time) ** 2 / time for step, time in zip(taken, self.steps, strict=True)
        )
        typical = self.seconds * variance / (len(self.steps) - 1)
        return way * way >= LEAST_DRIFT**2 * typical


@dataclass(frozen=True, slots=True)
class _Looks:
    """The stretches of some points, and their newest part."""

    stretches: tuple[_Stretch, ...]
    newest: _Stretch


@lru_cache(maxsize=8)
def _looks(instants: tuple[float, ...]) -> _Looks:
    """Everything that only the instants decide: the same for all symbols."""
    begins = {bisect_left(instants, instants[-1] - seconds) for seconds in (*LOOKS, math.inf)}
    long = sorted(begin for begin in begins if len(instants) - begin >= FEWEST)
    newest = min(bisect_left(instants, instants[-1] - SHORTEST), len(instants) - _FEWEST_NEWEST)
    return _Looks(tuple(_stretch(instants, begin) for begin in long), _stretch(instants, newest))


def _stretch(instants: tuple[float, ...], begin: int) -> _Stretch:
    part = instants[begin:]
    mean = math.fsum(part) / len(part)
    offsets = tuple(at - mean for at in part)
    spread = math.fsum(offset * offset for offset in offsets)
    return _Stretch(begin, part[-1] - part[0], offsets, spread, tuple(map(sub, part[2:], part)))
