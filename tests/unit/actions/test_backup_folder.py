"""Folders of backups that others have written into: what isn't a backup is refused, and nothing is hidden."""

import gzip
import json
import os
import stat
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.actions.backup.copy_file import CopyWriter, found_copy
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import (
    PARTIAL,
    Backup,
    Checked,
    backup_named,
    backups_in,
    expected_length,
    in_use,
    keep_checked,
    keep_manifest,
    left_in,
    make_for_backups,
    read_backup,
    remove,
    remove_left,
    remove_partial,
)
from console.actions.backup.rehearse import problems_of
from tests.unit.domain.test_backup import MANIFEST

NAME = "20261121T081500Z"


def backup_in(folder: Path, name: str = NAME) -> Backup:
    writer = CopyWriter(folder / f"{name}.sql.gz")
    writer.write(b"-- Dump completed\n")
    return keep_manifest(folder, replace(MANIFEST, copy=writer.close(f"{name}.sql.gz")))


@pytest.fixture
def made(tmp_path: Path) -> Backup:
    return backup_in(tmp_path)


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda said: said["copy"].update(name="../../etc/shadow"), "is of another backup"),
        (lambda said: said["copy"].update(name=".."), "is of another backup"),
        (lambda said: said["copy"].update(name=""), "is of another backup"),
        (lambda said: said["copy"].update(name="20200101T000000Z.sql.gz"), "is of another backup"),
        (lambda said: said["copy"].update(name=f"{NAME}.sql.gz\0"), "is of another backup"),
        (lambda said: said["tables"].update({"x` TO y": {"rows": 1, "checksum": ""}}), "is none of a book"),
        (lambda said: said["columns"].update({"mysql.user": ["a int"]}), "is none of a book"),
        (lambda said: said.update(made=1e300), "its instant 1e\\+300 is none"),
        (lambda said: said.update(made=float("nan")), "its instant nan is none"),
        (lambda said: said.update(format=4), "its format is 4; this console reads up to 3"),
        (lambda said: said.pop("server"), "no manifest of a backup: server: field required"),
    ],
)
def test_an_edited_or_foreign_manifest_is_refused(made: Backup, change: Change, words: str) -> None:
    file = made.folder / f"{NAME}.json"
    said = json.loads(file.read_bytes())
    change(said)
    file.write_text(json.dumps(said))
    with pytest.raises(BackupError, match=words):
        read_backup(file)


def test_a_manifest_without_end_or_bottom_is_refused(made: Backup) -> None:
    (made.folder / "a.json").write_bytes(b" " * (9 << 20))
    os.mkfifo(made.folder / "b.json")
    (made.folder / "c.json").mkdir()
    (made.folder / "d.json").write_bytes(b"[" * 100_000)
    found, problems = backups_in(made.folder)
    assert found == (made,)
    deep, folder, pipe, large = problems
    assert deep.startswith("d.json: no manifest of a backup: ")
    assert folder == f"{made.folder}/c.json: is a directory"
    assert pipe == "b.json: no manifest of a backup: it is no regular file"
    assert large == "a.json: no manifest of a backup: it has more than 8 MiB"


def test_a_folder_that_may_not_be_read_is_not_an_empty_one(
    made: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)
    assert backups_in(made.folder) == ((), (f"{made.folder}: permission denied",))


def test_a_file_s_path_means_that_file(made: Backup, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = backup_in(elsewhere)
    assert backup_named(made.folder, str(elsewhere / f"{NAME}.sql.gz")) == other
    assert backup_named(made.folder, NAME) == made
    with pytest.raises(BackupError, match=r"there is no backup .*; allowed: none is there"):
        backup_named(made.folder, str(tmp_path / "nowhere" / NAME))


def test_a_copy_that_unpacks_to_nonsense_is_a_problem_and_no_crash(made: Backup) -> None:
    packed = bytearray(gzip.compress(os.urandom(5000)))
    packed[12:40] = b"\xff" * 28
    made.file.write_bytes(packed)
    believed = replace(made, manifest=replace(made.manifest, copy=found_copy(made.file)))
    (problem,) = problems_of(believed)
    assert problem.startswith(f"{NAME}.sql.gz is cut or damaged: ")


def test_one_that_was_removed_while_it_was_looked_at_leaves_nothing(made: Backup) -> None:
    remove(made)
    with pytest.raises(BackupError, match="was removed meanwhile"):
        keep_checked(made, Checked())
    assert list(made.folder.iterdir()) == []


def test_what_nobody_finished_is_removed_but_not_what_is_in_use(made: Backup) -> None:
    used, left = (made.folder / f"{name}.db{PARTIAL}" for name in ("used", "left"))
    with in_use(used):
        for file in (left, *(file.with_name(f"{file.name}-wal") for file in (used, left))):
            file.write_bytes(b"")
        remove_partial(made.folder)
        assert sorted(file.name for file in made.folder.glob("*partial*")) == [
            "used.db.partial", "used.db.partial-wal",
        ]  # fmt: skip


def test_what_a_kill_leaves_of_a_backup_is_known_once_it_has_stood_for_an_hour(made: Backup) -> None:
    """A copy whose manifest was never written, and what is left of one that was half removed."""
    left = tuple(made.folder / name for name in ("20261121T081501Z.checked.json", "20261121T081501Z.sql.gz"))
    for file in (*left, made.folder / "notes.gz", made.folder / "20261121T081501Z.txt"):
        file.write_bytes(b"")
    now = time.time()
    assert left_in(made.folder, now) == ()
    assert left_in(made.folder, now + 3601) == left
    assert left_in(made.folder / "nowhere", now) == ()
    with pytest.raises(BackupError, match="has a manifest by now"):
        remove_left(made.file)
    for file in left:
        remove_left(file)
    assert left_in(made.folder, now + 3601) == ()
    assert made.file.exists()


def test_the_next_copy_is_expected_to_be_as_long_as_the_newest(made: Backup) -> None:
    assert expected_length(made.folder) is None
    newer = replace(MANIFEST, length=12, copy=replace(made.manifest.copy, name="20261121T081502Z.sql.gz"))
    keep_manifest(made.folder, newer)
    (made.folder / "20261121T081503Z.json").write_text("{}")
    assert expected_length(made.folder) == 12


@pytest.mark.parametrize(("of_folder", "of_file"), [(0o700, 0o600), (0o755, 0o600), (0o2770, 0o660)])
def test_who_may_read_a_backup_is_who_shares_its_folder(tmp_path: Path, of_folder: int, of_file: int) -> None:
    above = tmp_path / "state"
    above.mkdir()
    above.chmod(of_folder)
    folder = above / "backups" / "here"
    make_for_backups(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == (0o2770 if of_folder == 0o2770 else 0o700)
    folder.chmod(of_folder)
    keep_checked(backup_in(folder), Checked())
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {of_file}
