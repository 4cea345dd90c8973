"""A trip as faces make it: the flag first, and everything else behind it, whatever hangs or fails."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from console.actions.kill import following
from console.actions.kill import switch as switches
from console.actions.kill.actuator import Act, Scope
from console.actions.kill.hold import HELD
from console.actions.kill.switch import KillSwitch
from console.actions.notify import Notices
from console.audit.files import LOCK, records
from console.audit.journal import WAIT
from console.audit.record import Phase, Record
from console.domain.clock import SystemClock
from console.domain.kill_state import KillState, Verdict, Written
from console.domain.last_trip import LastTrip, last_trip_from
from console.domain.news import Kind
from console.host_lock import host_lock
from tests.small_disk import fill, small_disk
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.kill_fakes import Held, Quick
from tests.waiting import DEADLINE, eventually

FLAG = "kill_switch: {flag: engine/flag}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an engine's own in it."""
    (tmp_path / "engine").mkdir()
    return tmp_path


def kept(folder: Path) -> LastTrip:
    return last_trip_from(json.loads((folder / "state" / "kill" / "prod.json").read_bytes()))


def journal(folder: Path) -> list[Record]:
    return list(records(folder / "state" / "audit"))


def test_making_one_touches_nothing(folder: Path) -> None:
    KillSwitch(settings_with(folder, FLAG))
    assert not (folder / "state").exists()


def test_the_flag_is_there_when_the_trip_returns(folder: Path) -> None:
    trip = KillSwitch(settings_with(folder, FLAG)).trip("margin")
    assert (folder / "engine" / "flag").read_bytes() == b"1"
    trip.wait()


def test_a_trip_is_kept_and_recorded_behind_the_flag(folder: Path) -> None:
    switch = KillSwitch(settings_with(folder, FLAG))
    switch.trip("margin", drill=True)
    switch.close(10)
    last = kept(folder)
    assert (last.reason, last.scope, last.drill) == ("margin", "all", True)
    assert last.written == (Written("flag file", True, "set"),)
    assert switch.latest == last
    told = [(each.phase, each.reason, each.done, each.drill) for each in journal(folder)]
    assert told == [(Phase.INTENT, "margin", None, True), (Phase.OUTCOME, "margin", True, True)]
    assert journal(folder)[0].user == last.by


def test_a_trip_is_recorded_when_other_consoles_have_had_the_journal_for_longer_than_usual(
    folder: Path,
) -> None:
    switch = KillSwitch(settings_with(folder, FLAG))
    switch.prepare()
    with host_lock(folder / "state" / "audit" / LOCK, deadline=DEADLINE, clock=SystemClock()):
        trip = switch.trip("margin")
        time.sleep(WAIT + 0.2)
        assert journal(folder) == []
    assert trip.wait(DEADLINE)
    assert [each.phase for each in journal(folder)] == [Phase.INTENT, Phase.OUTCOME]


def test_whoever_closes_it_waits_for_a_trip_whose_flag_is_just_being_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, go = threading.Event(), threading.Event()

    def hold(step: str) -> None:
        if step == "before rename":
            writing.set()
            go.wait(DEADLINE)

    monkeypatch.setattr("console.actions.kill.flag_file.points_of", lambda _subject: hold)
    switch = KillSwitch(settings_with(folder, FLAG))
    tripping = threading.Thread(target=switch.trip, args=("margin",))
    closing = threading.Thread(target=switch.close, args=(DEADLINE,))
    tripping.start()
    assert writing.wait(DEADLINE)
    closing.start()
    closing.join(0.05)
    waits = closing.is_alive()
    go.set()
    closing.join()
    tripping.join()
    assert waits
    assert kept(folder).written == (Written("flag file", True, "set"),)


def test_what_is_kept_goes_on_with_the_trip_and_late_answers_are_in_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Held("slow", deadline=0.1)
    monkeypatch.setattr(switches, "armament", lambda *_: (Quick(), slow))
    switch = KillSwitch(settings_with(folder, FLAG))
    switch.trip("margin")
    assert switch.under_way is not None
    eventually(lambda: switch.latest and switch.latest.written[1] == Written("slow", None))
    switch.close(10)
    assert kept(folder).written[1].done is False
    slow.go.set()
    eventually(lambda: kept(folder).written[1] == Written("slow", True, "set at last"))


def test_a_note_on_a_disk_that_hangs_keeps_neither_the_screen_nor_people_from_the_answers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Kind] = []
    slow = Held("slow", deadline=60)
    monkeypatch.setattr(following, "NOTED_WITHIN", 0.1)
    monkeypatch.setattr(switches, "armament", lambda *_: (Quick(), slow))
    monkeypatch.setattr(Notices, "tell", lambda _, kind, *__, **___: told.append(kind))
    (folder / "state" / "kill").mkdir(parents=True)
    os.mkfifo(folder / "state" / "kill" / "prod.json")  # whoever opens it waits
    switch = KillSwitch(settings_with(folder, FLAG))
    switch.trip("margin")
    eventually(lambda: switch.latest)
    slow.go.set()
    began = time.monotonic()
    switch.close(60)
    assert time.monotonic() - began < DEADLINE
    assert switch.latest is not None
    assert switch.latest.written[1] == Written("slow", True, "set at last")
    assert told == [Kind.TRIP]
    (folder / "state" / "kill" / "prod.json").open("wb").close()


def test_a_state_folder_that_cannot_be_written_is_in_nobodys_way(folder: Path) -> None:
    (folder / "state").write_text("in the way")
    switch = KillSwitch(settings_with(folder, FLAG))
    trip = switch.trip("margin")
    switch.close(10)
    assert (folder / "engine" / "flag").exists()
    assert trip.journal.startswith("outcome not recorded: the journal in ")
    assert switch.latest is not None
    assert switch.latest.written == (Written("flag file", True, "set"),)


def test_where_users_cannot_be_looked_up_the_trip_does_not_wait(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()

    def hang() -> str:
        answered.wait(2 * DEADLINE)
        return "alice"

    monkeypatch.setattr(switches, "_user_name", hang)
    switch = KillSwitch(settings_with(folder, FLAG))
    began = time.monotonic()
    trip = switch.trip("margin")
    assert time.monotonic() - began < DEADLINE
    assert trip.order.by.startswith("opsconsole uid ")
    answered.set()
    switch.close(10)


def test_preparing_keeps_space_for_the_engines_files_and_the_journal(folder: Path) -> None:
    switch = KillSwitch(settings_with(folder, "kill_switch: {flag: engine/flag, state: engine/state.json}"))
    switch.prepare()
    assert switch.complaint == ""
    kept_space = [folder / "engine" / f".{name}.reserve" for name in ("flag", "state.json")]
    assert all(each.stat().st_blocks for each in [*kept_space, folder / "state" / "audit" / "reserve"])
    assert (folder / "state" / "kill").is_dir()


def test_a_prepared_console_trips_and_records_it_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=1024) as disk:
        (disk / "engine").mkdir()
        switch = KillSwitch(settings_with(disk, "kill_switch: {flag: engine/flag, state: engine/state.json}"))
        switch.prepare()
        fill(disk)
        trip = switch.trip("margin")
        switch.close(10)
        assert {each.name: each.state for each in trip.results} == {
            "flag file": Act.DONE,
            "state file": Act.DONE,
        }
        assert (trip.journal, len(journal(disk))) == ("recorded", 2)
        assert switch.latest is not None


def test_what_cannot_be_prepared_is_told_in_one_line(folder: Path) -> None:
    (folder / "state").write_text("in the way")
    switch = KillSwitch(settings_with(folder, "kill_switch: {flag: nowhere/flag}"))
    switch.prepare()
    assert switch.complaint == (
        f"{folder}/nowhere/.flag.reserve: no such file or directory; {folder}/state: file exists"
    )


def test_an_engine_file_that_is_gone_by_the_time_of_the_trip_still_counts(folder: Path) -> None:
    (folder / "state").mkdir()
    engine = folder / "state" / "engine.json"
    engine.write_text(json.dumps({"kill_switch": {"flag": str(folder / "engine" / "flag")}}))
    switch = KillSwitch(settings_with(folder, "engine_file: engine.json"))
    switch.prepare()
    engine.unlink()
    (result,) = switch.trip("margin").wait()
    assert (result.name, result.state) == ("flag file", Act.DONE)
    switch.close(10)


def test_a_context_with_nothing_to_fire_is_tripped_without_a_result(folder: Path) -> None:
    switch = KillSwitch(settings_with(folder))
    assert switch.trip("margin").wait() == ()
    switch.close(10)
    assert kept(folder).written == ()


def test_a_trip_of_one_account_fires_what_can_do_that(folder: Path) -> None:
    command = "commands: {trip_kill_switch: [echo, '{scope}']}"
    switch = KillSwitch(settings_with(folder, FLAG, command))
    assert switch.trip("margin", Scope.COIN).fired == ("command",)
    switch.close(10)
    assert not (folder / "engine" / "flag").exists()


def test_an_engine_that_clears_itself_is_tripped_again_where_the_context_holds(folder: Path) -> None:
    switch = KillSwitch(settings_with(folder, "kill_switch: {flag: engine/flag, hold: true}"))
    switch.trip("margin")
    switch.close(10)
    (folder / "engine" / "flag").unlink()
    at = kept(folder).at
    now = at + 60
    switch.observed(Verdict(KillState.TRIPPED, "", acknowledged=True, confirmed=True, trip=at), now)
    eventually(lambda: kept(folder).acknowledged)
    eventually(lambda: _observed(switch, now + 1) and (folder / "engine" / "flag").exists())
    switch.close(10)
    eventually(lambda: len(journal(folder)) == 4)
    again = journal(folder)[2]
    assert again.reason == kept(folder).reason == f"{HELD}margin"
    assert isinstance(again.evidence, dict)
    assert again.evidence["held"] is True


def _observed(switch: KillSwitch, now: float) -> bool:
    switch.observed(Verdict(KillState.LOST, "", acknowledged=False, confirmed=True), now)
    return True


def test_the_way_to_the_flag_needs_the_standard_library_only(folder: Path) -> None:
    source = (
        "import sys; before = {name.split('.')[0] for name in sys.modules}\n"
        "from console.actions.kill import armament, switch\n"
        "own = {name.split('.')[1] for name in sys.modules if name.startswith('console.')}\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} - before - sys.stdlib_module_names))\n"
        "print(sorted(own))\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['console']", "['actions', 'domain', 'host_lock', 'patience']"]
