"""A file is removed if it still is the one that was seen; whatever came later stays."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from console.actions.durable import ChangedError, DurableError
from console.actions.faults import Point
from console.actions.removal import Identity, identity_of, remove_file, settle_abandoned
from tests.unit.audit.journals import in_child, killer

POINTS = [
    f"{when} {step}" for step in ("set aside", "unlink", "fsync folder") for when in ("before", "after")
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "flag"
    path.write_bytes(b"1")
    return path


def seen(file: Path) -> Identity:
    found = identity_of(file)
    assert found is not None
    return found


def at(wanted: str, work: Callable[[str], object]) -> Point:
    """A point at which somebody else does `work`."""

    def meet(name: str) -> None:
        if name == wanted:
            work(name)

    return meet


def write_anew(file: Path) -> None:
    fresh = file.with_name("fresh")
    fresh.write_bytes(b"2")
    fresh.replace(file)


def test_the_file_that_was_seen_is_gone(file: Path) -> None:
    remove_file(file, seen(file), lambda _: None)
    assert list(file.parent.iterdir()) == []


def test_nothing_to_remove_is_no_error(file: Path) -> None:
    was = seen(file)
    file.unlink()
    remove_file(file, was, lambda _: None)


def test_one_that_was_written_anew_stays(file: Path) -> None:
    was = seen(file)
    write_anew(file)
    with pytest.raises(ChangedError, match="was written anew, and stays"):
        remove_file(file, was, lambda _: None)
    assert (file.read_bytes(), len(list(file.parent.iterdir()))) == (b"2", 1)


def test_one_that_comes_while_another_newer_one_is_put_back_stays(file: Path) -> None:
    was = seen(file)
    write_anew(file)
    with pytest.raises(ChangedError):
        remove_file(file, was, at("before put back", lambda _: file.write_bytes(b"3")))
    assert file.read_bytes() == b"3"


def test_a_newer_one_is_put_back_where_it_may_not_be_linked(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def protected(*_: object) -> None:
        raise PermissionError(errno.EPERM, "operation not permitted")

    was = seen(file)
    write_anew(file)
    monkeypatch.setattr(os, "link", protected)
    with pytest.raises(ChangedError, match="was written anew, and stays"):
        remove_file(file, was, lambda _: None)
    assert (file.read_bytes(), len(list(file.parent.iterdir()))) == (b"2", 1)


def test_one_that_comes_after_it_was_set_aside_stays(file: Path) -> None:
    remove_file(file, seen(file), at("after set aside", lambda _: file.write_bytes(b"3")))
    assert file.read_bytes() == b"3"


def test_at_the_end_of_a_link_what_it_points_to_is_removed(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    remove_file(link, seen(link), lambda _: None)
    assert (link.exists(), link.is_symlink(), file.exists()) == (False, True, False)


def test_what_cannot_be_removed_is_told(file: Path) -> None:
    with pytest.raises(DurableError, match="flag/flag: not a directory"):
        remove_file(file / "flag", Identity(1, 1), lambda _: None)


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_the_next_start_finds_it_gone_or_whole(file: Path, point: str) -> None:
    was = seen(file)
    assert in_child(lambda: remove_file(file, was, killer(point))) == -9
    settle_abandoned(file, file.parent.stat().st_mtime + 60, lambda _: None)
    left = list(file.parent.iterdir())
    assert left == ([file] if point == "before set aside" else [])


def test_a_newer_one_that_was_set_aside_is_put_back_at_the_next_start(file: Path) -> None:
    was = seen(file)
    write_anew(file)
    os.utime(file, (2e9, 2e9))
    assert in_child(lambda: remove_file(file, was, killer("after set aside"))) == -9
    assert not file.exists()
    settle_abandoned(file, 1.9e9, lambda _: None)
    assert (file.read_bytes(), len(list(file.parent.iterdir()))) == (b"2", 1)
