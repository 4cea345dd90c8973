"""Releases of a real git repository: from a tag, from a clean work tree, with changes nobody committed."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.releases.errors import ReleaseError
from console.actions.releases.recorded import Releases
from tests.unit.actions.releases.code_trees import ONE, TWO, UNTRIED, go, held, put, releases_in, ways

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git isn't installed")


def git(tree: Path, *words: str) -> str:
    who = ("-c", "user.name=dana", "-c", "user.email=dana@localhost", "-c", "init.defaultBranch=main")
    done = subprocess.run(("git", *who, *words), cwd=tree, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """Two commits, each with a tag; the second one stands in the tree."""
    found = releases_in(tmp_path)
    put(found, {**ONE, "notes.md": "of no release"})
    git(found.code.tree, "init", "--quiet")
    for files, tag in ((ONE, "v1"), (TWO, "v2")):
        put(found, {**files, "notes.md": tag})
        (found.code.tree / "run.py").chmod(0o755)
        git(found.code.tree, "add", "--all")
        git(found.code.tree, "commit", "--quiet", "--message", tag)
        git(found.code.tree, "tag", tag)
    return found


def test_a_tag_is_recorded_whatever_stands_in_the_tree(releases: Releases) -> None:
    one = releases.record_tag("v1")
    assert set(one.release.files) == set(ONE)
    assert one.release.commit == git(releases.code.tree, "rev-parse", "v1").strip()
    assert (one.release.tag, one.release.files["run.py"].mode) == ("v1", 0o755)
    assert releases.named("v1").release.id == one.release.id
    assert (releases.code.tree / "run.py").read_text() == "two"


def test_what_stands_there_has_its_commit_only_where_nothing_was_changed(releases: Releases) -> None:
    assert (clean := releases.record().release).tag == "v2"
    assert clean.id == releases.record_tag("v2").release.id
    (releases.code.tree / "run.py").write_text("a quick fix")
    changed = releases.record().release
    assert (changed.commit, changed.tag) == (None, None)


@pytest.mark.parametrize("tag", ["v9", "--all", "v1^{commit}", "main..v1", ""])
def test_what_is_no_tag_is_refused(releases: Releases, tag: str) -> None:
    with pytest.raises(ReleaseError):
        releases.record_tag(tag)


def test_going_back_ends_as_git_s_checkout_of_the_files_does(releases: Releases, tmp_path: Path) -> None:
    releases.record_tag("v1")
    tree = releases.code.tree
    (tree / "services" / "c.py").write_text("not committed")
    way = ways(tmp_path, releases)
    plan = way.plan("v1")
    assert plan.uncommitted == (" M services/c.py",)
    done = go(way, plan, UNTRIED)
    assert done.complaints == ()
    assert held(releases) == {**ONE, "notes.md": "v2"}
    staged = git(tree, "status", "--porcelain").splitlines()
    assert staged == ["M  app/coin.py", "M  run.py", "A  services/b.py", "D  services/c.py"]
    go(way, way.plan(done.kept), UNTRIED)
    assert (tree / "services" / "c.py").read_text() == "not committed"


def test_a_damaged_copy_is_made_up_for_by_git(releases: Releases, tmp_path: Path) -> None:
    one = releases.record_tag("v1")
    one.file.write_bytes(b"damaged")
    way = ways(tmp_path, releases)
    go(way, way.plan("v1"), UNTRIED)
    assert held(releases) == {**ONE, "notes.md": "v2"}


def test_a_symlink_in_git_is_no_file_of_a_release(releases: Releases) -> None:
    tree = releases.code.tree
    (tree / "services" / "link.py").symlink_to("/etc/passwd")
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message", "a link")
    git(tree, "tag", "v3")
    with pytest.raises(ReleaseError, match=r"services/link\.py: a symlink or a submodule"):
        releases.record_tag("v3")


def test_nothing_that_a_repository_names_is_run(releases: Releases, tmp_path: Path) -> None:
    tree, trap = releases.code.tree, tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'sprung'}\n")
    trap.chmod(0o755)
    for hook in ("post-checkout", "post-index-change"):
        shutil.copy(trap, tree / ".git" / "hooks" / hook)
    git(tree, "config", "core.fsmonitor", str(trap))
    releases.record_tag("v1")
    way = ways(tmp_path, releases)
    go(way, way.plan("v1"), UNTRIED)
    assert not (tmp_path / "sprung").exists()


def test_a_machine_without_git_knows_no_commit(releases: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert releases.record().release.commit is None
    with pytest.raises(ReleaseError, match="git can't be asked"):
        releases.record_tag("v1")
    assert replace(releases).record().sound


@pytest.mark.parametrize("version", ["v2", "build 7", None])
def test_a_candidate_that_becomes_the_release_has_its_name_too(
    releases: Releases, version: str | None
) -> None:
    """The same files under another tag of git's: what was deployed as the one is deployed as the other."""
    candidate = releases.record(version, name="v2", run="deploy-1")
    releases.deployed(candidate, "deploy-1")
    git(releases.code.tree, "tag", "v2-final")
    final = releases.record(version, name="v2-final", run="deploy-2")
    releases.deployed(final, "deploy-2")
    assert final.release.id == candidate.release.id
    assert final.release.is_called("v2")
    assert final.release.is_called("v2-final")
    assert releases.standing().due == final
    assert releases.record(version, name="v2-final", run="deploy-2") == final


def test_a_tag_whose_files_git_cannot_tell_is_not_taken_for_none(releases: Releases) -> None:
    tree = releases.code.tree
    blob = git(tree, "rev-parse", "v1:run.py").strip()
    (tree / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(ReleaseError, match="git doesn't have run"):
        releases.record(name="v1")
    assert not releases.all()[0]
