"""What an expression compares with, and which metrics it is about: for those who explain a rule."""

from console.promql.known import KNOWN


def threshold_of(expression: str) -> tuple[str, float | None]:
    """The sign and the number that decide, of an `or` those of its first side; no sign where there are none.

    ValueError for what is no expression.
    """
    sign, bound = KNOWN.answer("threshold", expression, lambda: _threshold(expression))
    return sign, bound


def metrics_of(expression: str) -> tuple[str, ...]:
    """The names of the metrics that it selects, in their order. ValueError for what is no expression."""
    return tuple(KNOWN.answer("metrics", expression, lambda: _metrics(expression)))


def _threshold(expression: str) -> tuple[str, float | None]:
    from console.promql.syntax import decision_of  # noqa: PLC0415 (most often it is known)

    return decision_of(expression)


def _metrics(expression: str) -> list[str]:
    from console.promql.syntax import names_in  # noqa: PLC0415 (as above)

    return names_in(expression)
