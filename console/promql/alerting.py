"""What a rule's query found, as alerts: their labels, and the texts beside them."""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

from console.domain.alert_state import Found, Outcome, RuleAlert
from console.domain.metrics import Labels, Series, Vector
from console.promql.evaluate import EvaluationError
from console.promql.round import Round
from console.promql.rule_file import AlertRule
from console.promql.templates import Subject


def outcome_at(rule: AlertRule, tick: Round) -> Outcome:
    """What `rule` finds at this instant. EvaluationError when that can't be told."""
    return outcome_of(rule, tick.evaluate(rule.query), [tick.evaluate(query) for query in rule.watched])


def outcome_of(rule: AlertRule, found: Vector, watched: Sequence[Vector]) -> Outcome:
    """The alerts of `rule` in what its query answered, and in `watched` what its watched ones did.

    EvaluationError where two series would be the same alert, as in Prometheus.
    """
    active: dict[Labels, Found] = {}
    for series, value in found.items():
        labels = _labels(rule, series, value)
        if labels in active:
            raise EvaluationError("two series of the result are the same alert: their labels are equal")
        active[labels] = Found(series, value)
    return Outcome(active, _Present(watched) if watched else None)


def annotations_of(
    rule: AlertRule, alert: RuleAlert, external_labels: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The texts of an alert, with its last value."""
    subject = _subject(alert.series, alert.value, external_labels)
    return {name: template.expand(subject) for name, template in rule.annotations}


class _Present(Collection[Series]):
    """The series of several answers, thousands perhaps, without a set of their own."""

    def __init__(self, answers: Sequence[Vector]) -> None:
        self._answers = answers

    def __contains__(self, series: object) -> bool:
        return any(series in answer for answer in self._answers)

    def __iter__(self) -> Iterator[Series]:
        return itertools.chain.from_iterable(self._answers)

    def __len__(self) -> int:
        return sum(map(len, self._answers))


def _labels(rule: AlertRule, series: Series, value: float) -> Labels:
    subject = _subject(series, value, None)
    own = {name: template.expand(subject) for name, template in rule.labels}
    merged = {**dict(series.labels), **own, "alertname": rule.name}
    return tuple(sorted((name, text) for name, text in merged.items() if text))


def _subject(series: Series, value: float, external_labels: Mapping[str, str] | None) -> Subject:
    named = {"__name__": series.name} if series.name else {}
    return Subject({**named, **dict(series.labels)}, value, external_labels or {})
