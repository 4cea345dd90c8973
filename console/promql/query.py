"""PromQL queries, read into the part of the language that the evaluator knows.

promql-parser checks syntax and types; here its tree becomes small values of our own, and whatever the
evaluator doesn't know is refused by name, when the query is loaded and never later.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import promql_parser

from console.domain.metrics import Series

AGGREGATIONS = ("sum", "min", "max", "avg", "count")
RANGE_FUNCTIONS = ("rate", "increase")
ARITHMETIC = ("+", "-", "*", "/", "%", "^")
COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")

MAX_LENGTH = 10_000
MAX_OPERATORS = 500
MAX_DEPTH = 100
"""Bounds on a query, in characters, signs and levels: promql-parser recurses, and crashes far beyond them."""


class UnsupportedQuery(ValueError):  # noqa: N818 - what the query is, not an error of ours
    """A query that isn't PromQL, or uses what the evaluator doesn't know: what, and in which query."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label, where a missing label counts as an empty one."""

    label: str
    sign: str
    value: str
    _pattern: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pattern = re.compile(self.value, re.DOTALL | re.ASCII) if "~" in self.sign else None
        object.__setattr__(self, "_pattern", pattern)

    def accepts(self, value: str) -> bool:
        if self._pattern is None:
            return (value == self.value) == (self.sign == "=")
        return (self._pattern.fullmatch(value) is not None) == (self.sign == "=~")


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Selector:
    """Series by name and labels. Without a name, `names` says which metrics are meant."""

    name: str | None
    matchers: tuple[Matcher, ...] = ()
    names: tuple[Matcher, ...] = ()

    def accepts(self, series: Series) -> bool:
        labels = dict(series.labels)
        return all(matcher.accepts(labels.get(matcher.label, "")) for matcher in self.matchers)


@dataclass(frozen=True, slots=True)
class OverRange:
    """`rate` or `increase` of the samples of the last `seconds`."""

    function: str
    selector: Selector
    seconds: float


@dataclass(frozen=True, slots=True)
class Negation:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Operation:
    """Arithmetic or a comparison; `as_bool` makes a comparison answer 0 or 1 instead of filtering."""

    sign: str
    left: "Node"
    right: "Node"
    as_bool: bool


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One value per group of series that agree in `labels`, or in all labels but these (`without`)."""

    function: str
    operand: "Node"
    labels: tuple[str, ...]
    without: bool


@dataclass(frozen=True, slots=True)
class HistogramQuantile:
    quantile: "Node"
    buckets: "Node"


Node = Number | Selector | OverRange | Negation | Operation | Aggregation | HistogramQuantile


@dataclass(frozen=True, slots=True)
class Query:
    """A query ready to be evaluated.

    `ranged` names the metrics whose past it looks at, and `window` says how far it looks at most, in seconds.
    """

    text: str
    root: Node
    ranged: frozenset[str]
    window: float


def parse_query(text: str) -> Query:
    """Read `text`. UnsupportedQuery says what in it isn't PromQL or isn't known here."""
    if len(text) > MAX_LENGTH:
        raise UnsupportedQuery(f"{text[:40]!r}…: longer than {MAX_LENGTH} characters")
    try:
        _check_size(text)
        root = _node(promql_parser.parse(text))
        if _depth(root) > MAX_DEPTH:
            raise UnsupportedQuery(_TOO_DEEP)
    except RecursionError:
        raise UnsupportedQuery(f"{text!r}: {_TOO_DEEP}") from None
    except ValueError as error:
        raise UnsupportedQuery(f"{text!r}: {error}") from error
    ranges = list(_ranges(root))
    names = frozenset(one.selector.name for one in ranges if one.selector.name is not None)
    return Query(text, root, names, max((one.seconds for one in ranges), default=0.0))


def is_scalar(node: Node) -> bool:
    """Whether a node is a plain number rather than a vector."""
    if isinstance(node, Negation):
        return is_scalar(node.operand)
    if isinstance(node, Operation):
        return is_scalar(node.left) and is_scalar(node.right)
    return isinstance(node, Number)


_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"
_NO_CODE = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|#[^\n]*""", re.DOTALL)
_OPERATOR = re.compile(r"[-+*/%^]|[<>=!]+|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_BRACKET = re.compile(r"[(\[{]|[)\]}]")


def _check_size(text: str) -> None:
    """Refuse what the parser can't be trusted with."""
    code = _NO_CODE.sub(" ", text)
    if len(_OPERATOR.findall(code)) > MAX_OPERATORS:
        raise UnsupportedQuery(f"more than {MAX_OPERATORS} operators")
    depth = 0
    for bracket in _BRACKET.findall(code):
        depth += 1 if bracket in "([{" else -1
        if depth > MAX_DEPTH:
            raise UnsupportedQuery(_TOO_DEEP)


def _node(tree: object) -> Node:
    node: Node
    match tree:
        case promql_parser.NumberLiteral():
            node = Number(tree.val)
        case promql_parser.ParenExpr():
            node = _node(tree.expr)
        case promql_parser.UnaryExpr():
            node = Negation(_node(tree.expr))
        case promql_parser.VectorSelector():
            node = _selector(tree)
        case promql_parser.AggregateExpr():
            node = _aggregation(tree)
        case promql_parser.BinaryExpr():
            node = _operation(tree)
        case promql_parser.Call():
            node = _call(tree)
        case _:
            raise _unknown(_OTHERS.get(type(tree), "this kind of expression"))
    return node


_OTHERS: dict[type, str] = {
    promql_parser.MatrixSelector: "a range outside rate() and increase()",
    promql_parser.SubqueryExpr: "a subquery",
    promql_parser.StringLiteral: "a string",
}


def _call(call: promql_parser.Call) -> Node:
    name = call.func.name
    if name in RANGE_FUNCTIONS:
        argument = call.args[0]
        while isinstance(argument, promql_parser.ParenExpr):
            argument = argument.expr
        if not isinstance(argument, promql_parser.MatrixSelector):
            raise _unknown(f"{name}() of a subquery")
        selector = _selector(argument.vector_selector)
        if selector.name is None:
            raise _unknown(f"{name}() without a metric's name")
        return OverRange(name, selector, argument.range.total_seconds())
    if name == "histogram_quantile":
        quantile, buckets = (_node(argument) for argument in call.args)
        return HistogramQuantile(quantile, buckets)
    raise _unknown(f"{name}()")


def _aggregation(tree: promql_parser.AggregateExpr) -> Aggregation:
    function = str(tree.op)
    if function not in AGGREGATIONS:
        raise _unknown(f"{function}()")
    modifier = tree.modifier
    labels = tuple(sorted(set(modifier.labels))) if modifier else ()
    without = modifier is not None and modifier.type == promql_parser.AggModifierType.Without
    return Aggregation(function, _node(tree.expr), labels, without)


def _operation(tree: promql_parser.BinaryExpr) -> Operation:
    sign = str(tree.op)
    if sign not in ARITHMETIC + COMPARISONS:
        raise _unknown(f"the operator {sign!r}")
    left, right = _node(tree.lhs), _node(tree.rhs)
    if not is_scalar(left) and not is_scalar(right):
        raise _unknown(f"{sign!r} between two vectors")
    as_bool = tree.modifier is not None and tree.modifier.return_bool
    return Operation(sign, left, right, as_bool)


_SIGNS = (
    (promql_parser.MatchOp.Equal, "="),
    (promql_parser.MatchOp.NotEqual, "!="),
    (promql_parser.MatchOp.Re, "=~"),
    (promql_parser.MatchOp.NotRe, "!~"),
)


def _selector(tree: promql_parser.VectorSelector) -> Selector:
    if tree.offset is not None:
        raise _unknown("offset")
    if tree.at is not None:
        raise _unknown("@")
    if tree.matchers.or_matchers:
        raise _unknown("'or' between matchers")
    name = tree.name
    names, matchers = [], []
    for one in tree.matchers.matchers:
        matcher = _matcher(one)
        if matcher.label == "__name__":
            names.append(matcher)
        elif not (matcher.sign == "=~" and matcher.value == ".*"):
            matchers.append(matcher)
    if name is None and len(names) == 1 and names[0].sign == "=":
        name = names.pop().value
    return Selector(name, tuple(matchers), tuple(names))


def _matcher(tree: promql_parser.Matcher) -> Matcher:
    sign = next(sign for operator, sign in _SIGNS if operator == tree.op)
    try:
        return Matcher(tree.name, sign, tree.value)
    except re.error as error:
        raise _unknown(f"the regular expression {tree.value!r} ({error})") from error


def _ranges(node: Node) -> Iterator[OverRange]:
    if isinstance(node, OverRange):
        yield node
    for part in _parts(node):
        yield from _ranges(part)


def _depth(node: Node) -> int:
    return 1 + max((_depth(part) for part in _parts(node)), default=0)


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case Negation(operand=operand) | Aggregation(operand=operand):
            return (operand,)
        case Operation(left=left, right=right) | HistogramQuantile(quantile=left, buckets=right):
            return (left, right)
        case _:
            return ()


def _unknown(what: str) -> UnsupportedQuery:
    return UnsupportedQuery(f"the embedded evaluator does not know {what}")
