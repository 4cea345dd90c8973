"""What PromQL's operators make of numbers and vectors."""

from itertools import repeat
from typing import cast

from console.domain.metrics import Column, Vector
from console.promql.arithmetic import ARITHMETIC, COMPARISON, MIRRORED
from console.promql.tree import Operation
from console.promql.vectors import Value, mapped


def operate(node: Operation, left: Value, right: Value) -> float | Vector:
    """What the operation makes of the values of its sides, which are numbers or vectors."""
    if isinstance(left, float):
        if isinstance(right, float):
            return _of_numbers(node.sign, left, right)
        return _with_number(node, cast("Vector", right), left, number_first=True)
    if isinstance(right, float):
        return _with_number(node, cast("Vector", left), right, number_first=False)
    from console.promql.matching import match  # noqa: PLC0415 - rules seldom have two vectors, panels never

    return match(node, cast("Vector", left), cast("Vector", right))


def _of_numbers(sign: str, left: float, right: float) -> float:
    return float(COMPARISON[sign](left, right)) if sign in COMPARISON else ARITHMETIC[sign](left, right)


def _with_number(node: Operation, vector: Vector, number: float, *, number_first: bool) -> Vector:
    """A filter keeps series with their names and values, on whichever side the number is."""
    if node.sign in ARITHMETIC:
        compute = ARITHMETIC[node.sign]
        if number_first:
            return mapped(vector, lambda value: compute(number, value))
        return mapped(vector, lambda value: compute(value, number))
    holds = COMPARISON[MIRRORED.get(node.sign, node.sign) if number_first else node.sign]
    if node.as_bool:
        return mapped(vector, lambda value: float(holds(value, number)))
    if isinstance(vector, Column):
        return vector.where(map(holds, vector.numbers, repeat(number)))
    return {series: value for series, value in vector.items() if holds(value, number)}
