"""Exchanging the files of a tree: each is whole at every instant, and only what was seen is replaced."""

import glob
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from console.actions.durable import MISSING, DurableError, replace_file
from console.actions.faults import points_of
from console.actions.releases.copy import Content
from console.actions.releases.errors import ReleaseError
from console.actions.releases.tree import in_words, place_of, sum_of
from console.actions.removal import identity_of, remove_file, settle_abandoned
from console.audit.files import sync
from console.domain.release import Files, FileSum

_TEMP_MARK = ".opsconsole-"
"""What is in the names of files that a write which was killed has left beside its target."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a file: `old` is what was seen there, None for no file; `new` None for removing it."""

    name: str
    old: FileSum | None
    new: FileSum | None


def changes_of(now: Files, wanted: Files) -> tuple[Change, ...]:
    """What has to be done so that `now` becomes `wanted`; files that are to go come last."""
    found = [
        Change(name, now.get(name), wanted.get(name))
        for name in {*now, *wanted}
        if name not in wanted or not wanted[name].same(now.get(name))
    ]
    return tuple(sorted(found, key=lambda each: (each.new is None, each.name)))


def bytes_needed(tree: Path, changes: Iterable[Change]) -> tuple[int, int]:
    """What the changes may take of the tree's disk while they are made, and what is free there, in bytes."""
    try:
        disk = os.statvfs(tree)
    except OSError as error:
        raise in_words(tree, error) from None
    block = max(disk.f_frsize, 1)
    sizes = [each.new.size for each in changes if each.new is not None]
    files = disk.f_favail if disk.f_files else len(sizes) + 1
    needed = sum((size // block + 1) * block for size in sizes) + (block if sizes else 0)
    return needed, disk.f_bavail * block if files > len(sizes) else 0


def exchange(
    tree: Path, changes: Iterable[Change], contents: Iterable[Content], done: Callable[[Change], None]
) -> None:
    """Make the changes, with what the contents hold; `done` is told each one that is on the disk.

    Raises ReleaseError at the first that can't be made: those before stay made.
    """
    due = {each.name: each for each in changes}
    for name, mode, data in contents:
        change = due.get(name)
        if change is not None and change.new is not None:
            _put(tree, change, mode, data)
            done(change)
    for change in due.values():
        if change.new is None:
            _remove(tree, change)
            done(change)


def tidy(tree: Path, names: Iterable[str], since: float) -> None:
    """Remove what a process that was killed while it exchanged these files has left beside them.

    It began at `since`, in seconds since 1970: what came later under a file's name is put back there.
    """
    places = [place_of(tree, name) for name in names]
    try:
        for place in places:
            settle_abandoned(place, since, points_of(f"settle {place.name}"))
            for left in _abandoned(place):
                left.unlink(missing_ok=True)
    except (DurableError, OSError) as error:
        raise ReleaseError(str(error)) from None


def _put(tree: Path, change: Change, mode: int, data: bytes) -> None:
    place = place_of(tree, change.name)
    expected = MISSING if change.old is None else bytes.fromhex(change.old.digest)
    try:
        _make_folders(tree, place.parent)
        point = points_of(change.name)
        replace_file(place, data, expected=expected, point=point, keep_owner=False, mode=mode)
        _dress(place, mode, new=change.old is None)
    except DurableError as error:
        raise ReleaseError(str(error)) from None
    except OSError as error:
        raise in_words(place, error) from None


def _dress(place: Path, mode: int, *, new: bool) -> None:
    """Give the file the permissions that it was recorded with, and a new one its folder's owner."""
    if new and os.geteuid() == 0:
        folder = place.parent.stat()
        os.chown(place, folder.st_uid, folder.st_gid, follow_symlinks=False)
    if stat.S_IMODE(place.stat().st_mode) != mode:
        place.chmod(mode)
        sync(place)


def _make_folders(tree: Path, folder: Path) -> None:
    """Make what is missing of the folders, each as the one above it."""
    if folder == tree or folder.is_dir():
        return
    _make_folders(tree, folder.parent)
    above = folder.parent.stat()
    folder.mkdir()
    folder.chmod(stat.S_IMODE(above.st_mode))
    if os.geteuid() == 0:
        os.chown(folder, above.st_uid, above.st_gid)
    sync(folder.parent)


def _remove(tree: Path, change: Change) -> None:
    """Remove a file, if it is still what was seen. Raises ReleaseError."""
    place = place_of(tree, change.name)
    try:
        seen = identity_of(place)
        if seen is None:
            return
        if change.old is None or not change.old.same(sum_of(tree, change.name)):
            raise ReleaseError(f"{place}: has changed since")
        remove_file(place, seen, points_of(change.name))
    except DurableError as error:
        raise ReleaseError(str(error)) from None


def _abandoned(place: Path) -> Iterator[Path]:
    """The file's temporary ones whose process is gone; those of other files are for others to settle."""
    for left in place.parent.glob(f".{glob.escape(place.name)}{_TEMP_MARK}*"):
        pid = left.name.rpartition(_TEMP_MARK)[2].partition("-")[0]
        if pid.isdecimal() and not _lives(int(pid)):
            yield left


def _lives(pid: int) -> bool:
    with suppress(PermissionError, OverflowError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
