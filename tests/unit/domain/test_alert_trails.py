"""The alerts' past, as far as it is kept."""

from dataclasses import replace

from console.domain.alert_book import AlertingRule, Raised
from console.domain.alert_rows import AlertRow, AlertState
from console.domain.alert_state import Phase
from console.domain.alert_trails import MOST_ALERTS, AlertTrails, Turn
from console.domain.severity import Severity
from console.domain.trails import FINE_STEP

RULE = AlertingRule("g", "Critical", "m < 1", 60, 0, 15, "critical")


def row(key: str, value: float, state: AlertState = AlertState.FIRING, since: float = 90.0) -> AlertRow:
    raised = Raised(
        rule=0, labels=(), phase=Phase.FIRING, value=value, lowest=value, highest=value, active_at=since
    )
    return AlertRow(key, state, Severity.CRITICAL, RULE, since=since, raised=raised)


def test_values_are_kept_a_step_apart() -> None:
    trails = AlertTrails()
    for number in range(11):
        trails = trails.then((row("a", 1.0 + number),), 100.0 + number * FINE_STEP / 5)
    assert [value for _, value in trails.values.of("a")] == [1.0, 6.0, 11.0]


def test_a_value_that_stands_still_is_seen_to_stand_still() -> None:
    rows = (row("a", 1.5),)
    trails = AlertTrails().then(rows, 100.0).then(rows, 200.0)
    assert trails.values.of("a") == [(100.0, 1.5), (200.0, 1.5)]


def test_an_alert_whose_series_is_gone_has_no_value_any_more() -> None:
    trails = AlertTrails().then((row("a", 1.5),), 100.0)
    trails = trails.then((row("a", 1.5, AlertState.LOST),), 110.0)
    assert trails.values.of("a") == [(100.0, 1.5)]


def test_each_turn_is_told_once_with_its_own_time() -> None:
    trails, firing = AlertTrails(), row("a", 1.5, AlertState.FIRING, 95.0)
    for rows in ((row("a", 1.5, AlertState.PENDING),), (firing,), (replace(firing, worst=3.0),), ()):
        trails = trails.then(rows, 100.0)
    assert trails.turns["a"] == (Turn(AlertState.PENDING, 90.0), Turn(AlertState.FIRING, 95.0))


def test_the_past_of_so_many_alerts_is_kept_and_no_more() -> None:
    many = tuple(row(f"a{number}", 1.0) for number in range(2 * MOST_ALERTS))
    trails = AlertTrails().then(many, 100.0).then(many[::-1], 110.0)
    assert len(trails.turns) == MOST_ALERTS
    assert len(trails.values.names) == MOST_ALERTS


def test_nothing_is_made_where_there_is_nothing_to_keep() -> None:
    trails = AlertTrails()
    assert trails.then((), 100.0).values is trails.values


def test_a_replay_that_goes_back_begins_anew() -> None:
    trails = AlertTrails().then((row("a", 1.5),), 100.0).then((row("a", 2.0),), 50.0)
    assert trails.values.of("a") == [(50.0, 2.0)]
