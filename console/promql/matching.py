"""Operators between two vectors: which series belong together, and what comes of each pair."""

import itertools
from array import array
from collections.abc import Iterator

from console.domain.metrics import Column, Series, Vector
from console.promql.arithmetic import ARITHMETIC, COMPARISON
from console.promql.tree import Matching, Operation
from console.promql.vectors import EvaluationError, distinct, group, label_of, labelled, nameless, written


def match(node: Operation, left: Vector, right: Vector) -> Vector:
    """What the operation makes of two vectors; EvaluationError where several series match that may not."""
    matching = node.matching
    match node.sign:
        case "and":
            others = {_signature(series, matching) for series in right}
            return {series: one for series, one in left.items() if _signature(series, matching) in others}
        case "unless":
            others = {_signature(series, matching) for series in right}
            return {series: one for series, one in left.items() if _signature(series, matching) not in others}
        case "or":
            others = {_signature(series, matching) for series in left}
            added = (pair for pair in right.items() if _signature(pair[0], matching) not in others)
            return distinct([*left.items(), *added])
        case _:
            if not (left and right):
                return {}
            if isinstance(left, Column) and isinstance(right, Column) and _one_by_one(left, right, matching):
                return _with_itself(node, left, right)
            return distinct(_pairs(node, left, right))


def _one_by_one(left: Column, right: Column, matching: Matching) -> bool:
    return left.lineup is right.lineup and matching == Matching()


def _with_itself(node: Operation, left: Column, right: Column) -> Vector:
    """The operation between two columns of the same series, thousands perhaps."""
    pairs = zip(left.numbers, right.numbers, strict=True)
    if node.sign in ARITHMETIC or node.as_bool:
        compute = ARITHMETIC.get(node.sign) or COMPARISON[node.sign]
        return Column(left.lineup.nameless, array("d", itertools.starmap(compute, pairs)))
    series, holds = left.lineup.series, COMPARISON[node.sign]
    places = [place for place, (one, other) in enumerate(pairs) if holds(one, other)]
    return {series[place]: left.numbers[place] for place in places}


def _pairs(node: Operation, left: Vector, right: Vector) -> Iterator[tuple[Series, float]]:
    """What comes of each series of the side that may have many and the one that matches it.

    What a filter leaves out has no result that another one could be taken for.
    """
    matching = node.matching
    mirrored = matching.many == "right"
    many, one = (right, left) if mirrored else (left, right)
    ones = _by_signature(one, matching, "left" if mirrored else "right")
    seen: set[tuple[Series, Series | None]] = set()
    for series, value in many.items():
        signature = _signature(series, matching)
        if signature not in ones:
            continue
        other, other_value = ones[signature]
        values = (other_value, value) if mirrored else (value, other_value)
        if node.sign in COMPARISON and not node.as_bool and not COMPARISON[node.sign](*values):
            continue
        result = _result(series, other, node)
        pair = (signature, None if matching.many is None else result)
        if pair in seen:
            raise EvaluationError(_SEVERAL if matching.many is None else _NOT_UNIQUE)
        seen.add(pair)
        if node.sign in ARITHMETIC:
            yield result, ARITHMETIC[node.sign](*values)
        else:
            yield result, float(COMPARISON[node.sign](*values)) if node.as_bool else values[0]


_SEVERAL = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
_NOT_UNIQUE = "multiple matches for labels: grouping labels must ensure unique matches"


def _by_signature(vector: Vector, matching: Matching, side: str) -> dict[Series, tuple[Series, float]]:
    """The series of the side that may have only one of a kind."""
    found: dict[Series, tuple[Series, float]] = {}
    for series, value in vector.items():
        signature = _signature(series, matching)
        if signature in found:
            first, second = sorted(map(written, (series, found[signature][0])))
            raise EvaluationError(
                f"found duplicate series for the match group {written(signature)} on the {side} hand-side of "
                f"the operation: [{first}, {second}];many-to-many matching not allowed: matching labels must "
                "be unique on one side"
            )
        found[signature] = series, value
    return found


def _signature(series: Series, matching: Matching) -> Series:
    return group(series, matching.labels, not matching.on)


def _result(series: Series, other: Series, node: Operation) -> Series:
    """What the result of a pair is called. A filter leaves the name; `on` keeps only what it names."""
    matching = node.matching
    if node.sign in ARITHMETIC or node.as_bool:
        series = nameless(series)
    if matching.many is None:
        kept = group(series, matching.labels, not matching.on)
        ignored = not matching.on and "__name__" not in matching.labels
        return Series(series.name, kept.labels) if ignored else kept
    for label in matching.lent:
        series = labelled(series, label, label_of(other, label))
    return series
