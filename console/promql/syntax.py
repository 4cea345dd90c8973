"""A query's tree as promql-parser has it: what it selects, compares and counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import promql_parser
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    UnaryExpr,
    VectorSelector,
)

from console.promql.arithmetic import COMPARISON, MIRRORED


@dataclass(frozen=True, slots=True)
class Comparison:
    """A filter by value: `operand sign bound`."""

    operand: Expr
    sign: str
    bound: float

    def holds(self, value: float) -> bool:
        return COMPARISON[self.sign](value, self.bound)


@dataclass(frozen=True, slots=True)
class Growth:
    """How much a counter has grown in the last `window` seconds, or between its last two samples."""

    window: float
    last_two: bool


def nodes_of(tree: Expr) -> Sequence[Expr]:
    """Every part of an expression, from the top, parts of parts included."""
    found: list[Expr] = []
    promql_parser.walk(tree, pre_visit=found.append)
    return found


def selectors_of(tree: Expr) -> Iterator[VectorSelector]:
    """Every selector of series in an expression, those of ranges included."""
    return (node for node in nodes_of(tree) if isinstance(node, VectorSelector))


def without_parens(tree: Expr) -> Expr:
    while isinstance(tree, ParenExpr):
        tree = tree.expr
    return tree


def number_of(tree: Expr) -> float | None:
    """The number that an expression is; None when it isn't a plain one."""
    tree = without_parens(tree)
    if isinstance(tree, UnaryExpr):
        value = number_of(tree.expr)
        return None if value is None else -value
    return tree.val if isinstance(tree, NumberLiteral) else None


def filters(tree: Expr) -> bool:
    """Whether an expression leaves out values that don't compare."""
    if not isinstance(tree, BinaryExpr) or str(tree.op) not in COMPARISON:
        return False
    return tree.modifier is None or not tree.modifier.return_bool


def comparison_of(tree: Expr) -> Comparison | None:
    """The filter that compares with a number, if the expression is one."""
    tree = without_parens(tree)
    if not isinstance(tree, BinaryExpr) or not filters(tree):
        return None
    sign, left, right = str(tree.op), number_of(tree.lhs), number_of(tree.rhs)
    if right is not None:
        return Comparison(tree.lhs, sign, right)
    if left is not None:
        return Comparison(tree.rhs, MIRRORED.get(sign, sign), left)
    return None


def needed_comparisons(tree: Expr) -> tuple[Comparison, ...]:
    """The comparisons without which an expression selects nothing: none of those that `or` has others for."""
    tree = without_parens(tree)
    one = comparison_of(tree)
    if one is not None:
        return (one,)
    if isinstance(tree, BinaryExpr) and str(tree.op) in ("and", "unless"):
        also = needed_comparisons(tree.rhs) if str(tree.op) == "and" else ()
        return needed_comparisons(tree.lhs) + also
    return ()


def counted(tree: Expr) -> Growth | None:
    """The growth that an expression tells of: one that is 0 exactly where the counter hasn't grown.

    Sums, maxima and multiples of it are as good; None for anything else.
    """
    tree = without_parens(tree)
    match tree:
        case AggregateExpr() if str(tree.op) in ("sum", "max", "avg"):
            return counted(tree.expr)
        case BinaryExpr() if str(tree.op) in ("*", "/") and (number_of(tree.rhs) or 0) > 0:
            return counted(tree.lhs)
        case BinaryExpr() if str(tree.op) == "*" and (number_of(tree.lhs) or 0) > 0:
            return counted(tree.rhs)
        case Call() if tree.func.name in ("rate", "increase", "irate", "changes"):
            (samples,) = (without_parens(argument) for argument in tree.args)
            if isinstance(samples, MatrixSelector):
                return Growth(samples.range.total_seconds(), tree.func.name == "irate")
    return None


def decision_of(expression: str) -> tuple[str, float | None]:
    """As `compared.threshold_of`."""
    tree = without_parens(promql_parser.parse(expression))
    while isinstance(tree, BinaryExpr) and str(tree.op) == "or":
        tree = without_parens(tree.lhs)
    compared = needed_comparisons(tree)
    return (compared[0].sign, compared[0].bound) if compared else ("", None)


def names_in(expression: str) -> list[str]:
    """As `compared.metrics_of`."""
    selectors = selectors_of(promql_parser.parse(expression))
    return list(dict.fromkeys(selector.name for selector in selectors if selector.name))


def operands_of(expression: str) -> list[str]:
    """The text of each query that `watched.watched_by` is asked for."""
    return [part.prettify() for part in _operands(promql_parser.parse(expression))]


def _operands(tree: Expr) -> tuple[Expr, ...]:
    tree = without_parens(tree)
    if not isinstance(tree, BinaryExpr):
        return ()
    sign = str(tree.op)
    if sign in ("and", "unless"):
        return _operands(tree.lhs)
    if sign == "or":
        left, right = _operands(tree.lhs), _operands(tree.rhs)
        return left + right if left and right else ()
    if not filters(tree):
        return ()
    return (tree.lhs if number_of(tree.lhs) is None else tree.rhs,)
