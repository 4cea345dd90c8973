"""What a runbook asks of the files in the tree: which release they are, each by its hash."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.releases.coin import remove_coin
from console.actions.releases.recorded import Releases
from console.runbooks.checks.releases import no_code, release, went_back
from tests.unit.actions.contexts import settings_with
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
        "the settings of prod name no code: which files a release has",
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
