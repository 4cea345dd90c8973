"""What an expression compares with, and which metrics it is about: for those who explain a rule."""

import promql_parser

from console.promql.syntax import needed_comparisons, selectors_of, without_parens


def threshold_of(expression: str) -> tuple[str, float | None]:
    """The sign and the number that decide, of an `or` those of its first side; no sign where there are none.

    ValueError for what is no expression.
    """
    tree = without_parens(promql_parser.parse(expression))
    while isinstance(tree, promql_parser.BinaryExpr) and str(tree.op) == "or":
        tree = without_parens(tree.lhs)
    compared = needed_comparisons(tree)
    return (compared[0].sign, compared[0].bound) if compared else ("", None)


def metrics_of(expression: str) -> tuple[str, ...]:
    """The names of the metrics that it selects, in their order. ValueError for what is no expression."""
    selectors = selectors_of(promql_parser.parse(expression))
    return tuple(dict.fromkeys(selector.name for selector in selectors if selector.name))
