"""The files of a release as they stand in the tree: found by patterns, never through a symlink."""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from console.actions.releases.code import Code
from console.actions.releases.errors import ReleaseError
from console.domain.foreign import visible
from console.domain.release import Files, FileSum

LARGEST_FILE = 32 << 20
LARGEST = 512 << 20
"""Bytes of all files: code, not data."""
MOST_FILES = 20_000
_PART = 1 << 20


def patterns_of(code: Code) -> tuple[str, ...]:
    """What names the files of a release."""
    return (*code.files, *code.coin_files)


def files_of(code: Code) -> Files:
    """The files that stand there now. Raises ReleaseError."""
    return {name: sum_of(code.tree, name) for name in names_in(code.tree, patterns_of(code))}


def names_in(tree: Path, patterns: Sequence[str], *, links: bool = False) -> tuple[str, ...]:
    """The files that the patterns name, sorted, as they are seen from the tree.

    As in a shell, `*` stands for no name that begins with a dot; `**` is any number of folders.

    ReleaseError for what is no file; with `links` a symlink counts as one.
    """
    if not tree.is_dir():
        raise ReleaseError(f"{tree}: there is no such folder")
    found = {name for pattern in patterns for name in _named(tree, "", _steps(pattern), links)}
    if len(found) > MOST_FILES:
        raise ReleaseError(f"{tree}: {len(found)} files; a release has at most {MOST_FILES}")
    for name in found:
        if not is_inside(name):
            raise ReleaseError(f"{tree}: {visible(name)!r} is no name for a file of a release")
    return tuple(sorted(found))


def is_named(name: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns names the file, were it there."""
    parts = PurePosixPath(name).parts
    return any(_fits(parts, _steps(pattern)) for pattern in patterns)


def is_inside(name: str) -> bool:
    """Whether it is a file's path that leads nowhere but into the tree."""
    path = PurePosixPath(name)
    plain = bool(path.parts) and not path.is_absolute() and ".." not in path.parts
    return plain and str(path) == name and visible(name) == name


def place_of(tree: Path, name: str) -> Path:
    """Where a file of the tree is, or would be. ReleaseError where a symlink, or no file, is in the way."""
    if not is_inside(name):
        raise ReleaseError(f"{visible(name)!r} isn't a file of the tree")
    folder = tree
    for part in PurePosixPath(name).parts[:-1]:
        folder /= part
        status = _status(folder)
        if status is not None and not stat.S_ISDIR(status.st_mode):
            raise ReleaseError(f"{folder}: {_kind(status)}, where a folder has to be")
    place = folder / PurePosixPath(name).name
    status = _status(place)
    if status is not None and not stat.S_ISREG(status.st_mode):
        raise ReleaseError(f"{place}: {_kind(status)}, where a file has to be")
    return place


def sum_of(tree: Path, name: str) -> FileSum:
    """What a file holds. Raises ReleaseError."""
    digest, size, mode = hashlib.sha256(), 0, 0
    for mode, part in _parts(place_of(tree, name)):  # noqa: B007 (the mode is the same of every part)
        digest.update(part)
        size += len(part)
    return FileSum(digest.hexdigest(), size, mode)


def content_of(tree: Path, name: str) -> tuple[int, bytes]:
    """A file's permissions and its content. Raises ReleaseError."""
    parts = list(_parts(place_of(tree, name)))
    return parts[0][0], b"".join(part for _, part in parts)


def _parts(place: Path) -> Iterator[tuple[int, bytes]]:
    """The permissions with each part of the content; at least one, perhaps empty."""
    try:
        handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ReleaseError(f"{place}: {_kind(status)}, where a file has to be")
            if status.st_size > LARGEST_FILE:
                raise ReleaseError(f"{place}: more than {LARGEST_FILE >> 20} MiB, too large for a release")
            mode = stat.S_IMODE(status.st_mode) & 0o777
            yield mode, b""
            while part := stream.read(_PART):
                yield mode, part
    except OSError as error:
        raise in_words(place, error) from None


def in_words(place: Path, error: OSError) -> ReleaseError:
    """What the system says, as one line."""
    return ReleaseError(f"{place}: {(error.strerror or str(error)).lower()}")


def _status(place: Path) -> os.stat_result | None:
    try:
        return place.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise in_words(place, error) from None


def _kind(status: os.stat_result) -> str:
    return "is a symlink" if stat.S_ISLNK(status.st_mode) else "is something else"


def _steps(pattern: str) -> tuple[str, ...]:
    """The parts of a pattern; one that ends in `**` names every file below."""
    parts = PurePosixPath(pattern).parts
    return (*parts, "*") if parts[-1] == "**" else parts


def _named(folder: Path, before: str, steps: tuple[str, ...], links: bool) -> Iterator[str]:
    """The files below `folder`, which is `before` seen from the tree, that the rest of a pattern names."""
    head, rest = steps[0], steps[1:]
    if head == "**":
        yield from _named(folder, before, rest, links)
    for entry in _entries(folder):
        if not _matches(entry.name, "*" if head == "**" else head):
            continue
        if not rest and not entry.is_dir(follow_symlinks=False):
            yield _file(entry, before + entry.name, links)
        elif rest and _leads_on(entry):
            if entry.is_symlink():
                raise ReleaseError(f"{entry.path}: is a symlink, and a release follows none")
            deeper = steps if head == "**" else rest
            yield from _named(Path(entry.path), f"{before}{entry.name}/", deeper, links)


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError as error:
        raise in_words(folder, error) from None


def _leads_on(entry: "os.DirEntry[str]") -> bool:
    """Whether it is a folder, or a symlink to one. ReleaseError for a symlink that leads round to itself."""
    try:
        return entry.is_dir()
    except OSError as error:
        raise in_words(Path(entry.path), error) from None


def _file(entry: "os.DirEntry[str]", name: str, links: bool) -> str:
    if not entry.is_file(follow_symlinks=False) and not (links and entry.is_symlink()):
        what = "is a symlink" if entry.is_symlink() else "is no regular file"
        raise ReleaseError(f"{entry.path}: {what}, and a release keeps files only")
    return name


def _fits(name: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    if not steps or not name:
        return not steps and not name
    if steps[0] == "**":
        return _fits(name, steps[1:]) or (_matches(name[0], "*") and _fits(name[1:], steps))
    return _matches(name[0], steps[0]) and _fits(name[1:], steps[1:])


def _matches(name: str, pattern: str) -> bool:
    hidden = name.startswith(".") and not pattern.startswith(".")
    return not hidden and fnmatchcase(name, pattern)
