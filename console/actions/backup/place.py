"""Where a context's backups are, and how old and how good the newest one is: for who looks at that often.

Whoever is to rely on a backup reads it with `folder`, which takes more memory than such a look is worth.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.readiness import NewestBackup

if TYPE_CHECKING:
    from console.settings import Settings

_CHECKED = ".checked.json"
_LARGEST = 8 << 20
"""Bytes of a file that are read."""


def folder_of(settings: "Settings") -> Path:
    """Where the backups of the chosen context are."""
    return settings.chosen.backups.folder or settings.state / "backups" / settings.context


def newest_in(folder: Path, context: str) -> NewestBackup | None:
    """The newest backup of `context` that has a manifest; None without one.

    Raises OSError and ValueError, in one line, where that can't be told.
    """
    try:
        files = [file.name for file in folder.iterdir()]
    except FileNotFoundError:
        return None
    manifests = (name for name in files if name.endswith(".json") and not name.endswith(_CHECKED))
    for name in sorted(manifests, reverse=True):  # they are named after the instants they were made at
        match _read(folder / name):
            case {"context": str(its), "made": int() | float() as made}:
                if its == context:
                    return _rehearsed(float(made), folder / (name.removesuffix(".json") + _CHECKED))
            case _:
                raise ValueError(f"{name}: no manifest of a backup")
    return None


def _rehearsed(made: float, beside: Path) -> NewestBackup:
    found = _read(beside) if beside.exists() else {}
    match found:
        case {"rehearsal": {"at": int() | float() as at, "problems": list(problems)}}:
            return NewestBackup(made, float(at), not problems)
        case {"rehearsal": other} if other is not None:
            raise ValueError(f"{beside.name}: its rehearsal can't be read")
        case dict():
            return NewestBackup(made)
        case _:
            raise ValueError(f"{beside.name}: what was found of a backup can't be read")


def _read(file: Path) -> object:
    try:
        with file.open("rb") as stream:
            document: object = json.loads(stream.read(_LARGEST))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file.name}: {error}") from None
    return document
