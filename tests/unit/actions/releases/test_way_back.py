"""The way back to a release: refused before anything is touched, else whole, taken up where it was cut."""

import os
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from console.actions.durable import STEPS
from console.actions.faults import VARIABLE
from console.actions.guard import RefusedError
from console.actions.releases.back import WaysBack
from console.actions.releases.errors import ReleaseError
from console.actions.releases.recorded import Releases
from console.audit.actor import this_actor
from console.audit.files import records
from console.audit.record import Phase
from console.domain.access import AccessError
from console.domain.approval import Consent
from console.domain.release_gates import Asked
from tests.small_disk import fill, small_disk
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.people import Wall
from tests.unit.actions.releases.code_trees import (
    ASKED,
    COIN,
    ONE,
    TWO,
    UNTRIED,
    WHO,
    deploy,
    go,
    held,
    live,
    put,
    releases_in,
    settings_in,
    ways,
)
from tests.unit.audit.journals import in_child
from tests.unit.domain.worlds import NOW

CHANGED = ("app/coin.py", "run.py", "services/b.py")
"""What is written on the way from TWO to ONE; services/c.py is removed."""
QUICK = ("before rename", "after rename", "after set aside", "after unlink")
POINTS = [
    *(f"{name}: {when} {step}" for name in CHANGED for step in STEPS for when in ("before", "after")),
    *(f"services/c.py: after {step}" for step in ("set aside", "unlink", "fsync folder")),
]
KILLED = [
    pytest.param(point, marks=[] if point.endswith(QUICK) else [pytest.mark.campaign]) for point in POINTS
]


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """ONE was deployed and healthy, TWO is deployed."""
    found = releases_in(tmp_path)
    deploy(found, ONE)
    deploy(found, TWO, good=False)
    return found


def test_it_puts_back_the_previous_release_and_nothing_else(releases: Releases, tmp_path: Path) -> None:
    (releases.code.tree / "notes.txt").write_text("nobody's business")
    (releases.code.tree / "services" / "a.py").chmod(0o640)
    way = ways(tmp_path, releases)
    plan = way.plan()
    assert plan.lines()[2:] == (
        "replace app/coin.py",
        "replace run.py",
        "make services/b.py",
        "remove services/c.py",
    )
    done = go(way, plan)
    assert held(releases) == {**ONE, "notes.txt": "nobody's business"}
    assert (done.changed, done.complaints) == (4, ())
    now = releases.standing()
    assert (now.as_due, now.now.startswith(plan.target.release.id)) == (True, True)
    with pytest.raises(ReleaseError, match="there is no release to go back to: no release before"):
        way.plan()


def test_what_nobody_recorded_is_saved_first_and_can_be_brought_back(
    releases: Releases, tmp_path: Path
) -> None:
    put(releases, {**TWO, "services/new.py": "a quick fix"})
    way = ways(tmp_path, releases)
    done = go(way, way.plan())
    assert held(releases) == ONE
    assert done.kept.startswith("saved-")
    back = way.plan(done.kept)
    assert back.kept == releases.standing().past.current
    go(way, back, UNTRIED)
    assert held(releases) == {**TWO, "services/new.py": "a quick fix"}


def test_what_was_never_healthy_needs_a_reason_of_its_own_that_the_journal_keeps(
    releases: Releases, tmp_path: Path
) -> None:
    way = ways(tmp_path, releases)
    never = releases.standing().past.current or ""
    go(way, way.plan())
    for asked in (ASKED, replace(ASKED, override="ok")):
        with pytest.raises(RefusedError, match=f"health: {never} WAS NEVER DEPLOYED AND HEALTHY: "):
            go(way, way.plan(never), asked)
    assert held(releases) == ONE
    go(way, way.plan(never), UNTRIED)
    assert held(releases) == TWO
    last = list(records(releases.journal.folder))[-2]
    assert isinstance(last.evidence, dict)
    assert str(last.evidence["health"]).startswith("OVERRIDDEN: nothing else is left")
    assert "OVERRIDE: nothing else is left" in way.deed(way.plan(never), UNTRIED).what


def test_it_passes_the_guard_and_its_own_gates_or_touches_nothing(releases: Releases, tmp_path: Path) -> None:
    before = held(releases)
    way = ways(tmp_path, releases, ended=False)
    asked = Asked("", "prod", "123456789abc")
    with pytest.raises(RefusedError) as refused:
        way.go(way.plan(), asked, replace(WHO, arming=None), live(), approved=None)
    said = str(refused.value)
    for words in ("the console is read-only", "reason: ", "files: they are", "processes: ", "confirmation: "):
        assert words in said
    assert held(releases) == before


@pytest.mark.parametrize("ended", [None, False])
def test_no_file_is_exchanged_under_a_process_that_runs_or_may_run(
    releases: Releases, tmp_path: Path, ended: bool | None
) -> None:
    way = ways(tmp_path, releases, ended)
    with pytest.raises(RefusedError, match="processes"):
        go(way, way.plan())


def test_an_engine_that_starts_while_the_files_are_being_kept_stops_it(
    releases: Releases, tmp_path: Path
) -> None:
    put(releases, {**TWO, "run.py": "a quick fix"})
    looks = iter([True, False])
    way = replace(ways(tmp_path, releases), ended=lambda: (next(looks), "process 7 runs"))
    with pytest.raises(AccessError, match="no file was touched: processes: process 7 runs"):
        go(way, way.plan())
    assert held(releases)["run.py"] == "a quick fix"


def test_files_that_changed_since_they_were_looked_at_are_left_alone(
    releases: Releases, tmp_path: Path
) -> None:
    way = ways(tmp_path, releases)
    plan = way.plan()
    (releases.code.tree / "run.py").write_text("somebody's")
    before = held(releases)
    with pytest.raises(AccessError, match="no file was touched: files have changed since"):
        go(way, plan)
    assert held(releases) == before


def test_what_a_second_person_agreed_to_is_about_the_files_of_that_moment(
    releases: Releases, tmp_path: Path
) -> None:
    settings_in(tmp_path)
    settings = settings_with(
        tmp_path,
        "code: {tree: tree, files: [run.py, services/*.py], coin_files: [app/coin.py]}",
        "access: {operators: {users: [root]}, two_person: [release.back]}",
    )
    way = replace(ways(tmp_path, releases), settings=settings)
    consent = Consent(way.deed(way.plan(), ASKED), 0, NOW + 60, "erin (uid 1002)")
    (releases.code.tree / "run.py").write_text("somebody's")
    with pytest.raises(RefusedError, match="what was approved is something else"):
        way.go(way.plan(), ASKED, replace(WHO, consent=consent), live(), approved=None)


def test_an_edited_archive_and_a_release_that_the_journal_doesn_t_know_are_refused(
    releases: Releases, tmp_path: Path
) -> None:
    way = ways(tmp_path, releases)
    plan = way.plan()
    whole = plan.target.file.read_bytes()
    plan.target.file.write_bytes(whole[:-1] + b"\1")
    with pytest.raises(RefusedError, match="isn't what was recorded"):
        go(way, way.plan())
    plan.target.file.write_bytes(whole)
    other = replace(releases, state=tmp_path / "elsewhere")
    with pytest.raises(RefusedError, match="the journal doesn't know it"):
        go(replace(way, releases=other), replace(way, releases=other).plan(plan.target.release.id))


def test_a_release_with_files_that_the_settings_don_t_name_is_refused(
    releases: Releases, tmp_path: Path
) -> None:
    code = replace(releases.code, files=("run.py",))
    way = ways(tmp_path, replace(releases, code=code))
    with pytest.raises(RefusedError, match=r"services/a\.py is none of the files that the settings name"):
        go(way, way.plan())


def test_a_folder_that_became_a_symlink_is_not_followed(releases: Releases, tmp_path: Path) -> None:
    way, tree = ways(tmp_path, releases), releases.code.tree
    plan = way.plan()
    (tree / "app").rename(tmp_path / "outside")
    (tree / "app").symlink_to(tmp_path / "outside")
    with pytest.raises(AccessError, match="app: is a symlink"):
        go(way, plan)
    assert (tmp_path / "outside" / "coin.py").read_text() == TWO[COIN]


def test_a_full_disk_refuses_it_before_anything_is_touched(tmp_path: Path) -> None:
    with small_disk(tmp_path / "tree", kilobytes=512) as disk:
        releases = releases_in(tmp_path)
        deploy(releases, ONE)
        deploy(releases, TWO, good=False)
        fill(disk)
        way = ways(tmp_path, releases)
        with pytest.raises(RefusedError, match=r"disk: .* kB may be needed, 0 B are free"):
            go(way, way.plan())
        (disk / "filler").unlink()
        assert held(releases) == TWO


def test_a_disk_that_fills_up_on_the_way_leaves_each_file_whole_and_says_where_it_stands(
    releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    way, folder = ways(tmp_path, releases), releases.code.tree / "services"
    plan = way.plan()
    monkeypatch.setattr(os, "fsync", partial(_full_at, folder, os.fsync))
    with pytest.raises(
        ReleaseError, match=r"no space left on device; 2 of 4 files are exchanged; run it again"
    ):
        go(way, plan)
    monkeypatch.undo()
    assert held(releases) == {**TWO, "run.py": "one", COIN: "coin"}
    assert releases.standing().previous.id == plan.target.release.id
    again = go(way, way.plan())
    assert (held(releases), again.kept) == (ONE, plan.kept)


def _full_at(folder: Path, fsync: object, handle: int) -> None:
    if Path(f"/proc/self/fd/{handle}").readlink().is_relative_to(folder):
        raise OSError(28, os.strerror(28))
    assert callable(fsync)
    fsync(handle)


@pytest.mark.parametrize("point", KILLED)
def test_killed_anywhere_each_file_is_one_of_two_and_it_is_taken_up_again(
    releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    way = ways(tmp_path, releases)
    plan = way.plan()
    monkeypatch.setenv(VARIABLE, point)
    assert in_child(lambda: go(_in_own_name(way), plan)) == -signal.SIGKILL
    monkeypatch.delenv(VARIABLE)
    for name, text in held(releases).items():
        if "opsconsole-" not in name:
            assert text in (ONE.get(name), TWO.get(name)), name
    second = way.plan()
    assert (second.target.release.id, second.kept) == (plan.target.release.id, plan.kept)
    go(way, second)
    assert held(releases) == ONE
    told = [each for each in records(releases.journal.folder) if each.action == "release.back"]
    assert [each.done for each in told if each.phase is not Phase.INTENT] == [False, True]


def _in_own_name(way: WaysBack) -> WaysBack:
    """As the process that does it: the journal then knows that it is gone."""
    return replace(way, releases=replace(way.releases, actor=this_actor(os.environ)))


def test_two_at_once_are_one_after_the_other(releases: Releases, tmp_path: Path) -> None:
    way = ways(tmp_path, releases)
    first, second = way.plan(), way.plan()
    go(way, first)
    with pytest.raises(AccessError, match="files have changed since"):
        go(way, second)
    waiting = replace(way, releases=replace(releases, clock=Hurried(NOW)))
    plan = way.plan(second.kept)
    with releases.locked(), pytest.raises(AccessError, match=r"no file was touched: .* is locked by process"):
        go(waiting, plan, UNTRIED)


class Hurried(Wall):
    """A clock on which every look takes a second."""

    def now(self) -> float:
        self.at += 1
        return self.at


def test_a_journal_that_can_t_be_written_refuses_it(releases: Releases, tmp_path: Path) -> None:
    way = ways(tmp_path, releases)
    plan = way.plan()
    (releases.journal.folder / "lock").unlink()
    (releases.journal.folder / "lock").mkdir()
    with pytest.raises(AccessError, match="no file was touched: the journal"):
        go(way, plan)
    assert held(releases) == TWO
