"""What the surfaces of the kill switch say now: in words, and whether that is tripped."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.actions.kill.actuator import Scope
from console.actions.kill.armament import Surfaces, UnableError, database_of, feature_flags_of
from console.actions.kill.flag_file import FlagFile, StateFile
from console.domain.clock import Clock

if TYPE_CHECKING:
    from console.settings import Settings


@dataclass(frozen=True, slots=True)
class Said:
    """One surface's word: `tripped` is None where it can't be read."""

    name: str
    words: str
    tripped: bool | None


def read_back(
    settings: "Settings", surfaces: Surfaces, scope: Scope, clock: Clock, environ: Mapping[str, str]
) -> tuple[Said, ...]:
    """Every surface that can be read and says something of `scope`; the database within its deadline."""
    return tuple(_read_back(settings, surfaces, scope, clock, environ))


def _read_back(
    settings: "Settings", surfaces: Surfaces, scope: Scope, clock: Clock, environ: Mapping[str, str]
) -> Iterator[Said]:
    switch = settings.chosen.kill_switch
    if scope is Scope.ALL:
        if surfaces.flag is not None:
            said = FlagFile(surfaces.flag).said()
            yield Said("flag file", said, None if said == "unreadable" else said == "set")
        if surfaces.state is not None:
            said = StateFile(surfaces.state).said()
            yield Said("state file", said, None if said == "unreadable" else said == "tripped")
        if surfaces.flags_file is not None and switch.feature_flags:
            said = feature_flags_of(surfaces.flags_file, settings.state, clock).said()
            yield Said("feature flags", said, None if said == "unreadable" else said == "true")
    if surfaces.database is not None and switch.database:
        yield _database(surfaces, switch.deadlines.database, scope, clock, environ)


def _database(
    surfaces: Surfaces, deadline: float, scope: Scope, clock: Clock, environ: Mapping[str, str]
) -> Said:
    try:
        return Said("database", *database_of(surfaces, deadline, clock, environ).said(scope))
    except UnableError as error:
        return Said("database", str(error), None)
