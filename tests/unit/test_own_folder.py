"""What is one person's stays theirs, in a state folder of their own and in one that several share."""

import os
from pathlib import Path

import pytest

from console.own_folder import keep_whole, make_common, own_folder
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


@pytest.mark.parametrize(
    ("above", "made"), [(0o2770, 0o2770), (0o3770, 0o2770), (0o700, 0o700), (0o750, 0o700)]
)
def test_what_is_everybodys_is_open_to_whom_the_folder_above_is_whatever_the_umask(
    tmp_path: Path, above: int, made: int
) -> None:
    tmp_path.chmod(above)
    before = os.umask(0o077)
    try:
        make_common(tmp_path / "run")
    finally:
        os.umask(before)
    assert (tmp_path / "run").stat().st_mode & 0o3777 == made
    with pytest.raises(FileExistsError):
        make_common(tmp_path / "run")


def test_on_a_full_disk_what_was_kept_stays_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        keep_whole(disk / "kept.json", b"before")
        fill(disk)
        with pytest.raises(OSError, match="No space left"):
            keep_whole(disk / "kept.json", bytes(10_000))
        assert sorted(file.name for file in disk.iterdir()) == ["filler", "kept.json"]
        assert (disk / "kept.json").read_bytes() == b"before"
