"""Where a backup is loaded before anybody relies on it: a database or a file of its own, gone in the end."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, text

from console.actions.backup.copy_file import parts_of
from console.actions.backup.create import Means
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import PARTIAL, Backup, in_use
from console.actions.backup.programs import client_arguments, only_told, option_file
from console.actions.backup.running import Program, fed
from console.actions.backup.tables import columns_in, sums_in
from console.actions.database import Login, connected
from console.domain.backup import TableSum, changed_columns, differences
from console.sources.connections import checked_url

REHEARSING, RESTORING = "opsconsole_rehearsal_", "opsconsole_restore_"
"""How the names of the databases begin, in which a backup is rehearsed, and loaded to be restored."""
LONG = 600.0
"""Seconds that one question about all of a book may take."""


@contextmanager
def scratch_file(backup: Backup) -> Iterator[Path]:
    """A SQLite backup as a database file beside it, which nobody takes for one that somebody left."""
    file = backup.folder / f"{backup.name}.{secrets.token_hex(4)}.db{PARTIAL}"
    try:
        with in_use(file) as stream:
            for part in parts_of(backup.file):
                stream.write(part)
            stream.flush()
            yield file
    except OSError as error:
        raise BackupError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    finally:
        file.unlink(missing_ok=True)


@contextmanager
def scratch_database(backup: Backup, login: Login, means: Means, begins: str) -> Iterator[Login]:
    """The backup in a database of its own, whose name begins so; nobody else has one meanwhile.

    Those that somebody left who was killed are dropped before. Raises BackupError and UnusableError.
    """
    with connected(replace(login, timeout=LONG)) as connection:
        if connection.exec_driver_sql(f"SELECT GET_LOCK('{begins}', 0)").scalar() != 1:
            raise BackupError("another backup is being loaded at this server")
        for name in databases_named(connection, begins):
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS `{name}`")
        name = f"{begins}{secrets.token_hex(4)}"
        connection.exec_driver_sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        try:
            with option_file(login) as (path, descriptor):
                arguments = client_arguments(means.programs(), path, name)
                program = Program(arguments, descriptor, only_told(means.environ))
                fed(program, parts_of(backup.file), means.tell)
            url = checked_url(login.url).set(database=name).render_as_string(hide_password=False)
            yield replace(login, url=url, timeout=LONG)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS `{name}`")


def loaded_wrong(backup: Backup, wanted: Mapping[str, TableSum], scratch: Login) -> Iterator[str]:
    """What was loaded otherwise than the manifest says, a line for each table. Raises UnusableError."""
    with connected(scratch) as connection:
        columns = columns_in(connection)
        yield from changed_columns(backup.manifest, columns)
        found = sums_in(connection, {name: told for name, told in columns.items() if name in wanted})
        yield from differences(wanted, found)


def databases_named(connection: Connection, begins: str) -> list[str]:
    """The databases of the server whose names begin so."""
    wanted = text("SELECT schema_name FROM information_schema.schemata WHERE LEFT(schema_name, :n) = :begin")
    found = connection.execute(wanted, {"n": len(begins), "begin": begins}).scalars()
    return sorted(name.decode() if isinstance(name, bytes) else str(name) for name in found)
