"""A rule that a server evaluates, followed from one evaluation to the next.

The server says which alerts are pending and firing. What it doesn't say is added here: the extremes of their
values, what has resolved and, by asking for the series that the rule compares, what was lost while firing and
what has no data.
"""

import math
from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache

from console.alert_feed.counting import counted, selector
from console.alert_feed.described import Described
from console.alert_feed.served_state import Here, series_of, state_after
from console.domain.alert_book import Raised, RuleStanding, raised_by
from console.domain.alert_state import NEVER_EVALUATED, Phase, RuleAlert, acknowledge_losses, failed
from console.domain.figures import seconds
from console.domain.metrics import Labels, Series
from console.domain.silences import Marks
from console.promql.query import parse_query
from console.promql.stillness import steps_of
from console.sources.errors import SourceError
from console.sources.prometheus_rules import ServedAlert, ServedRule
from console.sources.prometheus_server import Asking

STALLED = 3
"""Intervals after which a rule that isn't evaluated can't be trusted."""
LOOK_FOR_DATA = 30.0
"""Seconds between two times that a rule's series are looked for."""
LOOK_AGAIN = 5.0
"""The same, where there were none."""
MOST_COUNTED = 10
"""Alerts of one rule whose events are counted."""


class Followed:
    """One rule with its state. `rule` is as the server told of it last, `described` what that means."""

    def __init__(self, rule: ServedRule, described: Described, now: float) -> None:
        self.rule = rule
        self.described = described
        self.state = NEVER_EVALUATED
        self._followed: float | None = None  # the last evaluation, by the server's clock
        self._alive_at = now  # when it was last seen to be evaluated
        self._no_data_since: float | None = None
        self._look_from = -math.inf
        self._counts: dict[Labels, float] = {}
        self._still: dict[Labels, float] = {}
        self._told: dict[Labels, ServedAlert] = {}  # as the server told of each alert last
        self._shown: tuple[Raised, ...] = ()
        self._shown_at, self._shown_of = 0, NEVER_EVALUATED

    @property
    def is_urgent(self) -> bool:
        """Whether one of its alerts is firing or lost."""
        return any(alert.lost or alert.phase is Phase.FIRING for alert in self.state.alerts.values())

    def follow(self, asking: Asking, here: Here, watched: float) -> bool:
        """Take over what the last evaluation of `rule` has left; whether that was a new one.

        The server has samples of `watched` seconds before it. Where it can't be asked which series are there,
        all stays as it was, with the reason as the rule's error, until it can.
        """
        rule = self.rule
        if rule.evaluated_at is None or rule.evaluated_at == self._followed:
            return False
        at = self._alive_at = here(rule.evaluated_at)
        before = self.state
        try:
            present = self._present(asking, rule.evaluated_at) if self._someone_left() else None
        except SourceError as error:
            self.state = failed(self.state, f"whether its series are there isn't told: {error}", at)
            return False
        self.state = state_after(before, rule, self._told, present, here)
        self._followed = rule.evaluated_at
        if rule.error is not None:
            still = replace(before, alerts=self.state.alerts)
            self.state = failed(still, rule.error, at)
        if present is not None or rule.alerts or rule.error is not None:
            self._note_data(at, there=bool(present or rule.alerts or rule.error))
        self._count(asking, rule.evaluated_at, watched, here)
        told = {**self._told, **{alert.labels: alert for alert in rule.alerts}}
        self._told = {labels: told[labels] for labels in self.state.alerts if labels in told}
        return True

    def acknowledge_losses(self, marks: Marks, wall_ahead: float) -> None:
        """Take note that somebody knows of series that have vanished; marks are in the time of day."""
        self.state = acknowledge_losses(self.state, marks, wall_ahead)

    def is_to_be_looked_for(self, now: float) -> bool:
        """Whether it is time to look whether the rule has any series to compare."""
        return bool(self.described.watched) and self._followed is not None and now >= self._look_from

    def look_for_data(self, asking: Asking, now: float) -> None:
        """Look whether it has. SourceError where the server doesn't answer: nothing is known anew then."""
        self._look_from = now + LOOK_FOR_DATA
        there = bool(asking.ask(f"count({self.described.watched})").results)
        self._note_data(now, there=there)
        self._look_from = now + (LOOK_FOR_DATA if there else LOOK_AGAIN)

    def standing(self, now: float) -> RuleStanding:
        """How the rule stands; one that the server doesn't evaluate any more has that as its error."""
        state, silent = self.state, now - self._alive_at
        error, since = state.error, state.failing_since
        if silent > STALLED * self.rule.interval:
            error, since = f"not evaluated for {seconds(silent)}", self._alive_at
        return RuleStanding(self.described.told, state.evaluated_at, error, since, self._no_data_since)

    def raised(self, place: int) -> tuple[Raised, ...]:
        """Its alerts, as those of the rule at `place` in the book; the same object while nothing is new."""
        if self._shown_at != place or self._shown_of is not self.state:
            self._shown_at, self._shown_of = place, self.state
            self._shown = tuple(self._raised(place, alert) for alert in self.state.alerts.values())
        return self._shown

    def _raised(self, place: int, alert: RuleAlert) -> Raised:
        told = self._told.get(alert.labels)
        annotations = () if told is None else told.annotations
        count, still = self._counts.get(alert.labels), self._still.get(alert.labels)
        return raised_by(place, alert, annotations, count, None if alert.lost else still)

    def _someone_left(self) -> bool:
        """Whether an alert that was firing has calmed down, or one is lost: its series may be missing."""
        if not self.described.watched:
            return False
        loud = {alert.labels for alert in self.rule.alerts if alert.quiet_since is None}
        return any(
            labels not in loud and (alert.lost or (alert.phase is Phase.FIRING and alert.quiet_since is None))
            for labels, alert in self.state.alerts.items()
        )

    def _present(self, asking: Asking, at: float) -> Collection[Series]:
        """The series that the rule compares, as its alerts would name them."""
        found = asking.ask(self.described.watched, at).results
        return {series_of(labels, self.rule) for labels, _ in found}

    def _note_data(self, at: float, *, there: bool) -> None:
        if there:
            self._no_data_since = None
        elif self._no_data_since is None:
            self._no_data_since = at

    def _count(self, asking: Asking, at: float, watched: float, here: Here) -> None:
        """The events that the `increase()` of each alert stands for, as far as the server tells.

        Since when its counter stands still is told of a rule that can begin to fire only when that moves.
        """
        self._counts, self._still = {}, {}
        growth = next(iter(self.described.growths), None)
        if growth is None or growth.selector.name is None:
            return
        alone = _fires_by_steps(self.described.told.expression)
        for alert in self.rule.alerts[:MOST_COUNTED]:
            selected = selector(growth.selector.name, series_of(dict(alert.labels), self.rule).labels)
            try:
                found = list(counted(asking, selected, growth.seconds, at, watched))
            except SourceError:
                return
            if found:
                self._counts[alert.labels] = sum(one.events for one in found)
            if found and alone:
                self._still[alert.labels] = here(max(one.still_since for one in found))


@lru_cache(maxsize=1024)
def _fires_by_steps(expression: str) -> bool:
    """Whether a rule that can be read here begins to fire only when its counter moves."""
    return steps_of(parse_query(expression)) is not None
