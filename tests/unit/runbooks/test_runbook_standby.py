"""A driver that goes while what was done may have to be undone: what stood by goes on, and undoes it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from console.audit.open_intents import open_intents
from console.audit.verify import verify
from console.runbooks import standby, standing_by, watching
from console.runbooks.drivers import stand_in
from console.runbooks.order import identity
from console.runbooks.run import Next, Run, Standing, State
from console.runbooks.standby import AGAIN, Standby, named_in
from console.runbooks.standing_by import Post, stand_by
from console.runbooks.step_process import outliving
from console.runbooks.store import OvertakenError, own_store
from console.runbooks.world import World
from tests.unit.runbooks.drives import Desk, dies_at, in_a_process, killed_at, runbook
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
    check: ready
    compensation: {text: Stop it., command: stop, check: stopped, timeout: 60s}
  - {name: beats, text: See that it lives., check: ready, on_failure: compensate}
  - {name: watch, text: Look on., check: later, on_failure: compensate, holds_for: 10m}
"""
BRIEF = BOOK.replace("10m", "50ms")
POINTS = 80
"""More than a whole run passes."""
_STANDS = """\
import os, pathlib, sys, time
pid = os.getpid()
start = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
for file in pathlib.Path(sys.argv[1]).glob("runs/*-1"):
    (file / "standby").write_text(f"{pid}-{start}")
while os.getppid() == int(sys.argv[2]):
    time.sleep(0.05)
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(watching, "BETWEEN_WATCHES", 0.02)
    monkeypatch.setattr(watching, "BETWEEN_LOOKS", 0.02)
    monkeypatch.setattr(standing_by, "EVERY", 0.02)
    return Desk(tmp_path)


def post(desk: Desk, run: Run) -> Post:
    """Where this process stands by for the run's driver."""
    world = desk.world()
    folder = world.folder / run.id
    folder.mkdir(parents=True, exist_ok=True)
    own = identity(os.getpid())
    return Post(
        world.store,
        folder,
        own,
        world.actor.host,
        lambda: _standing(desk),
        lambda run: runbook(run.text),
        time.sleep,
    )


def die_in_the_watch(desk: Desk) -> Run:
    """The run as a driver leaves it that was killed while all was well."""
    at_watch = [0]

    def dies(name: str) -> None:
        at_watch[0] += name == "running"
        if at_watch[0] == 3:
            dies_at("running")(name)

    in_a_process(lambda: desk.start(BOOK, point=dies).go_on())
    assert desk.run().step("watch").state is State.RUNNING
    return desk.run()


def assert_undone_once(desk: Desk) -> None:
    assert (desk.run().standing, desk.times) == (Standing.FAILED, 1)
    assert desk.run().step("undo-resume").state is State.PASSED
    assert not open_intents(desk.folder / "audit")
    assert verify(desk.folder / "audit").sound


def test_a_watch_that_fails_after_its_driver_was_killed_undoes_the_run(desk: Desk) -> None:
    run = die_in_the_watch(desk)
    driver, desk.answers["later"] = run.driver, False
    stand_by(post(desk, run), run.id)
    assert_undone_once(desk)
    taken = next(move for move in desk.world().store.timeline(run.id) if "stands in" in move.words)
    assert taken.words == f"stands in for {driver}, whose process has ended"
    assert "'s standby@" in taken.by


def test_a_watch_that_holds_is_ended_in_place_of_its_driver(desk: Desk) -> None:
    in_a_process(lambda: desk.start(BRIEF, point=dies_at("outcome")).go_on())
    stand_by(post(desk, desk.run()), desk.run().id)
    assert (desk.run().standing, desk.times) == (Standing.PASSED, 0)
    assert "it has held for" in desk.run().step("watch").words


@pytest.mark.campaign
@pytest.mark.parametrize("passes", [False, None])
@pytest.mark.parametrize("count", range(1, POINTS))
def test_wherever_its_driver_is_killed_what_goes_wrong_is_undone_once(
    desk: Desk, count: int, passes: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "GRACE", 0.1)
    desk.answers["later"] = passes
    how = in_a_process(lambda: desk.start(BOOK, point=killed_at(count)).go_on())
    assert how in (0, signal.SIGKILL)
    if not desk.world().store.latest("paper"):
        return
    stand_by(post(desk, desk.run()), desk.run().id)
    if desk.run().step("resume").attempt:
        assert_undone_once(desk)
    else:
        assert (desk.times, desk.run().standing) == (0, Standing.OPEN)


def test_one_that_is_killed_in_the_others_place_is_gone_on_with(desk: Desk) -> None:
    run = die_in_the_watch(desk)
    desk.answers["later"] = False
    in_a_process(lambda: stand_by(replace(post(desk, run), world=lambda: _dying(desk)), run.id))
    assert desk.run().standing in (Standing.OPEN, Standing.FAILING)
    stand_by(post(desk, run), run.id)
    assert_undone_once(desk)


def test_a_driver_that_is_stopped_is_gone_and_finds_itself_overtaken(desk: Desk) -> None:
    child = os.fork()
    if child == 0:
        try:
            desk.start(BOOK).go_on()
        except OvertakenError:
            os._exit(7)
        os._exit(0)
    eventually(lambda: desk.folder.joinpath("runs/runs.db").exists() and desk.world().store.latest("paper"))
    eventually(lambda: desk.run().step("watch").state is State.RUNNING)
    os.kill(child, signal.SIGSTOP)
    desk.answers["later"] = False
    stand_by(post(desk, desk.run()), desk.run().id)
    os.kill(child, signal.SIGCONT)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert_undone_once(desk)


def test_without_the_store_what_goes_wrong_is_undone_all_the_same(desk: Desk) -> None:
    desk.store = own_store(desk.folder / "shared")
    run = die_in_the_watch(desk)
    stands = post(desk, run)
    desk.answers["later"] = False

    def lost() -> World:
        (desk.folder / "shared").rename(desk.folder / "away")
        (desk.folder / "shared").write_text("")
        return _standing(desk)

    stand_by(replace(stands, world=lost), run.id)
    assert desk.times == 1


def test_one_that_took_the_run_and_could_not_go_on_tries_again(desk: Desk) -> None:
    run = die_in_the_watch(desk)
    stand_in(_standing(desk), runbook(run.text), run, "stands in for it, and gets no further")
    desk.answers["later"] = False
    looks = iter(range(20))  # StopIteration, where it only looks at itself
    stand_by(replace(post(desk, run), wait=lambda _: _spent(looks)), run.id)
    assert_undone_once(desk)


def test_whoever_comes_back_has_the_run_for_the_asking(desk: Desk) -> None:
    run = die_in_the_watch(desk)
    standing = threading.Thread(target=stand_by, args=(post(desk, run), run.id))
    standing.start()
    eventually(lambda: (driver := desk.run().driver) is not None and driver.stands_in)
    drive = desk.take(run.id, BOOK)
    drive.abort("enough")
    assert drive.go_on().standing is Standing.ABORTED
    standing.join()
    assert desk.times == 1


def test_no_act_of_the_steps_own_is_begun_in_a_persons_place(desk: Desk) -> None:
    act = "  - {name: more, text: More., command: verify_positions, timeout: 9s, check: stopped}\n"
    in_a_process(lambda: desk.start(BRIEF + act, point=dies_at("outcome")).go_on())
    stand_by(post(desk, desk.run()), desk.run().id)
    assert (desk.run().standing, desk.run().step("watch").state) == (Standing.OPEN, State.PASSED)
    assert desk.run().step("more").state is State.PENDING


def test_what_waits_for_a_person_without_a_driver_is_not_stood_by_for(desk: Desk) -> None:
    desk.answers["ready"] = False
    in_a_process(lambda: desk.start(BOOK.replace("60s", "1s")).go_on())
    assert desk.run().step("resume").state is State.FAILED
    stand_by(post(desk, desk.run()), desk.run().id)
    assert desk.run().standing is Standing.OPEN


def test_what_may_have_to_be_undone_waits_for_somebody_who_stands_by(desk: Desk) -> None:
    desk.guarded, desk.stands_by = True, (sys.executable, "-S", "-c", "")
    drive = desk.start(BOOK)
    assert drive.go_on().next is Next.ASK
    waits = drive.run.step("resume")
    assert (waits.state, waits.attempt) == (State.WAITING, 0)
    assert waits.words.startswith("nobody stands by for whoever drives")


def test_a_standby_that_is_killed_is_begun_anew_in_the_watch(desk: Desk) -> None:
    desk.guarded = True
    desk.stands_by = (sys.executable, "-S", "-c", _STANDS, str(desk.folder), str(os.getpid()))
    drive = desk.start(BOOK.replace("holds_for: 10m", "holds_for: 20s"))
    first: list[str] = []

    def nobody_new() -> bool:
        """Kill the first; whether no other has come."""
        named = named_in(drive.standby.folder)
        if not first:
            first.append(named)
            os.kill(int(named.partition("-")[0]), signal.SIGKILL)
        return named == first[0]

    later = {"later": lambda _: desk.says("later", nobody_new())}
    drive.world = replace(drive.world, checks={**drive.world.checks, **later})
    assert drive.go_on().standing is Standing.FAILED  # another has come, which ends the watch


def test_where_no_standby_can_live_few_are_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    def ended(arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        begun.append(outliving(arguments))
        begun[-1].wait()
        return begun[-1]

    monkeypatch.setattr(standby, "outliving", ended)
    nobody = Standby(tmp_path / "run", ("/bin/false",), "1-1")
    for now in (100.0, 100.05, 101.0, 100.0 + AGAIN):
        nobody.see_to(now)
    assert len(begun) == 2
    assert nobody.lack(time.sleep)  # a person is told of it at once, however few are tried
    assert len(begun) == 3


def _standing(desk: Desk) -> World:
    return replace(desk.world(), stands_in=True)


def _spent(looks: Iterator[int]) -> None:
    next(looks)


def _dying(desk: Desk) -> World:
    return replace(desk.world(dies_at("begun")), stands_in=True)
