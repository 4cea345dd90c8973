"""What functions make of the samples of a range, series by series."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from console.domain.metrics import Vector
from console.promql.arithmetic import divide
from console.promql.statistics import deviation, largest, mean, quantile, smallest, total, variance
from console.promql.vectors import Moment, Ranges, distinct, nameless

Values = Sequence[float]


def _over_time(_: Moment, found: Ranges, *, summary: Callable[[Values], float]) -> Vector:
    return distinct((nameless(series), summary(values)) for series, (_, values) in found.samples.items())


def _named(_: Moment, found: Ranges, *, place: int) -> Vector:
    """`first_over_time` and `last_over_time`, which leave a metric its name."""
    return {series: values[place] for series, (_, values) in found.samples.items()}


def _quantile(moment: Moment, share: float, found: Ranges) -> Vector:
    return _over_time(moment, found, summary=partial(quantile, share))


def _changes(values: Values) -> float:
    return float(sum(a != b and not (math.isnan(a) and math.isnan(b)) for a, b in pairwise(values)))


def _resets(values: Values) -> float:
    return float(sum(after < before for before, after in pairwise(values)))


def _deriv(_: Moment, found: Ranges) -> Vector:
    return distinct(
        (nameless(series), _line(times, values, times[0])[0])
        for series, (times, values) in found.samples.items()
        if len(times) > 1
    )


def _predicted(moment: Moment, found: Ranges, seconds: float) -> Vector:
    lines = (
        (nameless(series), _line(times, values, moment.time))
        for series, (times, values) in found.samples.items()
        if len(times) > 1
    )
    return distinct((series, slope * seconds + level) for series, (slope, level) in lines)


def _line(times: Sequence[int], values: Values, zero: int) -> tuple[float, float]:
    """The straight line with the least squares: its slope per second, and its value at the time `zero`."""
    first, count = values[0], len(values)
    if all(value == first for value in values):
        return (math.nan, math.nan) if math.isinf(first) else (0.0, first)
    seconds = [(time - zero) / 1000 for time in times]
    x, y = total(seconds), total(values)
    xy = total([one * value for one, value in zip(seconds, values, strict=True)])
    xx = total([one * one for one in seconds])
    slope = divide(xy - x * y / count, xx - x * x / count)
    return slope, y / count - slope * x / count


_SUMMARIES: dict[str, Callable[[Values], float]] = {
    "avg_over_time": mean,
    "count_over_time": lambda values: float(len(values)),
    "max_over_time": largest,
    "min_over_time": smallest,
    "present_over_time": lambda _: 1.0,
    "stddev_over_time": deviation,
    "stdvar_over_time": variance,
    "sum_over_time": total,
    "changes": _changes,
    "resets": _resets,
}
FUNCTIONS: dict[str, Callable[..., Vector]] = {
    **{name: partial(_over_time, summary=summary) for name, summary in _SUMMARIES.items()},
    "first_over_time": partial(_named, place=0),
    "last_over_time": partial(_named, place=-1),
    "quantile_over_time": _quantile,
    "deriv": _deriv,
    "predict_linear": _predicted,
}
