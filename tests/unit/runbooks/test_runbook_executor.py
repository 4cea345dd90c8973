"""One run driven in order: what each step leaves, and where it stops."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from console.audit.files import records
from console.audit.open_intents import open_intents
from console.audit.record import Phase
from console.runbooks import effects
from console.runbooks.deciding import Decision, resume
from console.runbooks.drivers import DrivenError
from console.runbooks.run import MoveError, Next, Run, Standing, State
from console.runbooks.store import OpenRunError, OvertakenError, digest_of
from tests.unit.runbooks.drives import SLEEPS, STOP, Desk, runbook


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def states(run: Run) -> list[State]:
    return [step.state for step in run.steps]


def test_a_run_does_each_step_checks_it_and_passes(desk: Desk) -> None:
    drive = desk.start()
    assert drive.go_on().standing is Standing.PASSED
    assert desk.times == 1
    stop = desk.run().step("stop")
    assert (stop.state, stop.output, stop.words) == (State.PASSED, "stopped it\n", "1 marks")
    assert stop.digest == digest_of(stop.evidence)


def test_every_step_has_its_intent_before_the_act_and_an_outcome(desk: Desk) -> None:
    drive = desk.start()
    drive.go_on()
    told = [
        (record.phase, record.done)
        for record in records(drive.world.journal.folder)
        if record.target == f"{drive.run.id}/stop"
    ]
    assert told == [(Phase.INTENT, None), (Phase.OUTCOME, True)]
    assert not open_intents(drive.world.journal.folder)


def test_what_is_ended_at_its_time_out_is_unknown_and_read_back(desk: Desk) -> None:
    desk.command = SLEEPS
    drive = desk.start(STOP.replace("5s", "300ms"))
    assert drive.go_on().next is Next.ASK
    words = [step.words for step in desk.told if step.state is State.UNKNOWN]
    assert words and words[0].startswith("its command was ended at the time-out, after 0.")
    assert (drive.run.step("stop").state, drive.run.step("stop").words) == (
        State.FAILED,
        "read back: 0 marks",
    )


@pytest.mark.parametrize("complains", [True, False])
@pytest.mark.parametrize(("act", "comes"), [("remove_coin", False), ("stop_engine", True)])
def test_what_has_ended_is_waited_for_only_where_it_may_come_about_later(
    desk: Desk, act: str, comes: bool, complains: bool
) -> None:
    desk.complains = complains
    looks = iter((False, True))
    drive = desk.start(STOP.replace("command: stop", f"action: {{{act}: {{reason: drill}}}}"))
    drive.world = replace(
        drive.world,
        wait=lambda _seconds: None,
        checks={**drive.world.checks, "stopped": lambda _: desk.says("stopped", next(looks))},
    )
    drive.begin("stop")
    assert drive.run.step("stop").state is (State.PASSED if comes else State.FAILED)


def test_a_failed_command_is_repeated_only_when_it_may_be_and_somebody_asks(desk: Desk) -> None:
    desk.command = (sys.executable, "-S", "-c", "raise SystemExit(4)")
    drive = desk.start()
    assert (drive.go_on().next, drive.run.step("stop").words) == (
        Next.ASK,
        "its command ended with exit code 4",
    )
    with pytest.raises(MoveError, match="may not be done a second time"):
        resume(drive, Decision(again=True))
    again = replace(drive, runbook=runbook(STOP.replace("timeout", "repeatable: true\n    timeout")))
    with pytest.raises(MoveError, match="not done again unasked"):
        again.begin("stop")
    again.world = replace(again.world, commands=Desk(desk.folder).world().commands)
    assert resume(again, Decision(again=True)).standing is Standing.PASSED
    assert desk.times == 1


def test_a_command_that_cant_be_begun_has_failed_and_was_no_attempt(desk: Desk) -> None:
    desk.command = ("/nowhere/stop.sh",)
    drive = desk.start()
    drive.go_on()
    stop = drive.run.step("stop")
    assert (stop.state, stop.attempt) == (State.FAILED, 0)
    assert stop.words == "could not be begun: /nowhere/stop.sh: no such file or directory"


def test_a_command_that_no_supervisor_begins_has_failed_and_is_not_tried_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = desk.start(STOP.replace("5s", "1ms"))
    monkeypatch.setattr(effects, "_SLACK", 0.1)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert drive.go_on().next is Next.ASK
    stop = drive.run.step("stop")
    assert (stop.state, stop.words, stop.attempt) == (State.FAILED, "its command was never begun", 0)


def test_a_skipped_step_says_why(desk: Desk) -> None:
    desk.command = ("/nowhere/stop.sh",)
    drive = desk.start(STOP.replace("check: stopped\n", "check: ready\n", 2))
    drive.go_on()
    assert resume(drive, Decision(skip="stopped by hand")).standing is Standing.PASSED
    assert drive.run.step("stop").words == "stopped by hand"


def test_a_precondition_is_waited_for_and_looked_at_again(desk: Desk) -> None:
    desk.answers["ready"] = False
    drive = desk.start(STOP.replace("    command", "    preconditions: [ready]\n    command"))
    assert drive.go_on().next is Next.ASK
    assert (states(drive.run)[0], desk.times) == (State.WAITING, 0)
    assert resume(drive, Decision()).next is Next.ASK
    desk.answers["ready"] = True
    assert resume(drive, Decision()).standing is Standing.PASSED


def test_a_manual_step_waits_for_what_is_to_be_written_down(desk: Desk) -> None:
    drive = desk.start(
        STOP.replace("    command: stop\n", "    manual: Why?\n").replace("check: stopped", "check: ready")
    )
    assert drive.go_on().next is Next.ASK
    assert drive.run.step("stop").words == "Why?"
    assert resume(drive, Decision(note="it lost money")).standing is Standing.PASSED
    assert desk.run().step("stop").note == "it lost money"


UNDONE = (
    STOP.replace(
        "    check: stopped\n",
        "    check: stopped\n"
        "    compensation: {text: Undo it., command: verify_positions, check: ready, timeout: 5s}\n",
        1,
    )
    .replace("    check: stopped\n", "    check: later\n")
    .replace("    check: later\n", "    check: stopped\n", 1)
)
"""Its second step can fail by itself."""


def test_what_was_done_is_undone_by_an_abort(desk: Desk) -> None:
    desk.answers["later"] = False
    drive = desk.start(UNDONE)
    assert drive.go_on().next is Next.ASK
    drive.abort("changed my mind")
    assert drive.go_on().standing is Standing.ABORTED
    assert desk.undone.read_text() == "ran\n"
    assert drive.run.step("undo-stop").state is State.PASSED


def test_a_failure_that_compensates_undoes_and_ends_as_failed(desk: Desk) -> None:
    desk.answers["later"] = False
    drive = desk.start(UNDONE + "    on_failure: compensate\n")
    assert drive.go_on().standing is Standing.FAILED
    assert desk.undone.read_text() == "ran\n"


def test_a_failure_that_stops_ends_the_run(desk: Desk) -> None:
    desk.command = ("/nowhere",)
    drive = desk.start(STOP.replace("    timeout", "    on_failure: stop\n    timeout"))
    assert drive.go_on().standing is Standing.FAILED
    assert states(drive.run) == [State.FAILED, State.PENDING]


def test_a_runbook_is_open_once(desk: Desk) -> None:
    first = desk.start()
    with pytest.raises(OpenRunError, match=first.run.id):
        desk.start()


def test_of_two_drivers_the_one_who_was_taken_over_from_does_nothing_more(desk: Desk) -> None:
    first = desk.start()
    with pytest.raises(DrivenError, match="is driven by"):
        desk.take_elsewhere(first.run.id)
    second = desk.take_elsewhere(first.run.id, "she is asleep")
    with pytest.raises(OvertakenError, match="another drives run"):
        first.go_on()
    assert desk.times == 0
    assert second.go_on().standing is Standing.PASSED
    told = [move.words for move in second.world.store.timeline(first.run.id) if not move.step]
    assert told[1].startswith("takes it over from ") and told[1].endswith(": she is asleep")


def test_secrets_stay_out_of_what_is_kept(desk: Desk) -> None:
    desk.command = (sys.executable, "-S", "-c", "print('key hush-hush'); raise SystemExit(1)")
    desk.start().go_on()
    assert desk.run().step("stop").output == "key (redacted)\n"
