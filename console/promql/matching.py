"""Operators between two vectors: which series belong together, and what comes of each pair."""

from array import array
from collections.abc import Iterator
from typing import cast

from console.domain.metrics import Column, Series, Vector
from console.promql.arithmetic import ARITHMETIC, COMPARISON
from console.promql.tree import Matching, Operation
from console.promql.vectors import EvaluationError, distinct, group, label_of, labelled, nameless, written


def match(node: Operation, left: Vector, right: Vector) -> Vector:
    """What the operation makes of two vectors; EvaluationError where several series match that may not."""
    matching = node.matching
    match node.sign:
        case "and":
            return _matched(left, right, matching, wanted=True)
        case "unless":
            return _matched(left, right, matching, wanted=False)
        case "or":
            added = _matched(right, left, matching, wanted=False)
            return {**left, **added} if left and added else left or added
        case _ if not (left and right):
            return {}
        case _ if _same_series(left, right, matching):
            return _one_by_one(node, cast("Column", left), cast("Column", right))
        case _:
            return distinct(_pairs(node, left, right))


def _matched(vector: Vector, others: Vector, matching: Matching, *, wanted: bool) -> Vector:
    """The series that match one of the others; those that match none where that isn't wanted."""
    if not others or (matching.on and not matching.labels):
        return vector if bool(others) is wanted else {}
    if _same_origin(vector, others, matching):
        one, other = cast("Column", vector).lineup, cast("Column", others).lineup
        there = other.stands if isinstance(other.stands, range) else set(other.stands)
        return cast("Column", vector).where((stand in there) is wanted for stand in one.stands)
    signatures = {_signature(series, matching) for series in others}
    return {
        series: value
        for series, value in vector.items()
        if (_signature(series, matching) in signatures) is wanted
    }


def _same_origin(left: Vector, right: Vector, matching: Matching) -> bool:
    """Whether series match just where they stand at the same place."""
    if matching != Matching() or not isinstance(left, Column) or not isinstance(right, Column):
        return False
    return left.lineup.origin is right.lineup.origin


def _same_series(left: Vector, right: Vector, matching: Matching) -> bool:
    """Whether these are two columns, thousands long perhaps, of the same series."""
    if not _same_origin(left, right, matching):
        return False
    return cast("Column", left).lineup.identity == cast("Column", right).lineup.identity


def _one_by_one(node: Operation, left: Column, right: Column) -> Vector:
    """The operation between two columns of the same series."""
    if node.sign in ARITHMETIC or node.as_bool:
        compute = ARITHMETIC.get(node.sign) or COMPARISON[node.sign]
        return Column(left.lineup.nameless, array("d", map(compute, left.numbers, right.numbers)))
    return left.where(map(COMPARISON[node.sign], left.numbers, right.numbers))


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
