"""A trip in the real journal: intent before, outcome after, each actuator's result as evidence."""

from pathlib import Path

import pytest

from console.actions.kill.actuator import Act, Actuator, Scope
from console.actions.kill.flag_file import FlagFile
from console.actions.kill.record import TripRecord
from console.actions.kill.trip import trip
from console.audit.actor import this_actor
from console.audit.files import records
from console.audit.journal import Journal
from console.audit.partial import left_undone
from console.audit.record import Phase, Record
from console.domain.clock import SystemClock
from tests.unit.actions.kill_fakes import Broken, Held, Quick
from tests.waiting import eventually

CLOCK = SystemClock()


def fire(folder: Path, *actuators: Actuator, drill: bool = False) -> list[Record]:
    record = TripRecord("paper", lambda: Journal(folder, CLOCK), lambda: this_actor({}), drill)
    under_way = trip(actuators, "margin call", Scope.ALL, record, CLOCK)
    under_way.wait()
    found = _written(folder, 2)
    assert under_way.journal == "recorded"
    return found


def test_the_intent_says_why_and_the_outcome_what_came_of_it(tmp_path: Path) -> None:
    intent, outcome = fire(tmp_path / "audit", FlagFile(tmp_path / "flag"), Quick())
    assert (intent.phase, intent.action, intent.target, intent.reason) == (
        Phase.INTENT,
        "kill.trip",
        "all",
        "margin call",
    )
    assert intent.evidence == {"actuators": ["flag file", "quick"]}
    assert (outcome.phase, outcome.intent, outcome.done) == (Phase.OUTCOME, intent.sequence, True)
    assert outcome.after == {"flag file": "set", "quick": "0"}


def test_a_trip_that_not_all_followed_names_them(tmp_path: Path) -> None:
    _, outcome = fire(tmp_path / "audit", Quick(), FlagFile(tmp_path / "no" / "flag"))
    assert outcome.done is True
    (left,) = left_undone(outcome)
    assert left == f"flag file: {tmp_path}/no/flag: no such file or directory"


def test_a_trip_that_all_followed_left_nothing_undone(tmp_path: Path) -> None:
    intent, outcome = fire(tmp_path / "audit", Quick())
    assert left_undone(intent) == left_undone(outcome) == ()


def test_each_actuators_words_and_time_are_evidence(tmp_path: Path) -> None:
    _, outcome = fire(tmp_path / "audit", Quick())
    assert isinstance(outcome.evidence, dict)
    (told,) = outcome.evidence["actuators"]
    assert 0 <= told.pop("milliseconds") < 60_000
    assert told == {"name": "quick", "state": "done", "words": "set", "before": "1"}


def test_a_trip_of_which_nobody_knows_whether_it_was_done_is_unknown(tmp_path: Path) -> None:
    held = Held(deadline=0.05)
    _, outcome = fire(tmp_path / "audit", held)
    held.go.set()
    assert (outcome.phase, outcome.done) == (Phase.UNKNOWN, None)


def test_a_trip_that_nobody_asked_for_is_marked(tmp_path: Path) -> None:
    who = this_actor({})
    record = TripRecord("paper", lambda: Journal(tmp_path / "audit", CLOCK), lambda: who, held=True)
    trip([Quick()], "held", Scope.ALL, record, CLOCK).wait(10)
    evidence = [each.evidence for each in records(tmp_path / "audit")]
    assert [isinstance(each, dict) and each.get("held") for each in evidence] == [True, True]


def test_a_drill_is_marked(tmp_path: Path) -> None:
    assert all(each.drill for each in fire(tmp_path / "audit", Quick(), drill=True))


def test_a_trip_of_which_nothing_was_done_says_so(tmp_path: Path) -> None:
    _, outcome = fire(tmp_path / "audit", FlagFile(tmp_path / "no" / "flag"))
    assert outcome.done is False


def test_what_had_no_intent_is_noted_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Journal, "intent", refuse)
    record = TripRecord("paper", lambda: Journal(tmp_path / "audit", CLOCK), lambda: this_actor({}))
    under_way = trip([Quick(), Broken()], "x", Scope.ALL, record, CLOCK)
    assert {each.state for each in under_way.wait()} == {Act.DONE, Act.UNKNOWN}
    assert under_way.journal == "not recorded: no space left on device"
    (noted,) = _written(tmp_path / "audit", 1)
    assert (noted.action, noted.reason, noted.intent) == ("kill.trip", "x", None)


def _written(folder: Path, count: int) -> list[Record]:
    """The journal's records, once there are as many."""
    eventually(lambda: len(list(records(folder))) >= count)
    return list(records(folder))
