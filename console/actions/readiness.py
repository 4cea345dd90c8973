"""How ready a context is to go back, read from what drills and backups have left: each minute, so cheaply."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from console.actions.backup.place import folder_of, newest_in
from console.actions.drills import drills_in, is_late
from console.domain.readiness import PROCEDURES, NewestBackup, Practice, Readiness, short_name

if TYPE_CHECKING:
    from console.settings import Settings


def readiness_of(settings: "Settings", now: float) -> Readiness:
    """As it is at `now`, in seconds since 1970. Raises nothing: what can't be told is in it."""
    unknown: list[str] = []
    practised = _practised(settings, now, unknown)
    backup = _newest_backup(settings, unknown)
    return Readiness(now, practised, settings.chosen.drills.within, backup, tuple(unknown))


def _practised(settings: "Settings", now: float, unknown: list[str]) -> tuple[Practice, ...]:
    try:
        return tuple(_each(settings, now))
    except (OSError, ValueError) as error:
        unknown.append(f"drills can't be read: {_words(error)}")
        return ()


def _each(settings: "Settings", now: float) -> Iterator[Practice]:
    drills = drills_in(settings.state)
    for name in PROCEDURES:
        last = drills.get(name)
        late = is_late(last, now, settings.chosen.drills.within)
        at, passed = (None, False) if last is None else (last.at, last.passed)
        yield Practice(short_name(name), at, passed, late)


def _newest_backup(settings: "Settings", unknown: list[str]) -> NewestBackup | None:
    try:
        return newest_in(folder_of(settings), settings.context)
    except (OSError, ValueError) as error:
        unknown.append(f"backups can't be read: {_words(error)}")
        return None


def _words(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
