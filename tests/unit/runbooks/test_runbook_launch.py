"""What never ends, such as an engine: it is begun by itself, seen to live, and outlives all who began it."""

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from console.audit.actor import process_start
from console.domain.clock import SystemClock
from console.runbooks import acting, supervisor
from console.runbooks.order import Order
from console.runbooks.run import Next, Standing, State
from console.runbooks.step_process import Fate, Look, begin, end, look
from tests.unit.runbooks.drives import SLEEPS, Desk, dies_at, in_a_process
from tests.waiting import eventually

START = """\
title: Start it
use: always
risk: raises
steps:
  - {name: start, text: Start it., command: start, timeout: 5s, check: ready}
"""


def living(code: str, lives: float = 0.3, limit: int = 1 << 20) -> Order:
    return Order((sys.executable, "-S", "-c", code), 30.0, 0.3, limit, lives)


def ended(folder: Path) -> Look:
    eventually(lambda: look(folder).fate is not Fate.RUNNING)
    return look(folder)


def pid_in(folder: Path, name: str) -> int:
    return int((folder / name).read_text().partition("-")[0])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run" / "start.1"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(acting, "LIVES", 0.3)
    return Desk(tmp_path)


def test_what_lives_long_enough_is_left_alone_and_told_as_living(folder: Path) -> None:
    begin(folder, living("import time; print('up', flush=True); time.sleep(60)"))
    seen = ended(folder)
    assert seen.outcome is not None
    assert (seen.outcome.lives, seen.outcome.code) == (True, None)
    eventually(lambda: look(folder).output == "up\n")
    assert process_start(pid_in(folder, "process")) is not None
    os.kill(pid_in(folder, "process"), signal.SIGKILL)
    eventually(lambda: process_start(pid_in(folder, "claim")) is None)


def test_what_ends_at_once_says_how_and_with_which_words(folder: Path) -> None:
    begin(folder, living("raise SystemExit('no such symbol')", lives=20.0))
    seen = ended(folder)
    assert seen.outcome is not None
    assert (seen.outcome.lives, seen.outcome.code, seen.output) == (False, 1, "no such symbol\n")


def test_what_lives_on_writes_on_when_its_supervisor_is_killed(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = (
        f"import pathlib, time; time.sleep(1); print('on', flush=True); pathlib.Path({str(mark)!r}).touch()"
    )
    begin(folder, living(code, lives=0.1))
    ended(folder)
    os.kill(pid_in(folder, "claim"), signal.SIGKILL)
    eventually(mark.exists)
    assert look(folder).output == "on\n"


def test_what_lives_on_fills_no_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_BETWEEN_CUTS", 0.05)
    folder.mkdir(parents=True)
    order = living("while True: print('x' * 4095, flush=True); import time; time.sleep(0.001)", 0.1, 1 << 16)
    (folder / "order.json").write_text(json.dumps(asdict(order)))
    watching = os.fork()
    if watching == 0:
        supervisor.supervise(folder, SystemClock())
        os._exit(0)
    try:
        eventually((folder / "output.before").exists)
        eventually(lambda: (folder / "output").stat().st_size < order.limit // 2)
    finally:
        os.kill(pid_in(folder, "process"), signal.SIGKILL)
        os.waitpid(watching, 0)


def test_an_abort_while_it_starts_ends_it(folder: Path) -> None:
    begin(folder, living("import time; print('up', flush=True); time.sleep(60)", lives=30.0))
    eventually(lambda: look(folder).output)
    end(folder)
    seen = ended(folder)
    assert seen.outcome is not None
    assert (seen.outcome.ended, seen.outcome.lives) == ("abort", False)


def test_a_start_passes_by_its_check_and_the_engine_lives_on(desk: Desk) -> None:
    desk.command = SLEEPS
    drive = desk.start(START)
    assert drive.go_on().standing is Standing.PASSED
    engine = pid_in(drive.folder(drive.run.step("start")), "process")
    assert process_start(engine) is not None
    os.kill(engine, signal.SIGKILL)


def test_a_start_whose_supervisor_was_killed_is_unknown_and_read_back_while_the_engine_runs(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "LIVES", 60.0)
    desk.command, desk.answers["ready"] = SLEEPS, None
    in_a_process(lambda: desk.start(START, point=dies_at("begun")).go_on())
    run = desk.run()
    folder = desk.folder / "runs" / run.id / f"start.{run.step('start').intent}"
    eventually((folder / "process").exists)
    os.kill(pid_in(folder, "claim"), signal.SIGKILL)
    drive = desk.take(run.id, START)
    assert drive.go_on().next is Next.ASK
    assert drive.run.step("start").state is State.UNKNOWN
    desk.answers["ready"] = True
    assert desk.take(run.id, START).go_on().standing is Standing.PASSED
    os.kill(pid_in(folder, "process"), signal.SIGKILL)
