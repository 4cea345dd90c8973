"""A trip whose console died on the way is closed by the next one, by what the world says then."""

import os
from pathlib import Path

import pytest

from console.actions.kill.actuator import Order, Scope
from console.actions.kill.database import DatabaseSwitches
from console.actions.kill.last_trip_file import LastTripFile, path_of
from console.actions.kill.record import TripRecord
from console.actions.kill.resetting import ACTION as RESET
from console.actions.kill.switch import KillSwitch
from console.audit.actor import this_actor
from console.audit.files import records
from console.audit.journal import Journal
from console.audit.open_intents import open_intents
from console.audit.record import Act, Phase, Record
from console.domain.clock import SystemClock
from console.domain.last_trip import LastTrip
from tests.integration.trading_switches import prepared
from tests.unit.actions.contexts import settings_with
from tests.unit.audit.journals import in_child

FILES = "kill_switch: {flag: flag, state: state.json}"


def left_open(folder: Path, scope: Scope = Scope.ALL, context: str = "prod") -> None:
    """An intent of a process that is gone."""
    journal = Journal(folder / "state" / "audit", SystemClock())

    def die_on_the_way() -> None:
        TripRecord(context, lambda: journal, lambda: this_actor({})).intent(
            Order("margin", scope), ["flag file"]
        )

    assert in_child(die_on_the_way) == 0


def closed_by_the_next(folder: Path) -> list[Record]:
    KillSwitch(settings_with(folder, FILES)).prepare()
    return list(records(folder / "state" / "audit"))[1:]


def test_a_trip_whose_flag_is_set_was_done(tmp_path: Path) -> None:
    left_open(tmp_path)
    (tmp_path / "flag").write_bytes(b"1")
    (outcome,) = closed_by_the_next(tmp_path)
    assert (outcome.phase, outcome.intent, outcome.done, outcome.reason) == (Phase.OUTCOME, 1, True, "margin")
    assert outcome.after == {"flag file": "set", "state file": "missing"}


def test_a_trip_whose_state_alone_is_tripped_was_done(tmp_path: Path) -> None:
    left_open(tmp_path)
    (tmp_path / "state.json").write_text('{"tripped": true}')
    assert closed_by_the_next(tmp_path)[0].done is True


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.COIN])
def test_a_trip_of_which_nothing_is_seen_is_unknown(tmp_path: Path, scope: Scope) -> None:
    left_open(tmp_path, scope)
    (outcome,) = closed_by_the_next(tmp_path)
    assert (outcome.phase, outcome.done) == (Phase.UNKNOWN, None)


def test_what_the_files_say_is_not_of_a_trip_of_one_account(tmp_path: Path) -> None:
    left_open(tmp_path, Scope.COIN)
    (tmp_path / "flag").write_bytes(b"1")
    assert closed_by_the_next(tmp_path)[0].done is None


def test_it_is_closed_once(tmp_path: Path) -> None:
    left_open(tmp_path)
    closed_by_the_next(tmp_path)
    assert len(closed_by_the_next(tmp_path)) == 1


def test_a_trip_that_is_still_under_way_is_left(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state" / "audit", SystemClock())
    TripRecord("prod", lambda: journal, lambda: this_actor(os.environ)).intent(Order("margin"), ["flag file"])
    assert closed_by_the_next(tmp_path) == []


def test_another_contexts_trip_is_left_to_those_who_know_its_files(tmp_path: Path) -> None:
    left_open(tmp_path, context="coin-prod")
    closed_by_the_next(tmp_path)
    assert len(open_intents(tmp_path / "state" / "audit")) == 1


@pytest.mark.parametrize(
    ("flags", "done"), [("global_kill_switch: true\n", True), ("features: {}\n", None), ("[", None)]
)
def test_the_flags_file_is_read_back_too(tmp_path: Path, flags: str, done: bool | None) -> None:
    left_open(tmp_path)
    (tmp_path / "flags.yaml").write_text(flags)
    KillSwitch(settings_with(tmp_path, "flags_file: flags.yaml")).prepare()
    assert list(records(tmp_path / "state" / "audit"))[1].done is done


def test_the_database_is_read_back_too_and_speaks_of_one_account(tmp_path: Path) -> None:
    engine = prepared(f"sqlite:///{tmp_path}/paper.db")
    left_open(tmp_path, Scope.COIN)
    switch = DatabaseSwitches(f"sqlite:///{tmp_path}/paper.db", SystemClock())
    switch.fire(Order("margin", Scope.COIN))
    KillSwitch(settings_with(tmp_path, f"database: {{url: 'sqlite:///{tmp_path}/paper.db'}}")).prepare()
    outcome = list(records(tmp_path / "state" / "audit"))[1]
    assert (outcome.done, outcome.after) == (True, {"database": "coin_futures_trading_enabled=0"})
    engine.dispose()


def test_a_database_that_does_not_answer_leaves_it_unknown(tmp_path: Path) -> None:
    left_open(tmp_path)
    KillSwitch(settings_with(tmp_path, f"database: {{url: 'sqlite:///{tmp_path}/no.db'}}")).prepare()
    assert list(records(tmp_path / "state" / "audit"))[1].done is None


def reset_left_open(folder: Path, trip: LastTrip) -> None:
    """The intent of a reset whose process is gone, and what it noted with the trip."""
    LastTripFile(path_of(folder / "state", "prod"), SystemClock()).begin(trip)
    journal = Journal(folder / "state" / "audit", SystemClock())
    act = Act("prod", RESET, "all", reason="all is well")
    assert in_child(lambda: journal.intent(this_actor({}), act)) == 0


BROKEN = LastTrip(1000.0, "alice", "margin", "all", reset=1100.0, resetting=True)


@pytest.mark.parametrize(
    ("flag", "state", "done", "stands"),
    [
        (False, "false", True, False),
        (True, "true", False, True),
        (False, "true", None, True),
    ],
)
def test_a_reset_is_over_when_nothing_is_set_any_more(
    tmp_path: Path, flag: bool, state: str, done: bool | None, stands: bool
) -> None:
    reset_left_open(tmp_path, BROKEN)
    (tmp_path / "state.json").write_text(f'{{"tripped": {state}}}')
    if flag:
        (tmp_path / "flag").write_bytes(b"1")
    (outcome,) = closed_by_the_next(tmp_path)
    assert outcome.done is done
    kept = LastTripFile(path_of(tmp_path / "state", "prod"), SystemClock()).read()
    assert kept is not None
    assert (kept.stands, kept.resetting) == (stands, False)


def test_an_engine_that_had_to_be_told_may_not_have_been(tmp_path: Path) -> None:
    reset_left_open(tmp_path, BROKEN)
    lines = ("kill_switch: {flag: flag}", "commands: {reset_kill_switch: [reset]}")
    KillSwitch(settings_with(tmp_path, *lines)).prepare()
    assert list(records(tmp_path / "state" / "audit"))[1].done is None


def test_a_flag_that_a_killed_reset_has_set_aside_is_gone_or_back(tmp_path: Path) -> None:
    reset_left_open(tmp_path, BROKEN)
    aside = tmp_path / ".flag.opsconsole-1-reset"
    aside.write_bytes(b"1")
    os.utime(aside, (2e9, 2e9))  # a trip's, from after the reset began
    assert closed_by_the_next(tmp_path)[0].done is None
    assert ((tmp_path / "flag").read_bytes(), aside.exists()) == (b"1", False)
