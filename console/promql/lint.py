"""What alert rules can never catch: proved from the expression, the `for` and the intervals.

Every finding is a theorem about Prometheus' evaluation, not a matter of taste, and the tests show each by
simulation. With scrapes each S seconds, evaluations each I, a range of W and a `for` of F seconds:

- A burst between two scrapes is seen by `rate(x[W])` from the scrape s after it, for as long as the sample
  before it is in the range (left open): until s + W - S. The first evaluation that sees it is at s at the
  earliest, and at s + I at the latest. An alert needs as many intervals more as F has, rounded up.
- A condition is seen at the next evaluation, up to I later, and fires F later, rounded up to intervals.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import promql_parser
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    MatchOp,
    MatrixSelector,
    NumberLiteral,
    VectorSelector,
)

from console.promql.rule_file import AlertRule, Intervals, RuleFile, RuleGroup
from console.promql.syntax import (
    Comparison,
    comparison_of,
    counted,
    needed_comparisons,
    nodes_of,
    selectors_of,
    without_parens,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a rule can't catch. `place` is `file:line:column`, `remedy` what would catch it."""

    rule: str
    place: str
    hole: str
    words: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}: {self.words}; {self.remedy}"


def lint(file: RuleFile, intervals: Intervals) -> tuple[Finding, ...]:
    """What the rules of `file` can never catch, in their order. Rules cover for one another."""
    cover = _Cover.of(file)
    return tuple(
        Finding(rule.name, f"{file.name}:{rule.place}", hole, words, remedy)
        for group, rule in file.rules
        if isinstance(rule, AlertRule)
        for hole, words, remedy in _found(_Case.of(group, rule, intervals, cover))
    )


Hole = tuple[str, str, str]
"""Its name, what can't be caught, and what would catch it."""


@dataclass(frozen=True, slots=True)
class _Cover:
    """What the rules of a file watch over for one another: metrics by name."""

    absences: frozenset[str]
    births: frozenset[str]
    not_numbers: frozenset[str]
    zeros: frozenset[str]
    every_absence: bool

    @classmethod
    def of(cls, file: RuleFile) -> "_Cover":
        nodes = [
            node
            for _, rule in file.rules
            if isinstance(rule, AlertRule)
            for node in nodes_of(promql_parser.parse(rule.query.text))
        ]
        absent = [node for node in nodes if isinstance(node, Call) and node.func.name.startswith("absent")]
        binary = [node for node in nodes if isinstance(node, BinaryExpr)]
        compared = [one for one in map(comparison_of, binary) if one is not None]
        zeros = [one for one in compared if one.holds(0.0)]
        return cls(
            frozenset(name for node in absent for name in _names(node)),
            frozenset(name for node in binary if str(node.op) == "unless" for name in _born(node)),
            frozenset(
                name
                for node in binary
                if str(node.op) == "!="
                for name in _names(node.lhs)
                if _names(node.lhs) == _names(node.rhs)
            ),
            frozenset(name for one in zeros for name in _names(one.operand)),
            any(_tells_of_scrapes(selector) for one in zeros for selector in selectors_of(one.operand)),
        )


def _tells_of_scrapes(selector: VectorSelector) -> bool:
    """Whether a selector is of the metrics that say whether the engine's scrape succeeded."""
    sources = [one.value for one in selector.matchers.matchers if one.name == "source"]
    return selector.name == "up" or (selector.name == "opsconsole_up" and sources in ([], ["metrics"]))


@dataclass(frozen=True, slots=True)
class _Case:
    """A rule with all that is known around it. `steps` is its `for` in seconds of whole evaluations."""

    rule: AlertRule
    tree: promql_parser.Expr
    comparisons: Sequence[Comparison]
    scrape: float
    interval: float
    cover: _Cover

    @classmethod
    def of(cls, group: RuleGroup, rule: AlertRule, intervals: Intervals, cover: _Cover) -> "_Case":
        tree = promql_parser.parse(rule.query.text)
        needed = needed_comparisons(tree)
        return cls(rule, tree, needed, intervals.scrape, group.interval or intervals.evaluation, cover)

    @property
    def steps(self) -> float:
        interval = round(self.interval * 1000)
        return math.ceil(round(self.rule.hold * 1000) / interval) * interval / 1000


def _found(case: _Case) -> Iterator[Hole]:
    for look in _LOOKS:
        yield from look(case)


def _bursts(case: _Case) -> Iterator[Hole]:
    for one in case.comparisons:
        growth = counted(one.operand)
        if growth is None or one.holds(0.0) or one.sign not in (">", ">=", "!="):
            continue
        window = 2 * case.scrape if growth.last_two else growth.window
        seen = window - case.scrape
        if case.steps >= seen and case.steps > 0:
            words = (
                f"a single burst, however large, can't fire: it is seen for less than {_said(seen)}, "
                f"and for {_said(case.rule.hold)} takes {_said(case.steps)}"
            )
        elif case.steps + case.interval > seen:
            words = f"a single burst fires only by chance: it is seen for less than {_said(seen)}"
        else:
            continue
        yield "burst", words, "leave out for, and keep the alert with keep_firing_for"


def _births(case: _Case) -> Iterator[Hole]:
    for name in _growing(case.tree):
        if name not in case.cover.births and not name.startswith(_OWN):
            words = f"{name} that is born at 1 hasn't increased: a first event is never seen"
            yield "birth", words, f"add `or ({name} > 0 unless {name} offset 5m)`"


def _deaths(case: _Case) -> Iterator[Hole]:
    watched = [promql_parser.parse(query.text) for query in case.rule.watched]
    calls = [node for tree in watched for node in nodes_of(tree) if isinstance(node, Call)]
    if case.cover.every_absence or any(call.func.name in _NEVER_MISSING for call in calls):
        return
    for name in dict.fromkeys(name for tree in watched for name in _names(tree)):
        if name not in case.cover.absences:
            words = f"when the exporter of {name} dies, the alert resolves and nothing else fires"
            yield "death", words, f"add a rule on absent({name}), or on up == 0"


def _rounding(case: _Case) -> Iterator[Hole]:
    if case.steps > case.rule.hold:
        late = _said(case.steps + case.interval)
        words = (
            f"for {_said(case.rule.hold)} is {_said(case.steps)} at an evaluation each "
            f"{_said(case.interval)}: it fires up to {late} after the condition begins"
        )
        yield "rounding", words, "give the group an interval that divides the for"


def _not_numbers(case: _Case) -> Iterator[Hole]:
    for one in case.comparisons:
        operand = without_parens(one.operand)
        if isinstance(operand, VectorSelector) and one.sign != "!=":
            for name in _names(operand):
                if name not in case.cover.not_numbers and not name.startswith(_OWN):
                    words = f"a {name} of NaN is never {one.sign} {one.bound:g}"
                    yield "nan", words, f"add a rule on `{name} != {name}`, which only NaN is"


def _divisions(case: _Case) -> Iterator[Hole]:
    for one in case.comparisons:
        for node in nodes_of(one.operand):
            if not isinstance(node, BinaryExpr) or str(node.op) != "/" or one.sign == "!=":
                continue
            divisor = without_parens(node.rhs)
            names = _names(divisor)
            constant = isinstance(divisor, NumberLiteral) and divisor.val == 0
            if constant or (names and not set(names) <= case.cover.zeros):
                of = "0" if constant else f"{', '.join(names)} of 0"
                words = f"0 divided by {of} is NaN, which never fires"
                yield "division", words, "add a rule for the divisor that is 0"


def _contradictions(case: _Case) -> Iterator[Hole]:
    for selector in selectors_of(case.tree):
        label = _contradicted(selector)
        if label is not None:
            words = f"no series can match all that is said of {label} in {selector.prettify().strip()}"
            yield "matchers", words, f"ask for one value of {label}"


def _impossible(case: _Case) -> Iterator[Hole]:
    for one in case.comparisons:
        operand = without_parens(one.operand)
        lowest, highest, why = _range(operand)
        possible = one.holds(lowest) or one.holds(highest) or _between(one, lowest, highest)
        if not possible:
            words = f"{why or 'nothing'} is never {one.sign} {one.bound:g}"
            yield "impossible", words, "use absent() for none"


def _thin_windows(case: _Case) -> Iterator[Hole]:
    for node in nodes_of(case.tree):
        if isinstance(node, Call) and node.func.name in _TWO_SAMPLES:
            for part in node.args:
                if isinstance(part, MatrixSelector) and part.range.total_seconds() <= case.scrape:
                    words = (
                        f"{node.func.name} over {_said(part.range.total_seconds())} never sees two samples "
                        f"at a scrape each {_said(case.scrape)}"
                    )
                    yield "window", words, "look back on four scrapes or more"


def _shifting_labels(case: _Case) -> Iterator[Hole]:
    if case.rule.hold > 0:
        for name, template in case.rule.labels:
            if template.names_value:
                words = (
                    f"the label {name} holds the value: each new value is a new alert, whose for begins anew"
                )
                yield "identity", words, "say the value in an annotation"


_LOOKS: tuple[Callable[[_Case], Iterator[Hole]], ...] = (
    _bursts,
    _births,
    _deaths,
    _rounding,
    _not_numbers,
    _divisions,
    _contradictions,
    _impossible,
    _thin_windows,
    _shifting_labels,
)
_OWN = "opsconsole_"
"""How the metrics begin that the console measures itself: its counters begin at 0, and NaN isn't said."""
_GROWTH = ("rate", "increase", "irate", "delta", "idelta", "changes")
_NEVER_MISSING = ("vector", "absent", "absent_over_time")
"""What has an answer where there is no series."""
_TWO_SAMPLES = ("rate", "increase", "irate", "delta", "idelta", "deriv")


def _names(tree: promql_parser.Expr) -> tuple[str, ...]:
    """The metrics that an expression names, each once."""
    return tuple(dict.fromkeys(one.name for one in selectors_of(tree) if one.name is not None))


def _growing(tree: promql_parser.Expr) -> Iterator[str]:
    calls = (node for node in nodes_of(tree) if isinstance(node, Call) and node.func.name in _GROWTH)
    yield from dict.fromkeys(name for call in calls for name in _names(call))


def _born(node: BinaryExpr) -> set[str]:
    """The metrics of which `node` selects what wasn't there before: `x unless x offset 5m`."""
    before = {one.name for one in selectors_of(node.rhs) if one.offset is not None}
    return {name for name in _names(node.lhs) if name in before}


def _contradicted(selector: VectorSelector) -> str | None:
    """A label of which two equality matchers can't both hold."""
    wanted: dict[str, str] = {}
    for matcher in selector.matchers.matchers:
        if matcher.op == MatchOp.Equal and wanted.setdefault(matcher.name, matcher.value) != matcher.value:
            return matcher.name
    for matcher in selector.matchers.matchers:
        if matcher.op == MatchOp.NotEqual and wanted.get(matcher.name) == matcher.value:
            return matcher.name
    return None


def _range(operand: promql_parser.Expr) -> tuple[float, float, str]:
    """The lowest and highest value that an expression can have, and why; of most nothing is known."""
    if isinstance(operand, AggregateExpr) and str(operand.op) == "count":
        return 1.0, math.inf, "a count of nothing is no 0 but missing, and a count"
    if isinstance(operand, Call) and operand.func.name.startswith("absent"):
        return 1.0, 1.0, "absent() is 1 or nothing, and"
    if isinstance(operand, Call) and operand.func.name in ("rate", "increase", "irate", "changes", "resets"):
        return 0.0, math.inf, f"{operand.func.name}() of a counter has no value below 0, and"
    if isinstance(operand, NumberLiteral):
        return operand.val, operand.val, f"{operand.val:g}"
    return -math.inf, math.inf, ""


def _said(seconds: float) -> str:
    """A duration as rule files write it."""
    return promql_parser.display_duration(timedelta(seconds=seconds))


def _between(one: Comparison, lowest: float, highest: float) -> bool:
    return lowest < one.bound < highest
