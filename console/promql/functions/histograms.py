"""Quantiles and shares of classic histograms, which are counters by upper bound, the label `le`."""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from console.domain.metrics import Series, Vector
from console.promql.arithmetic import divide
from console.promql.vectors import Moment, distinct, labelled, nameless

Bucket = tuple[float, float]
"""A bucket's upper bound, and how many observations are not above it."""


def _of_each(vector: Vector, share: Callable[[Sequence[Bucket]], float]) -> Vector:
    """What `share` makes of each histogram; a series without a bound is no bucket of one."""
    histograms: dict[Series, list[Bucket]] = {}
    for series, count in vector.items():
        try:
            bound = float(series.label("le") or "")
        except ValueError:
            continue
        histograms.setdefault(labelled(series, "le", ""), []).append((bound, count))
    return distinct((nameless(series), share(_merged(buckets))) for series, buckets in histograms.items())


def _quantile(_: Moment, quantile: float, vector: Vector) -> Vector:
    return _of_each(vector, partial(_value_at, quantile))


def _fraction(_: Moment, lower: float, upper: float, vector: Vector) -> Vector:
    return _of_each(vector, partial(_share_between, lower, upper))


def _merged(buckets: Iterable[Bucket]) -> list[Bucket]:
    counts: dict[float, float] = {}
    for bound, count in buckets:
        counts[bound] = counts.get(bound, 0.0) + count
    return sorted(counts.items())


def _value_at(quantile: float, buckets: Sequence[Bucket]) -> float:
    """The value below which the share `quantile` of the observations lies, linear within a bucket.

    NaN without observations or without a bucket up to infinity, ∓Inf for a quantile outside 0 to 1.
    """
    if math.isnan(quantile):
        return math.nan
    if not 0 <= quantile <= 1:
        return math.copysign(math.inf, quantile)
    bounds = [bound for bound, _ in buckets]
    if len(bounds) < 2 or bounds[-1] != math.inf:
        return math.nan
    counts = _monotonic([count for _, count in buckets])
    if counts[-1] == 0 or math.isnan(counts[-1]):
        return math.nan
    return _interpolated(quantile * counts[-1], bounds, counts)


def _interpolated(rank: float, bounds: Sequence[float], counts: Sequence[float]) -> float:
    found = next((i for i, count in enumerate(counts[:-1]) if count >= rank), len(counts) - 1)
    if found == len(counts) - 1:
        return bounds[-2]
    if found == 0:
        return bounds[0] if bounds[0] <= 0 else bounds[0] * divide(rank, counts[0])
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


def _share_between(lower: float, upper: float, buckets: Sequence[Bucket]) -> float:
    """Which share of the observations lies between two values, linear within a bucket; NaN without any."""
    count = buckets[-1][1]
    if buckets[-1][0] != math.inf or count == 0 or math.isnan(lower) or math.isnan(upper):
        return math.nan
    if lower >= upper:
        return 0.0
    return (_rank(upper, buckets) - _rank(lower, buckets)) / count


def _rank(value: float, buckets: Sequence[Bucket]) -> float:
    """How many observations are below a value: a bucket without an end has them all at its other bound.

    The first bucket begins at 0 if it ends above that.
    """
    start, below = (0.0 if buckets[0][0] > 0 else -math.inf), 0.0
    for bound, count in buckets:
        if value <= start:
            return below
        if value < bound:
            if math.isinf(start):
                return count
            return below if math.isinf(bound) else below + (count - below) * (value - start) / (bound - start)
        start, below = bound, count
    return below


FUNCTIONS = {"histogram_fraction": _fraction, "histogram_quantile": _quantile}
