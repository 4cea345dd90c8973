"""What Prometheus makes of several numbers, with its rules for NaN and infinity."""

import math
from collections.abc import Sequence


def total(values: Sequence[float]) -> float:
    """The sum. Where values cancel each other out, what the compensated sum of Prometheus leaves of them."""
    try:
        exact = math.fsum(values)
    except (OverflowError, ValueError):  # infinite, or of both signs
        return sum(values)
    if abs(exact) >= _CANCELLED * sum(map(abs, values)) or math.isnan(exact):
        return exact
    return _compensated(values)


def mean(values: Sequence[float]) -> float:
    whole = total(values)
    if math.isinf(whole) and all(map(math.isfinite, values)):
        return total([value / len(values) for value in values])
    return whole / len(values)


def smallest(values: Sequence[float]) -> float:
    """The smallest number; NaN only where there is nothing else."""
    return min(_numbers(values), default=math.nan)


def largest(values: Sequence[float]) -> float:
    """The largest number; NaN only where there is nothing else."""
    return max(_numbers(values), default=math.nan)


def variance(values: Sequence[float]) -> float:
    """The mean square of the distances from the mean, by Welford's method: exactly 0 of equal values.

    NaN where a value is no finite number.
    """
    middle = squares = 0.0
    for count, value in enumerate(values, 1):
        off = value - middle
        middle += off / count
        squares += off * (value - middle)
    return squares / len(values)


def deviation(values: Sequence[float]) -> float:
    """The standard deviation; NaN also where the distances are too large to be squared."""
    squared = variance(values)
    return math.sqrt(squared) if squared >= 0 else math.nan


def quantile(share: float, values: Sequence[float]) -> float:
    """The value below which this share of all lies, linear between two; NaN counts as the smallest."""
    if not values or math.isnan(share):
        return math.nan
    if not 0 <= share <= 1:
        return math.copysign(math.inf, share)
    ordered = sorted(values, key=lambda value: (not math.isnan(value), value))
    rank = share * (len(ordered) - 1)
    low = math.floor(rank)
    high, weight = min(len(ordered) - 1, low + 1), rank - low
    return ordered[low] * (1 - weight) + ordered[high] * weight


def _numbers(values: Sequence[float]) -> Sequence[float]:
    """`values` without NaN. Where there is one, the sum is no number either."""
    return [value for value in values if not math.isnan(value)] if math.isnan(sum(values)) else values


_CANCELLED = 1e-3
"""Above this share of what was added up, the exact and the compensated sum differ by nothing that counts."""


def _compensated(values: Sequence[float]) -> float:
    """Neumaier's sum, which carries along what rounding takes away."""
    whole = lost = 0.0
    for value in values:
        added = whole + value
        lost += (whole - added) + value if abs(whole) >= abs(value) else (value - added) + whole
        whole = added
    return whole + lost
