"""A trip fires everything at once, and tells of each actuator and of the journal on its own."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from console.actions.kill.actuator import ALL_SCOPES, Act, Answer, Deferred, Order, Scope
from console.actions.kill.flag_file import FlagFile, StateFile
from console.actions.kill.trip import Journal, Trip, trip
from console.domain.clock import SystemClock
from tests.unit.actions.kill_fakes import Broken, Held, Notes, Quick
from tests.waiting import eventually

CLOCK = SystemClock()


def fire(*actuators: FlagFile | StateFile | Quick | Held | Broken, journal: Journal | None = None) -> Trip:
    return trip(actuators, "margin call", Scope.ALL, journal, CLOCK)


def test_every_actuator_answers_for_itself(tmp_path: Path) -> None:
    quick, broken = Quick(), Broken()
    results = fire(FlagFile(tmp_path / "flag"), quick, broken).wait()
    assert [(each.name, each.state) for each in results] == [
        ("flag file", Act.DONE),
        ("quick", Act.DONE),
        ("broken", Act.UNKNOWN),
    ]
    assert (results[1].before, results[1].after) == ("1", "0")
    assert quick.orders[0].reason == "margin call"


def test_a_fault_in_an_actuator_is_told_without_what_it_may_hold(tmp_path: Path) -> None:
    (result,) = fire(Broken()).wait()
    assert result.words == "broke down: KeyError"


def test_the_flag_is_written_when_the_call_returns_whatever_hangs(tmp_path: Path) -> None:
    held, notes = Held(), Notes(hold=threading.Event())
    under_way = fire(held, FlagFile(tmp_path / "flag"), journal=notes)
    assert (tmp_path / "flag").read_bytes() == b"1"
    assert under_way.pending == ("held",)
    held.go.set()


def test_an_actuator_that_hangs_is_late_after_its_own_deadline_and_holds_up_nobody(tmp_path: Path) -> None:
    held, quick = Held(deadline=0.1), Quick()
    under_way = fire(FlagFile(tmp_path / "flag"), held, quick)
    results = under_way.wait()
    assert [each.state for each in results] == [Act.DONE, Act.TIMED_OUT, Act.DONE]
    assert results[1].words == "no answer within 0.1 s: it may or may not be done"
    assert under_way.pending == ()
    held.go.set()


def test_an_answer_after_the_deadline_still_counts() -> None:
    held = Held(deadline=0.0)
    under_way = fire(held)
    assert under_way.wait()[0].state is Act.TIMED_OUT
    held.go.set()
    eventually(lambda: under_way.results[0].state is Act.DONE)


def test_what_is_late_is_still_waited_for_by_whoever_wants_to_know() -> None:
    held = Held(deadline=0.0)
    under_way = fire(held)
    assert (under_way.fired, under_way.unanswered) == (("held",), ("held",))
    held.go.set()
    under_way.wait_for_answer(5)
    assert under_way.unanswered == ()


def test_a_flag_on_a_disk_that_hangs_does_not_hold_up_the_others(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hung")
    quick = Quick()
    calls: list[str] = []

    class Hung(FlagFile):
        def fire(self, order: Order) -> Answer:
            calls.append("flag")
            (tmp_path / "hung").read_bytes()  # stands still as a dead disk does
            return Answer(Act.DONE, "set")

    under_way = Trip([Hung(tmp_path / "flag"), quick], Order("x"), None, CLOCK)
    threading.Thread(target=under_way.fire, daemon=True).start()
    eventually(lambda: quick.orders)
    assert calls == ["flag"]
    (tmp_path / "hung").write_bytes(b"")


def test_the_others_start_after_the_flag_is_durable(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    seen: list[bool] = []

    class Looks(Quick):
        def fire(self, order: Order) -> Answer:
            seen.append(flag.exists())
            return super().fire(order)

    fire(Looks(), FlagFile(flag)).wait()
    assert seen == [True]


def test_what_can_only_stop_everything_is_not_fired_for_one_account(tmp_path: Path) -> None:
    only_all = Quick("all", scopes=frozenset({Scope.ALL}))
    both = Quick("both")
    results = trip([FlagFile(tmp_path / "flag"), only_all, both], "x", Scope.COIN, None, CLOCK).wait()
    assert [each.name for each in results] == ["both"]
    assert not (tmp_path / "flag").exists()


def test_an_actuator_can_be_made_when_it_is_fired(tmp_path: Path) -> None:
    flag, made = tmp_path / "flag", []

    def make() -> Quick:
        made.append(flag.exists())
        return Quick()

    deferred = Deferred("later", 1.0, ALL_SCOPES, make)
    results = trip([deferred, FlagFile(flag)], "x", Scope.ALL, None, CLOCK).wait()
    assert [(each.name, each.state) for each in results] == [("later", Act.DONE), ("flag file", Act.DONE)]
    assert made == [True]


def test_intent_and_outcome_are_recorded() -> None:
    notes = Notes()
    under_way = fire(Quick(), journal=notes)
    results = under_way.wait()
    assert notes.intents == [("quick",)]
    assert notes.outcomes == [results]
    assert under_way.journal == "recorded"


def test_a_journal_that_fails_is_told_and_stops_nothing() -> None:
    notes = Notes(failure="no space left on device")
    under_way = fire(Quick(), journal=notes)
    assert under_way.wait()[0].state is Act.DONE
    assert under_way.journal == "not recorded: no space left on device"
    assert len(notes.outcomes) == 1


def test_a_journal_that_hangs_is_told_and_stops_nothing() -> None:
    notes = Notes(hold=threading.Event())
    under_way = fire(Quick(), journal=notes)
    assert under_way.wait()[0].state is Act.DONE
    eventually(lambda: under_way.journal == "not recorded yet: no answer within 0.5 s")
    assert notes.hold is not None
    notes.hold.set()


def test_the_trip_completes_on_a_machine_that_has_no_threads_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_thread: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr("console.actions.kill.trip.start_new_thread", refuse)
    notes = Notes()
    under_way = fire(Quick(), FlagFile(tmp_path / "flag"), journal=notes)
    assert [each.state for each in under_way.results] == [Act.DONE, Act.DONE]
    assert under_way.journal == "not recorded: the machine has no thread left"


def test_the_trip_path_imports_the_standard_library_only() -> None:
    source = (
        "import sys; before = set(sys.modules)\n"
        "import console.actions.kill.trip\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names) - {'console'}))\n"
        "print(sorted({'json', 'hashlib', 'logging', 'subprocess', 'socket'} & set(sys.modules)))\n"
    )
    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n[]\n"


def test_the_state_file_is_tripped_beside_the_flag(tmp_path: Path) -> None:
    state = tmp_path / "ops_state.json"
    state.write_text('{"counters":{"rest":5},"last_ts":{"rest":1.5},"tripped":false}\n')
    fire(FlagFile(tmp_path / "flag"), StateFile(state)).wait()
    assert json.loads(state.read_text())["tripped"] is True
