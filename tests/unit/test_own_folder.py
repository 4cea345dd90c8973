"""What is one person's stays theirs, in a state folder of their own and in one that several share."""

import os
from pathlib import Path

import pytest

from console.own_folder import keep_whole, own_folder
from tests.small_disk import fill, small_disk
from tests.unit.actions.people import as_user, shared_office


def test_in_a_folder_of_ones_own_it_is_that_folder(tmp_path: Path) -> None:
    assert own_folder(tmp_path) == tmp_path


def test_in_one_that_is_not_there_yet_it_is_that_folder(tmp_path: Path) -> None:
    assert own_folder(tmp_path / "none") == tmp_path / "none"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two people")
def test_in_one_that_root_made_for_a_group_each_has_their_own() -> None:
    with shared_office({}) as office:
        for uid in (54301, 54302):
            own = as_user(uid, lambda: str(own_folder(office.state)))
            assert own == f"{office.state}/uid-{uid}"


def test_on_a_full_disk_what_was_kept_stays_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        keep_whole(disk / "kept.json", b"before")
        fill(disk)
        with pytest.raises(OSError, match="No space left"):
            keep_whole(disk / "kept.json", bytes(10_000))
        assert sorted(file.name for file in disk.iterdir()) == ["filler", "kept.json"]
        assert (disk / "kept.json").read_bytes() == b"before"
