"""What a trip of one context fires: an actuator for every surface that its settings name.

A paper engine picks its surfaces when it starts, so they are looked up in its engine.json when they are
needed. Standard library only; what needs more is made in the thread that fires it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions.durable import Reserve
from console.actions.kill.actuator import ALL_SCOPES, ENDING, WHOLE, Actuator, Deferred, Scope, Unable
from console.actions.kill.flag_file import FlagFile, StateFile
from console.domain.clock import Clock
from console.patience import within

if TYPE_CHECKING:
    from console.actions.kill.database import DatabaseSwitches
    from console.actions.kill.feature_flags import FeatureFlags
    from console.settings import Context, Database, KillSwitch, Settings

_LARGEST = 1024 * 1024
_PATIENCE = 0.25
"""Seconds that engine.json has to be read where the flag is known without it."""
_MOST_PATIENCE = 2.0
"""Seconds that it has where it alone may say where the flag is."""


class UnableError(Exception):
    """Why a surface can't be written, as one line."""


@dataclass(frozen=True, slots=True)
class Surfaces:
    """Where the switches of an engine are; None for what it doesn't have.

    `password_env` names the variable with the password of the database's `user`, who is the URL's where it is
    None. `http_reset` and `reset_command` undo what `http` and `command` do. `unfound` says why engine.json,
    which would name more, can't be read.
    """

    flag: Path | None = None
    state: Path | None = None
    flags_file: Path | None = None
    database: str | None = None
    user: str | None = None
    password_env: str | None = None
    ca_file: Path | None = None
    server: str | None = None
    http: str | None = None
    command: tuple[str, ...] = ()
    http_reset: str | None = None
    reset_command: tuple[str, ...] = ()
    unfound: str = ""


def surfaces_of(context: "Context") -> Surfaces:
    """What the settings name and, of a paper engine, what engine.json says now of the rest."""
    switch, database = context.kill_switch, context.database
    patience = _MOST_PATIENCE if switch.flag is None else _PATIENCE
    found, unfound = _engine_in_time(context.engine_file, patience)
    files = _object(found.get("kill_switch"))
    control = None if "ended_at" in found else _text(found.get("control_url"))  # another's port by now
    return Surfaces(
        flag=switch.flag or _path(files.get("flag")),
        state=switch.state or _path(files.get("state")),
        flags_file=context.flags_file or _path(found.get("flags_file")),
        database=database.url if database else _text(found.get("database_url")),
        user=database.action_user if database else None,
        password_env=_writers_password(database) if database else _text(found.get("database_password_env")),
        ca_file=database.ca_file if database else None,
        server=database.server if database else None,
        http=switch.http or (f"{control}/control/kill" if control else None),
        command=tuple(context.commands.trip_kill_switch or ()),
        http_reset=switch.http_reset or (f"{control}/control/reset" if control else None),
        reset_command=tuple(context.commands.reset_kill_switch or ()),
        unfound=unfound,
    )


def armament(
    settings: "Settings", surfaces: Surfaces, clock: Clock, environ: Mapping[str, str]
) -> tuple[Actuator, ...]:
    """The actuators of the chosen context, the flag first."""
    switch = settings.chosen.kill_switch
    return tuple(_actuators(surfaces, switch, settings.state, clock, environ))


def reserves(surfaces: Surfaces) -> tuple[Reserve, ...]:
    """The space kept for the engine's files, so that a full disk doesn't stop what lowers the risk."""
    from console.actions.flags_file import reserve_of  # noqa: PLC0415 (not needed for a trip)

    kept = [_reserve(file) for file in (surfaces.flag, surfaces.state) if file is not None and file.name]
    flags = surfaces.flags_file
    return (*kept, *([] if flags is None or not flags.name else [reserve_of(flags)]))


def database_of(
    surfaces: Surfaces, deadline: float, clock: Clock, environ: Mapping[str, str]
) -> "DatabaseSwitches":
    """The database's switches, to be written within `deadline` seconds. Raises UnableError."""
    from console.actions.kill.database import DatabaseSwitches  # noqa: PLC0415 (the flag is written before)

    variable = surfaces.password_env
    password = environ.get(variable) if variable else None
    if variable and not password:
        raise UnableError(f"the environment variable {variable} is not set")
    return DatabaseSwitches(
        surfaces.database or "",
        clock,
        password,
        surfaces.ca_file,
        surfaces.server,
        timeout=deadline / 3,  # connecting, writing, and reading back
        deadline=deadline,
        user=surfaces.user,
    )


def feature_flags_of(file: Path, state: Path, clock: Clock) -> "FeatureFlags":
    """The switch of a flags file, with the lock that all consoles of this `state` folder share."""
    from console.actions.flags_file import FLAGS_LOCK  # noqa: PLC0415 (as above)
    from console.actions.kill.feature_flags import FeatureFlags  # noqa: PLC0415 (as above)

    return FeatureFlags(file, state / FLAGS_LOCK, clock)


def _actuators(
    surfaces: Surfaces, switch: "KillSwitch", state: Path, clock: Clock, environ: Mapping[str, str]
) -> Iterator[Actuator]:
    limits = switch.deadlines
    if surfaces.unfound:
        yield Unable("engine file", surfaces.unfound)
    if surfaces.flag is not None:
        yield _of_file(partial(FlagFile, deadline=limits.flag_file), surfaces.flag, "flag file")
    if surfaces.state is not None:
        yield _of_file(partial(StateFile, deadline=limits.state_file), surfaces.state, "state file")
    if surfaces.http is not None:
        yield Deferred("http", limits.http, ALL_SCOPES, partial(_http, surfaces.http, limits.http, clock))
    if surfaces.command and switch.command:
        scopes = ALL_SCOPES if any("{scope}" in argument for argument in surfaces.command) else WHOLE
        make = partial(_command, surfaces.command, limits.command, scopes)
        yield Deferred("command", limits.command + ENDING, scopes, make)
    if surfaces.flags_file is not None and switch.feature_flags:
        flags = partial(feature_flags_of, surfaces.flags_file, state, clock)
        yield Deferred("feature flags", limits.feature_flags, WHOLE, flags)
    if surfaces.database is not None and switch.database:
        database = partial(_database, surfaces, limits.database, clock, environ)
        yield Deferred("database", limits.database, ALL_SCOPES, database)


def _of_file(make: Callable[[Path, Reserve], Actuator], file: Path, name: str) -> Actuator:
    return make(file, _reserve(file)) if file.name else Unable(name, f"{file}: is a folder, not a file")


def _reserve(file: Path) -> Reserve:
    """Beside the file, because only there it is sure to be on the same disk."""
    return Reserve(file.with_name(f".{file.name}.reserve"))


def _http(url: str, deadline: float, clock: Clock) -> Actuator:
    from console.actions.kill.http import Http  # noqa: PLC0415 (the flag is written before)

    return Http(url, clock, deadline)


def _command(arguments: tuple[str, ...], timeout: float, scopes: frozenset[Scope]) -> Actuator:
    from console.actions.kill.command import Command  # noqa: PLC0415 (as above)

    return Command(arguments, timeout, scopes=scopes)


def _database(surfaces: Surfaces, deadline: float, clock: Clock, environ: Mapping[str, str]) -> Actuator:
    try:
        return database_of(surfaces, deadline, clock, environ)
    except UnableError as error:
        return Unable("database", str(error))


def _writers_password(database: "Database") -> str | None:
    """The variable that holds it: where nobody is named to write, the reader does."""
    return database.password_env if database.action_user is None else database.action_password_env


def _engine_in_time(file: Path | None, seconds: float) -> tuple[Mapping[str, object], str]:
    """What engine.json says, and why it says nothing; its disk may hang, and the flag is still to come."""
    if file is None:
        return {}, ""
    said = within(seconds, partial(_engine, file), "kill engine file")
    return said or ({}, f"{file}: no answer within {seconds:g} s")


def _engine(file: Path) -> tuple[Mapping[str, object], str]:
    try:
        with file.open("rb") as stream:
            document = json.loads(stream.read(_LARGEST))
    except FileNotFoundError:
        return {}, f"no engine runs: there is no {file}"
    except OSError as error:
        return {}, f"{file}: {(error.strerror or str(error)).lower()}"
    except (ValueError, RecursionError):
        return {}, f"{file}: not an engine's file"
    found = _object(document)
    return found, "" if found else f"{file}: not an engine's file"


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _path(value: object) -> Path | None:
    text = _text(value)
    return Path(text) if text else None
