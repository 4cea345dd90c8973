"""Whoever is killed when: what comes back finds what really happened, or says that it isn't known."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from console.audit.actor import process_start
from console.audit.open_intents import open_intents
from console.audit.verify import verify
from console.runbooks.deciding import Decision, resume
from console.runbooks.run import MoveError, Next, Standing, State
from tests.unit.runbooks.drives import SLEEPS, STOP, Desk, dies_at, in_a_process, killed_at
from tests.waiting import eventually

SLOW = STOP.replace("5s", "60s")
"""For a command that is not to be ended at its time-out, however busy the machine is."""
POINTS = 80
"""More than a whole run passes."""
OWN_POINTS = ("intent", "running", "begun", "ended", "outcome", "concluded")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("name", OWN_POINTS)
def test_a_driver_killed_between_two_states_leaves_what_really_happened(desk: Desk, name: str) -> None:
    assert in_a_process(lambda: desk.start(point=dies_at(name)).go_on()) == signal.SIGKILL
    _come_back(desk)


@pytest.mark.campaign
@pytest.mark.parametrize("count", range(1, POINTS))
def test_a_driver_killed_at_any_call_leaves_what_really_happened(desk: Desk, count: int) -> None:
    how = in_a_process(lambda: desk.start(point=killed_at(count)).go_on())
    assert how in (0, signal.SIGKILL)
    if desk.world().store.latest("paper"):
        _come_back(desk)
    else:
        assert desk.times == 0


def _come_back(desk: Desk) -> None:
    """Resume the run where it isn't over: nothing ran twice, and the journal knows what came of it all."""
    run = desk.run()
    if run.standing.over:
        with pytest.raises(MoveError, match="is over: passed"):
            desk.take(run.id)
    else:
        assert desk.take(run.id).go_on().next is Next.END
    assert (desk.run().standing, desk.times) == (Standing.PASSED, 1)
    assert not [one for one in open_intents(desk.folder / "audit") if one.target.startswith(run.id)]
    assert verify(desk.folder / "audit").sound


def test_a_supervisor_killed_with_its_command_leaves_unknown_until_it_can_be_read_back(desk: Desk) -> None:
    desk.command, desk.answers["stopped"] = SLEEPS, None
    in_a_process(lambda: desk.start(SLOW, point=dies_at("begun")).go_on())
    for pid in desk.processes(desk.run()):
        os.kill(pid, signal.SIGKILL)
    drive = desk.take(desk.run().id, SLOW)
    assert drive.go_on().next is Next.ASK
    assert desk.run().step("stop").state is State.UNKNOWN
    with pytest.raises(MoveError, match="unknown: it can't become running"):
        resume(drive, Decision(again=True))
    desk.answers["stopped"] = True
    assert desk.take(drive.run.id, SLOW).go_on().standing is Standing.PASSED


def test_what_runs_unwatched_is_not_read_back_before_it_has_ended(desk: Desk) -> None:
    desk.command, desk.answers["stopped"] = SLEEPS, True
    in_a_process(lambda: desk.start(SLOW, point=dies_at("begun")).go_on())
    supervisor, command = desk.processes(desk.run())
    os.kill(supervisor, signal.SIGKILL)
    drive = desk.take(desk.run().id, SLOW)
    assert drive.go_on().next is Next.ASK
    assert drive.run.step("stop").words == "its command is running, but what watched it was killed"
    os.kill(command, signal.SIGKILL)
    eventually(lambda: process_start(command) is None)
    assert desk.take(drive.run.id, SLOW).go_on().standing is Standing.PASSED


def test_a_command_outlives_its_driver_and_is_waited_for(desk: Desk) -> None:
    slow = "import sys, time; time.sleep(0.5); open(sys.argv[1], 'a').write('ran\\n')"
    desk.command = (sys.executable, "-S", "-c", slow, str(desk.marks))
    in_a_process(lambda: desk.start(point=dies_at("begun")).go_on())
    assert desk.times == 0
    assert desk.take(desk.run().id).go_on().standing is Standing.PASSED
    assert desk.times == 1


def test_an_abort_ends_what_a_driver_that_is_gone_has_begun(desk: Desk) -> None:
    desk.command = SLEEPS
    in_a_process(lambda: desk.start(point=dies_at("begun")).go_on())
    drive = desk.take(desk.run().id)
    _, command = desk.processes(drive.run)
    began = time.monotonic()
    drive.abort("it hangs")
    assert (drive.go_on().standing, process_start(command)) == (Standing.ABORTED, None)
    assert time.monotonic() - began < 30


def test_what_was_begun_on_another_host_is_unknown_here(desk: Desk) -> None:
    desk.command, desk.answers["stopped"] = SLEEPS, None
    in_a_process(lambda: desk.start(SLOW, point=dies_at("begun")).go_on())
    drive = desk.take_elsewhere(desk.run().id, "its host is gone")
    assert drive.go_on().next is Next.ASK
    assert drive.run.step("stop").words.startswith("it was begun on ")
    for pid in desk.processes(drive.run):
        os.kill(pid, signal.SIGKILL)
