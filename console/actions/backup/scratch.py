"""Where a backup is loaded before anybody relies on it: a database or a file of its own, gone in the end."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from console.actions.backup.beside import beside, results
from console.actions.backup.copy_file import parts_of
from console.actions.backup.create import Means
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import PARTIAL, Backup, in_use
from console.actions.backup.following import Following
from console.actions.backup.lanes import lanes_of, only, stands_apart
from console.actions.backup.programs import client_arguments, only_told, option_file
from console.actions.backup.running import Program, fed
from console.actions.backup.sums import Tell, sums_in
from console.actions.backup.tables import columns_in
from console.actions.database import Login, connected
from console.domain.backup import TableSum, changed_columns, differences
from console.domain.backup_progress import Progress
from console.sources.connections import checked_url

REHEARSING, RESTORING = "opsconsole_rehearsal_", "opsconsole_restore_"
"""How the names of the databases begin, in which a backup is rehearsed, and loaded to be restored."""
LOADING = "loading"
LONG = 600.0
"""Seconds that one question about all of a book may take."""
_LOCK_WAIT = 20
"""Seconds that dropping a database waits for others who use its tables: the server's own limit is a day."""
_LOCK_WAIT_TIMEOUT = 1205


@dataclass(frozen=True, slots=True)
class Loaded:
    """A backup where it was loaded; `sums` are what came of it, None where nobody has looked yet."""

    login: Login
    sums: Mapping[str, TableSum] | None = None


@contextmanager
def scratch_file(backup: Backup, means: Means) -> Iterator[Path]:
    """A SQLite backup as a database file beside it, which nobody takes for one that somebody left."""
    file = backup.folder / f"{backup.name}.{secrets.token_hex(4)}.db{PARTIAL}"
    written = 0
    try:
        with in_use(file) as stream:
            for part in parts_of(backup.file):
                stream.write(part)
                written += len(part)
                means.tell(Progress(LOADING, written, backup.manifest.length, "bytes"))
            stream.flush()
            yield file
    except OSError as error:
        raise BackupError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    finally:
        file.unlink(missing_ok=True)


@contextmanager
def scratch_database(backup: Backup, login: Login, means: Means, begins: str) -> Iterator[Loaded]:
    """The backup in a database of its own, whose name begins so; nobody else has one meanwhile.

    Those that somebody left who was killed are dropped before. Raises BackupError and UnusableError.
    """
    with connected(replace(login, timeout=LONG)) as connection:
        if connection.exec_driver_sql(f"SELECT GET_LOCK('{begins}', 0)").scalar() != 1:
            raise BackupError("another backup is being loaded at this server")
        connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {_LOCK_WAIT}")
        for name in databases_named(connection, begins):
            _drop_left(connection, name)
        name = f"{begins}{secrets.token_hex(4)}"
        connection.exec_driver_sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        try:
            url = checked_url(login.url).set(database=name).render_as_string(hide_password=False)
            scratch = replace(login, url=url, timeout=LONG)
            yield Loaded(scratch, _loaded(backup, login, scratch, means))
        finally:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS `{name}`")


def waited_in_vain(error: DBAPIError) -> bool:
    """Whether the server has given up waiting for others who use the same."""
    return error.orig is not None and error.orig.args[:1] == (_LOCK_WAIT_TIMEOUT,)


def _drop_left(connection: Connection, name: str) -> None:
    try:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS `{name}`")
    except DBAPIError as error:
        if waited_in_vain(error):
            told = f"somebody has used {name} for {_LOCK_WAIT} s, which was left there and has to go first"
            raise BackupError(told) from None
        raise


def _loaded(backup: Backup, login: Login, scratch: Login, means: Means) -> Mapping[str, TableSum]:
    """Have clients load the backup, and add up meanwhile what they load."""
    manifest, name = backup.manifest, str(checked_url(scratch.url).database)
    lanes = _lanes(backup)
    followed = [Following(scratch, tables, manifest.format) for tables in lanes]

    def tell() -> None:
        means.tell(Progress(LOADING, sum(each.rows for each in followed), manifest.rows))

    with option_file(login) as (path, descriptor), ExitStack() as works:
        arguments = client_arguments(means.programs(), path, name)
        program = Program(arguments, descriptor, only_told(means.environ))

        def load(following: Following, going_on: Callable[[], None]) -> Mapping[str, TableSum]:
            parts: Iterator[bytes] = parts_of(backup.file)
            if len(lanes) > 1:
                parts = only(parts, following.tables, manifest.columns)
            fed(program, parts, going_on)
            following.loaded.set()
            return {}

        begun = [
            works.enter_context(beside(work))
            for each in followed
            for work in (partial(load, each), each.work)
        ]
        found = results(begun, tell)
    return {table: told for sums in found for table, told in sums.items()}


def _lanes(backup: Backup) -> Sequence[Sequence[str]]:
    """The tables as they are loaded at once: all in one lane where the dump can't be taken apart."""
    lanes = lanes_of(backup.manifest)
    if len(lanes) > 1:
        with closing(parts_of(backup.file)) as parts:
            if not stands_apart(next(parts, b"")):
                return [list(backup.manifest.columns)]
    return lanes


def loaded_wrong(
    backup: Backup, wanted: Mapping[str, TableSum], loaded: Loaded, means: Means
) -> Iterator[str]:
    """What was loaded otherwise than the manifest says, a line for each table. Raises UnusableError."""
    with connected(loaded.login) as connection:
        columns = columns_in(connection)
        yield from changed_columns(backup.manifest, columns)
        found = loaded.sums
        if found is None:
            there = {name: told for name, told in columns.items() if name in wanted}
            found = sums_in(connection, there, backup.manifest.format, comparing(means, wanted))
        yield from differences(wanted, {name: each for name, each in found.items() if name in wanted})


def comparing(means: Means, wanted: Mapping[str, TableSum]) -> Tell:
    """What tells how far the comparison of these tables is."""
    total = sum(table.rows for table in wanted.values())
    return lambda rows: means.tell(Progress("comparing", rows, total))


def databases_named(connection: Connection, begins: str) -> list[str]:
    """The databases of the server whose names begin so."""
    wanted = text("SELECT schema_name FROM information_schema.schemata WHERE LEFT(schema_name, :n) = :begin")
    found = connection.execute(wanted, {"n": len(begins), "begin": begins}).scalars()
    return sorted(name.decode() if isinstance(name, bytes) else str(name) for name in found)
