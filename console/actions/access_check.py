"""What of the console's rules the operating system and the database enforce, verified on this machine.

Roles, arming and the second person are the console's own; that nobody gets round them is a matter of who owns
which file and of what the database's user may do. This looks at these, and changes nothing.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions.roles import person_of, roles_in
from console.audit.anchors import TABLE
from console.domain.access import Person, Role, Standing
from console.domain.foreign import visible

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

    from console.actions.grants import Right
    from console.settings import Context, Database, Settings

NEEDED = tuple((right, "system_settings") for right in ("INSERT", "UPDATE", "DELETE"))
"""What an operator's database user needs beyond reading, and on which table: the trading switches."""
ADDING = ("INSERT", TABLE)
"""What everybody's user may have, and needs where the table is: heads can be added there, and not changed."""
_SHARED_STATE = 0o3770
_SHARED = {
    "alerts": 0o2770,
    "anchors": 0o2770,
    "approvals": 0o3770,
    "audit": 0o2770,
    "deployments": 0o2770,
    "kill": 0o2770,
    "notices": 0o2770,
    "runs": 0o2770,
    "vigil": 0o2770,
}
"""The modes that let the members of a group share the state folder and these in it, and nobody move what is
another's: their requests, and the folders."""

_OTHERS = 0o007
_GROUP_WRITES = 0o020
_OTHERS_WRITE = 0o002
_ANYBODY_ELSE = 0o077


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `holds` None where it can't be told."""

    subject: str
    holds: bool | None
    words: str


def checked(
    settings: "Settings", settings_file: Path, person: Person, environ: Mapping[str, str]
) -> Iterator[Finding]:
    """Everything about the chosen context that concerns `person`; the database comes last."""
    context = settings.chosen
    roles = roles_in(context)
    standing = roles.standing(person)
    yield Finding("you", True, str(standing))
    yield from (Finding("roles", False, f"this machine doesn't know {name}") for name in roles.unknown)
    if context.environment != "paper":
        yield from _settings_file(settings_file)
    yield from _state_folders(settings.state, person)
    yield from _key_files(context, person)
    if context.database is not None:
        yield from _database(context.database, standing, settings.polling.database.timeout, environ)


def _settings_file(file: Path) -> Iterator[Finding]:
    """Whoever can change the settings, or put others in their place, gives out the roles."""
    subject = f"settings {file}"
    status = _status(file)
    if isinstance(status, str):
        yield Finding(subject, None, status)
    elif status.st_uid != 0:
        owner = person_of(status.st_uid)
        yield Finding(subject, False, f"belongs to {owner}, who can give out roles: let root own it")
    elif status.st_mode & (_GROUP_WRITES | _OTHERS_WRITE):
        yield Finding(subject, False, f"others than root can write it ({_mode(status)}): chmod go-w")
    else:
        yield Finding(subject, True, "only root can write it")
        yield from _above(file, frozenset({0}), _GROUP_WRITES | _OTHERS_WRITE)


def _state_folders(state: Path, person: Person) -> Iterator[Finding]:
    found = _folder(state, person, _SHARED_STATE)
    yield found
    if found.holds is not None:
        folders = [(state / name, shared) for name, shared in _SHARED.items() if (state / name).exists()]
        yield from (_folder(folder, person, shared) for folder, shared in folders)
        yield from _above(state, frozenset({0, person.uid}), _OTHERS_WRITE)


def _folder(folder: Path, person: Person, shared: int) -> Finding:
    """A folder of the console's is one person's own, or made by root for a group with the mode `shared`."""
    subject = f"folder {folder}"
    status = _trusted(subject, folder, person)
    if isinstance(status, Finding):
        return status
    if status.st_mode & _OTHERS:
        return Finding(subject, False, f"is open to everybody ({_mode(status)}): chmod o=")
    if status.st_mode & _GROUP_WRITES:
        missing = shared & ~stat.S_IMODE(status.st_mode)
        if missing:
            return Finding(subject, False, f"is shared, but not rightly ({_mode(status)}): chmod {shared:o}")
        return Finding(subject, True, f"is shared by a group ({_mode(status)})")
    return Finding(subject, True, f"is its owner's ({_mode(status)})")


def _above(place: Path, owners: frozenset[int], writers: int) -> Iterator[Finding]:
    """The folders above in which another could be put in its place: by whoever isn't among `owners`.

    `writers` are the bits of a mode that let others write, which with the sticky bit does no harm.
    """
    for folder in dict.fromkeys((*place.absolute().parents, *place.resolve().parents)):
        status = _status(folder)
        if isinstance(status, str):
            continue
        subject = f"folder {folder}"
        if status.st_uid not in owners:
            owner = person_of(status.st_uid)
            yield Finding(subject, False, f"belongs to {owner}, who can move what is in it")
        elif status.st_mode & writers and not status.st_mode & stat.S_ISVTX:
            who = "everybody" if status.st_mode & _OTHERS_WRITE else "its group"
            yield Finding(subject, False, f"{who} can move what is in it ({_mode(status)})")


def _key_files(context: "Context", person: Person) -> Iterator[Finding]:
    """Keys are for their owner's eyes, and certificates for nobody else's hands."""
    for file in _secret_files(context):
        yield _private(file, _ANYBODY_ELSE, "others can open it", person)
    for surface in (context.database, context.prometheus):
        if surface is not None and surface.ca_file is not None:
            yield _private(surface.ca_file, _GROUP_WRITES | _OTHERS_WRITE, "others can change it", person)


def _secret_files(context: "Context") -> Iterator[Path]:
    """The files that hold secrets: a paper engine's; anything else comes from the environment."""
    from console.sources.engine import read_engine_file  # noqa: PLC0415
    from console.sources.errors import SourceError  # noqa: PLC0415

    if context.engine_file is None:
        return
    try:
        engine = read_engine_file(context.engine_file)
    except SourceError:
        engine = None
    if engine is not None:
        yield context.engine_file
        keys = engine.text("exchange_keys")
        if keys is not None:
            yield Path(keys)


def _private(file: Path, forbidden: int, why: str, person: Person) -> Finding:
    subject = f"key file {file}"
    status = _trusted(subject, file, person)
    if isinstance(status, Finding):
        return status
    if status.st_mode & forbidden:
        return Finding(subject, False, f"{why} ({_mode(status)})")
    return Finding(subject, True, _mode(status))


def _database(
    database: "Database", standing: Standing, timeout: float, environ: Mapping[str, str]
) -> Iterator[Finding]:
    from console.actions.database import Login, UnusableError, connected  # noqa: PLC0415 (drivers)
    from console.sources.connections import checked_url  # noqa: PLC0415
    from console.sources.errors import SourceError  # noqa: PLC0415

    operates = standing.role >= Role.OPERATOR
    writer, variable = database.action_user, database.action_password_env
    if writer is not None and not operates and variable and environ.get(variable):
        words = f"its password is in your {variable}, who are no operator"
        yield Finding(f"database user {visible(writer)}", False, words)
    try:
        url = checked_url(database.url)
        if url.get_backend_name() == "sqlite":
            yield _database_file(Path(url.database or ""), standing)
            return
        password = _password(database.password_env, environ)
        with connected(Login(database.url, timeout, password, database.ca_file)) as connection:
            yield _server(connection, url, database.server)
            yield _database_user(connection, "database user", writes=operates and writer is None)
        if operates and writer is not None:
            password = _password(variable, environ)
            with connected(
                Login(database.url, timeout, password, database.ca_file, user=writer)
            ) as connection:
                yield _database_user(connection, f"database user {visible(writer)}", writes=True)
    except (UnusableError, SourceError) as error:
        yield Finding("database", None, str(error))


def _password(variable: str | None, environ: Mapping[str, str]) -> str | None:
    from console.sources.errors import SourceError  # noqa: PLC0415 (as above)

    password = environ.get(variable) if variable else None
    if variable and not password:
        raise SourceError(f"the environment variable {variable} is not set")
    return password


def _database_file(file: Path, standing: Standing) -> Finding:
    """Of SQLite the file's mode is all that says who may write."""
    subject = f"database {file}"
    if not file.exists():
        return Finding(subject, None, "is not there")
    if standing.role < Role.OPERATOR and os.access(file, os.W_OK):
        return Finding(subject, False, "can be written by you, who are no operator")
    return Finding(subject, True, "can be written" if os.access(file, os.W_OK) else "can only be read")


def _server(connection: "Connection", url: "URL", pinned: str | None) -> Finding:
    from console.sources.connections import identity_of  # noqa: PLC0415

    identity = identity_of(connection, url)
    if pinned is not None and pinned not in (identity.uuid, identity.host):
        return Finding("database server", False, f"is {visible(identity.host)}, and has to be {pinned}")
    which = f"{visible(identity.host)}, {identity.product} {visible(identity.version)}"
    return Finding(
        "database server", True, which if pinned else f"{which}; any other would do: none is pinned"
    )


def _database_user(connection: "Connection", subject: str, *, writes: bool) -> Finding:
    """Who reads can only read; who `writes` can switch trading off and on besides, and nothing else."""
    from console.actions.grants import rights_of  # noqa: PLC0415

    rights = rights_of(connection)
    needed = NEEDED if writes else ()
    writing = [right for right in rights.beyond_reading if _named(right) != ADDING]
    beyond = [right for right in writing if _named(right) not in needed]
    if beyond:
        listed = ", ".join(visible(str(right)) for right in beyond[:_MOST_LISTED])
        more = f" and {len(beyond) - _MOST_LISTED} more" if len(beyond) > _MOST_LISTED else ""
        who = "an operator" if needed else "a viewer"
        return Finding(subject, False, f"may do more than {who} needs: {listed}{more}")
    if rights.unclear:
        return Finding(subject, None, f"can't be told: {visible(', '.join(rights.unclear))}")
    return Finding(subject, True, "can switch trading off, and read" if writing else "can only read")


def _named(right: "Right") -> tuple[str, str]:
    """The privilege, and the table without its database."""
    return right.privilege, right.place.rpartition(".")[2]


_MOST_LISTED = 4


def _trusted(subject: str, place: Path, person: Person) -> os.stat_result | Finding:
    """What the system says of a place that is root's or the person's own, or what is wrong about that."""
    status = _status(place)
    if isinstance(status, str):
        return Finding(subject, None, status)
    if status.st_uid not in (0, person.uid):
        return Finding(subject, False, f"belongs to {person_of(status.st_uid)}")
    return status


def _status(place: Path) -> os.stat_result | str:
    """What the system says of it, or in words why it says nothing."""
    try:
        return place.stat()
    except FileNotFoundError:
        return "is not there"
    except OSError as error:
        return (error.strerror or str(error)).lower()


def _mode(status: os.stat_result) -> str:
    return f"mode {stat.S_IMODE(status.st_mode):o}"
