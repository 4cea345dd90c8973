"""Evaluates the groups of rule files when they are due, and keeps what has become of each rule.

A rule that looks back further than the samples reach, after a start, is judged by what there is: what it
finds counts, and what was restored isn't taken back before that could be told.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from console.domain.alert_book import AlertingRule, Raised, RuleStanding, raised_by
from console.domain.alert_memory import remembered, restored
from console.domain.alert_state import (
    NEVER_EVALUATED,
    Found,
    Outcome,
    Phase,
    RuleAlert,
    RuleState,
    Terms,
    acknowledge_losses,
    evaluated,
    failed,
)
from console.domain.metrics import Labels, Series, Vector
from console.domain.silences import Marks
from console.promql.alerting import annotations_of, outcome_at
from console.promql.compared import metrics_of, threshold_of
from console.promql.evaluate import EvaluationError
from console.promql.events import events, growths_in
from console.promql.known import KNOWN
from console.promql.query import Query
from console.promql.round import Round
from console.promql.rule_file import AlertRule, Intervals, RecordingRule, RuleFile, RuleGroup
from console.promql.samples import SampleStore
from console.promql.stillness import Stillness
from console.promql.vectors import nameless

Holes = Mapping[str, tuple[str, ...]]
"""What can never be caught, in sentences, by the place of the rule."""


class Ruler:
    """The rules of some files, evaluated over one store. One thread uses it."""

    def __init__(self, files: Sequence[RuleFile], store: SampleStore, intervals: Intervals) -> None:
        self._store = store
        self._groups = [
            _Group(file, group, group.interval or intervals.evaluation, holes)
            for file, holes in ((file, _holes(file, intervals)) for file in files)
            for group in file.groups
        ]

    def evaluate(self, now: float) -> bool:
        """Evaluate the groups that are due at `now`, seconds on the store's clock; whether there were any.

        Each is due at the multiples of its interval. One that was missed is left out: what the rules would
        have said is not made up.
        """
        due = [group for group in self._groups if now >= group.due]
        for group in due:
            group.evaluate(self._store, now)
        return bool(due)

    def standings(self) -> tuple[RuleStanding, ...]:
        """Every alerting rule, in the files' order."""
        return tuple(watched.standing() for watched in self._alerting())

    def raised(self) -> tuple[Raised, ...]:
        """Every alert, by the places of their rules among the standings."""
        return tuple(one for place, watched in enumerate(self._alerting()) for one in watched.raised(place))

    def acknowledge_losses(self, marks: Marks, wall_ahead: float) -> None:
        """Take note that somebody knows of the series that have vanished.

        `wall_ahead` is how many seconds the time of day, in which marks are, is ahead of the store's clock.
        """
        for watched in self._alerting():
            watched.state = acknowledge_losses(watched.state, marks, wall_ahead)

    def remembered(self, now: float, wall: float) -> dict[str, object]:
        """What `restore` takes, as plain values for a JSON file."""
        return {watched.key: remembered(watched.state, now, wall) for watched in self._alerting()}

    def restore(self, document: Mapping[str, object], now: float, wall: float) -> None:
        """Go on from what was remembered of these rules; ValueError, in one line, for what isn't it."""
        for group in self._groups:
            for watched in group.alerting:
                if watched.key in document:
                    watched.restore(document[watched.key], group.interval, now, wall)

    def resume(self, now: float) -> None:
        """Go on from the last evaluations as after a restart: what wasn't watched hasn't held."""
        self.restore(self.remembered(now, now), now, now)

    def _alerting(self) -> Iterator["_Watched"]:
        return (watched for group in self._groups for watched in group.alerting)


class _Group:
    """A group of rules with its next turn."""

    def __init__(self, file: RuleFile, group: RuleGroup, interval: float, holes: Holes) -> None:
        self.interval = interval
        self.due = -math.inf
        self._key = f"{Path(file.name).name} {group.name}"
        self._offset = group.query_offset
        self._rules: list[_Watched | RecordingRule] = [
            rule
            if isinstance(rule, RecordingRule)
            else _Watched(rule, _told(file, group, rule, self.interval, holes), f"{self._key} {place}")
            for place, rule in enumerate(group.rules)
        ]
        self.alerting = [rule for rule in self._rules if isinstance(rule, _Watched)]

    def evaluate(self, store: SampleStore, now: float) -> None:
        """Each rule after the other, so that one may ask for what one before it has recorded."""
        self.due = (math.floor(now / self.interval) + 1) * self.interval
        with Round(store, now - self._offset) as tick:
            for rule in self._rules:
                if isinstance(rule, _Watched):
                    rule.evaluate(tick, now)
                else:
                    _record(rule, tick, self._key)


class _Watched:
    """An alerting rule with its state."""

    def __init__(self, rule: AlertRule, told: AlertingRule, key: str) -> None:
        self.key = f"{key} {rule.name}"
        self.state = NEVER_EVALUATED
        self._rule = rule
        self._told = told
        self._terms = Terms(rule.hold, rule.keep_firing_for)
        self._growths = growths_in(rule.query)
        self._stillness = Stillness(rule.query)
        self._restored: frozenset[Labels] = frozenset()
        self._watched = 0.0
        self._needed = max(query.window for query in (rule.query, *rule.watched))
        self._counts: Vector = {}
        self._shown: dict[Labels, Raised] = {}

    def evaluate(self, tick: Round, now: float) -> None:
        queries = (self._rule.query, *self._rule.watched)
        self._watched = min(_covered(query, self._needed, tick) for query in queries)
        try:
            outcome = outcome_at(self._rule, tick)
        except EvaluationError as error:
            self.state = failed(self.state, str(error), now)
            return
        if self._watched < self._needed:
            outcome = _with_restored(outcome, self.state, self._restored)
        self.state = evaluated(self.state, self._terms, outcome, now)
        found = (events(growth, tick.store, tick.at) for growth in self._growths) if outcome.active else ()
        self._counts = next((counts for counts in found if counts), {})
        self._stillness.look(self.state.alerts, tick.store, tick.at)

    def restore(self, document: object, interval: float, now: float, wall: float) -> None:
        """Go on from what `remembered` told; ValueError for what isn't it."""
        self.state = restored(document, interval, now, wall)
        self._restored = frozenset(self.state.alerts)

    def standing(self) -> RuleStanding:
        state = self.state
        return RuleStanding(
            self._told,
            state.evaluated_at,
            state.error,
            state.failing_since,
            state.no_data_since,
            self._watched,
            self._needed,
        )

    def raised(self, place: int) -> Iterator[Raised]:
        """The alerts; the same object as before for each that is as it was."""
        before, self._shown = self._shown, {}
        for labels, alert in self.state.alerts.items():
            known = before.get(labels)
            texts = () if known is None else known.annotations
            if known is None or repr(known.value) != repr(alert.value):
                texts = tuple(annotations_of(self._rule, alert).items())
            one = raised_by(place, alert, texts, self._count(alert), self._stillness.since(labels))
            self._shown[labels] = known if known == one else one
            yield self._shown[labels]

    def _count(self, alert: RuleAlert) -> float | None:
        """The exact number of events beside an increase(); of all together beside a sum of them."""
        if not self._growths or alert.phase is Phase.RESOLVED:
            return None
        if not alert.series.labels:
            return sum(self._counts.values())
        return self._counts.get(nameless(alert.series))


def _holes(file: RuleFile, intervals: Intervals) -> Holes:
    """What the rules can never catch: rules of one file cover for one another."""
    rules = [_identity(group, rule) for group, rule in file.rules if isinstance(rule, AlertRule)]
    identity = hashlib.sha256(repr((file.name, intervals, rules)).encode()).hexdigest()
    found = KNOWN.answer("holes", identity, lambda: _sought(file, intervals))
    return {place: tuple(sentences) for place, sentences in found.items()}


def _identity(group: RuleGroup, rule: AlertRule) -> tuple[object, ...]:
    """All that is said of a rule, in what reads the same in every process."""
    queries = [query.text for query in (rule.query, *rule.watched)]
    labels, annotations = (
        [(name, template.text) for name, template in told] for told in (rule.labels, rule.annotations)
    )
    durations = (group.interval, group.query_offset, rule.hold, rule.keep_firing_for)
    return (group.name, rule.name, rule.place, queries, durations, labels, annotations)


def _sought(file: RuleFile, intervals: Intervals) -> dict[str, list[str]]:
    from console.promql.lint import lint  # noqa: PLC0415 (most often it is known)

    found: dict[str, list[str]] = {}
    for finding in lint(file, intervals):
        found.setdefault(finding.place, []).append(f"{finding.words}; {finding.remedy}")
    return found


def _told(file: RuleFile, group: RuleGroup, rule: AlertRule, interval: float, holes: Holes) -> AlertingRule:
    place, expression = f"{file.name}:{rule.place}", rule.query.text
    sign, threshold = threshold_of(expression)
    severity = next((label.text for name, label in rule.labels if name == "severity"), "")
    return AlertingRule(
        group=group.name,
        name=rule.name,
        expression=expression,
        hold=rule.hold,
        keep_firing_for=rule.keep_firing_for,
        interval=interval,
        severity=severity,
        place=place,
        sign=sign,
        threshold=threshold,
        metrics=_compared(rule) or metrics_of(expression),
        holes=holes.get(place, ()),
    )


def _compared(rule: AlertRule) -> tuple[str, ...]:
    """The metrics that the rule compares, without those that only say when it does."""
    return tuple(dict.fromkeys(name for query in rule.watched for name in metrics_of(query.text)))


def _record(rule: RecordingRule, tick: Round, by: str) -> None:
    """Keep what a recording rule finds; where its query fails, its series end, as Prometheus has it."""
    recorded: dict[Series, float] = {}
    try:
        for series, value in tick.evaluate(rule.query).items():
            labels = {**dict(series.labels), **dict(rule.labels)}
            recorded[Series(rule.name, tuple(sorted((k, v) for k, v in labels.items() if v)))] = value
    except EvaluationError:
        recorded = {}
    tick.record(rule.name, recorded, by=f"{by} {rule.name} {rule.labels}")


def _covered(query: Query, needed: float, tick: Round) -> float:
    """Of the seconds that are needed, those that count as watched: all where the query needs fewer."""
    watched = tick.store.covered_by(query, tick.at)
    return needed if watched >= query.window else watched


def _with_restored(outcome: Outcome, state: RuleState, restored: frozenset[Labels]) -> Outcome:
    """The outcome with the `restored` alerts that are still active: too short a past can't take them back."""
    active = {
        labels: Found(alert.series, alert.value)
        for labels, alert in state.alerts.items()
        if labels in restored and alert.phase is not Phase.RESOLVED
    }
    return Outcome({**active, **outcome.active}, outcome.present)
