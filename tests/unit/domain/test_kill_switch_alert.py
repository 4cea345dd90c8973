"""The kill switch's own alert: that a drill has tripped it stands in its words."""

from console.domain.alerts import kill_switch_alerts
from console.domain.kill_state import KillState, Verdict
from console.domain.last_trip import LastTrip

DRILL = LastTrip(1.0, "bob", "a drill", "all", drill=True)


def said(state: KillState, trip: LastTrip | None) -> str:
    return "".join(alert.summary for alert in kill_switch_alerts(Verdict(state, "the engine says so"), trip))


def test_what_a_drill_has_tripped_is_called_one_until_it_is_reset() -> None:
    assert said(KillState.TRIPPED, DRILL) == "TRIPPED in a DRILL: the engine says so"
    assert said(KillState.TRIPPED, LastTrip(1.0, "bob", "why", "all")) == "TRIPPED: the engine says so"
    assert said(KillState.TRIPPED, None) == "TRIPPED: the engine says so"
    reset = LastTrip(1.0, "bob", "a drill", "all", drill=True, reset=2.0)
    assert said(KillState.TRIPPED, reset) == "TRIPPED: the engine says so"


def test_what_is_not_known_is_no_drills() -> None:
    assert said(KillState.UNKNOWN, DRILL) == "UNKNOWN: the engine says so"
    assert said(KillState.CLEAR, DRILL) == ""
