"""What PromQL's functions, aggregations and operators make of plain numbers, as Prometheus 3 defines it."""

import math
import operator
from collections.abc import Callable, Iterable, Sequence

from console.promql.samples import SampleStore, Window
from console.promql.tracks import Track

Bucket = tuple[float, float]
"""A classic histogram's bucket: its upper bound, and how many observations are not above it."""


def increase(track: Track, window: Window, store: SampleStore) -> float | None:
    """How much a counter grew in the window, extrapolated to its bounds; None with fewer than two samples.

    Prometheus' rule: between the first and the last sample the growth is what was seen, where a smaller
    value means a restart from 0. Towards each bound it goes on at the same pace: as far as the bound if
    that is no further than 1.1 sample intervals, half an interval otherwise, and at the start no further
    than to where the counter would have been 0.
    """
    if track.steady(window.first, window.last) and window.first < window.last:
        return 0.0
    runs = track.runs(window.first, window.last)
    if not runs:
        return None
    initial = previous = runs[0][2]
    grown, count = runs[-1][2] - initial, 0
    for start, end, value in runs:
        count += end - start + 1
        if value < previous:
            grown += previous
        previous = value
    if count < 2:
        return None
    first, last = store.time(runs[0][0]), store.time(runs[-1][1])
    sampled, before, after = float(last - first), float(first - window.start), float(window.end - last)
    interval = sampled / (count - 1)
    if before >= interval * 1.1:
        before = interval / 2
    if grown > 0 and initial >= 0:
        before = min(before, sampled * (initial / grown))
    if after >= interval * 1.1:
        after = interval / 2
    return grown * ((sampled + before + after) / sampled)


def histogram_quantile(quantile: float, buckets: Iterable[Bucket]) -> float:
    """The value below which the share `quantile` of the observations lies, linear within a bucket.

    NaN without observations or without a bucket up to infinity, ∓Inf for a quantile outside 0 to 1.
    """
    merged: dict[float, float] = {}
    for bound, count in buckets:
        merged[bound] = merged.get(bound, 0.0) + count
    bounds = sorted(merged)
    if math.isnan(quantile):
        return math.nan
    if not 0 <= quantile <= 1:
        return math.copysign(math.inf, quantile)
    if len(bounds) < 2 or bounds[-1] != math.inf:
        return math.nan
    counts = _monotonic([merged[bound] for bound in bounds])
    if counts[-1] == 0 or math.isnan(counts[-1]):
        return math.nan
    return _interpolated(quantile * counts[-1], bounds, counts)


def _interpolated(rank: float, bounds: Sequence[float], counts: Sequence[float]) -> float:
    found = next((i for i, count in enumerate(counts[:-1]) if count >= rank), len(counts) - 1)
    if found == len(counts) - 1:
        return bounds[-2]
    if found == 0:
        if bounds[0] <= 0:
            return bounds[0]
        return bounds[0] * divide(rank, counts[0])
    below, start = counts[found - 1], bounds[found - 1]
    return start + (bounds[found] - start) * divide(rank - below, counts[found] - below)


def _monotonic(counts: Sequence[float]) -> list[float]:
    """Cumulative counts that never fall. Tiny differences are noise of floating point and levelled, too."""
    levelled = [counts[0]]
    for count in counts[1:]:
        previous = levelled[-1]
        noise = 1e-12 * (abs(previous) + abs(count))
        levelled.append(previous if count < previous or abs(count - previous) < noise else count)
    return levelled


def total(values: Sequence[float]) -> float:
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):  # infinite, or of both signs
        return sum(values)


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


def _numbers(values: Sequence[float]) -> Sequence[float]:
    """`values` without NaN. Where there is one, the sum is no number either."""
    return [value for value in values if not math.isnan(value)] if math.isnan(sum(values)) else values


AGGREGATE: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": total,
    "avg": mean,
    "min": smallest,
    "max": largest,
    "count": lambda values: float(len(values)),
}


def divide(left: float, right: float) -> float:
    """IEEE division, where Python would raise."""
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _modulo(left: float, right: float) -> float:
    if math.isinf(left) or right == 0:
        return math.nan
    return math.fmod(left, right)


def _power(left: float, right: float) -> float:
    odd = math.isfinite(right) and right == int(right) and right % 2 == 1
    if left == 0 and right < 0:
        return math.copysign(math.inf, left) if odd else math.inf
    try:
        return math.pow(left, right)
    except OverflowError:
        return -math.inf if left < 0 and odd else math.inf
    except ValueError:  # a root of a negative number
        return math.nan


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divide,
    "%": _modulo,
    "^": _power,
}
COMPARISON: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
