"""The state of a rule's alerts after an evaluation that a server has done.

Which of them are pending and firing, and since when, is the server's word; of those that it doesn't tell of
any more, and of the values' extremes, the console's own state machine says what becomes.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from console.domain.alert_state import Found, Outcome, Phase, RuleAlert, RuleState, Terms, evaluated
from console.domain.metrics import Labels, Series
from console.sources.prometheus_rules import ServedAlert, ServedRule

_SAME = 0.5
"""Seconds by which two instants may differ that are one, told before and after a console's restart."""
_AS_TOLD = Terms(keep_firing_for=1e12)
"""The terms of what the server says still fires, though its condition doesn't hold."""

Here = Callable[[float], float]
"""An instant of the server's clock, on the console's."""


def state_after(
    state: RuleState,
    rule: ServedRule,
    before: Mapping[Labels, ServedAlert],
    present: Collection[Series] | None,
    here: Here,
) -> RuleState:
    """The state after the evaluation that has left the alerts of `rule`; the last told of them `before`.

    `present` are the series that the rule compares, as `series_of` names them; None where nobody has asked.
    """
    at = here(rule.evaluated_at or 0.0)
    told = {alert.labels: alert for alert in rule.alerts}
    entered = {
        labels: _entered(state.alerts.get(labels), before.get(labels), alert, rule, here)
        for labels, alert in told.items()
    }
    quiet = {labels for labels, alert in told.items() if alert.quiet_since is not None}
    loud = {labels: alert for labels, alert in {**state.alerts, **entered}.items() if labels not in quiet}
    found = {
        labels: Found(entered[labels].series, told[labels].value) for labels in told if labels not in quiet
    }
    after = evaluated(replace(state, alerts=loud), Terms(), Outcome(found, present), at)
    kept = replace(state, alerts={labels: entered[labels] for labels in quiet})
    kept = evaluated(kept, _AS_TOLD, Outcome({}, present), at)
    alerts = {**after.alerts, **kept.alerts}
    for labels, alert in told.items():
        if not alert.is_firing:
            lost = entered[labels].lost_since
            alerts[labels] = replace(alerts[labels], phase=Phase.PENDING, fired_at=None, lost_since=lost)
    return replace(after, alerts=alerts)


def series_of(labels: Mapping[str, str], rule: ServedRule) -> Series:
    """A series by the labels that it shares with its alert: without its name, and what the rule puts over."""
    over = {"__name__", "alertname", *(name for name, _ in rule.labels)}
    return Series("", tuple(sorted((name, value) for name, value in labels.items() if name not in over)))


def _entered(
    known: RuleAlert | None, before: ServedAlert | None, alert: ServedAlert, rule: ServedRule, here: Here
) -> RuleAlert:
    """The alert before the evaluation: as it was known, or else as it must have begun."""
    at = here(rule.evaluated_at or 0.0)
    active_at = at if alert.active_at is None else min(at, here(alert.active_at))
    if known is not None and known.phase is not Phase.RESOLVED:
        told_same = before is not None and before.active_at == alert.active_at
        if told_same or abs(known.active_at - active_at) < _SAME:
            return known
    value = alert.value
    return RuleAlert(
        alert.labels,
        series_of(dict(alert.labels), rule),
        Phase.FIRING if alert.is_firing else Phase.PENDING,
        value,
        value,
        value,
        active_at,
        fired_at=min(at, active_at + rule.hold) if alert.is_firing else None,
        quiet_since=None if alert.quiet_since is None else here(alert.quiet_since),
        lost_since=None if known is None else known.lost_since,
    )
