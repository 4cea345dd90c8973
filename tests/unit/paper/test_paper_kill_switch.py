"""The paper engine's kill switch and its surfaces."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.paper.kill_switch import DATABASE_SWITCHES, FLAGS_SWITCH, KillSwitch


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def switch(tmp_path: Path, clock: Clock) -> KillSwitch:
    return KillSwitch(tmp_path / "ops_kill_switch.flag", tmp_path / "ops_state.json", clock)


def state(switch: KillSwitch) -> dict[str, object]:
    document: dict[str, object] = json.loads(switch.state.read_text())
    return document


def test_nothing_set_leaves_it_untripped(switch: KillSwitch) -> None:
    switch.look([])
    assert not switch.tripped


def test_the_flag_file_trips(switch: KillSwitch) -> None:
    switch.flag.write_text("1")
    switch.look([])
    assert switch.tripped


def test_a_state_file_that_says_tripped_trips(switch: KillSwitch) -> None:
    switch.state.write_text('{"tripped":true}')
    switch.look([])
    assert switch.tripped


@pytest.mark.parametrize("surface", [FLAGS_SWITCH, DATABASE_SWITCHES])
def test_a_surface_that_the_caller_found_set_trips(switch: KillSwitch, surface: str) -> None:
    switch.look([surface])
    assert surface in switch.reason


def test_a_trip_is_logged_with_its_reason(switch: KillSwitch, caplog: pytest.LogCaptureFixture) -> None:
    switch.trip("margin call")
    assert [(r.levelno, "margin call" in r.message) for r in caplog.records] == [(logging.CRITICAL, True)]


def test_a_second_trip_keeps_the_first_reason(switch: KillSwitch) -> None:
    switch.trip("first")
    switch.trip("second")
    assert switch.reason == "first"


def test_a_trip_is_in_the_state_file_at_once(switch: KillSwitch) -> None:
    switch.trip("now")
    assert state(switch)["tripped"] is True


def test_the_state_file_has_the_engines_format(switch: KillSwitch) -> None:
    switch.count_call("rest")
    switch.keep_state()
    assert state(switch) == {
        "counters": {"rest": 1, "ws": 0, "duplicates": 0, "stale": 0},
        "last_ts": {"rest": 1_800_000_000.0, "ws": 1_800_000_000.0},
        "tripped": False,
    }


def test_a_trip_written_between_two_looks_is_not_overwritten(switch: KillSwitch) -> None:
    switch.look([])
    switch.state.write_text('{"tripped":true}')
    switch.keep_state()
    assert (switch.tripped, state(switch)["tripped"]) == (True, True)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tripped":"yes"}', "\xff"])
def test_an_unreadable_state_file_does_not_trip(switch: KillSwitch, text: str) -> None:
    switch.state.write_text(text, encoding="latin-1")
    switch.look([])
    assert not switch.tripped


def test_removing_the_flag_does_not_untrip(switch: KillSwitch) -> None:
    switch.flag.write_text("1")
    switch.look([])
    switch.flag.unlink()
    switch.look([])
    assert switch.tripped


def test_reset_refuses_while_the_flag_file_is_there(switch: KillSwitch) -> None:
    switch.flag.write_text("1")
    switch.look([])
    assert (switch.reset([]), switch.tripped) == (("flag file",), True)


def test_reset_refuses_while_a_surface_is_set(switch: KillSwitch) -> None:
    switch.look([FLAGS_SWITCH])
    assert (switch.reset([FLAGS_SWITCH]), switch.tripped) == ((FLAGS_SWITCH,), True)


def test_reset_untrips_for_good_when_nothing_is_set(switch: KillSwitch) -> None:
    switch.trip("test")
    refusing = switch.reset([])
    switch.look([])
    assert (refusing, switch.tripped, state(switch)["tripped"]) == ((), False, False)


def test_a_surface_set_again_after_a_reset_trips_again(switch: KillSwitch) -> None:
    switch.look([FLAGS_SWITCH])
    switch.look([])
    switch.reset([])
    switch.look([FLAGS_SWITCH])
    assert switch.tripped


def test_stopping_one_account_stops_no_other(switch: KillSwitch) -> None:
    switch.stop_accounts([3], "coin only")
    assert (switch.stops([3]), switch.stops([2]), switch.tripped) == (True, False, False)


def test_a_trip_stops_every_account(switch: KillSwitch) -> None:
    switch.trip("all")
    assert switch.stops([2]) and switch.stops([3])


def test_reset_lets_a_stopped_account_go(switch: KillSwitch) -> None:
    switch.stop_accounts([3], "coin only")
    switch.reset([])
    assert not switch.stops([3])


def test_a_state_file_that_cannot_be_written_does_not_stop_a_trip(switch: KillSwitch) -> None:
    switch.state.with_suffix(".tmp").mkdir()
    assert switch.trip("disk full")


def test_a_deaf_engine_ignores_every_surface(switch: KillSwitch) -> None:
    switch.deaf = True
    switch.flag.write_text("1")
    switch.look([FLAGS_SWITCH])
    assert (switch.trip("http"), switch.stop_accounts([2], "http"), switch.tripped) == (False, False, False)


def test_an_engine_that_hears_again_finds_the_flag(switch: KillSwitch) -> None:
    switch.deaf = True
    switch.flag.write_text("1")
    switch.look([])
    switch.deaf = False
    switch.look([])
    assert switch.tripped


def test_a_forgetful_engine_untrips_itself_with_the_flag_still_there(
    switch: KillSwitch, clock: Clock
) -> None:
    switch.forgetful = True
    switch.flag.write_text("1")
    switch.look([])
    clock.now += 5
    switch.look([])
    switch.look([])
    assert (switch.tripped, switch.flag.exists(), state(switch)["tripped"]) == (False, True, False)


def test_an_engine_that_remembers_again_finds_the_flag(switch: KillSwitch, clock: Clock) -> None:
    switch.forgetful = True
    switch.flag.write_text("1")
    switch.look([])
    clock.now += 5
    switch.look([])
    switch.forgetful = False
    switch.forget_surfaces()
    switch.look([])
    assert switch.tripped
