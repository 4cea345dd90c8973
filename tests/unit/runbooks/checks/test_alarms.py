"""Which alerts stand in the way: what is critical, what is new, and what nobody can judge."""

from dataclasses import replace

import pytest

from console.domain.alert_book import AlertBook
from console.domain.assessment import Assessment
from console.domain.last_trip import LastTrip
from console.domain.severity import Severity
from console.domain.status import Alert
from console.domain.surfaces import KeptTrip
from console.domain.triggers import LIQUIDATION, Judgement, Standing
from console.runbooks.begun import Began
from console.runbooks.checks.alarms import (
    alerts,
    critical_alerts,
    instant,
    no_new_alert,
    no_new_alert_after,
)
from tests.unit.domain.ruled import MARGIN_RULE, SLIPPAGE_RULE, book, raised, ruled
from tests.unit.domain.worlds import NOW, answered, healthy, judged

CALM = judged(replace(healthy(), alerts=answered("alerts", AlertBook((), ()))))


def alarmed(*fired: Alert) -> Assessment:
    return replace(CALM, alerts=fired)


@pytest.mark.parametrize(
    ("alert", "passes"),
    [
        (Alert("margin", Severity.CRITICAL, "1.01"), False),
        (Alert("kill switch", Severity.CRITICAL, "TRIPPED"), True),
        (Alert("exchange", Severity.UNKNOWN, "down"), None),
        (Alert("log", Severity.WARNING, "3 ERROR"), True),
        (Alert("log", Severity.HIGH, "30 ERROR"), True),
    ],
)
def test_only_what_is_critical_or_may_be_stands_in_the_way(alert: Alert, passes: bool | None) -> None:
    assert (critical_alerts(alarmed(alert)).passes, alerts(alarmed(alert)).passes) == (passes, passes)


def test_what_somebody_has_taken_on_is_told_and_does_not_stop_a_recovery() -> None:
    now = alarmed(Alert("Liquidated", Severity.CRITICAL, "BTC", muted=True, taken_on=True))
    assert (critical_alerts(now).passes, alerts(now).passes) == (True, False)
    assert critical_alerts(now).details == ("Liquidated (muted): BTC",)


def test_a_trigger_that_is_met_stands_in_the_way_of_the_stricter_check() -> None:
    met = Judgement(LIQUIDATION, Standing.MET, "1 within an hour")
    now = replace(CALM, ruled=replace(CALM.ruled, triggers=(met,)))
    assert (critical_alerts(now).passes, alerts(now).passes) == (True, False)


def test_without_rules_nobody_knows() -> None:
    now = judged(healthy())
    assert not now.snapshot.alerts.configured
    told = critical_alerts(now), alerts(now), no_new_alert(now, "0")
    assert [found.passes for found in told] == [None, None, None]


@pytest.mark.parametrize(("since", "passes"), [(NOW - 121, False), (NOW - 119, True)])
def test_an_alert_is_new_that_fires_since_then(since: float, passes: bool) -> None:
    assert no_new_alert(ruled(book(raised(MARGIN_RULE))), str(since)).passes is passes


@pytest.mark.parametrize(
    ("still_since", "lost", "passes"),
    [
        (NOW - 31, None, True),
        (NOW - 29, None, False),
        (None, None, False),  # it judges by more than a counter, or nobody knows
        (NOW - 31, NOW - 1, False),
    ],
)
def test_an_alert_that_only_looks_back_on_what_was_before_is_not_new(
    still_since: float | None, lost: float | None, passes: bool
) -> None:
    rule, fired = raised(SLIPPAGE_RULE, since=NOW - 10)
    fired = replace(fired, still_since=still_since, lost_since=lost)
    assert no_new_alert_after(ruled(book((rule, fired))), Began(NOW - 90, NOW - 30), "reset").passes is passes


@pytest.mark.parametrize(
    ("reset", "resetting", "passes"),
    [
        (NOW - 50, False, False),  # by hand, before its step was left out: what fired since then is new
        (NOW - 30, False, True),
        (NOW - 91, False, True),  # before the run, whose own steps may have mended it
        (NOW - 50, True, True),  # it broke off
        (None, False, True),
    ],
)
def test_an_alert_is_new_since_a_reset_by_hand(reset: float | None, resetting: bool, passes: bool) -> None:
    now = ruled(book(raised(MARGIN_RULE, since=NOW - 40)))
    trip = LastTrip(NOW - 200, "bob", "it moves", "all", reset=reset, resetting=resetting)
    now = replace(now, snapshot=replace(now.snapshot, last_trip=answered("last_trip", KeptTrip("", trip))))
    assert no_new_alert_after(now, Began(NOW - 90, NOW - 20), "reset").passes is passes


def test_without_its_instant_nobody_knows_what_is_new() -> None:
    found = no_new_alert_after(CALM, None, "reset")
    assert (found.passes, found.observed) == (None, "when reset was begun isn't known")


def test_a_new_warning_is_new_too() -> None:
    assert no_new_alert(ruled(book(raised(SLIPPAGE_RULE))), "0").passes is False


def test_an_instant_that_is_none_is_said_and_passes_nothing() -> None:
    found = no_new_alert(CALM, "yesterday")
    assert (found.passes, found.observed) == (
        None,
        "since: seconds since 1970 or an ISO time with its zone, not 'yesterday'",
    )


def test_an_instant_is_seconds_or_an_iso_time() -> None:
    assert instant("1800000000.5") == 1_800_000_000.5
    assert instant("2027-01-15T08:00:00Z") == instant("2027-01-15T09:00:00+01:00") == 1_800_000_000
    with pytest.raises(ValueError, match="with its zone"):
        instant("2027-01-15T08:00:00")


@pytest.mark.parametrize(
    ("trip", "words"),
    [
        (
            LastTrip(at=10.0, by="bob", reason="it moves", scope="all"),
            "it was tripped at 1970-01-01T00:00:10Z by bob: it moves",
        ),
        (
            LastTrip(at=10.0, by="bob", reason="it moves", scope="all", reset=11.0),
            "the engine says that it is tripped",
        ),
    ],
)
def test_a_trip_ends_a_watch_as_a_new_alert_does(trip: LastTrip, words: str) -> None:
    kept = replace(CALM.snapshot, last_trip=answered("last_trip", KeptTrip("", trip)))
    tripped = replace(CALM, kill=replace(CALM.kill, acknowledged=True), snapshot=kept)
    assert no_new_alert(CALM, str(NOW)).passes is True
    found = no_new_alert(tripped, str(NOW))
    assert (found.passes, found.observed) == (False, words)
