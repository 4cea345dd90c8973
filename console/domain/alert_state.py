"""A rule's alerts over time: pending, firing, resolved, as Prometheus has it, and what it lacks.

Prometheus resolves an alert whose series has vanished, and a rule whose metric doesn't exist is inactive for
ever. Here the first is LOST WHILE FIRING until somebody acknowledges it or the series is back and tells, and
the second has NO DATA. Both stand beside `phase`, which at every evaluation is what Prometheus would say.

Times are seconds on the console's clock, which never steps; durations are compared to the millisecond.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from console.domain.metrics import Labels, Series
from console.domain.silences import Marks

RESOLVED_KEPT = 900.0
"""Seconds for which a resolved alert is still told of."""


class Phase(Enum):
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a rule's condition has to hold, and how long its alerts go on after it, in seconds."""

    hold: float = 0.0
    keep_firing_for: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """A series for which a rule's condition holds, with its value."""

    series: Series
    value: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an evaluation found, by the labels of the alerts.

    `present` are all series that the rule compares, harmless ones included; None for a rule that compares
    nothing, where nothing can be missing.
    """

    active: Mapping[Labels, Found]
    present: Collection[Series] | None = None


@dataclass(frozen=True, slots=True)
class RuleAlert:
    """One alert of a rule, raised by `series`.

    `active_at` is since when the condition has held, `lowest` and `highest` are the extremes of the value
    since then, NaN only where it was nothing else. `quiet_since` is set while only `keep_firing_for` keeps it
    firing, `lost_since` since its series vanished while it was firing.
    """

    labels: Labels
    series: Series
    phase: Phase
    value: float
    lowest: float
    highest: float
    active_at: float
    fired_at: float | None = None
    resolved_at: float | None = None
    quiet_since: float | None = None
    lost_since: float | None = None

    @property
    def lost(self) -> bool:
        return self.lost_since is not None


@dataclass(frozen=True, slots=True)
class RuleState:
    """All of a rule's alerts after its last evaluation, at `evaluated_at`.

    `error` says why the query fails, if it does: the alerts are then those of the last one that didn't.
    `no_data_since` is since when there has been no series at all to compare.
    """

    alerts: Mapping[Labels, RuleAlert]
    evaluated_at: float | None = None
    error: str | None = None
    failing_since: float | None = None
    no_data_since: float | None = None


NEVER_EVALUATED = RuleState({})


def evaluated(state: RuleState, terms: Terms, outcome: Outcome, at: float) -> RuleState:
    """The state after an evaluation at `at`; an earlier one than the last counts as the last."""
    if state.evaluated_at is not None:
        at = max(at, state.evaluated_at)
    alerts: dict[Labels, RuleAlert] = {}
    for labels, found in outcome.active.items():
        alerts[labels] = _judged(_active(state.alerts.get(labels), labels, found, at), terms, at)
    for labels, alert in state.alerts.items():
        if labels not in outcome.active:
            missing = outcome.present is not None and alert.series not in outcome.present
            calm = _calm(alert, terms, at, missing=missing)
            if calm is not None:
                alerts[labels] = calm
    no_data = outcome.present is not None and not outcome.present
    since = (at if state.no_data_since is None else state.no_data_since) if no_data else None
    return RuleState(alerts, at, no_data_since=since)


def failed(state: RuleState, error: str, at: float) -> RuleState:
    """The state after a query that failed at `at`: the alerts stay as they are, the error is shown."""
    since = at if state.failing_since is None else state.failing_since
    return replace(state, error=error, failing_since=since)


def acknowledge_losses(state: RuleState, marks: Marks, wall_ahead: float) -> RuleState:
    """The state after people have taken note of series that are gone.

    Marks are in the time of day, which is `wall_ahead` seconds ahead of the console's clock.
    """
    for labels, alert in state.alerts.items():
        lost = alert.lost_since
        if lost is not None and any(
            one.labels == labels and one.since >= lost + wall_ahead for one in marks.acknowledgements
        ):
            state = acknowledge_loss(state, labels)
    return state


def acknowledge_loss(state: RuleState, labels: Labels) -> RuleState:
    """The state after somebody has taken note that this alert's series is gone."""
    alert = state.alerts.get(labels)
    if alert is None or not alert.lost:
        return state
    return replace(state, alerts={**state.alerts, labels: replace(alert, lost_since=None)})


def _active(before: RuleAlert | None, labels: Labels, found: Found, at: float) -> RuleAlert:
    """The alert whose condition holds, with its new value; begun anew where it wasn't active before."""
    value = found.value
    if before is None or before.phase is Phase.RESOLVED:
        lost = None if before is None else before.lost_since
        return RuleAlert(labels, found.series, Phase.PENDING, value, value, value, at, lost_since=lost)
    lowest, highest = min(before.lowest, value), max(before.highest, value)
    if math.isnan(before.lowest):  # nothing was a number so far, and NaN is no extreme
        lowest = highest = value
    return replace(before, series=found.series, value=value, lowest=lowest, highest=highest, quiet_since=None)


def _judged(alert: RuleAlert, terms: Terms, at: float) -> RuleAlert:
    """Whether the alert's condition has held for long enough; a `for` that has grown takes firing back."""
    if not _passed(alert.active_at, terms.hold, at):
        return replace(alert, phase=Phase.PENDING, fired_at=None)
    if alert.phase is Phase.PENDING:
        return replace(alert, phase=Phase.FIRING, fired_at=at, lost_since=None)
    return replace(alert, lost_since=None)


def _calm(alert: RuleAlert, terms: Terms, at: float, *, missing: bool) -> RuleAlert | None:
    """The alert whose condition doesn't hold, or whose series is `missing`; None: it is forgotten."""
    was_lost, firing = alert.lost, alert.phase is Phase.FIRING
    if missing and firing and alert.quiet_since is None:
        alert = replace(alert, lost_since=at)
    elif not missing:
        alert = replace(alert, lost_since=None)
    if firing:
        quiet = at if alert.quiet_since is None else alert.quiet_since
        if terms.keep_firing_for > 0 and not _passed(quiet, terms.keep_firing_for, at):
            return replace(alert, quiet_since=quiet)
        return replace(alert, phase=Phase.RESOLVED, resolved_at=at)
    if alert.phase is Phase.PENDING and not was_lost:
        return None
    if alert.phase is Phase.PENDING or (was_lost and not alert.lost):
        return replace(alert, phase=Phase.RESOLVED, resolved_at=at)
    over = alert.resolved_at is None or at - alert.resolved_at > RESOLVED_KEPT
    return None if over and not alert.lost else alert


def _passed(since: float, seconds: float, at: float) -> bool:
    return round((at - since) * 1000) >= round(seconds * 1000)
