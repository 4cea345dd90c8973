import json
import math
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alert_memory import OUTAGE_TOLERANCE, remembered, restored
from console.domain.alert_state import (
    NEVER_EVALUATED,
    RESOLVED_KEPT,
    Found,
    Outcome,
    Phase,
    RuleAlert,
    RuleState,
    Terms,
    acknowledge_loss,
    evaluated,
    failed,
)
from console.domain.metrics import Series
from tests.examples import examples

BTC = (("alertname", "Low"), ("symbol", "BTCUSDT"))
ETH = (("alertname", "Low"), ("symbol", "ETHUSDT"))
BTC_RATIO = Series("futures_margin_ratio", (("symbol", "BTCUSDT"),))
ETH_RATIO = Series("futures_margin_ratio", (("symbol", "ETHUSDT"),))
MINUTE = Terms(hold=60)


def bad(value: float = 1.0) -> Outcome:
    return Outcome({BTC: Found(BTC_RATIO, value)}, {BTC_RATIO})


BAD = bad()
GOOD = Outcome({}, {BTC_RATIO})
GONE = Outcome({}, set())


def after(*steps: tuple[float, Outcome], terms: Terms = MINUTE) -> RuleState:
    state = NEVER_EVALUATED
    for at, outcome in steps:
        state = evaluated(state, terms, outcome, at)
    return state


def btc(state: RuleState) -> RuleAlert:
    return state.alerts[BTC]


def test_an_alert_is_pending_until_its_condition_has_held_for_long_enough() -> None:
    assert btc(after((0, BAD), (59.999, BAD))).phase is Phase.PENDING
    fired = btc(after((0, BAD), (59.999, BAD), (60, BAD)))
    assert (fired.phase, fired.active_at, fired.fired_at) == (Phase.FIRING, 0, 60)


def test_without_for_an_alert_fires_at_once() -> None:
    assert btc(after((0, BAD), terms=Terms())).phase is Phase.FIRING


def test_a_pending_alert_whose_condition_ends_is_forgotten_and_begins_anew() -> None:
    assert after((0, BAD), (30, GOOD)).alerts == {}
    assert btc(after((0, BAD), (30, GOOD), (45, BAD), (60, BAD))).phase is Phase.PENDING


def test_a_resolved_alert_is_told_of_for_fifteen_minutes() -> None:
    steps = [(0, BAD), (60, BAD), (70, GOOD)]
    assert (btc(after(*steps)).phase, btc(after(*steps)).resolved_at) == (Phase.RESOLVED, 70)
    assert BTC in after(*steps, (70 + RESOLVED_KEPT, GOOD)).alerts
    assert after(*steps, (70.1 + RESOLVED_KEPT, GOOD)).alerts == {}


def test_a_resolved_alert_begins_anew() -> None:
    again = btc(after((0, BAD), (60, BAD), (70, GOOD), (80, BAD)))
    assert (again.phase, again.active_at, again.resolved_at) == (Phase.PENDING, 80, None)


def test_keep_firing_for_bridges_a_pause_and_ends() -> None:
    terms = Terms(hold=0, keep_firing_for=60)
    assert btc(after((0, BAD), (10, GOOD), (69, GOOD), terms=terms)).phase is Phase.FIRING
    assert btc(after((0, BAD), (10, GOOD), (70, GOOD), terms=terms)).phase is Phase.RESOLVED
    bridged = after((0, BAD), (10, GOOD), (60, BAD), (71, GOOD), (129, GOOD), terms=terms)
    assert btc(bridged).phase is Phase.FIRING


def test_keep_firing_for_does_not_keep_what_is_pending() -> None:
    assert after((0, BAD), (10, GOOD), terms=Terms(60, 60)).alerts == {}


def test_a_for_that_has_grown_takes_firing_back() -> None:
    state = evaluated(after((0, BAD), (60, BAD)), Terms(hold=300), BAD, 70)
    assert (btc(state).phase, btc(state).active_at, btc(state).fired_at) == (Phase.PENDING, 0, None)


def test_value_and_its_extremes_are_kept() -> None:
    values = (3.0, 1.0, 2.0)
    alert = btc(after(*((at, bad(value)) for at, value in enumerate(values))))
    assert (alert.value, alert.lowest, alert.highest) == (2, 1, 3)


@pytest.mark.parametrize("values", [(math.nan, 1.0, 3.0), (1.0, math.nan, 3.0), (3.0, 1.0, math.nan)])
def test_what_is_no_number_is_no_extreme(values: tuple[float, ...]) -> None:
    alert = btc(after(*((at, bad(value)) for at, value in enumerate(values))))
    assert (alert.lowest, alert.highest) == (1, 3)


def test_alerts_of_different_labels_have_their_own_time() -> None:
    both = Outcome({BTC: Found(BTC_RATIO, 1.0), ETH: Found(ETH_RATIO, 2.0)}, {BTC_RATIO, ETH_RATIO})
    state = after((0, BAD), (30, both), (60, both))
    assert {labels: alert.phase for labels, alert in state.alerts.items()} == {
        BTC: Phase.FIRING,
        ETH: Phase.PENDING,
    }


def test_a_query_that_fails_keeps_the_alerts_and_shows_why() -> None:
    before = after((0, BAD), (60, BAD))
    state = failed(failed(before, "no answer", 70), "refused", 80)
    assert (state.alerts, state.error, state.failing_since) == (before.alerts, "refused", 70)
    assert evaluated(state, MINUTE, BAD, 90).error is None


def test_for_runs_on_while_the_query_fails() -> None:
    state = failed(after((0, BAD)), "no answer", 30)
    assert btc(evaluated(state, MINUTE, BAD, 60)).phase is Phase.FIRING


def test_a_rule_without_any_series_has_no_data() -> None:
    assert after((0, GOOD), (10, GONE), (20, GONE)).no_data_since == 10
    assert after((10, GONE), (20, GOOD)).no_data_since is None


def test_a_rule_that_compares_nothing_never_lacks_data() -> None:
    assert after((0, Outcome({}))).no_data_since is None


def test_an_alert_whose_series_vanishes_while_firing_is_lost_until_acknowledged() -> None:
    state = after((0, BAD), (60, BAD), (70, GONE), (70_000, GONE))
    assert (btc(state).lost_since, btc(state).phase) == (70, Phase.RESOLVED)
    acknowledged = acknowledge_loss(state, BTC)
    assert not btc(acknowledged).lost
    assert evaluated(acknowledged, MINUTE, GONE, 70_010).alerts == {}


def test_an_acknowledged_loss_stays_acknowledged_while_the_alert_is_kept_firing() -> None:
    terms = Terms(hold=0, keep_firing_for=600)
    state = acknowledge_loss(after((0, BAD), (10, GONE), terms=terms), BTC)
    assert not btc(evaluated(state, terms, GONE, 20)).lost


def test_a_lost_alert_whose_series_is_back_in_order_is_resolved() -> None:
    state = after((0, BAD), (60, BAD), (70, GONE), (5000, GOOD))
    assert (btc(state).lost, btc(state).phase, btc(state).resolved_at) == (False, Phase.RESOLVED, 5000)


def test_a_lost_alert_whose_series_is_back_as_bad_stays_lost_until_it_fires_or_is_well() -> None:
    steps = [(0, BAD), (60, BAD), (70, GONE), (80, BAD)]
    assert (btc(after(*steps)).lost, btc(after(*steps)).phase) == (True, Phase.PENDING)
    assert (btc(after(*steps, (140, BAD))).lost, btc(after(*steps, (140, BAD))).phase) == (
        False,
        Phase.FIRING,
    )
    assert (btc(after(*steps, (90, GOOD))).lost, btc(after(*steps, (90, GOOD))).phase) == (
        False,
        Phase.RESOLVED,
    )
    assert (btc(after(*steps, (90, GONE))).lost, btc(after(*steps, (90, GONE))).phase) == (
        True,
        Phase.RESOLVED,
    )


def test_an_alert_that_was_calm_before_its_series_vanished_is_not_lost() -> None:
    terms = Terms(hold=0, keep_firing_for=600)
    assert not btc(after((0, BAD), (10, GOOD), (20, GONE), terms=terms)).lost


def test_a_pending_alert_whose_series_vanishes_is_forgotten() -> None:
    assert after((0, BAD), (10, GONE)).alerts == {}


def test_time_that_runs_backwards_stands_still() -> None:
    state = after((1000, BAD), (1060, BAD), (460, BAD))
    assert (btc(state).phase, state.evaluated_at) == (Phase.FIRING, 1060)


@dataclass(frozen=True)
class Step:
    milliseconds: int
    outcome: Outcome

    @property
    def holds(self) -> bool:
        return bool(self.outcome.active)


STEPS = st.lists(
    st.builds(Step, st.integers(1, 60_000), st.sampled_from([BAD, BAD, BAD, GOOD, GONE])),
    min_size=1,
    max_size=40,
)
TERMS = st.builds(
    Terms,
    st.integers(0, 120_000).map(lambda each: each / 1000),
    st.integers(0, 120_000).map(lambda each: each / 1000),
)
START = 1_790_000_000.0


def timed(steps: list[Step]) -> list[tuple[float, Step]]:
    at, told = 0, []
    for step in steps:
        at += step.milliseconds
        told.append((START + at / 1000, step))
    return told


@given(STEPS, TERMS)
def test_nothing_fires_before_its_condition_has_held_for_long_enough(steps: list[Step], terms: Terms) -> None:
    state, since = NEVER_EVALUATED, math.inf
    for at, step in timed(steps):
        was_firing = BTC in state.alerts and btc(state).phase is Phase.FIRING
        since = (min(since, at) if step.holds else math.inf) if not was_firing else since
        state = evaluated(state, terms, step.outcome, at)
        if not was_firing and BTC in state.alerts and btc(state).phase is Phase.FIRING:
            assert round(at - since, 3) >= terms.hold


@given(STEPS, TERMS)
def test_everything_fires_by_the_first_evaluation_after_for(steps: list[Step], terms: Terms) -> None:
    state, since = NEVER_EVALUATED, math.inf
    for at, step in timed(steps):
        since = min(since, at) if step.holds else math.inf
        state = evaluated(state, terms, step.outcome, at)
        if round(at - since, 3) >= terms.hold:
            assert btc(state).phase is Phase.FIRING


@given(STEPS, TERMS)
def test_the_same_evaluation_twice_is_one(steps: list[Step], terms: Terms) -> None:
    state = NEVER_EVALUATED
    for at, step in timed(steps):
        state = evaluated(state, terms, step.outcome, at)
        assert evaluated(state, terms, step.outcome, at) == state


def rounded(state: RuleState) -> dict[object, object]:
    def instant(at: float | None) -> float | None:
        return None if at is None else round(at - START, 3)

    return {
        labels: (
            alert.phase,
            alert.value,
            *map(instant, (alert.active_at, alert.fired_at, alert.resolved_at)),
            *map(instant, (alert.quiet_since, alert.lost_since)),
        )
        for labels, alert in state.alerts.items()
    }


@settings(max_examples=examples(25, 60))
@given(STEPS, TERMS, st.sets(st.integers(0, 39)), st.floats(-600, 600))
def test_restarts_between_evaluations_change_nothing(
    steps: list[Step], terms: Terms, restarts: set[int], offset: float
) -> None:
    """Each console has a clock of its own; the time of day is the same."""
    plain = again = NEVER_EVALUATED
    shift = 0.0
    for number, (at, step) in enumerate(timed(steps)):
        if number in restarts:
            wall = at
            kept = json.loads(json.dumps(remembered(again, at + shift, wall)))
            shift += offset
            again = restored(kept, 60, at + shift, wall)
        plain = evaluated(plain, terms, step.outcome, at)
        again = evaluated(again, terms, step.outcome, at + shift)
        back = restored(remembered(again, at + shift, at), 60, at, at)
        assert rounded(back) == rounded(plain)


def kept_and_back(state: RuleState, outage: float, *, wall_jump: float = 0.0) -> RuleState:
    """The state after the console was away for `outage` seconds, and evaluates each 10 seconds."""
    at = state.evaluated_at or 0.0
    return restored(remembered(state, at, at), 10, at + outage, at + outage + wall_jump)


def test_time_in_which_nobody_looked_does_not_count_as_held() -> None:
    state = kept_and_back(after((0, BAD), (50, BAD)), 600)
    assert btc(evaluated(state, MINUTE, BAD, 650)).phase is Phase.FIRING
    early = kept_and_back(after((0, BAD), (40, BAD)), 600)
    assert btc(evaluated(early, MINUTE, BAD, 640)).phase is Phase.PENDING
    assert btc(evaluated(early, MINUTE, BAD, 650)).phase is Phase.FIRING


def test_what_was_firing_fires_on_after_an_outage() -> None:
    state = evaluated(kept_and_back(after((0, BAD), (60, BAD)), 1800), MINUTE, BAD, 1860)
    assert (btc(state).phase, btc(state).active_at, btc(state).fired_at) == (Phase.FIRING, 0, 60)


def test_what_was_firing_before_a_long_outage_is_lost() -> None:
    state = kept_and_back(after((0, BAD), (60, BAD)), OUTAGE_TOLERANCE + 1)
    assert (btc(state).phase, btc(state).lost_since) == (Phase.RESOLVED, 60)
    assert kept_and_back(after((0, BAD)), OUTAGE_TOLERANCE + 1).alerts == {}


@pytest.mark.parametrize("jump", [-600.0, 600.0])
def test_a_clock_that_was_set_meanwhile_fires_nothing_early_and_forgets_nothing(jump: float) -> None:
    pending = kept_and_back(after((0, BAD), (30, BAD)), 5, wall_jump=jump)
    assert btc(evaluated(pending, MINUTE, BAD, 35)).phase is Phase.PENDING
    assert btc(evaluated(pending, MINUTE, BAD, 65)).phase is Phase.FIRING
    firing = kept_and_back(after((0, BAD), (60, BAD)), 5, wall_jump=jump)
    assert btc(evaluated(firing, MINUTE, BAD, 65)).phase is Phase.FIRING


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinite_values_are_kept_over_a_restart(value: float) -> None:
    state = after((0, bad(value)), terms=Terms())
    assert btc(kept_and_back(state, 5)).value == value


def test_what_is_no_state_is_refused() -> None:
    good = json.loads(json.dumps(remembered(after((0, BAD)), 0, 0)))
    documents: tuple[object, ...] = (
        [],
        {"evaluated": 0},
        {**good, "evaluated": None},
        {**good, "evaluated": "-inf"},
        {**good, "alerts": [3]},
        {**good, "alerts": [{**good["alerts"][0], "phase": "no"}]},
        {**good, "alerts": [{**good["alerts"][0], "labels": [["a"]]}]},
        {**good, "alerts": [{**good["alerts"][0], "series": []}]},
        {**good, "alerts": [{**good["alerts"][0], "active_at": "nan"}]},
        {**good, "alerts": [{**good["alerts"][0], "active_at": 1e300}]},
        {**good, "alerts": [{**good["alerts"][0], "value": "x"}]},
    )
    for document in documents:
        with pytest.raises(ValueError, match=r"\w"):
            restored(document, 10, 0, 0)
