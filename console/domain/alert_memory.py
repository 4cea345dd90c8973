"""What a rule's alerts were when the console ended, so that the next one goes on from there.

Prometheus' rule, with two differences. What a pending alert had waited counts, and the time in which nobody
looked doesn't: `for` goes on where it stood. One that was firing fires on if its condition still holds.

- Prometheus doesn't restore rules with a `for` below ten minutes, and lets others wait for ten minutes more
  (its grace). No rule of the deployment guide would be restored; here the grace is 0, since a late page costs
  more than one that resolves.
- After an outage of more than an hour both begin anew, but an alert that was firing is then lost while firing
  and not just gone.

A console whose samples don't yet reach back as far as a rule looks says so with `failed`, and not with an
outcome without series: then what was restored stays.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from console.domain.alert_state import Phase, RuleAlert, RuleState
from console.domain.metrics import Labels, Series

OUTAGE_TOLERANCE = 3600.0
"""Seconds after which what was pending or firing isn't taken up again."""

_OLDEST = 10 * 366 * 86400.0
"""Seconds: no alert is older, and nobody could write down when that was."""
_TIMES = ("active_at", "fired_at", "resolved_at", "quiet_since", "lost_since")
_VALUES = ("value", "lowest", "highest")


def remembered(state: RuleState, now: float, wall: float) -> dict[str, object]:
    """The state as plain values for a JSON file; `now` and `wall` are the console's clocks at one instant.

    Times become ages at the last evaluation, whose time of day is kept beside them.
    """
    at = now if state.evaluated_at is None else state.evaluated_at
    return {
        "evaluated": wall - (now - at),
        "alerts": [_document(alert, at) for alert in state.alerts.values()],
    }


def restored(document: object, interval: float, now: float, wall: float) -> RuleState:
    """The state that `remembered` told of, on this console's clocks; ValueError, in one line, if it is none.

    `interval` is in seconds between two evaluations: so much after the last one nothing has been missed.
    Where the time of day was set meanwhile, the outage seems shorter or longer, but of none does more than
    an interval count as held.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("alerts"), list):
        raise ValueError("a rule's state is a mapping with alerts, as a list")
    evaluated = _number(document, "evaluated")
    if not math.isfinite(evaluated):
        raise ValueError("a rule's state says when it was evaluated")
    outage = max(0.0, wall - evaluated)
    at = now - outage
    unseen = max(0.0, outage - interval)
    alerts = (_alert(entry, at) for entry in document["alerts"])
    taken_up = (_taken_up(alert, outage, unseen, at) for alert in alerts)
    return RuleState({alert.labels: alert for alert in taken_up if alert is not None}, at)


def _taken_up(alert: RuleAlert, outage: float, unseen: float, at: float) -> RuleAlert | None:
    if outage <= OUTAGE_TOLERANCE:
        return replace(alert, active_at=alert.active_at + unseen) if alert.phase is Phase.PENDING else alert
    if alert.phase is Phase.FIRING or alert.lost:
        lost = at if alert.lost_since is None else alert.lost_since
        return replace(alert, phase=Phase.RESOLVED, resolved_at=at, quiet_since=None, lost_since=lost)
    return None


def _document(alert: RuleAlert, at: float) -> dict[str, object]:
    times = {name: getattr(alert, name) for name in _TIMES}
    return {
        "labels": _pairs(alert.labels),
        "series": [alert.series.name, _pairs(alert.series.labels)],
        "phase": alert.phase.value,
        **{name: repr(getattr(alert, name)) for name in _VALUES},
        **{name: at - time for name, time in times.items() if time is not None},
    }


def _alert(document: object, at: float) -> RuleAlert:
    if not isinstance(document, Mapping):
        raise ValueError("an alert is a mapping")
    ages = {name: _number(document, name) for name in _TIMES if name in document}
    if "active_at" not in ages or not all(abs(age) < _OLDEST for age in ages.values()):
        raise ValueError("an alert says in seconds since when it has been active")
    times = {name: at - age for name, age in ages.items()}
    values = {name: _number(document, name) for name in _VALUES}
    labels, phase = _labels(document.get("labels")), Phase(document.get("phase"))
    return RuleAlert(labels, _series(document.get("series")), phase, **values, **times)


def _pairs(labels: Labels) -> list[list[str]]:
    return [list(pair) for pair in labels]


def _series(document: object) -> Series:
    match document:
        case [str(name), list(labels)]:
            return Series(name, _labels(labels))
        case _:
            raise ValueError("a series is its name with its labels")


def _labels(document: object) -> Labels:
    if not isinstance(document, Sequence) or not all(_is_pair(pair) for pair in document):
        raise ValueError("labels are pairs of texts")
    return tuple((str(name), str(value)) for name, value in document)


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)


def _number(document: Mapping[str, object], name: str) -> float:
    told = document.get(name)
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        raise ValueError(f"{name} is a number")
    return float(told)
