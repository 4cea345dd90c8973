"""What a runbook asks of the files in the tree: which release they are, each by its hash."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.releases.coin import remove_coin
from console.actions.releases.recorded import Releases, releases_of
from console.runbooks.checks.releases import deployed, no_code, release, went_back
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.engine.programs import OBEDIENT, pid_file, running
from tests.unit.actions.releases.code_trees import (
    ASKED,
    ONE,
    TWO,
    deploy,
    go,
    put,
    releases_in,
    settings_in,
    ways,
)


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """ONE was deployed and healthy, TWO is deployed."""
    found = releases_in(tmp_path)
    deploy(found, ONE)
    deploy(found, TWO, good=False)
    return found


def said(folder: Path, *names: str) -> list[bool | None]:
    return [release(settings_in(folder), {}, {"is": name}).passes for name in names]


EVERY = ("previous", "without_coin", "kept", "recorded", "healthy")


def test_each_says_what_stands_there(releases: Releases, tmp_path: Path) -> None:
    assert said(tmp_path, *EVERY) == [False, False, True, True, False]
    way = ways(tmp_path, releases)
    go(way, way.plan())
    assert said(tmp_path, *EVERY) == [True, False, True, True, True]
    (releases.code.tree / "run.py").write_text("a quick fix")
    assert said(tmp_path, *EVERY) == [False, False, False, False, False]
    found = release(settings_in(tmp_path), {}, {"is": "recorded"})
    assert found.details == ("run.py: differs",)
    put(releases, ONE)
    remove_coin(releases, "a coin bug")
    assert said(tmp_path, "without_coin", "previous", "recorded") == [True, True, True]


def test_what_is_kept_says_that_it_isn_t_what_is_deployed(releases: Releases, tmp_path: Path) -> None:
    put(releases, {**TWO, "run.py": "three"})
    assert said(tmp_path, "kept") == [False]
    third = releases.record()
    found = release(settings_in(tmp_path), {}, {"is": "kept"})
    two = releases.standing().due
    assert two is not None
    assert (found.passes, found.observed) == (
        True,
        f"WHAT STANDS THERE ISN'T WHAT IS DEPLOYED, {two.release.id}: run.py: differs; "
        f"both are recorded, this one as {third.release.id}",
    )
    two.file.write_bytes(b"")
    assert said(tmp_path, "kept") == [None]


def test_files_that_came_after_the_process_aren_t_what_runs(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, "processes: {pid_files: [engine.pid]}")
    releases = releases_of(settings, {})
    put(releases, ONE)
    with running(OBEDIENT) as program:
        pid_file(tmp_path, program)
        one = releases.record()
        runs = release(settings, {}, {"is": "kept"})
        assert (runs.passes, "; nothing was deployed before, and 1 began after" in runs.observed) == (
            True,
            True,
        )
        time.sleep(0.1)  # what comes within that, a clock of hundredths doesn't tell apart
        put(releases, ONE)
        newer = release(settings, {}, {"is": "kept"})
        assert newer.passes is False
        assert newer.observed.endswith("if these are its files: opsconsole release record --deployed")
        releases.deployed(one)
        assert release(settings, {}, {"is": "kept"}).passes is True


def test_files_that_nobody_can_say_run_are_unknown(tmp_path: Path) -> None:
    releases = releases_in(tmp_path)
    put(releases, ONE)
    releases.record()
    assert said(tmp_path, "kept") == [None]


def test_a_run_has_deployed_the_version_that_it_is_about(releases: Releases, tmp_path: Path) -> None:
    told = {"run": "deploy_paper-1", "version": "v3"}
    put(releases, {**TWO, "run.py": "three"})
    three = releases.record(name="v3", run=told["run"])
    assert deployed(settings_in(tmp_path), {}, told).passes is False
    releases.deployed(three, told["run"])
    assert deployed(settings_in(tmp_path), {}, told).passes is True
    other = deployed(settings_in(tmp_path), {}, {**told, "version": "v2"})
    assert (other.passes, other.observed) == (False, f"{three.release.called} isn't called v2")
    (releases.code.tree / "run.py").write_text("a quick fix")
    assert deployed(settings_in(tmp_path), {}, told).passes is False
    three.file.write_bytes(b"")
    put(releases, {**TWO, "run.py": "three"})
    assert deployed(settings_in(tmp_path), {}, told).passes is None


def test_a_damaged_copy_or_journal_is_no_pass(releases: Releases, tmp_path: Path) -> None:
    for kept in releases.all()[0]:
        kept.file.write_bytes(b"")
    assert said(tmp_path, "kept", "recorded") == [None, None]
    (journal,) = releases.journal.folder.glob("journal-*")
    journal.write_text(journal.read_text().replace("healthy", "wealthy"))
    assert said(tmp_path, "previous", "kept", "recorded", "healthy") == [None] * 4


def test_a_context_without_code_has_no_release(tmp_path: Path) -> None:
    found = release(settings_with(tmp_path), {}, {"is": "recorded"})
    assert (found.passes, found.observed) == (
        None,
        "the settings of prod name no code: which files a release has (contexts: prod: code)",
    )


def test_a_run_goes_back_once(releases: Releases, tmp_path: Path) -> None:
    told = {"run": "rollback_full-1"}
    deploy(releases, {**TWO, "run.py": "three"})
    deploy(releases, {**TWO, "run.py": "four"})
    assert went_back(settings_in(tmp_path), {}, told).passes is False
    way, asked = ways(tmp_path, releases), replace(ASKED, run=told["run"])
    first = way.plan(run=told["run"])
    go(way, first, asked)
    assert went_back(settings_in(tmp_path), {}, told).passes is True
    again = way.plan(run=told["run"])
    assert (again.target.release.id, again.changes) == (first.target.release.id, ())
    assert way.plan(run="another").target.release.id != first.target.release.id


def test_a_context_without_code_says_what_is_not_protected_then(tmp_path: Path) -> None:
    assert no_code(settings_in(tmp_path)).passes is False
    found = no_code(settings_with(tmp_path))
    assert found.passes is True
    assert found.observed == "no code in the context: no rollback can put this version's files back"
