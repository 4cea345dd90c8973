"""Where a figure is going: which way, and when it would pass its next threshold at the slope that it has.

What a slope rests on, and that none is told where points only wander, is `slope`'s.
"""

import math
from dataclasses import dataclass
from enum import Enum

from console.domain.severity import Severity
from console.domain.slope import LOOKS
from console.domain.thresholds import Ladder, Panel

RECENT = LOOKS[-1]
"""Seconds that a slope looks back on."""
FARTHEST = 3600.0
"""Seconds beyond which nothing is foretold: twenty times what the slope was seen for."""
STEADY = 0.001
"""The share of its value by which a figure may move in a minute and still be steady."""


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
