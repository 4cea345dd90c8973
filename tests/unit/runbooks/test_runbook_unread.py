"""A run whose runbook can't be read any more can be ended, and what stays as it is is named."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.audit.actor import still_runs
from console.audit.open_intents import open_intents
from console.audit.verify import verify
from console.runbooks.drivers import DrivenError
from console.runbooks.order import identity
from console.runbooks.run import Driver, MoveError, Run, Standing, State, steps_of
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


def test_one_that_somebody_drives_takes_a_reason(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    drive = desk.start()
    drive.world.store.take(drive.run, ELSEWHERE, 1.0, "mine")
    with pytest.raises(DrivenError):
        end(desk)
    assert end(desk, "she has gone home").standing is Standing.ABORTED


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
