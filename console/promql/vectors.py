"""Vectors as the evaluator passes them on: samples of ranges, series without their names, groups."""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from console.domain.metrics import Column, Labels, Series, Vector

if TYPE_CHECKING:
    from console.promql.samples import SampleStore
    from console.promql.tree import Node

NOTHING = Series("", ())
"""The series of what has no labels."""


class EvaluationError(Exception):
    """A query that has no answer over these samples, with the reason."""


class Stretch(NamedTuple):
    """The samples of one series in a range: when, in milliseconds, and what. At least one."""

    times: Sequence[int]
    values: Sequence[float]


class Ranges(NamedTuple):
    """The samples of a range's series, from `start` (which is not in it) to `end`, in milliseconds."""

    start: int
    end: int
    samples: Mapping[Series, Stretch]


Value = float | str | Vector | Ranges


class Moment(NamedTuple):
    """When a query is evaluated, over what: milliseconds, with both ends of the range that is asked for.

    `known` is what parts of queries came to at this moment, where several of them are evaluated at it.
    """

    store: "SampleStore"
    time: int
    start: int
    end: int
    known: "dict[Node, Value] | None" = None


@lru_cache(maxsize=1 << 16)
def nameless(series: Series) -> Series:
    """The same series without its metric's name, as most functions leave it."""
    return Series("", series.labels)


def distinct(samples: Iterable[tuple[Series, float]]) -> Vector:
    """A vector of these; EvaluationError where two of them can't be told apart."""
    result: dict[Series, float] = {}
    for series, value in samples:
        if series in result:
            raise EvaluationError("vector cannot contain metrics with the same labelset")
        result[series] = value
    return result


def mapped(vector: Vector, change: Callable[[float], float]) -> Vector:
    """What `change` makes of each value, without the metrics' names."""
    if isinstance(vector, Column):
        return Column(vector.lineup.nameless, array("d", map(change, vector.numbers)))
    return distinct((nameless(series), change(value)) for series, value in vector.items())


@lru_cache(maxsize=1 << 16)
def group(series: Series, labels: tuple[str, ...], without: bool) -> Series:
    """What a series is of when only these labels count, or all but these; `without` never counts the name."""
    kept: Labels = tuple(pair for pair in series.labels if (pair[0] in labels) != without)
    named = "__name__" in labels and not without
    return Series(series.name if named else "", kept)


def labelled(series: Series, label: str, value: str) -> Series:
    """The series with this value of a label; an empty one takes the label away."""
    if label == "__name__":
        return Series(value, series.labels)
    others = [pair for pair in series.labels if pair[0] != label]
    return Series(series.name, tuple(sorted([*others, (label, value)])) if value else tuple(others))


def label_of(series: Series, label: str) -> str:
    """What a label says, the metric's name included; empty where there is none."""
    return series.name if label == "__name__" else series.label(label) or ""


def written(series: Series) -> str:
    """A series as Prometheus writes it in errors: all labels in braces, the name among them."""
    pairs = [("__name__", series.name), *series.labels] if series.name else list(series.labels)
    quoted = (f'{label}="{_escaped(value)}"' for label, value in pairs)
    return "{" + ", ".join(quoted) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
