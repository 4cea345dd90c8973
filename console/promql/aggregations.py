"""Aggregations: one value per group of series, or the largest and the smallest series of each."""

import math
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from console.domain.metrics import Column, Labels, Series, Vector
from console.promql.statistics import deviation, largest, mean, quantile, smallest, total, variance
from console.promql.tree import Aggregation
from console.promql.vectors import NOTHING, EvaluationError, group, labelled


def aggregate(node: Aggregation, vector: Vector, parameter: float | str) -> Vector:
    """What the aggregation makes of a vector; `parameter` is what stands before it in the brackets."""
    if isinstance(parameter, str):
        return _count_values(node, vector, parameter)
    if node.function in ("topk", "bottomk"):
        return _extremes(node, vector, parameter)
    summary = _SUMMARIES.get(node.function) or (lambda values: quantile(parameter, values))
    if not node.labels and not node.without:
        return {NOTHING: summary(_values(vector))} if vector else {}
    groups: dict[Series, list[float]] = {}
    for series, value in vector.items():
        groups.setdefault(group(series, node.labels, node.without), []).append(value)
    return {one: summary(values) for one, values in groups.items()}


def _values(vector: Vector) -> Sequence[float]:
    return vector.numbers if isinstance(vector, Column) else list(vector.values())


def _count_values(node: Aggregation, vector: Vector, label: str) -> Vector:
    """How many series of a group have each value, which a label tells."""
    labels = node.labels if node.without else (*node.labels, label)
    counts: dict[Series, float] = {}
    for series, value in vector.items():
        counted = group(labelled(series, label, as_go_writes(value)), labels, node.without)
        counts[counted] = counts.get(counted, 0.0) + 1
    return counts


def _extremes(node: Aggregation, vector: Vector, parameter: float) -> Vector:
    """The `parameter` largest or smallest of each group, in that order and NaN last, as they are."""
    if parameter < 1:
        return {}
    if math.isnan(parameter):
        raise EvaluationError("Parameter value is NaN")
    if parameter >= 2**63:
        raise EvaluationError(f"Scalar value {as_go_writes(parameter)} overflows int64")
    groups: dict[Series, list[tuple[Series, float]]] = {}
    for series, value in vector.items():
        groups.setdefault(group(series, node.labels, node.without), []).append((series, value))
    chosen: dict[Series, float] = {}
    for samples in groups.values():
        chosen.update(in_order(samples, falling=node.function == "topk")[: int(parameter)])
    return chosen


def in_order(samples: Iterable[tuple[Series, float]], *, falling: bool) -> list[tuple[Series, float]]:
    """Samples by their value, NaN last, and equal ones by their labels.

    Prometheus promises no order of equal ones. Here it is the same at each look, whatever order they were
    scraped in: rows that are equal don't change places, nor which of them are the first few.
    """
    sign = -1 if falling else 1

    def place(sample: tuple[Series, float]) -> tuple[bool, float, Labels, str]:
        series, value = sample
        unknown = math.isnan(value)
        return unknown, 0.0 if unknown else sign * value, series.labels, series.name

    return sorted(samples, key=place)


def as_go_writes(value: float) -> str:
    """A number as Go's formatting writes it without an exponent, as long as it must be."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    return format(Decimal(repr(value)), "f").removesuffix(".0")


_SUMMARIES: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": total,
    "avg": mean,
    "min": smallest,
    "max": largest,
    "count": lambda values: float(len(values)),
    "group": lambda _: 1.0,
    "stddev": deviation,
    "stdvar": variance,
}
