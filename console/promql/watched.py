"""What an alert's expression looks at: the part that is still there while nothing is wrong."""

import promql_parser

from console.promql.query import Query, UnsupportedQuery, parse_query
from console.promql.syntax import filters, number_of, without_parens


def watched_by(query: Query) -> tuple[Query, ...]:
    """What `query` compares, without comparing: of `rate(x[5m]) > 0` the rate.

    Of `a < 1 and b` it is the one of `a`, of `a < 1 or b > 2` both, each a query. Each series of the query's
    answer is in one of theirs, too. None at all for an expression, or a side of an `or`, in which nothing is
    filtered by its value, such as `absent(x)`: there nothing can be missing.
    """
    try:
        return tuple(parse_query(part.prettify()) for part in _watched(promql_parser.parse(query.text)))
    except UnsupportedQuery:
        return ()


def _watched(tree: promql_parser.Expr) -> tuple[promql_parser.Expr, ...]:
    tree = without_parens(tree)
    if not isinstance(tree, promql_parser.BinaryExpr):
        return ()
    sign = str(tree.op)
    if sign in ("and", "unless"):
        return _watched(tree.lhs)
    if sign == "or":
        left, right = _watched(tree.lhs), _watched(tree.rhs)
        return left + right if left and right else ()
    if not filters(tree):
        return ()
    return (tree.lhs if number_of(tree.lhs) is None else tree.rhs,)
