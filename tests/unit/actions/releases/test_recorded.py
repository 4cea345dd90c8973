"""Recording releases: the same files are the same release, and only the journal says what one is worth."""

import gzip
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.releases.errors import ReleaseError
from console.actions.releases.past import last_changed
from console.audit.files import journal_files
from tests.small_disk import fill, small_disk
from tests.unit.actions.releases.code_trees import ONE, TWO, deploy, put, releases_in, settings_in


def test_the_same_files_are_one_release_with_their_modes_kept(tmp_path: Path) -> None:
    releases = releases_in(tmp_path)
    put(releases, ONE)
    (releases.code.tree / "run.py").chmod(0o750)
    first, again = releases.record("1.0"), releases.record(note="once more")
    assert first.release.id == again.release.id
    assert (again.release.version, again.release.note) == ("1.0", "once more")
    assert {name: oct(each.mode) for name, each in first.release.files.items()}["run.py"] == "0o750"
    put(releases, TWO)
    assert releases.record().release.id != first.release.id
    assert len(releases.all()[0]) == 2


def test_what_stands_there_is_told_and_which_is_the_previous_one(tmp_path: Path) -> None:
    releases = releases_in(tmp_path)
    one = deploy(releases, ONE)
    deploy(releases, TWO, good=False)
    now = releases.standing()
    assert (now.as_due, now.previous.id) == (True, one.release.id)
    (releases.code.tree / "run.py").write_text("a quick fix")
    changed = releases.standing()
    assert changed.wrong == ("run.py: differs",)
    assert "1 files are otherwise than in" in changed.now
    assert changed.previous.id == one.release.id


def test_only_what_stands_there_is_deployed_or_healthy(tmp_path: Path) -> None:
    releases = releases_in(tmp_path)
    put(releases, ONE)
    one = releases.record()
    with pytest.raises(ReleaseError, match="knows of no release that is deployed"):
        releases.healthy()
    releases.deployed(one, "run7")
    with pytest.raises(ReleaseError, match="run run8 has not deployed what stands there"):
        releases.healthy(run="run8")
    put(releases, TWO)
    with pytest.raises(ReleaseError, match="doesn't stand there: "):
        releases.deployed(one)
    with pytest.raises(ReleaseError, match="what stands there isn't"):
        releases.healthy()
    put(releases, ONE)
    assert releases.healthy(run="run7").release.id == one.release.id


def test_a_deployment_that_is_taken_up_again_is_one_deployment(tmp_path: Path) -> None:
    releases = releases_in(tmp_path)
    put(releases, ONE)
    for _ in range(2):
        releases.deployed(releases.record(), "run7")
    told = "".join(file.read_text() for file in journal_files(releases.journal.folder))
    assert (told.count("release.record"), told.count("release.deployed")) == (1, 1)


def test_a_journal_that_was_edited_says_nothing_of_releases(tmp_path: Path) -> None:
    releases = releases_in(tmp_path)
    deploy(releases, ONE)
    (file,) = journal_files(releases.journal.folder)
    file.write_text(file.read_text().replace("release.healthy", "release.Healthy"))
    with pytest.raises(ReleaseError, match="the journal isn't sound, so nobody can tell"):
        releases.standing()
    with pytest.raises(ReleaseError, match="the journal isn't sound"):
        last_changed(settings_in(tmp_path))


def test_a_copy_that_is_edited_cut_or_gone_is_not_sound_and_is_made_anew(tmp_path: Path) -> None:
    releases = releases_in(tmp_path)
    put(releases, ONE)
    kept = releases.record()
    whole = kept.file.read_bytes()
    plain = gzip.decompress(whole)
    for damaged in (whole[:-30], gzip.compress(plain.replace(b"coin", b"gold")), b""):
        kept.file.write_bytes(damaged)
        assert not kept.sound
    kept.file.unlink()
    assert not kept.sound
    assert releases.record().sound


def test_an_archive_with_more_in_it_than_was_recorded_is_refused(tmp_path: Path) -> None:
    releases = releases_in(tmp_path)
    put(releases, ONE)
    kept = releases.record()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo("../outside.py")
        tar.addfile(member)
    kept.file.write_bytes(archive.getvalue())
    told = replace(kept.release.copy, size=len(archive.getvalue()))
    manifest = kept.folder / f"{kept.release.id}.json"
    document = json.loads(manifest.read_text())
    document["copy"]["size"] = told.size
    manifest.write_text(json.dumps(document))
    with pytest.raises(ReleaseError, match="isn't what was recorded"):
        releases.named(kept.release.id).check()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (
            {"files": {"../../etc/cron.d/x": {"digest": "aa", "size": 1, "mode": 420}}},
            "isn't a file of the tree",
        ),
        ({"files": {"run.py": {"digest": "aa", "size": 1, "mode": 420}}}, "its files aren't those"),
        ({"id": "r-000000000000"}, "its files aren't those"),
        ({"commit": "--upload-pack=x"}, "is no commit"),
        ({"format": 9}, "its format is 9"),
        ({"files": 7}, "no manifest of a release"),
    ],
)
def test_a_manifest_that_was_edited_is_refused(tmp_path: Path, edit: dict[str, object], words: str) -> None:
    releases = releases_in(tmp_path)
    put(releases, ONE)
    kept = releases.record()
    manifest = kept.folder / f"{kept.release.id}.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **edit}))
    with pytest.raises(ReleaseError, match=words):
        releases.named(kept.release.id)
    assert [words in problem for problem in releases.all()[1]] == [True]


def test_on_a_full_disk_nothing_is_recorded_and_nothing_is_left(tmp_path: Path) -> None:
    releases = releases_in(tmp_path)
    put(releases, ONE)
    with small_disk(tmp_path / "disk") as disk:
        crowded = replace(releases, folder=disk / "releases")
        crowded.folder.mkdir()
        (crowded.folder / "lock").touch()
        fill(disk)
        with pytest.raises(ReleaseError, match="no space left"):
            crowded.record()
        assert [file.name for file in crowded.folder.iterdir()] == ["lock"]


def test_a_tree_without_any_of_its_files_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="none of the files is there"):
        releases_in(tmp_path).record()


def test_somebody_else_who_records_is_waited_for_and_then_said(tmp_path: Path) -> None:
    releases = releases_in(tmp_path)
    with (
        releases.locked(),
        pytest.raises(ReleaseError, match=r"lock is locked by process \d+; waited 0 s"),
        releases.locked(wait=0),
    ):
        pass
