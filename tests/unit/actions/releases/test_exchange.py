"""A file is exchanged only while it is what was seen, and with the permissions that were recorded."""

import os
from pathlib import Path

import pytest

from console.actions.releases.errors import ReleaseError
from console.actions.releases.exchange import Change, exchange, tidy
from console.actions.releases.tree import sum_of
from console.domain.release import FileSum

NEW = FileSum("11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437", 3, 0o750)  # of b"new"


def seen(tree: Path, text: str) -> FileSum:
    (tree / "a.py").write_text(text)
    return sum_of(tree, "a.py")


@pytest.mark.parametrize("new", [NEW, None])
def test_what_somebody_wrote_meanwhile_stays(tmp_path: Path, new: FileSum | None) -> None:
    old = seen(tmp_path, "old")
    (tmp_path / "a.py").write_text("somebody's")
    with pytest.raises(ReleaseError, match="has changed since"):
        exchange(tmp_path, [Change("a.py", old, new)], [("a.py", 0o750, b"new")], lambda _: None)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.py", "somebody's")]


def test_what_has_come_into_being_meanwhile_stays(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("somebody's")
    with pytest.raises(ReleaseError, match="has come into being since"):
        exchange(tmp_path, [Change("a.py", None, NEW)], [("a.py", 0o750, b"new")], lambda _: None)
    assert (tmp_path / "a.py").read_text() == "somebody's"


def test_a_file_gets_its_permissions_and_a_new_folder_those_of_the_one_above(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    old = seen(tmp_path, "old")
    changes = [Change("a.py", old, NEW), Change("deep/er/b.py", None, NEW)]
    exchange(tmp_path, changes, [(each.name, 0o750, b"new") for each in changes], lambda _: None)
    assert {oct(each.stat().st_mode & 0o777) for each in tmp_path.rglob("*")} == {"0o750"}


def test_only_what_changes_is_written(tmp_path: Path) -> None:
    seen(tmp_path, "old")
    exchange(tmp_path, [], [("a.py", 0o750, b"new")], lambda _: None)
    assert (tmp_path / "a.py").read_text() == "old"


def test_what_a_killed_removal_set_aside_is_put_back_where_it_came_later(tmp_path: Path) -> None:
    for name, at in (("a.py", 2000.0), ("b.py", 500.0)):
        aside = tmp_path / f".{name}.opsconsole-999999999-reset"
        aside.write_text(name)
        os.utime(aside, (at, at))
    (tmp_path / ".a.py.opsconsole-999999999-7").write_text("half")
    tidy(tmp_path, ["a.py", "b.py"], since=1000.0)
    assert [each.name for each in tmp_path.iterdir()] == ["a.py"]


def test_what_was_set_aside_of_other_files_is_not_touched(tmp_path: Path) -> None:
    of_others = tmp_path / ".ops_kill_switch.flag.opsconsole-999999999-reset"
    of_others.write_text("1")
    tidy(tmp_path, ["a.py"], since=1000.0)
    assert of_others.exists()
