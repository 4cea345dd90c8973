"""Pruning of releases: beyond what the settings keep they go, but for those that somebody needs."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.releases.errors import ReleaseError
from console.actions.releases.pruning import Others, beyond, prune
from console.actions.releases.recorded import Releases
from console.audit.files import records
from console.audit.open import open_journal
from console.domain.release import Deed
from tests.unit.actions.people import Wall
from tests.unit.actions.releases.code_trees import ONE, deploy, put, releases_in
from tests.unit.domain.worlds import NOW

NOBODY = Others({})


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """Six releases of six days, of which the settings keep one; the first and the last were healthy."""
    found = releases_in(tmp_path)
    found = replace(found, code=replace(found.code, keep=1, days=0))
    for day in range(6):
        deploy(at(found, day), {**ONE, "run.py": str(day)}, good=day in (0, 5))
    return at(found, 6)


def at(releases: Releases, day: int) -> Releases:
    clock = Wall(NOW + day * 86_400)
    return replace(releases, clock=clock, journal=open_journal(releases.state, clock))


def days_of(releases: Releases) -> list[int]:
    return sorted(int((each.release.made - NOW) // 86_400) for each in releases.all()[0])


def test_what_is_beyond_goes_and_the_journal_says_so(releases: Releases) -> None:
    looked = beyond(releases, NOBODY)
    assert days_of(releases) == [0, 1, 2, 3, 4, 5]
    gone = prune(releases, lambda: NOBODY)
    assert (days_of(releases), gone.goes) == ([0, 5], looked.goes)
    assert list(looked.stays.values()) == ["it is the previous healthy one"]
    told = [each for each in records(releases.journal.folder) if each.action == "release.remove"]
    assert [each.target for each in told if each.done] == [each.release.id for each in gone.goes]
    assert releases.standing().previous.id == next(iter(looked.stays))
    assert sorted(file.name for file in releases.folder.iterdir() if "tar" in file.name) == sorted(
        each.file.name for each in releases.all()[0]
    )


def test_what_runs_and_drills_need_stays(releases: Releases) -> None:
    second = next(each.release.id for each in releases.all()[0] if int(each.release.made - NOW) == 86_400)
    gone = prune(releases, lambda: Others({"run7": NOW + 3.5 * 86_400}, {second}))
    assert [int((each.release.made - NOW) // 86_400) for each in gone.goes] == [2]
    assert (gone.stays[second], len(gone.stays)) == ("a drill puts it back", 4)


def test_what_another_context_knows_of_stays_until_that_has_removed_it(releases: Releases) -> None:
    elsewhere, known = replace(releases, context="elsewhere"), {}
    for day in (1, 2, 3):
        put(releases, {**ONE, "run.py": str(day)})
        known[day] = elsewhere.record().release
    put(releases, {**ONE, "run.py": "5"})
    elsewhere.tell(Deed.REMOVED, known[3].id, {})
    assert {each.context for each in known.values()} == {releases.context}
    gone = prune(releases, lambda: NOBODY)
    assert (days_of(releases), {gone.stays[known[day].id] for day in (1, 2)}) == (
        [0, 1, 2, 5],
        {"another context knows of it"},
    )


def test_killed_between_manifest_and_copy_the_copy_goes_next_time(releases: Releases) -> None:
    oldest = releases.all()[0][-2]
    (oldest.folder / f"{oldest.release.id}.json").unlink()
    assert [file.name for file in beyond(releases, NOBODY).left] == [oldest.file.name]
    prune(releases, lambda: NOBODY)
    assert not oldest.file.exists()


def test_nothing_goes_that_the_journal_can_t_be_told_of_or_where_nobody_knows_who_needs_it(
    releases: Releases,
) -> None:
    def unknown() -> Others:
        raise ReleaseError("the runs can't be read")

    with pytest.raises(ReleaseError, match="the runs can't be read"):
        prune(releases, unknown)
    (releases.journal.folder / "lock").unlink()
    (releases.journal.folder / "lock").mkdir()
    with pytest.raises(ReleaseError, match="the journal"):
        prune(releases, lambda: NOBODY)
    assert days_of(releases) == [0, 1, 2, 3, 4, 5]
