"""A driver that goes while what was done may have to be undone: what stood by goes on, and undoes it."""

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.runbooks import watching
from console.runbooks.drivers import stand_in
from console.runbooks.run import Next, Standing, State
from console.runbooks.standby import named_in
from console.runbooks.standing_by import stand_by
from console.runbooks.store import OvertakenError, own_store
from console.runbooks.world import World
from tests.unit.runbooks.drives import Desk, dies_at, in_a_process, killed_at, runbook
from tests.unit.runbooks.standing import (
    BOOK,
    STANDS,
    assert_undone_once,
    die_in_the_watch,
    post,
    quick_desk,
    standing,
)
from tests.waiting import eventually

BRIEF = BOOK.replace("10m", "50ms")
POINTS = 80
"""More than a whole run passes."""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return quick_desk(tmp_path, monkeypatch)


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


def spoilt(store: Path) -> None:
    """Have the store be none any more."""
    store.rename(store.with_name("away"))
    store.write_text("")


@pytest.mark.parametrize("lose", [spoilt, shutil.rmtree])
def test_without_the_store_what_goes_wrong_is_undone_all_the_same(
    desk: Desk, lose: Callable[[Path], None]
) -> None:
    desk.store = own_store(desk.folder / "shared")
    run = die_in_the_watch(desk)
    stands = post(desk, run)
    desk.answers["later"] = False

    def lost() -> World:
        lose(desk.folder / "shared")
        desk.store = own_store(desk.folder / "shared")  # which makes what it lacks
        return standing(desk)

    stand_by(replace(stands, world=lost), run.id)
    assert desk.times == 1


def test_one_that_took_the_run_and_could_not_go_on_tries_again(desk: Desk) -> None:
    run = die_in_the_watch(desk)
    stand_in(standing(desk), runbook(run.text), run, "stands in for it, and gets no further")
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
    desk.stands_by = (sys.executable, "-S", "-c", STANDS, str(desk.folder), str(os.getpid()))
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


def _spent(looks: Iterator[int]) -> None:
    next(looks)


def _dying(desk: Desk) -> World:
    return replace(desk.world(dies_at("begun")), stands_in=True)
