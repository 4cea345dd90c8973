"""The name that a deployment was begun with is the one its release is listed under, or it is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.releases.errors import ReleaseError
from console.actions.releases.naming import LONGEST_NAME, Ground, check_name
from console.actions.releases.recorded import Releases
from console.domain.backup import Copy
from console.domain.release import Files, FileSum, Release, id_of, tree_of
from tests.unit.actions.releases.code_trees import ONE, TWO, deploy, put, releases_in

OLD: Files = {"run.py": FileSum("a" * 64, 3, 0o644)}
NEW: Files = {"run.py": FileSum("b" * 64, 3, 0o644)}


def known(files: Files, *, tag: str | None = None, version: str | None = None) -> Release:
    tree = tree_of(files)
    return Release(id_of(tree), "prod", 0.0, "dana", tree, files, Copy("", 0, ""), tag=tag, version=version)


PLAIN = Ground(NEW, say=(), known=(), tagged=None, brought=True)


@pytest.mark.parametrize(
    "ground",
    [
        PLAIN,
        replace(PLAIN, say=("2.0",)),
        replace(PLAIN, say=("1.0",), tagged=NEW),
        replace(PLAIN, known=(known(NEW, version="v2.0"), known(OLD, version="1.0"))),
        replace(PLAIN, known=(known(NEW, tag="v2.0", version="7"),)),
        replace(PLAIN, say=("2.0",), known=(known(NEW),)),
        replace(PLAIN, known=(known(NEW),), brought=False),
        replace(PLAIN, say=("2.0",), known=(known(OLD, version="2.0"),)),
    ],
)
def test_files_are_called_so_where_nothing_says_otherwise(ground: Ground) -> None:
    check_name("v2.0", ground)


@pytest.mark.parametrize(
    ("ground", "why"),
    [
        (
            replace(PLAIN, say=("1.0",)),
            "says that it is 1.0, not v2.0: put the files of v2.0 there, or use 1.0",
        ),
        (replace(PLAIN, tagged=OLD), "isn't git's tag v2.0: run.py: differs; put the files of v2.0 there"),
        (replace(PLAIN, known=(known(NEW, version="1.0"),)), r"is r-\w{12} \(1.0\), not v2.0"),
        (
            replace(PLAIN, known=(known(NEW),)),
            "was there before, .*: opsconsole release record --version 'v2.0'",
        ),
        (replace(PLAIN, known=(known(OLD, tag="v2.0"),)), r"\(v2.0\) has other files: run.py: differs"),
    ],
)
def test_files_of_another_version_are_refused_with_what_to_do(ground: Ground, why: str) -> None:
    with pytest.raises(ReleaseError, match=why):
        check_name("v2.0", ground)


@pytest.mark.parametrize("name", ["", " v2", "v2\n", "\x1b[2J", "r-0123456789ab", "x" * (LONGEST_NAME + 1)])
def test_what_can_t_be_listed_is_no_name(name: str) -> None:
    with pytest.raises(ReleaseError, match="is no name of a release"):
        check_name(name, PLAIN)


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """ONE is deployed."""
    found = releases_in(tmp_path)
    deploy(found, ONE)
    return found


def test_the_name_typed_is_the_name_that_it_is_found_and_listed_under(releases: Releases) -> None:
    put(releases, TWO)
    two = releases.record(name="v2", run="deploy-1")
    releases.deployed(two, "deploy-1")
    assert two.release.called == f"{two.release.id} (v2)"
    assert releases.named("2").release.id == releases.named("v2").release.id == two.release.id
    assert releases.healthy("v2", "deploy-1").release.id == two.release.id
    assert releases.record(name="v2", run="deploy-1").release == two.release


def test_what_was_not_installed_is_not_deployed_under_the_new_name(releases: Releases) -> None:
    leads_on = r"was there before.*; another name takes a run begun with it, after .* abort deploy-1 --reason"
    with pytest.raises(ReleaseError, match=leads_on):
        releases.record(name="v2", run="deploy-1")
    assert releases.record(name="v1").release.called.endswith("(v1)")
    with pytest.raises(ReleaseError, match=r"\(v1\), not v2"):
        releases.record(name="v2")


def test_a_run_that_an_older_console_began_is_taken_up_again(releases: Releases) -> None:
    """That one recorded what the run brought without its name."""
    put(releases, TWO)
    releases.deployed(releases.record(), "deploy-1")
    with pytest.raises(ReleaseError, match="was there before"):
        releases.record(name="v2", run="deploy-2")
    assert releases.record(name="v2", run="deploy-1").release.is_called("v2")


def test_a_name_of_several_is_answered_with_their_ids(releases: Releases) -> None:
    put(releases, TWO)
    ids = [each.release.id for each in (releases.record("1.0"), deploy(releases, {**TWO, "run.py": "3"}))]
    releases.record("1.0")
    with pytest.raises(
        ReleaseError, match=r"several releases are called 1.0: .*; name one by its id"
    ) as error:
        releases.named("1.0")
    assert all(each in str(error.value) for each in ids)
