"""What stands by and can't get on: it tries again, ever more seldom, in one process, and says why once."""

import gc
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from console.audit.actor import still_runs
from console.audit.files import records
from console.runbooks import beat, effects, standby, standing_by
from console.runbooks.beat import HANGS, UNSEEN, Beat, Pulse
from console.runbooks.drivers import stand_in
from console.runbooks.model import Found, Runbook
from console.runbooks.order import identity, keep
from console.runbooks.run import Next, Run, Standing, State
from console.runbooks.standby import AGAIN, SELDOM, Standby
from console.runbooks.standing_by import Post, stand_by
from console.runbooks.step_process import outliving
from console.runbooks.store import OvertakenError, own_store
from tests.unit.runbooks.drives import Desk, in_a_process, runbook
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

SOON = BOOK.replace("60s", "1s")
"""Whose acts have to show soon what they do."""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return quick_desk(tmp_path, monkeypatch)


def waits(desk: Desk, then: Callable[[int], object], most: int = 20) -> tuple[Post, list[float]]:
    """A post where nobody waits, but where `then` is told at the how manieth wait it is; and the waits."""
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        assert len(waited) <= most
        then(len(waited))

    return replace(post(desk, desk.run()), wait=wait), waited


def stand_ins(desk: Desk) -> int:
    """How often the run was gone on with in somebody's place."""
    timeline = desk.world().store.timeline(desk.run().id)
    return sum(move.words.startswith("stands in for ") for move in timeline)


def test_what_cannot_be_told_is_asked_again_by_the_same_process_ever_more_seldom(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing_by, "LONGEST", 0.1)
    desk.answers["ready"] = None
    in_a_process(lambda: desk.start(SOON).go_on())
    assert desk.run().step("resume").state is State.UNKNOWN

    def then(count: int) -> None:
        """At last it is known to trade, and what is looked at next goes wrong."""
        if count == 4:
            keep(place.folder, standby.FILE, identity(os.getppid()))  # which stands by for this one
        if count == 15:
            desk.answers.update(ready=True, later=False)

    place, waited = waits(desk, then)
    stand_by(place, desk.run().id)
    assert_undone_once(desk)
    assert stand_ins(desk) == 1
    pauses = [each for each in waited if each]
    assert pauses == [0.02, 0.04, 0.08, 0.1, 0.1, 0.1, 0.1]


def test_an_undoing_that_has_failed_is_tried_again_until_it_shows(desk: Desk) -> None:
    die_in_the_watch(desk, SOON)
    desk.answers.update(later=False, stopped=False)
    place, _ = waits(desk, lambda count: count == 2 and desk.answers.pop("stopped"))
    stand_by(place, desk.run().id)
    undone = desk.run().step("undo-resume")
    assert (undone.state, undone.attempt, undone.note) == (State.PASSED, 2, "what stands by tries it again")
    assert (desk.run().standing, desk.times, stand_ins(desk)) == (Standing.FAILED, 2, 1)


@pytest.mark.parametrize("more", ["", ", if_needed: true"])
def test_what_only_a_person_may_begin_ends_every_standby(desk: Desk, more: str) -> None:
    act = f"  - {{name: more, text: More., command: verify_positions, timeout: 9s, check: stopped{more}}}\n"
    run = die_in_the_watch(desk, BOOK.replace("10m", "10ms") + act)
    place, _ = waits(desk, lambda _: None)
    stand_by(place, run.id)
    assert stand_ins(desk) == 1
    stand_by(place, run.id)  # the one that stood by for the first
    assert (stand_ins(desk), desk.run().standing) == (1, Standing.OPEN)
    assert (desk.run().step("watch").state, desk.run().step("more").state) == (State.PASSED, State.PENDING)


def stood_in_and_died(desk: Desk, number: int) -> None:
    """Have one stand in that has ended since."""
    world, run = standing(desk), desk.run()
    gone = replace(world, actor=replace(world.actor, process=f"99999{number}-1"))
    stand_in(gone, runbook(run.text), run, f"{standing_by.STANDS_IN}somebody")


def test_where_those_who_stood_in_have_ended_the_next_one_takes_its_time(desk: Desk) -> None:
    run = die_in_the_watch(desk)
    for number in range(3):
        stood_in_and_died(desk, number)
    desk.answers["later"] = False
    place, waited = waits(desk, lambda _: None)
    stand_by(place, run.id)
    assert waited[0] == 0.02 * 8
    assert_undone_once(desk)


def losing(desk: Desk, place: Post, *names: str) -> Post:
    """The same post, where these folders are lost as soon as one is to go on."""

    def read(run: Run) -> Runbook:
        for name in names:
            if (folder := desk.folder / name).is_dir():
                folder.rename(desk.folder / f"{name}.away")
                folder.write_text("")
        return runbook(run.text)

    return replace(place, read=read)


def test_one_that_stood_in_before_and_the_store_are_gone_and_the_run_is_undone(desk: Desk) -> None:
    desk.store = own_store(desk.folder / "shared")
    run = die_in_the_watch(desk)
    stood_in_and_died(desk, 1)
    desk.answers["later"] = False
    place, _ = waits(desk, lambda _: None)
    stand_by(losing(desk, place, "shared"), run.id)
    assert desk.times == 1


@pytest.mark.parametrize("passes", [False, None])
def test_what_another_began_that_is_not_known_is_undone_without_the_store(
    desk: Desk, passes: bool | None
) -> None:
    desk.store, desk.answers["later"] = own_store(desk.folder / "shared"), None
    run = die_in_the_watch(desk, at="concluded")
    assert run.step("watch").state is State.UNKNOWN
    desk.answers["later"] = passes
    place, _ = waits(desk, lambda _: None)
    stand_by(losing(desk, place, "shared"), run.id)
    assert desk.times == 1


def test_an_undoing_is_tried_again_without_the_store_and_the_journal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "_SHOWS_WITHIN", 0.0)
    desk.store = own_store(desk.folder / "shared")
    run = die_in_the_watch(desk)
    desk.answers.update(later=False, stopped=False)
    place, _ = waits(desk, lambda count: count == 2 and desk.answers.pop("stopped"))
    stand_by(losing(desk, place, "shared", "audit"), run.id)
    assert desk.times == 2


def blocks_in_the_watch(desk: Desk, pipe: int) -> None:
    """Drive as one whose check never answers, until `pipe` does; ends with 7 where it was overtaken."""
    desk.guarded = True
    desk.stands_by = (sys.executable, "-S", "-c", STANDS, str(desk.folder), str(os.getpid()))
    later = {"later": lambda _told: desk.says("later", bool(os.read(pipe, 1)))}
    try:
        desk.start(BOOK, checks=later).go_on()
    except OvertakenError:
        os._exit(7)


def test_a_driver_that_hangs_is_gone_on_for_and_finds_itself_overtaken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing_by, "HANGS", 0.2)
    monkeypatch.setattr(beat, "EVERY", 0.01)
    answers, asks = os.pipe()
    child = os.fork()
    if child == 0:
        blocks_in_the_watch(desk, answers)
        os._exit(1)
    eventually(lambda: desk.folder.joinpath("runs/runs.db").exists() and desk.world().store.latest("paper"))
    eventually(lambda: desk.run().step("watch").state is State.RUNNING)
    desk.answers["later"] = False
    place, _ = waits(desk, lambda _: time.sleep(0.02), 1000)
    try:
        stand_by(place, desk.run().id)
    finally:
        os.write(asks, b"1" * 1000)  # it asks on until it notices
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert_undone_once(desk)
    words = [move.words for move in desk.world().store.timeline(desk.run().id)]
    assert any("whose process hasn't moved for " in each for each in words)


@dataclass
class Ticking:
    """A clock that a test moves on."""

    at: float = 1000.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at


def watched(desk: Desk, times: int, beats: str) -> float:
    """For how many seconds one is waited for that lives and stands in, after so many; at most for 400."""
    own, run = identity(os.getpid()), die_in_the_watch(desk)
    for _ in range(times):
        world = replace(standing(desk), actor=replace(desk.world().actor, process=own))
        stand_in(world, runbook(run.text), desk.run(), f"{standing_by.STANDS_IN}somebody")
    if beats:
        desk.world().store.become(desk.run(), Standing.FAILING, 1.0, "dana", "it is undone")
    clock, desk.answers["later"] = Ticking(), False
    place = replace(post(desk, run), own="999999-1", clock=clock)
    keep(place.folder, beat.FILE, beats or f"{own} 1.000")

    def wait(_seconds: float) -> None:
        clock.at += 10.0
        if clock.at >= 1400.0 or desk.run().driver != world.driver:
            keep(place.folder, standby.FILE, own)  # it is no more for this one to stand by
            raise InterruptedError

    with suppress(InterruptedError):
        stand_by(replace(place, wait=wait), run.id)
    return clock.at - 1000.0


@pytest.mark.parametrize(("times", "seconds"), [(1, HANGS), (2, 2 * HANGS)])
def test_one_that_stands_in_and_hangs_is_gone_on_for_the_next_one_later(
    desk: Desk, times: int, seconds: float
) -> None:
    assert watched(desk, times, "") == seconds + 10.0


def test_one_that_stands_in_and_was_never_seen_to_move_is_left_alone(desk: Desk) -> None:
    assert watched(desk, 1, "8-1 1.000") == 400.0


def test_one_that_stands_in_is_seen_to_drive_between_two_tries(desk: Desk) -> None:
    run, desk.guarded = die_in_the_watch(desk), True
    desk.stands_by = (sys.executable, "-S", "-c", STANDS, str(desk.folder), str(os.getpid()))
    drive = stand_in(standing(desk), runbook(run.text), run, f"{standing_by.STANDS_IN}somebody")
    drive.see_to_standby()
    drive.rest()
    assert (drive.standby.folder / beat.FILE).exists()


def test_a_driver_who_leaves_it_at_an_undoing_that_failed_is_gone_on_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing_by, "HANGS", 0.1)
    desk.answers.update(later=False, stopped=False)
    drive = desk.start(SOON)
    assert drive.go_on().next is Next.ASK  # and this process lives on
    desk.answers.pop("stopped")
    place, _ = waits(desk, lambda _: time.sleep(0.02), 1000)
    other = replace(standing(desk), actor=replace(desk.world().actor, process="999999-1"))
    stand_by(replace(place, own="999999-1", world=lambda: other), drive.run.id)
    assert (desk.run().standing, desk.times) == (Standing.FAILED, 2)


def test_only_a_driver_that_is_to_move_is_seen_to_drive(tmp_path: Path) -> None:
    driver, pulse = Beat(tmp_path, "7-1"), Pulse(tmp_path)
    assert (pulse.still(100.0, 1), pulse.drives("7-1")) == (0, False)  # it hasn't begun
    for now in (101.0, 109.0):
        driver.go(now)
        assert (pulse.still(now, 1), pulse.drives("7-1"), pulse.drives("8-1")) == (0, True, False)
    assert [pulse.still(109.0 + 10.0 * each, 1) for each in range(1, 13)][-1] == HANGS
    assert pulse.still(229.0 + 2 * UNSEEN, 1) == 0  # who looked stood still itself
    driver.rest()
    assert (pulse.still(260.0, 1), pulse.drives("7-1")) == (0, False)
    assert (pulse.still(270.0, 1), pulse.still(271.0, 2), pulse.still(275.0, 2)) == (
        10,
        0,
        4,
    )  # another drives


def test_a_driver_at_rest_leaves_no_beat(desk: Desk) -> None:
    desk.guarded = True
    desk.stands_by = (sys.executable, "-S", "-c", STANDS, str(desk.folder), str(os.getpid()))
    drive = desk.start(BOOK.replace("10m", "10ms"))
    file = drive.standby.folder / beat.FILE
    beats: list[bool] = []

    def later(_told: Mapping[str, str]) -> Found:
        beats.append(file.exists())
        return desk.says("later", True)

    drive.world = replace(drive.world, checks={**drive.world.checks, "later": later})
    assert drive.go_on().next is Next.END
    assert all(beats)
    assert not file.exists()


def test_nor_does_one_who_has_looked_again(desk: Desk) -> None:
    desk.guarded, desk.answers["later"] = True, False
    desk.stands_by = (sys.executable, "-S", "-c", STANDS, str(desk.folder), str(os.getpid()))
    drive = desk.start(BOOK.replace(", on_failure: compensate, holds_for: 10m", ", holds_for: 10ms"))
    assert drive.go_on().next is Next.ASK
    desk.answers["later"] = True
    drive.look("watch")
    assert drive.run.step("watch").state is State.PASSED
    assert not (drive.standby.folder / beat.FILE).exists()


def test_what_one_said_who_was_to_stand_by_is_let_go_with_it(tmp_path: Path) -> None:
    def kept() -> int:
        links = [file.readlink() for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
        return sum("memfd:standby" in str(each) for each in links)

    gc.collect()
    before = kept()
    one = Standby(tmp_path / "run", ("/bin/true",), "1-1")
    one.see_to(1.0)
    assert kept() == before + 1
    del one
    gc.collect()
    assert kept() == before


def begun_by(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that are begun to stand by, each at its end as soon as it is."""
    begun: list[int] = []

    def ended(arguments: Sequence[str], errors: int) -> object:
        process = outliving(arguments, errors)
        begun.append(process.pid)
        eventually(lambda: not still_runs(f"{process.pid}-{_start(process.pid)}"))
        return process

    monkeypatch.setattr(standby, "outliving", ended)
    return begun


def _start(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def test_where_no_standby_can_live_ever_fewer_are_begun_and_none_is_left_defunct(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = begun_by(monkeypatch)
    nobody = Standby(tmp_path / "run", ("/bin/false",), "1-1")
    told, pauses, last = [], [], 0.0
    for now in range(1, 2000, 5):
        before = len(begun)
        told += [each for each in [nobody.see_to(float(now))] if each]
        if len(begun) > before:
            pauses.append(now - last)
            last = now
        elif before:
            assert not Path(f"/proc/{begun[-1]}").exists()
    assert pauses[1:7] == [AGAIN, 2 * AGAIN, 4 * AGAIN, 8 * AGAIN, 16 * AGAIN, SELDOM]
    assert told == ["nobody stands by for whoever drives: what was to do so has ended"]
    assert nobody.lack(time.sleep)  # a person is told of it at once, however few are tried
    (tmp_path / "run").rmdir()
    count = len(begun)
    nobody.see_to(1e9)
    assert len(begun) == count  # what was removed with all its runs is not made again
    assert not (tmp_path / "run").exists()


def test_the_journal_says_once_why_nobody_stands_by(desk: Desk) -> None:
    run: Run = die_in_the_watch(desk)
    desk.guarded = True
    desk.stands_by = (sys.executable, "-S", "-c", "import sys; sys.exit('no database\\nhush-hush is wrong')")
    drive = desk.take(run.id, BOOK)

    def lacks() -> list[str]:
        noted = records(desk.folder / "audit")
        return [each.reason for each in noted if each.action == "runbook.stand_by"]

    def tried() -> bool:
        drive.see_to_standby()
        return bool(lacks())

    eventually(tried)
    drive.world.wait(0.1)
    drive.see_to_standby()
    assert lacks() == ["nobody stands by for whoever drives: (redacted) is wrong"]
