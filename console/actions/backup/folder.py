"""Backups in their folder: each a copy and a manifest, and beside them what was found out about it since.

20261121T081500Z.sql.gz          the copy (.db.gz of a SQLite file)
20261121T081500Z.json            its manifest, written last: without it there is no backup
20261121T081500Z.checked.json    when it was verified and rehearsed, and what came of it
"""

import fcntl
import hashlib
import math
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, TypeVar

from pydantic import TypeAdapter, ValidationError

from console.actions.backup.errors import BackupError
from console.actions.backup.tables import BOOK
from console.actions.durable import MISSING, DurableError, replace_file
from console.audit.files import mode_in, open_file, sync
from console.domain.backup import READ, Copy, Manifest
from console.own_folder import make_common

T = TypeVar("T")

PARTIAL = ".partial"
"""How the name of what isn't finished ends."""
_LARGEST = 8 << 20
"""Bytes that a manifest may have."""
_LATEST = 253_402_300_800.0
"""The first instant that has no date of four digits."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A restore into a scratch place: when it began, how long it took, and what was wrong, if anything."""

    at: float
    seconds: float
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found out about a backup; `verified` and `problems` are of the last look at its files."""

    verified: float | None = None
    problems: tuple[str, ...] = ()
    rehearsal: Rehearsal | None = None


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup as it lies in its folder; `digest` is its manifest's SHA-256, as the journal has it."""

    folder: Path
    manifest: Manifest
    digest: str
    checked: Checked = field(default_factory=Checked)

    @property
    def name(self) -> str:
        return self.manifest.copy.name.partition(".")[0]

    @property
    def file(self) -> Path:
        return self.folder / self.manifest.copy.name


def backups_in(folder: Path) -> tuple[tuple[Backup, ...], tuple[str, ...]]:
    """The backups of a folder, the newest first, and a line for each manifest that can't be read."""
    found, problems = [], []
    try:
        files = sorted((file for file in folder.iterdir() if file.suffix == ".json"), reverse=True)
    except FileNotFoundError:
        return (), ()
    except OSError as error:
        return (), (f"{folder}: {(error.strerror or str(error)).lower()}",)
    for file in files:
        if file.name.endswith(_CHECKED):
            continue
        try:
            found.append(read_backup(file))
        except BackupError as error:
            problems.append(str(error))
    return tuple(found), tuple(problems)


def expected_length(folder: Path) -> int | None:
    """How many bytes the next copy is going to have before it is compressed, by the newest one's."""
    for file in sorted(folder.glob("*.json"), reverse=True):
        if not file.name.endswith(_CHECKED):
            with suppress(BackupError):
                return read_backup(file).manifest.length
    return None


def backup_named(folder: Path, name: str) -> Backup:
    """The backup of that name in the folder, or of a file anywhere; BackupError where there is none."""
    given = Path(name)
    folder = given.parent if os.sep in name else folder
    file = folder / f"{given.name.partition('.')[0]}.json"
    if not os.path.lexists(file):
        found, problems = backups_in(folder)
        known = ", ".join(each.name for each in found) or "none is there"
        raise BackupError("; ".join((f"there is no backup {name} in {folder}; allowed: {known}", *problems)))
    return read_backup(file)


def read_backup(file: Path) -> Backup:
    """The backup that a manifest tells of. BackupError for what is none, or of another format."""
    data = _bytes_of(file)
    manifest = _read(_MANIFESTS, data, file)
    if manifest.format not in READ:
        raise BackupError(
            f"{file.name}: its format is {manifest.format}; this console reads up to {READ[-1]}"
        )
    if manifest.copy.name not in (f"{file.stem}.sql.gz", f"{file.stem}.db.gz"):
        raise BackupError(f"{file.name}: its copy {manifest.copy.name!r} is of another backup")
    foreign = next((name for name in (*manifest.columns, *manifest.tables) if name not in BOOK), None)
    if foreign is not None:
        raise BackupError(f"{file.name}: its table {foreign!r} is none of a book")
    if not 0 <= manifest.made < _LATEST:
        raise BackupError(f"{file.name}: its instant {manifest.made} is none")
    beside = file.with_suffix(_CHECKED)
    checked = _read(_CHECKS, _bytes_of(beside), beside) if os.path.lexists(beside) else Checked()
    return Backup(file.parent, manifest, hashlib.sha256(data).hexdigest(), checked)


def keep_manifest(folder: Path, manifest: Manifest) -> Backup:
    """Write the manifest of a copy that is durable: from then on it is a backup. Raises DurableError."""
    file = folder / f"{manifest.copy.name.partition('.')[0]}.json"
    replace_file(file, _MANIFESTS.dump_json(manifest, indent=1), expected=MISSING, mode=mode_in(folder))
    return read_backup(file)


def keep_checked(backup: Backup, checked: Checked) -> Backup:
    """Write down what was found out about a backup. Raises BackupError."""
    file = backup.folder / f"{backup.name}{_CHECKED}"
    if not (backup.folder / f"{backup.name}.json").exists():
        raise BackupError(f"{backup.name} was removed meanwhile")
    try:
        data, mode = _CHECKS.dump_json(checked, indent=1), mode_in(backup.folder)
        replace_file(file, data, expected=None, keep_owner=False, mode=mode)
    except DurableError as error:
        raise BackupError(str(error)) from None
    return replace(backup, checked=checked)


def make_for_backups(folder: Path) -> None:
    """Make the folder where it is missing, for the group too that shares the one above. Raises OSError."""
    if not folder.is_dir():
        make_for_backups(folder.parent)
        with suppress(FileExistsError):
            make_common(folder)
        sync(folder.parent)


def remove(backup: Backup) -> None:
    """Remove a backup, its manifest first: what is cut short leaves no backup without its copy."""
    for name in (f"{backup.name}.json", backup.manifest.copy.name, f"{backup.name}{_CHECKED}"):
        with suppress(FileNotFoundError):
            (backup.folder / name).unlink()


def left_in(folder: Path, now: float) -> tuple[Path, ...]:
    """Files of backups without a manifest: who made or removed one was killed just then.

    What changed in the last hour before `now` may be on its way here still, and isn't counted.
    """
    try:
        files = sorted(file for file in folder.iterdir() if _OF_BACKUPS.fullmatch(file.name))
    except OSError:
        return ()
    return tuple(
        file for file in files if not _manifest_of(file).exists() and _changed(file) < now - _ON_ITS_WAY
    )


def remove_left(file: Path) -> None:
    """Remove one of them; BackupError where it has a manifest by now."""
    if _manifest_of(file).exists():
        raise BackupError(f"{file.name} has a manifest by now")
    file.unlink(missing_ok=True)


def remove_partial(folder: Path) -> None:
    """Remove what was never finished, but for what is in use. Nobody may be making a backup meanwhile."""
    for file in sorted(folder.glob(f"*{PARTIAL}*")):
        if not _is_used(file.with_name(file.name.partition(PARTIAL)[0] + PARTIAL)):
            file.unlink(missing_ok=True)


@contextmanager
def in_use(file: Path) -> Iterator[BinaryIO]:
    """A new file, which `remove_partial` leaves alone meanwhile. Raises OSError."""
    with os.fdopen(open_file(file, os.O_RDWR | os.O_EXCL), "wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield stream


def _is_used(file: Path) -> bool:
    """Whether somebody holds the file; those that SQLite makes beside one are named after it."""
    try:
        with file.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def finished(partial: Path, copy: Copy) -> None:
    """Give a durable copy its name; OSError where that can't be done."""
    partial.rename(partial.with_name(copy.name))
    sync(partial.parent)


_CHECKED = ".checked.json"
_OF_BACKUPS = re.compile(r"\d{8}T\d{6}Z\.(?:sql\.gz|db\.gz|checked\.json)")
_ON_ITS_WAY = 3600.0
_MANIFESTS, _CHECKS = TypeAdapter(Manifest), TypeAdapter(Checked)


def _manifest_of(file: Path) -> Path:
    return file.with_name(f"{file.name.partition('.')[0]}.json")


def _changed(file: Path) -> float:
    """When the file last changed, its name included; now, for one that is gone."""
    try:
        return file.lstat().st_ctime
    except FileNotFoundError:
        return math.inf


def _read(kind: TypeAdapter[T], data: bytes, file: Path) -> T:
    try:
        return kind.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise BackupError(f"{file.name}: no manifest of a backup: {where}: {first['msg'].lower()}") from None


def _bytes_of(file: Path) -> bytes:
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise BackupError(f"{file.name}: no manifest of a backup: it is no regular file")
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        raise BackupError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > _LARGEST:
        raise BackupError(f"{file.name}: no manifest of a backup: it has more than {_LARGEST >> 20} MiB")
    return data
