"""What PromQL's operators make of two numbers, by IEEE arithmetic where Python would raise."""

import math
import operator
from collections.abc import Callable


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
    "atan2": math.atan2,
}
COMPARISON: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
"""What a comparison becomes when its sides change places, where that is another one."""
