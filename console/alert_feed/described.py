"""What a server's rules mean, as far as the console can read them: thresholds, holes, what they look at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from console.domain.alert_book import AlertingRule
from console.domain.metrics import Labels
from console.promql.compared import metrics_of, threshold_of
from console.promql.events import Growth, growths_in
from console.promql.lint import lint
from console.promql.query import Query, UnsupportedQuery, parse_query
from console.promql.rule_file import AlertRule, Intervals, RuleFile, RuleGroup, Templates
from console.promql.templates import TemplateError, parse_template
from console.promql.watched import watched_by
from console.sources.prometheus_rules import USUAL_INTERVAL, ServedRule
from console.yaml_file import Place

OWN = "opsconsole_"
"""How the names of the metrics begin that the console measures itself: a server has no data of them."""


@dataclass(frozen=True, slots=True)
class Described:
    """A rule as people are shown it, and what may be asked about it.

    `watched` asks for all series that it compares; it is empty for a rule that compares nothing, or that the
    console can't read. `growths` are the counters whose events can be counted.
    """

    told: AlertingRule
    watched: str = ""
    growths: tuple[Growth, ...] = ()


def described(rules: Sequence[ServedRule], scrape: float) -> tuple[Described, ...]:
    """Every rule, in their order; `scrape` is how many seconds are between two scrapes of the server's."""
    read = [_read(rule, number) for number, rule in enumerate(rules, 1)]
    holes: dict[str, list[str]] = {}
    file = RuleFile("", tuple(_groups(rules, read)))
    for finding in lint(file, Intervals(scrape, USUAL_INTERVAL)):
        holes.setdefault(finding.place, []).append(f"{finding.words}; {finding.remedy}")
    return tuple(
        _unread(rule, rule_read)
        if isinstance(rule_read, UnsupportedQuery)
        else _described(rule, rule_read, tuple(holes.get(f":{rule_read.place}", ())))
        for rule, rule_read in zip(rules, read, strict=True)
    )


def _read(rule: ServedRule, number: int) -> AlertRule | UnsupportedQuery:
    """The rule as one of a file's, at a place of its own; why not where its expression can't be read here."""
    try:
        query = parse_query(rule.expression)
    except UnsupportedQuery as error:
        return error
    return AlertRule(
        name=rule.name,
        query=query,
        hold=rule.hold,
        keep_firing_for=rule.keep_firing_for,
        labels=_templates(rule.labels),
        annotations=(),
        watched=watched_by(query),
        place=Place(number, 1),
    )


def _templates(labels: Labels) -> Templates:
    """Those of the rule's labels that can be read as templates."""
    read = []
    for name, text in labels:
        try:
            read.append((name, parse_template(text)))
        except TemplateError:
            continue
    return tuple(read)


def _groups(rules: Sequence[ServedRule], read: Sequence[AlertRule | UnsupportedQuery]) -> Iterator[RuleGroup]:
    """Each rule as a group of its own, with the interval that it has."""
    for rule, rule_read in zip(rules, read, strict=True):
        if isinstance(rule_read, AlertRule):
            yield RuleGroup(rule.group, rule.interval, 0.0, (rule_read,))


def _described(rule: ServedRule, read: AlertRule, holes: tuple[str, ...]) -> Described:
    sign, threshold = threshold_of(rule.expression)
    metrics = metrics_of(rule.expression)
    told = _told(rule, sign, threshold, metrics, holes)
    own = bool(metrics) and all(name.startswith(OWN) for name in metrics)
    return Described(told, "" if own else _either(read.watched), growths_in(read.query))


def _unread(rule: ServedRule, error: UnsupportedQuery) -> Described:
    """A rule that the console can't read; of one whose expression isn't told, nothing is said."""
    words = "that its series vanish isn't seen here, which can't read its expression"
    return Described(_told(rule, holes=(f"{words}: {error}",) if rule.expression else ()))


def _told(
    rule: ServedRule,
    sign: str = "",
    threshold: float | None = None,
    metrics: tuple[str, ...] = (),
    holes: tuple[str, ...] = (),
) -> AlertingRule:
    return AlertingRule(
        group=rule.group,
        name=rule.name,
        expression=rule.expression,
        hold=rule.hold,
        keep_firing_for=rule.keep_firing_for,
        interval=rule.interval,
        severity=dict(rule.labels).get("severity", ""),
        place=rule.file,
        sign=sign,
        threshold=threshold,
        metrics=metrics,
        holes=holes,
    )


def _either(queries: Sequence[Query]) -> str:
    """What asks for the series of all of them."""
    return " or ".join(f"({query.text})" for query in queries)
