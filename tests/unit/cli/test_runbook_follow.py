"""What a terminal says of a run while it goes on, of a real command in its own process."""

import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from console.cli import runbook_follow
from console.cli.runbook_follow import Following
from console.domain.clock import SystemClock
from console.runbooks.run import Standing, State
from tests.unit.runbooks.drives import Desk

TALKS = "import sys, time; print('one\\x1b[2J', flush=True); time.sleep(0.3); print('hush-hush two')"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, {"stopped": True})


def following(desk: Desk) -> Following:
    return Following(desk.folder / "runs", SystemClock(), ("hush-hush",))


def in_thread(deed: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=deed)
    thread.start()
    return thread


def test_whoever_watches_sees_each_move_and_what_the_command_writes(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.command = (sys.executable, "-S", "-c", TALKS)
    drive = desk.start()
    store = desk.world().store
    driving = in_thread(drive.go_on)
    ended = following(desk).watch(store, drive.run.id)
    driving.join()
    lines = capsys.readouterr().out.splitlines()
    assert ended.standing is Standing.PASSED
    assert "| one\\x1b[2J" in lines
    assert lines[-1] == "PASSED"
    assert [line for line in lines if line.startswith("stop") and "passed" in line]
    assert "hush-hush" not in "\n".join(lines)


def test_whoever_drives_sees_the_output_before_the_move_that_ends_it(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.command = (sys.executable, "-S", "-c", TALKS)
    told = following(desk)
    drive = desk.start()
    drive.world = replace(drive.world, tell=told.moved)
    told.of(drive.run, drive.world.store)
    with told.going_on():
        drive.go_on()
    lines = capsys.readouterr().out.splitlines()
    first, last = lines.index("| one\\x1b[2J"), next(i for i, line in enumerate(lines) if "passed" in line)
    assert first < last
    assert any(line.startswith("| ") and line.endswith(" two") for line in lines[first:last])


def test_a_terminal_that_takes_nothing_keeps_no_run_from_going_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes, lines = threading.Event(), list[str]()

    def tell(line: str) -> None:
        takes.wait()
        lines.append(line)

    monkeypatch.setattr(runbook_follow, "tell", tell)
    told, drive = following(desk), desk.start()
    drive.world = replace(drive.world, tell=told.moved)
    told.of(drive.run, drive.world.store)
    with told.going_on():
        assert drive.go_on().standing is Standing.PASSED
        assert not lines
        takes.set()
    assert [line.split()[:2] for line in lines if "|" not in line][-1] == ["see", "passed"]


def test_now_and_then_a_running_step_says_for_how_long_against_its_usual_time(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    done = desk.start()
    done.go_on()
    clock = Hand()
    told = Following(desk.folder / "runs", clock, ())
    running = replace(done.run.steps[0], state=State.RUNNING, since=clock.at)
    told.of(done.run.with_step(running), desk.world().store)
    told.look()
    clock.at += 12
    told.look()
    told.look()
    (line,) = capsys.readouterr().out.splitlines()[1:]
    assert re.fullmatch(r"stop: for 12 s, usually [\d.]+ s", line)


@dataclass(slots=True)
class Hand:
    """A clock that is set by hand."""

    at: float = 1000.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at
