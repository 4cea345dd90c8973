"""promql-parser's tree as small values of our own. What the evaluator doesn't know is refused by name."""

import math
import re
from datetime import timedelta

import promql_parser

from console.domain.metrics import Labels
from console.promql.functions import FUNCTIONS
from console.promql.tree import (
    Aggregation,
    Call,
    Matcher,
    Matching,
    Missing,
    Negation,
    Node,
    Number,
    Operation,
    Pinned,
    Range,
    Selector,
    Subquery,
    Text,
    UnsupportedQuery,
    pattern,
)

AGGREGATIONS = frozenset(
    "avg bottomk count count_values group max min quantile stddev stdvar sum topk".split()  # noqa: SIM905
)
OPERATORS = frozenset("+ - * / % ^ atan2 == != > < >= <= and or unless".split())  # noqa: SIM905
SUBQUERY_STEP = 60_000
"""Milliseconds between the times of a subquery that doesn't say: Prometheus' own default."""
MOST_STEPS = 11_000
"""Times at which a subquery may ask: as many as Prometheus answers of a range."""


def read(text: str) -> Node:
    """The tree of a query. ValueError where it isn't PromQL or isn't known here."""
    return _node(promql_parser.parse(text))


def _node(tree: object) -> Node:
    node: Node
    match tree:
        case promql_parser.NumberLiteral():
            node = _number(tree.val)
        case promql_parser.StringLiteral():
            node = Text(tree.val)
        case promql_parser.ParenExpr():
            node = _node(tree.expr)
        case promql_parser.UnaryExpr():
            node = Negation(_node(tree.expr))
        case promql_parser.VectorSelector():
            node = _selector(tree)
        case promql_parser.MatrixSelector():
            node = Range(_selector(tree.vector_selector), _milliseconds(tree.range))
        case promql_parser.SubqueryExpr():
            node = _subquery(tree)
        case promql_parser.AggregateExpr():
            node = _aggregation(tree)
        case promql_parser.BinaryExpr():
            node = _operation(tree)
        case promql_parser.Call():
            node = _call(tree)
        case _:
            raise _unknown("this kind of expression")
    return node


def _number(value: float) -> Node:
    """A number; -0, which would be equal to 0, as what it is the negation of."""
    return Negation(Number(0.0)) if value == 0 and math.copysign(1.0, value) < 0 else Number(value)


def _call(call: promql_parser.Call) -> Node:
    name = call.func.name
    arguments = tuple(map(_node, call.args))
    if name in ("absent", "absent_over_time"):
        return Missing(arguments[0], _required_labels(call.args[0]))
    if name not in FUNCTIONS:
        raise _unknown(f"{name}()")
    match arguments:
        case (_, Text(value=label), Text(), Text(), Text(value=expression)) if name == "label_replace":
            _check_pattern(expression)
            _check_label(name, label)
        case (_, Text(value=label), *_) if name == "label_join":
            _check_label(name, label)
    return Call(name, arguments)


def _required_labels(tree: object) -> Labels:
    """The labels that a series must have for a selector to find it, each told by one `=` alone."""
    while isinstance(tree, promql_parser.ParenExpr):
        tree = tree.expr
    if isinstance(tree, promql_parser.MatrixSelector):
        tree = tree.vector_selector
    if not isinstance(tree, promql_parser.VectorSelector):
        return ()
    labels: dict[str, str] = {}
    for one in tree.matchers.matchers:
        told = one.op == promql_parser.MatchOp.Equal and one.name not in labels
        if told or one.name in labels:
            labels[one.name] = one.value if told else ""
    return tuple(sorted(pair for pair in labels.items() if pair[1] and pair[0] != "__name__"))


def _check_label(function: str, label: str) -> None:
    if not label:
        raise UnsupportedQuery(f"invalid destination label name in {function}(): {label!r}")


def _aggregation(tree: promql_parser.AggregateExpr) -> Aggregation:
    function = str(tree.op)
    if function not in AGGREGATIONS:
        raise _unknown(f"{function}()")
    modifier = tree.modifier
    labels = tuple(sorted(set(modifier.labels))) if modifier else ()
    without = modifier is not None and modifier.type == promql_parser.AggModifierType.Without
    parameter = None if tree.param is None else _node(tree.param)
    if isinstance(parameter, Text):
        _check_label(function, parameter.value)
    return Aggregation(function, _node(tree.expr), labels, without, parameter)


def _operation(tree: promql_parser.BinaryExpr) -> Operation:
    sign, modifier = str(tree.op), tree.modifier
    if sign not in OPERATORS:
        raise _unknown(f"the operator {sign!r}")
    left, right = _node(tree.lhs), _node(tree.rhs)
    if modifier is None:
        return Operation(sign, left, right)
    if modifier.fill_values.lhs is not None or modifier.fill_values.rhs is not None:
        raise _unknown("fill()")
    return Operation(sign, left, right, modifier.return_bool, _matching(modifier))


def _matching(modifier: promql_parser.BinModifier) -> Matching:
    by = modifier.matching
    labels = () if by is None else tuple(sorted(set(by.labels)))
    on = by is not None and by.type == promql_parser.LabelModifierType.Include
    lent = tuple(modifier.group_labels or ())
    if modifier.card == promql_parser.VectorMatchCardinality.ManyToOne:
        return Matching(labels, on, "left", lent)
    if modifier.card == promql_parser.VectorMatchCardinality.OneToMany:
        return Matching(labels, on, "right", lent)
    return Matching(labels, on)


def _subquery(tree: promql_parser.SubqueryExpr) -> Subquery:
    if tree.range is None:
        raise _unknown("a subquery without a range")
    step = SUBQUERY_STEP if tree.step is None else _milliseconds(tree.step)
    length = _milliseconds(tree.range)
    if not step or length // step > MOST_STEPS:
        raise UnsupportedQuery(f"a subquery of more than {MOST_STEPS} steps")
    return Subquery(_node(tree.expr), length, step, _milliseconds(tree.offset), _pinned(tree.at))


_SIGNS = (
    (promql_parser.MatchOp.Equal, "="),
    (promql_parser.MatchOp.NotEqual, "!="),
    (promql_parser.MatchOp.Re, "=~"),
    (promql_parser.MatchOp.NotRe, "!~"),
)


def _selector(tree: promql_parser.VectorSelector) -> Selector:
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
    return Selector(name, tuple(matchers), tuple(names), _milliseconds(tree.offset), _pinned(tree.at))


def _matcher(tree: promql_parser.Matcher) -> Matcher:
    sign = next(sign for operator, sign in _SIGNS if operator == tree.op)
    if "~" in sign:
        _check_pattern(tree.value)
    return Matcher(tree.name, sign, tree.value)


def _check_pattern(text: str) -> None:
    try:
        pattern(text)
    except re.error as error:
        raise _unknown(f"the regular expression {text!r} ({error})") from error


def _milliseconds(duration: timedelta | None) -> int:
    return 0 if duration is None else duration // timedelta(milliseconds=1)


def _pinned(at: promql_parser.AtModifier | None) -> Pinned:
    if at is None:
        return None
    if at.type == promql_parser.AtModifierType.Start:
        return "start"
    return "end" if at.at is None else round(at.at.timestamp() * 1000)


def _unknown(what: str) -> UnsupportedQuery:
    return UnsupportedQuery(f"the embedded evaluator does not know {what}")
