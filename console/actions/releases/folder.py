"""Releases in their folder: each a recorded copy and a manifest.

r-1a2b3c4d5e6f.tar.gz       the copy; saved-….tar.gz is what stood there before files were exchanged
r-1a2b3c4d5e6f.json         its manifest, written last: without it there is no release
lock                        held while somebody records, or exchanges files
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from console.actions.backup.folder import make_for_backups
from console.actions.durable import DurableError, replace_file
from console.actions.releases.copy import Content, check_copy, write_copy
from console.actions.releases.errors import ReleaseError
from console.actions.releases.tree import is_inside
from console.audit.files import mode_in, sync
from console.domain.foreign import visible
from console.domain.release import FORMAT, Release, id_of, is_id, tree_of

PARTIAL = ".partial"
"""How the name of what isn't finished ends."""
_LARGEST = 8 << 20
"""Bytes that a manifest may have."""
_COPY = ".tar.gz"
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_MANIFESTS = TypeAdapter(Release)


@dataclass(frozen=True, slots=True)
class Kept:
    """A release as it lies in its folder; `digest` is its manifest's SHA-256, as the journal has it."""

    folder: Path
    release: Release
    digest: str

    @property
    def file(self) -> Path:
        return self.folder / self.release.copy.name

    def check(self) -> None:
        """Read all of it; ReleaseError unless the copy is the one that was recorded."""
        check_copy(self.file, self.release)

    @property
    def sound(self) -> bool:
        """Whether the copy is the one that was recorded."""
        try:
            self.check()
        except ReleaseError:
            return False
        return True


def releases_in(folder: Path) -> tuple[tuple[Kept, ...], tuple[str, ...]]:
    """The releases of a folder, the newest first, and a line for each manifest that can't be read."""
    found, problems = [], []
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix == ".json")
    except FileNotFoundError:
        return (), ()
    except OSError as error:
        return (), (f"{folder}: {(error.strerror or str(error)).lower()}",)
    for file in files:
        try:
            found.append(read_release(file))
        except ReleaseError as error:
            problems.append(str(error))
    return tuple(sorted(found, key=lambda each: -each.release.made)), tuple(problems)


def release_named(folder: Path, name: str) -> Kept:
    """The release with that id, or the one with that tag or version.

    ReleaseError where there is none, or where several are called so.
    """
    if is_id(name) and (folder / f"{name}.json").exists():
        return read_release(folder / f"{name}.json")
    found, problems = releases_in(folder)
    called = [each for each in found if each.release.is_called(name) and not each.release.saved]
    tagged = [each for each in called if each.release.tag == name]
    if len(tagged or called) == 1:
        return (tagged or called)[0]
    if called:
        ids = ", ".join(each.release.id for each in tagged or called)
        raise ReleaseError(f"several releases are called {visible(name)}: {ids}; name one by its id")
    known = ", ".join(each.release.called for each in found) or "none is there: opsconsole release record"
    raise ReleaseError("; ".join((f"there is no release {visible(name)}; allowed: {known}", *problems)))


def read_release(file: Path) -> Kept:
    """The release that a manifest tells of. ReleaseError for what is none, or isn't what it is called."""
    data = _bytes_of(file)
    try:
        release = _MANIFESTS.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise ReleaseError(
            f"{file.name}: no manifest of a release: {where}: {first['msg'].lower()}"
        ) from None
    if release.format != FORMAT:
        raise ReleaseError(f"{file.name}: its format is {release.format}; this console reads {FORMAT}")
    outside = next((name for name in release.files if not is_inside(name)), None)
    if outside is not None:
        raise ReleaseError(f"{file.name}: {visible(outside)!r} isn't a file of the tree")
    tree = tree_of(release.files)
    if (release.tree, release.id) != (tree, id_of(tree, saved=release.saved)) or release.id != file.stem:
        raise ReleaseError(f"{file.name}: its files aren't those that it is called by")
    if release.commit is not None and not _COMMIT.fullmatch(release.commit):
        raise ReleaseError(f"{file.name}: {visible(release.commit)!r} is no commit")
    if release.copy.name != f"{release.id}.tar.gz":
        raise ReleaseError(f"{file.name}: its copy {visible(release.copy.name)!r} is of another release")
    return Kept(file.parent, release, hashlib.sha256(data).hexdigest())


def keep(folder: Path, release: Release, contents: Iterable[Content]) -> Kept:
    """Keep a copy of the contents, which have to be the files of `release`, and then its manifest.

    What is kept of the same id is replaced. The lock has to be held. ReleaseError where that fails.
    """
    name = f"{release.id}.tar.gz"
    partial = folder / f"{name}{PARTIAL}"
    try:
        partial.unlink(missing_ok=True)
        try:
            copy, files = write_copy(partial, name, contents)
            if tree_of(files) != release.tree:
                raise ReleaseError("files have changed while they were recorded: nothing is recorded")
            partial.replace(folder / name)
            sync(folder)
        finally:
            partial.unlink(missing_ok=True)
        return keep_manifest(folder, replace(release, files=files, copy=copy))
    except OSError as error:
        raise ReleaseError(f"{folder}: {(error.strerror or str(error)).lower()}") from None


def keep_manifest(folder: Path, release: Release) -> Kept:
    """Write the manifest of a copy that is durable: from then on it is a release. Raises ReleaseError."""
    file = folder / f"{release.id}.json"
    try:
        data = _MANIFESTS.dump_json(release, indent=1)
        if len(data) > _LARGEST:
            raise ReleaseError(f"{file.name}: more than {_LARGEST >> 20} MiB of names: too many files")
        replace_file(file, data, expected=None, keep_owner=False, mode=mode_in(folder))
    except (DurableError, OSError) as error:
        raise ReleaseError(str(error)) from None
    return read_release(file)


def make_for_releases(folder: Path) -> None:
    """Make the folder where it is missing. Raises ReleaseError."""
    try:
        make_for_backups(folder)
    except OSError as error:
        raise ReleaseError(f"{folder}: {(error.strerror or str(error)).lower()}") from None


def remove(kept: Kept) -> None:
    """Remove a release, its manifest first: what is cut short leaves none without its copy. Raises OSError.

    The lock has to be held.
    """
    for file in (kept.folder / f"{kept.release.id}.json", kept.file):
        file.unlink(missing_ok=True)
    sync(kept.folder)


def left_in(folder: Path) -> tuple[Path, ...]:
    """Copies without a manifest: who recorded or removed one was killed just then, or is at it still."""
    try:
        files = sorted(
            file
            for file in folder.iterdir()
            if is_id(file.name.removesuffix(_COPY)) and file.name.endswith(_COPY)
        )
    except OSError:
        return ()
    return tuple(file for file in files if not _manifest_of(file).exists())


def remove_left(file: Path) -> None:
    """Remove one of them. Raises OSError. The lock has to be held."""
    file.unlink(missing_ok=True)
    sync(file.parent)


def remove_partial(folder: Path) -> None:
    """Remove what was never finished. The lock has to be held."""
    for file in folder.glob(f"*{PARTIAL}"):
        with suppress(OSError):
            file.unlink()


def _manifest_of(file: Path) -> Path:
    return file.with_name(f"{file.name.partition('.')[0]}.json")


def _bytes_of(file: Path) -> bytes:
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise ReleaseError(f"{file.name}: no manifest of a release: it is no regular file")
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        raise ReleaseError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > _LARGEST:
        raise ReleaseError(f"{file.name}: no manifest of a release: it has more than {_LARGEST >> 20} MiB")
    return data
