"""Where a figure is going: its slope over the last minutes, and when it would pass its next threshold.

A slope is only told where there is one: with few points, or points that scatter, nothing is said.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from console.domain.severity import Severity
from console.domain.thresholds import Ladder, Panel

RECENT = 180.0
"""Seconds that a slope looks back on."""
SHORTEST = 30.0
"""Seconds that the points have to span, for a slope to be told."""
FEWEST = 4
"""Points that a slope rests on, at least."""
LEAST_EXPLAINED = 0.5
"""The share of the points' variance that a line explains (r²) if it is a trend."""
FARTHEST = 6 * 3600.0
"""Seconds beyond which nothing is foretold."""
STEADY = 0.001
"""The share of its value by which a figure may move in a minute and still be steady."""

Points = Sequence[tuple[float, float]]
"""Instants in seconds with the values that stood then, the oldest first."""


class Direction(Enum):
    FALLING = "falling"
    STEADY = "steady"
    RISING = "rising"


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where a figure is going.

    `slope` is in the figure's unit per second, None where the points show no trend; `next_severity` is what
    the figure comes to in `seconds` at that slope, both None where it gets no worse within `FARTHEST`.
    """

    direction: Direction
    slope: float | None
    next_severity: Severity | None = None
    seconds: float | None = None


def enough(points: Points) -> bool:
    """Whether there are points enough, over a time long enough, to see a trend if there is one."""
    return len(points) >= FEWEST and points[-1][0] - points[0][0] >= SHORTEST


def slope(points: Points) -> float | None:
    """Change per second: the least-squares line through `points`. None where they show no trend."""
    if not enough(points) or not all(math.isfinite(value) for _, value in points):
        return None
    middle = math.fsum(at for at, _ in points) / len(points)
    mean = math.fsum(value for _, value in points) / len(points)
    spread = math.fsum((at - middle) ** 2 for at, _ in points)
    together = math.fsum((at - middle) * (value - mean) for at, value in points)
    variance = math.fsum((value - mean) ** 2 for _, value in points)
    if variance == 0:
        return 0.0
    explained = together**2 / (spread * variance)
    return together / spread if explained >= LEAST_EXPLAINED else None


def direction(change: float | None, value: float) -> Direction:
    """Which way a figure goes that stands at `value` and changes by so much per second."""
    if change is None or abs(change) * 60 <= STEADY * abs(value):
        return Direction.STEADY
    return Direction.RISING if change > 0 else Direction.FALLING


def time_to_next(panel: Panel, value: float, change: float) -> tuple[Severity, float] | None:
    """Which severity comes next, and in how many seconds, if `value` goes on changing by so much per second.

    None where it gets no worse, or not within `FARTHEST`.
    """
    rule = panel.rule
    if not isinstance(rule, Ladder) or math.isnan(value):
        return None
    if rule.lower_is_worse:
        left, pace = [value - bound for bound, _ in rule.steps], -change
    else:
        left = [bound - abs(value) for bound, _ in rule.steps]
        pace = abs(change) if value == 0 or (change > 0) == (value > 0) else -abs(change)
    beyond = [*(severity for _, severity in rule.steps[1:]), Severity.CRITICAL]
    now = rule.judge(value)
    for distance, severity in zip(left, beyond, strict=True):
        if severity > now and distance >= 0:
            seconds = distance / pace if pace > 0 else math.inf
            return (severity, seconds) if seconds <= FARTHEST else None
    return None


def outlook(panel: Panel, value: float, change: float | None) -> Outlook:
    """Where a panel's value is going that changes by so much per second; None: it shows no trend."""
    which = direction(change, value)
    coming = None if change is None or which is Direction.STEADY else time_to_next(panel, value, change)
    if coming is None:
        return Outlook(which, change)
    return Outlook(which, change, *coming)
