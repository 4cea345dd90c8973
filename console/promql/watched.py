"""What an alert's expression looks at: the part that is still there while nothing is wrong."""

from console.promql.known import KNOWN
from console.promql.query import Query, UnsupportedQuery, parse_query


def watched_by(query: Query) -> tuple[Query, ...]:
    """What `query` compares, without comparing: of `rate(x[5m]) > 0` the rate.

    Of `a < 1 and b` it is the one of `a`, of `a < 1 or b > 2` both, each a query. Each series of the query's
    answer is in one of theirs, too. None at all for an expression, or a side of an `or`, in which nothing is
    filtered by its value, such as `absent(x)`: there nothing can be missing.
    """
    try:
        return tuple(map(parse_query, KNOWN.answer("watched", query.text, lambda: _operands(query.text))))
    except UnsupportedQuery:
        return ()


def _operands(text: str) -> list[str]:
    from console.promql.syntax import operands_of  # noqa: PLC0415 (most often it is known)

    return operands_of(text)
