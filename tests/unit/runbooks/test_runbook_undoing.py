"""A run that is ended or has failed is undone at once: nothing that it waited for holds that up (law 1)."""

import time
from pathlib import Path

import pytest

from console.runbooks import watching
from console.runbooks.run import Next, Standing, State
from tests.unit.runbooks.drives import SLEEPS, Desk, dies_at, in_a_process
from tests.waiting import eventually

BOOK = """\
title: Start it
use: always
risk: raises
steps:
  - name: resume
    text: Let it trade.
    command: sync_positions
    timeout: 60s
    check: later
    compensation: {text: Stop it., command: stop, check: stopped, timeout: 5s}
  - {name: watch, text: Look on., check: ready, holds_for: 10m}
"""
QUICK = 20.0


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_abort_ends_a_watch_and_undoes_at_once(desk: Desk) -> None:
    at_watch = [0]

    def dies(name: str) -> None:
        at_watch[0] += name == "running"
        if at_watch[0] == 2:
            dies_at("running")(name)

    in_a_process(lambda: desk.start(BOOK, point=dies).go_on())
    assert desk.run().step("watch").state is State.RUNNING
    drive, began = desk.take(desk.run().id, BOOK), time.monotonic()
    drive.abort("it loses money")
    assert drive.go_on().standing is Standing.ABORTED
    assert time.monotonic() - began < QUICK
    assert (desk.times, drive.run.step("watch").state) == (1, State.PENDING)
    assert drive.run.step("watch").words == "it is asked no more: the run is aborting"


def test_what_stays_unknown_is_undone_all_the_same(desk: Desk) -> None:
    desk.answers["later"] = None
    drive = desk.start(BOOK.replace("60s", "1ms"))
    assert drive.go_on().next is Next.ASK
    assert drive.run.step("resume").state is State.UNKNOWN
    drive.abort("nobody knows")
    assert drive.go_on().standing is Standing.ABORTED
    assert (desk.times, drive.run.step("resume").state) == (1, State.UNKNOWN)


def test_a_check_that_does_not_pass_is_not_waited_for_once_the_run_is_aborted(desk: Desk) -> None:
    desk.answers["later"] = False
    in_a_process(lambda: desk.start(BOOK, point=dies_at("ended")).go_on())
    drive, began = desk.take(desk.run().id, BOOK), time.monotonic()
    drive.abort("enough")
    assert drive.go_on().standing is Standing.ABORTED
    assert time.monotonic() - began < QUICK
    assert desk.times == 1


def test_what_undoes_is_waited_for_as_long_as_it_may_take(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "BETWEEN_LOOKS", 0.05)
    desk.answers["later"] = False
    late = iter([False, False, True])
    checks = {"stopped": lambda _told: desk.says("stopped", next(late))}
    drive = desk.start(BOOK.replace("60s", "1ms"), checks=checks)
    drive.go_on()
    drive.abort("enough")
    assert drive.go_on().standing is Standing.ABORTED
    assert drive.run.step("undo-resume").state is State.PASSED


def test_an_act_that_is_aborted_half_way_is_undone(desk: Desk) -> None:
    desk.commands["sync_positions"] = SLEEPS
    desk.answers["later"] = None
    in_a_process(lambda: desk.start(BOOK, point=dies_at("begun")).go_on())
    drive = desk.take(desk.run().id, BOOK)
    eventually((drive.folder(drive.run.step("resume")) / "output").exists)
    drive.abort("it hangs")
    assert drive.go_on().standing is Standing.ABORTED
    assert desk.times == 1
