"""Whether anything is alarming: critical alerts, rollback triggers, alerts that are new."""

from collections.abc import Iterable
from datetime import datetime

from console.audit.record import iso_time
from console.domain.alert_rows import AlertRow, AlertState
from console.domain.assessment import Assessment
from console.domain.reset_gates import OWN_ALERT
from console.domain.severity import Severity
from console.domain.status import Alert
from console.domain.triggers import Standing
from console.runbooks.begun import Began
from console.runbooks.checks.answers import answer
from console.runbooks.model import Found

_FIRES = (AlertState.FIRING, AlertState.LOST)


def alerts(now: Assessment) -> Found:
    """Whether nothing is critical, and no rollback trigger is met; a trip itself doesn't count."""
    wrong, unknown = _critical(now, now.alerts)
    wrong += [f"{one.trigger.condition}: {one.words}" for one in now.triggers if one.standing is Standing.MET]
    expected = "no critical alert fires, and no rollback trigger is met"
    return answer(expected, wrong, unknown, "none does", [_told(one) for one in now.alerts])


def critical_alerts(now: Assessment) -> Found:
    """Whether nothing is critical but what somebody has acknowledged; a trip itself doesn't count."""
    wrong, unknown = _critical(now, [alert for alert in now.alerts if not alert.taken_on])
    expected = "no critical alert fires that nobody has taken on"
    return answer(expected, wrong, unknown, "none does", [_told(one) for one in now.alerts])


def no_new_alert(now: Assessment, since: str) -> Found:
    """Whether no alert rule has begun to fire since then (see `instant`), and the engine isn't tripped."""
    return _no_alert(now, since, _tripped(now), ", and the engine isn't tripped")


def no_new_alert_after(now: Assessment, began: Began | None, step: str) -> Found:
    """The same since a run's step was `began`, or was left out; None where that isn't known.

    Where the kill switch was reset by hand before that, and since the run began, it is since that reset.
    """
    if began is None:
        expected = f"no alert has begun to fire since {step} was begun, and the engine isn't tripped"
        return Found(None, expected, f"when {step} was begun isn't known")
    trip = now.last_trip
    reset = None if trip is None or trip.resetting else trip.reset
    by_hand = reset is not None and began.run <= reset < began.step
    return no_new_alert(now, str(reset if by_hand else began.step))


def no_alert_since(now: Assessment, since: str) -> Found:
    """Whether no alert rule has begun to fire since then (see `instant`), be the engine tripped or not."""
    return _no_alert(now, since, (), "")


def _no_alert(now: Assessment, since: str, besides: Iterable[str], more: str) -> Found:
    """Whether no alert has begun to fire since then; `besides` is what else is wrong, `more` says so.

    One that looks back, over a counter which hasn't moved since, says what was before.
    """
    try:
        began = instant(since)
    except ValueError as error:
        return Found(None, f"no alert has begun to fire since {since}", str(error))
    expected = f"no alert has begun to fire since {iso_time(began)[:19]}Z{more}"
    book = now.ruled.book
    if book is None or now.ruled.doubt:
        return Found(None, expected, now.ruled.doubt or "no alert rules are evaluated")
    firing = [row for row in now.alert_rows if row.matters and row.state in _FIRES]
    new = [row for row in firing if _is_new(row, began - book.wall_ahead)]
    unknown = [f"{_named(row)}: {row.summary}" for row in now.alert_rows if row.severity is Severity.UNKNOWN]
    wrong = [*besides, *(f"{_named(row)}: {row.summary}" for row in new)]
    return answer(expected, wrong, unknown, f"none has; {len(firing)} fire since before", _lines(firing))


def _is_new(row: AlertRow, since: float) -> bool:
    """Whether it began to fire at `since` or later, on the console's clock, for what may be as new."""
    if row.since is not None and row.since < since:
        return False
    still = None if row.raised is None or row.state is not AlertState.FIRING else row.raised.still_since
    return still is None or still >= since


def instant(text: str) -> float:
    """Seconds since 1970, of a number of them or of an ISO time with its zone; or ValueError."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError(f"since: seconds since 1970 or an ISO time with its zone, not {text!r}")
    return at.timestamp()


def _tripped(now: Assessment) -> list[str]:
    """By whom and when the engine was tripped, where it says that it is."""
    if not now.kill.acknowledged:
        return []
    trip = now.last_trip
    if trip is None or not trip.stands:
        return ["the engine says that it is tripped"]
    return [f"it was tripped at {iso_time(trip.newest)[:19]}Z by {trip.by}: {trip.reason}"]


def _critical(now: Assessment, counted: Iterable[Alert]) -> tuple[list[str], list[str]]:
    """What is critical of them, and what can't be judged and may be."""
    others = [alert for alert in counted if alert.name != OWN_ALERT]
    critical = [_told(one) for one in others if one.severity is Severity.CRITICAL]
    unknown = [_told(one) for one in others if one.severity is Severity.UNKNOWN]
    return critical, unknown if now.snapshot.alerts.configured else [*unknown, "no alert rules are evaluated"]


def _told(alert: Alert) -> str:
    muted = " (muted)" if alert.muted else ""
    return f"{' '.join(filter(None, (alert.name, alert.symbol)))}{muted}: {alert.summary}"


def _named(row: AlertRow) -> str:
    return " ".join(filter(None, (row.rule.name, row.symbol)))


def _lines(rows: Iterable[AlertRow]) -> list[str]:
    return [f"{row.state.word} {_named(row)}: {row.summary}" for row in rows]
