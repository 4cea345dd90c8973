"""Functions of a vector's series: their labels, their order, and the one that is a number."""

import math
import re
from collections.abc import Callable
from functools import partial

from console.domain.metrics import Vector
from console.promql.aggregations import in_order
from console.promql.tree import pattern
from console.promql.vectors import NOTHING, Moment, distinct, label_of, labelled


def _label_join(_: Moment, vector: Vector, label: str, between: str, *sources: str) -> Vector:
    return distinct(
        (labelled(series, label, between.join(label_of(series, source) for source in sources)), value)
        for series, value in vector.items()
    )


def _label_replace(
    _: Moment, vector: Vector, label: str, replacement: str, source: str, expression: str
) -> Vector:
    whole = pattern(expression)
    matches = ((series, value, whole.fullmatch(label_of(series, source))) for series, value in vector.items())
    return distinct(
        (series if match is None else labelled(series, label, _expanded(replacement, match)), value)
        for series, value, match in matches
    )


_PLACE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})", re.ASCII)


def _expanded(replacement: str, match: re.Match[str]) -> str:
    """The replacement with its $1, $name and ${name} filled in; `$$` is a dollar."""

    def filled(place: re.Match[str]) -> str:
        name = place[1] or place[2]
        if name is None:
            return "$"
        try:
            return match[int(name) if name.isdigit() else name] or ""
        except IndexError:
            return ""

    return _PLACE.sub(filled, replacement)


def _sort(_: Moment, vector: Vector, *, falling: bool) -> Vector:
    return dict(in_order(vector.items(), falling=falling))


def _scalar(_: Moment, vector: Vector) -> float:
    return next(iter(vector.values())) if len(vector) == 1 else math.nan


def _vector(_: Moment, number: float) -> Vector:
    return {NOTHING: number}


FUNCTIONS: dict[str, Callable[..., float | Vector]] = {
    "label_join": _label_join,
    "label_replace": _label_replace,
    "scalar": _scalar,
    "sort": partial(_sort, falling=False),
    "sort_desc": partial(_sort, falling=True),
    "vector": _vector,
}
