"""Backups where the disk has no room: refused with nothing left, and the old rows stay."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from console.actions.backup import create as making
from console.actions.backup import put_back as putting
from console.actions.backup.create import create
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup
from console.actions.backup.put_back import put_back, side_of
from console.actions.database import Login
from console.actions.durable import DurableError
from tests.integration.odd_books import AROUND, MEANS, book_at, do, nothing_left
from tests.small_disk import fill, small_disk


@pytest.fixture
def file(tmp_path: Path) -> Login:
    return replace(book_at(f"sqlite:///{tmp_path / 'books.db'}"), timeout=0.3)


@pytest.mark.parametrize("kilobytes", [64, 200])
def test_a_full_disk_leaves_nothing(
    file: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kilobytes: int
) -> None:
    monkeypatch.setattr(making, "_check_room", lambda _folder, _needed: None)
    do(file, "CREATE TABLE noise AS SELECT randomblob(60000) AS a")
    with small_disk(tmp_path / "disk", kilobytes=kilobytes) as disk:
        with pytest.raises(BackupError, match=r"full|no space left"):
            create(file, disk / "backups", AROUND, MEANS)
        assert nothing_left(disk / "backups")


def test_a_disk_that_is_full_while_rows_are_written_leaves_the_old_ones(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=4000) as disk:
        file = book_at(f"sqlite:///{disk / 'books.db'}")
        made = create(file, tmp_path / "backups", AROUND, MEANS)
        do(file, "UPDATE futures_positions SET notes = 'later'")
        now = create(file, tmp_path / "now", AROUND, MEANS)
        fill(disk)
        with pytest.raises(BackupError, match="full"):
            put_back(made, file, MEANS)
        assert side_of(file, now.manifest, made.manifest) is putting.Side.OLD


def test_a_manifest_that_can_not_be_written_leaves_no_copy(
    file: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_folder: Path, _manifest: object) -> Backup:
        raise DurableError("no space left on device", full=True)

    monkeypatch.setattr(making, "keep_manifest", full)
    with pytest.raises(BackupError, match="no space left"):
        create(file, tmp_path / "backups", AROUND, MEANS)
    assert nothing_left(tmp_path / "backups")


def test_what_a_file_holds_besides_itself_counts_for_the_room(file: Login, tmp_path: Path) -> None:
    path = Path(str(make_url(file.url).database))
    do(file, "PRAGMA journal_mode = DELETE")
    alone = making._file_bytes(path)
    path.with_name(f"{path.name}-wal").write_bytes(bytes(1000))
    assert making._file_bytes(path) == alone + 1000
