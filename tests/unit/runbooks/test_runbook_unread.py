"""A run whose runbook can't be read any more can be ended, and what stays as it is is named."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from console.audit.actor import still_runs
from console.audit.open_intents import open_intents
from console.audit.verify import verify
from console.domain.access import AccessError
from console.runbooks import step_process
from console.runbooks.drivers import DrivenError
from console.runbooks.model import undo_of
from console.runbooks.order import Order, identity, keep
from console.runbooks.run import STANDBY, Driver, MoveError, Run, Standing, State, steps_of
from console.runbooks.store import own_store
from console.runbooks.unread import end_unread, not_undone
from tests.command import run_here
from tests.unit.runbooks.drives import SLEEPS, STOP, Desk, dies_at, in_a_process, runbook
from tests.unit.runbooks.standing import BOOK, die_in_the_watch, quick_desk
from tests.waiting import eventually

ELSEWHERE = Driver("ann", "another-host", "1-1")


def end(desk: Desk, take_over: str = "") -> Run:
    return end_unread(desk.world(), desk.run(), "nobody knows it", take_over)


def test_it_is_aborted_and_what_undoes_it_is_named_as_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = quick_desk(tmp_path, monkeypatch)
    die_in_the_watch(desk)
    told = "what undoes resume is not known, and has to be done by hand"
    assert not_undone(desk.run()) == told
    end(desk)
    assert (desk.run().standing, desk.times) == (Standing.ABORTED, 0)
    assert desk.run().step("watch").state is State.UNKNOWN
    assert desk.world().store.timeline(desk.run().id)[-1].words.endswith(told)
    assert not open_intents(desk.folder / "audit")
    assert verify(desk.folder / "audit").sound
    with pytest.raises(MoveError, match="is over: aborted"):
        end(desk)


def test_what_runs_is_ended(tmp_path: Path) -> None:
    desk = Desk(tmp_path, command=SLEEPS)
    in_a_process(lambda: desk.start(STOP.replace("5s", "90s"), dies_at("begun")).go_on())
    command = identity(desk.processes(desk.run())[1])
    end(desk)
    assert desk.run().step("stop").state is State.UNKNOWN
    assert not_undone(desk.run()) == "what was begun stays: stop"
    eventually(lambda: not still_runs(command))


def test_what_another_user_runs_is_said_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path)
    run = desk.start().run
    begun = replace(run.step("stop"), state=State.RUNNING, attempt=1, host=desk.world().actor.host, intent=7)
    desk.world().store.move(run, begun)
    folder = desk.world().folder / run.id / "stop.7"
    folder.mkdir(parents=True)
    keep(folder, "claim", identity(os.getpid()))

    def refuse(_process: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    end(desk)
    assert desk.run().step("stop").words.endswith("another user's, it goes on until it ends by itself")


def test_one_that_somebody_drives_takes_a_reason(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    drive = desk.start()
    drive.world.store.take(drive.run, ELSEWHERE, 1.0, "mine")
    with pytest.raises(DrivenError):
        end(desk)
    assert end(desk, "she has gone home").standing is Standing.ABORTED


def test_what_stands_in_may_be_undoing_it_and_takes_a_reason_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    drive, me = desk.start(), desk.world().driver
    undoing = replace(me, user=f"{me.user}{STANDBY}", process=identity(os.getppid()))
    run = drive.world.store.take(drive.run, undoing, 1.0, "stands in")
    drive.world.store.become(run, Standing.FAILING, 1.0, "standby", "no")
    with pytest.raises(DrivenError):
        end(desk)
    assert desk.run().standing is Standing.FAILING
    with pytest.raises(AccessError):
        end(desk, "?")
    assert end(desk, "it undoes nothing").standing is Standing.FAILED


def test_what_undoes_it_by_now_is_let_end(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    run = desk.start(BOOK).run
    name = undo_of("resume")
    run = desk.world().store.become(run, Standing.FAILING, 1.0, "dana", "no")
    begun = replace(run.step(name), state=State.RUNNING, attempt=1, host=desk.world().actor.host, intent=7)
    desk.world().store.move(run, begun)
    folder = desk.world().folder / run.id / f"{name}.7"
    step_process.begin(folder, Order(SLEEPS, 90.0))
    eventually((folder / "process").exists)
    end(desk)
    assert still_runs((folder / "process").read_text())
    assert desk.run().step(name).words.endswith("is left to end by itself")
    step_process.end(folder)
    eventually(lambda: not still_runs((folder / "process").read_text()))


def test_what_was_about_to_run_never_does(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    in_a_process(lambda: desk.start(point=dies_at("running")).go_on())
    step = desk.run().step("stop")
    assert step.state is State.RUNNING
    end(desk)
    folder = desk.world().folder / desk.run().id / f"stop.{step.intent}"
    assert step_process.look(folder).fate is step_process.Fate.NEVER_BEGUN


def test_what_another_host_runs_is_said_to_run_there_still(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    run = desk.start().run
    begun = replace(run.step("stop"), state=State.RUNNING, attempt=1, host="another-host", intent=7)
    desk.world().store.move(run, begun)
    end(desk)
    assert desk.run().step("stop").words.endswith("it was begun on another-host, and may run there still")


def test_one_that_was_being_undone_has_failed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    run = desk.start().run
    desk.world().store.become(run, Standing.FAILING, 1.0, "dana", "no")
    assert end(desk).standing is Standing.FAILED


def test_the_command_line_ends_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    run = Run("start-1", "start", "paper", BOOK.replace("use:", "uses:"), {}, 1000.0, driver=None)
    first, *rest = steps_of(runbook(BOOK))
    own_store(state).create(replace(run, steps=(replace(first, state=State.PASSED, attempt=1), *rest)), "x")
    done = run_here(tmp_path, "runbook", "abort", run.id, "--reason", "old", "--state", str(state))
    assert done.returncode == 1
    assert done.stderr.startswith("opsconsole: run start-1:")
    assert done.stdout.splitlines() == [
        "what undoes resume is not known, and has to be done by hand",
        "ABORTED",
    ]
    assert own_store(state).find(run.id).standing is Standing.ABORTED
