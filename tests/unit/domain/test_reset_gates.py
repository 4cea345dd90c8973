"""The gates of a reset: each says why it doesn't pass, and none passes on what isn't known."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.gate import Gate
from console.domain.reset_gates import Asked, Ground, Tripped, reset_gates
from console.domain.severity import Severity
from console.domain.status import Alert

TRIP = Tripped(1000.0, "margin call (by dana)")
ASKED = Asked("all is well", "production prod", cause_acknowledged=True)
GROUND = Ground(
    trip=TRIP,
    engine=True,
    alerts=(Alert("kill switch", Severity.CRITICAL, "PARTIAL"), Alert("log", Severity.WARNING, "3 ERROR")),
    recovered=1200.0,
    cool_down=300.0,
    phrase="production prod",
    wall=1400.0,
)


def gates(asked: Asked = ASKED, ground: Ground = GROUND) -> dict[str, Gate]:
    return {gate.name: gate for gate in reset_gates(asked, ground)}


def said(name: str, asked: Asked = ASKED, ground: Ground = GROUND) -> tuple[bool | None, str]:
    gate = gates(asked, ground)[name]
    return gate.passes, gate.words


def test_with_everything_in_its_place_all_pass() -> None:
    assert {name: gate.passes for name, gate in gates().items()} == dict.fromkeys(
        ("trip", "reason", "alerts", "cause", "recovery", "cool-down", "confirmation"), True
    )


def test_what_is_not_tripped_has_nothing_to_reset() -> None:
    clear = replace(GROUND, trip=None, engine=False)
    assert said("trip", ground=clear) == (False, "none stands: there is nothing to reset")


def test_an_engine_that_says_nothing_is_not_taken_for_tripped() -> None:
    passes, words = said("trip", ground=replace(GROUND, trip=None, engine=None))
    assert (passes, words) == (None, "whether the engine is tripped isn't known")


def test_a_trip_of_others_can_be_reset() -> None:
    assert said("trip", ground=replace(GROUND, trip=replace(TRIP, ours=False))) == (
        True,
        "the engine is tripped, not from this host, for 6 m",
    )


def test_a_reason_that_is_too_short_is_told_how_long_it_has_to_be() -> None:
    words = "a reason is asked for: at least 3 letters or digits, for others to read"
    assert said("reason", replace(ASKED, reason="x")) == (False, words)


@pytest.mark.parametrize("reason", ["", "  ", "ok", "x" * 501])
def test_a_reason_that_says_nothing_or_too_much_does_not_pass(reason: str) -> None:
    assert said("reason", replace(ASKED, reason=reason))[0] is False


def test_a_critical_alert_is_named() -> None:
    firing = (*GROUND.alerts, Alert("Margin Ratio", Severity.CRITICAL, "1.01", "BTCUSDT"))
    assert said("alerts", ground=replace(GROUND, alerts=firing)) == (False, "critical: Margin Ratio BTCUSDT")


def test_a_critical_alert_that_somebody_has_taken_on_is_told_and_lets_it_pass() -> None:
    one = Alert("FuturesLiquidated", Severity.CRITICAL, "1", "BTCUSDT", muted=True, taken_on=True)
    words = "no critical one fires but what somebody has acknowledged: FuturesLiquidated BTCUSDT"
    assert said("alerts", ground=replace(GROUND, alerts=(*GROUND.alerts, one))) == (True, words)


def test_one_that_is_only_silenced_stands_in_the_way() -> None:
    one = Alert("FuturesLiquidated", Severity.CRITICAL, "1", "BTCUSDT", muted=True)
    assert said("alerts", ground=replace(GROUND, alerts=(*GROUND.alerts, one)))[0] is False


def test_of_many_critical_alerts_it_says_how_many() -> None:
    firing = [Alert(f"panel {number}", Severity.CRITICAL, "") for number in range(5)]
    words = "critical: panel 0, panel 1, panel 2 and 2 more"
    assert said("alerts", ground=replace(GROUND, alerts=firing)) == (False, words)


def test_an_alert_that_cannot_be_judged_is_no_pass() -> None:
    unknown = (Alert("Fill Ratio", Severity.UNKNOWN, "not exported"),)
    assert said("alerts", ground=replace(GROUND, alerts=unknown)) == (None, "can't be judged: Fill Ratio")


def test_the_cause_is_named_and_has_to_be_acknowledged() -> None:
    words = "margin call (by dana): has to be acknowledged as known and over"
    assert said("cause", replace(ASKED, cause_acknowledged=False)) == (False, words)


@pytest.mark.parametrize("recovered", [None, 999.0])
def test_without_a_run_since_the_trip_an_override_needs_a_reason(recovered: float | None) -> None:
    ground = replace(GROUND, recovered=recovered)
    words = "no run was completed since the trip: needs an override with a reason"
    assert said("recovery", ground=ground) == (False, words)
    assert said("recovery", replace(ASKED, override="-"), ground)[0] is False
    overridden = replace(ASKED, override="nothing to recover")
    assert said("recovery", overridden, ground) == (True, "OVERRIDDEN: nothing to recover")


def test_a_trip_stands_for_as_long_as_the_cool_down_at_least() -> None:
    assert said("cool-down", ground=replace(GROUND, wall=1240.0)) == (False, "1 m of 5 m are left")
    assert said("cool-down", ground=replace(GROUND, wall=1001.1)) == (False, "4 m 59 s of 5 m are left")
    assert said("cool-down", ground=replace(GROUND, wall=1300.0))[0] is True


def test_for_a_trip_of_others_whose_age_nobody_knows_a_reason_may_stand_for_the_time() -> None:
    ground = replace(GROUND, trip=replace(TRIP, ours=False), wall=1240.0)
    words = "1 m of 5 m are left; or an override with a reason"
    assert said("cool-down", ground=ground) == (False, words)
    overridden = replace(ASKED, override="it stands since noon")
    assert said("cool-down", overridden, ground) == (True, "OVERRIDDEN: it stands since noon")
    assert said("cool-down", overridden, replace(GROUND, wall=1240.0))[0] is False


def test_a_journal_that_cannot_be_read_is_no_run() -> None:
    ground = replace(GROUND, recovered=None, unread="can't read it")
    assert said("recovery", ground=ground) == (None, "can't read it")


def test_a_clock_that_was_set_back_ends_no_cool_down() -> None:
    assert said("cool-down", ground=replace(GROUND, wall=999.0))[0] is None


def test_a_drill_has_no_cause_nothing_to_recover_from_and_no_cool_down() -> None:
    ground = replace(GROUND, trip=replace(TRIP, drill=True), recovered=None, wall=1000.1)
    found = gates(replace(ASKED, cause_acknowledged=False), ground)
    assert {found[name].words for name in ("cause", "recovery", "cool-down")} == {"it was a drill"}


def test_what_was_typed_has_to_be_the_phrase_to_the_letter() -> None:
    words = "'production prod' has to be typed"
    assert said("confirmation", replace(ASKED, typed="Production prod")) == (False, words)


@given(
    st.builds(Asked, st.text(), st.text(), st.booleans(), st.text()),
    st.builds(
        Ground,
        trip=st.none() | st.builds(Tripped, st.floats(0, 4e9), st.text(), st.booleans(), st.booleans()),
        engine=st.none() | st.booleans(),
        alerts=st.lists(st.builds(Alert, st.text(), st.sampled_from(Severity), st.text()), max_size=4),
        recovered=st.none() | st.floats(0, 4e9),
        cool_down=st.floats(0.05, 86400),
        phrase=st.just("production prod"),
        wall=st.floats(0, 4e9),
    ),
)
def test_whatever_is_known_nothing_passes_without_a_trip_and_the_typed_phrase(
    asked: Asked, ground: Ground
) -> None:
    found = gates(asked, ground)
    if all(gate.passes for gate in found.values()):
        assert ground.trip is not None
        assert asked.typed == ground.phrase
    assert all(gate.words for gate in found.values())
