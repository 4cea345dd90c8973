"""What a query is made of, once it is read: small values that the evaluator walks.

Named tuples, not dataclasses: making a dozen dataclasses takes longer than reading all queries of a start.
Tuples are equal whatever their names are: no two kinds of node have the same fields, so that equal nodes mean
the same.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple, cast

from console.domain.metrics import Labels, Series

Pinned = int | Literal["start", "end"] | None
"""Where `@` pins an expression: milliseconds since 1970, or an end of the range that is asked for."""


class Matcher(NamedTuple):
    """A condition on one label, where a missing label counts as an empty one."""

    label: str
    sign: str
    value: str

    def accepts(self, value: str) -> bool:
        if "~" not in self.sign:
            return (value == self.value) == (self.sign == "=")
        return (pattern(self.value).fullmatch(value) is not None) == (self.sign == "=~")


class Number(NamedTuple):
    value: float


class Text(NamedTuple):
    value: str


class Selector(NamedTuple):
    """Series by name and labels, as they were `offset` milliseconds before the time that is asked for.

    Without a name, `names` says which metrics are meant.
    """

    name: str | None
    matchers: tuple[Matcher, ...] = ()
    names: tuple[Matcher, ...] = ()
    offset: int = 0
    pinned: Pinned = None

    def accepts(self, series: Series) -> bool:
        labels = dict(series.labels)
        return all(matcher.accepts(labels.get(matcher.label, "")) for matcher in self.matchers)

    def names_metric(self, name: str) -> bool:
        """Whether the metric of this name is meant."""
        return self.name in (None, name) and all(matcher.accepts(name) for matcher in self.names)


class Range(NamedTuple):
    """The samples of `length` milliseconds, of each series."""

    selector: Selector
    length: int


class Subquery(NamedTuple):
    """What an expression was at every multiple of `step` in `length`; all in milliseconds."""

    operand: "Node"
    length: int
    step: int
    offset: int = 0
    pinned: Pinned = None


class Missing(NamedTuple):
    """One series with these labels where an expression finds nothing: `absent` and `absent_over_time`."""

    operand: "Node"
    labels: Labels


class Negation(NamedTuple):
    operand: "Node"


class Matching(NamedTuple):
    """Which series of two vectors belong together: those that agree in `labels` (`on`), or in all but these.

    `many` says which side may have several to one of the other, which then lends its labels `lent`.
    """

    labels: tuple[str, ...] = ()
    on: bool = False
    many: Literal["left", "right"] | None = None
    lent: tuple[str, ...] = ()


class Operation(NamedTuple):
    """Two sides and a sign. `as_bool` makes a comparison answer 0 or 1 instead of filtering."""

    sign: str
    left: "Node"
    right: "Node"
    as_bool: bool = False
    matching: Matching = Matching()


class Aggregation(NamedTuple):
    """One value per group of series that agree in `labels`, or in all labels but these (`without`)."""

    function: str
    operand: "Node"
    labels: tuple[str, ...] = ()
    without: bool = False
    parameter: "Node | None" = None


class Call(NamedTuple):
    function: str
    arguments: tuple["Node", ...]


Node = Number | Text | Selector | Range | Subquery | Missing | Negation | Operation | Aggregation | Call


class UnsupportedQuery(ValueError):  # noqa: N818 - what the query is, not an error of ours
    """A query that isn't PromQL, or uses what the evaluator doesn't know: what, and in which query."""


SCALAR_FUNCTIONS = ("pi", "scalar", "time")


def is_scalar(node: Node) -> bool:
    """Whether a node is a plain number rather than a vector."""
    match node:
        case Number():
            return True
        case Negation(operand=operand):
            return is_scalar(operand)
        case Operation(left=left, right=right):
            return is_scalar(left) and is_scalar(right)
        case Call(function=function):
            return function in SCALAR_FUNCTIONS
        case _:
            return False


def parts(node: Node) -> tuple[Node, ...]:
    """What a node is made of."""
    match node:
        case Negation(operand=operand) | Missing(operand=operand) | Subquery(operand=operand):
            return (operand,)
        case Aggregation(operand=operand, parameter=parameter):
            return (operand,) if parameter is None else (parameter, operand)
        case Operation(left=left, right=right):
            return (left, right)
        case Call(arguments=arguments):
            return arguments
        case Range(selector=selector):
            return (selector,)
        case _:
            return ()


_KINDS: dict[str, Callable[..., object]] = {
    kind.__name__: kind
    for kind in (
        *(Aggregation, Call, Matcher, Matching, Missing, Negation, Number, Operation, Range, Selector),
        *(Subquery, Text),
    )
}


def plain(part: object) -> object:
    """A node, or what it is made of, in plain values of JSON: a kind's values under its name."""
    if not isinstance(part, tuple):
        return part
    values = [plain(value) for value in part]
    return {type(part).__name__: values} if type(part).__name__ in _KINDS else values


def node_of(said: object) -> Node:
    """The node of which `plain` has said this."""
    return cast("Node", _part(said))


def _part(said: object) -> object:
    if isinstance(said, dict):
        ((kind, values),) = said.items()
        return _KINDS[kind](*map(_part, values))
    return tuple(map(_part, said)) if isinstance(said, list) else said


@lru_cache(maxsize=256)
def pattern(text: str) -> re.Pattern[str]:
    """A regular expression of RE2. re.error for what isn't one, or can't be said to Python."""
    if not _SPECIAL.isdisjoint(text):
        from console.promql.patterns import in_python  # noqa: PLC0415 - panels have none that need it

        text = in_python(text)
    return re.compile(text, re.DOTALL | re.ASCII)


_SPECIAL = frozenset("(\\[")
"""Signs that Python may read otherwise."""
