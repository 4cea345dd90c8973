"""Functions of a vector's values, one by one, with IEEE results where Python would raise."""

import math
from collections.abc import Callable
from functools import partial

from console.domain.metrics import Vector
from console.promql.arithmetic import divide
from console.promql.vectors import Moment, mapped

Change = Callable[[float], float]


def _each(_: Moment, vector: Vector, *, change: Change) -> Vector:
    return mapped(vector, change)


def _or_nan(change: Change) -> Change:
    """`change`, with NaN where it isn't defined."""

    def changed(value: float) -> float:
        try:
            return change(value)
        except ValueError:
            return math.nan

    return changed


def _whole(change: Callable[[float], int]) -> Change:
    """A rounding, which leaves what isn't finite, and the sign of zero."""
    return lambda value: math.copysign(change(value), value) if math.isfinite(value) else value


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _sinh(value: float) -> float:
    try:
        return math.sinh(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _cosh(value: float) -> float:
    try:
        return math.cosh(value)
    except OverflowError:
        return math.inf


def _logarithm(change: Change) -> Change:
    return lambda value: -math.inf if value == 0 else math.nan if value < 0 else change(value)


def _atanh(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) == 1 else _or_nan(math.atanh)(value)


def _sign(value: float) -> float:
    return value if value == 0 or math.isnan(value) else math.copysign(1.0, value)


def _clamp(_: Moment, vector: Vector, low: float, high: float) -> Vector:
    return {} if low > high else mapped(vector, lambda value: _larger(low, _smaller(high, value)))


def _clamp_min(_: Moment, vector: Vector, low: float) -> Vector:
    return mapped(vector, lambda value: _larger(low, value))


def _clamp_max(_: Moment, vector: Vector, high: float) -> Vector:
    return mapped(vector, lambda value: _smaller(high, value))


def _larger(one: float, other: float) -> float:
    """Of NaN and another number it is NaN, but for infinity."""
    if math.inf in (one, other):
        return math.inf
    return math.nan if math.isnan(one) or math.isnan(other) else max(one, other)


def _smaller(one: float, other: float) -> float:
    return -_larger(-one, -other)


def _round(_: Moment, vector: Vector, nearest: float = 1.0) -> Vector:
    """To the nearest multiple, halves upwards; dividing by the inverse loses less, as Prometheus found."""
    inverse, down = divide(1.0, nearest), _whole(math.floor)
    return mapped(vector, lambda value: divide(down(value * inverse + 0.5), inverse))


def _pi(_: Moment) -> float:
    return math.pi


_CHANGES: dict[str, Change] = {
    "abs": abs,
    "acos": _or_nan(math.acos),
    "acosh": _or_nan(math.acosh),
    "asin": _or_nan(math.asin),
    "asinh": math.asinh,
    "atan": math.atan,
    "atanh": _atanh,
    "ceil": _whole(math.ceil),
    "cos": _or_nan(math.cos),
    "cosh": _cosh,
    "deg": lambda value: value * 180 / math.pi,
    "exp": _exp,
    "floor": _whole(math.floor),
    "ln": _logarithm(math.log),
    "log10": _logarithm(math.log10),
    "log2": _logarithm(math.log2),
    "rad": lambda value: value * math.pi / 180,
    "sgn": _sign,
    "sin": _or_nan(math.sin),
    "sinh": _sinh,
    "sqrt": _or_nan(math.sqrt),
    "tan": _or_nan(math.tan),
    "tanh": math.tanh,
}
FUNCTIONS: dict[str, Callable[..., float | Vector]] = {
    **{name: partial(_each, change=change) for name, change in _CHANGES.items()},
    "clamp": _clamp,
    "clamp_max": _clamp_max,
    "clamp_min": _clamp_min,
    "pi": _pi,
    "round": _round,
}
