"""Putting a backup's tables in the place of the book's: all of them at one instant, or none.

On MySQL and MariaDB they are loaded into a database of their own, compared with the manifest, and exchanged
by one RENAME of all tables; what stood there is kept in another database. On SQLite one transaction writes
the rows, and keeps those that stood there in tables of other names. Nothing here asks whether it may be done.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from enum import Enum

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from console import schema
from console.actions.backup.create import Means
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup
from console.actions.backup.scratch import (
    LONG,
    RESTORING,
    comparing,
    databases_named,
    loaded_wrong,
    scratch_database,
    scratch_file,
    waited_in_vain,
)
from console.actions.backup.sums import Tell, sums_in
from console.actions.backup.tables import columns_in
from console.actions.database import Login, UnusableError, connected, transaction
from console.audit.points import Point, pass_by
from console.audit.record import iso_time
from console.domain.backup import Manifest, TableSum, column_parts, differences
from console.domain.backup_progress import Progress
from console.sources.connections import checked_url

KEPT = "opsconsole_before_"
"""How the names begin of what keeps the tables that a restore has replaced, followed by when it did."""
LEFT_ALONE = (schema.settings.name,)
"""Tables of a book that a restore doesn't touch: in them are the switches that stop trading."""
_RENAME_WAIT = 5
"""Seconds that the exchange of the tables waits for others who use them."""
_TIES = {
    "trigger": "SELECT trigger_name FROM information_schema.triggers"
    " WHERE event_object_schema = DATABASE() AND event_object_table IN ({tables})",
    "foreign key": "SELECT constraint_name FROM information_schema.referential_constraints"
    " WHERE constraint_schema = DATABASE()"
    " AND table_name IN ({tables}) OR unique_constraint_schema = DATABASE()"
    " AND referenced_table_name IN ({tables})",
}


class Side(Enum):
    """Which book stands in the tables."""

    OLD = "the tables are all as before"
    NEW = "the tables are all as in the backup"
    OTHER = "the tables are neither as before nor as in the backup"


def put_back(
    backup: Backup,
    login: Login,
    means: Means,
    point: Point = pass_by,
    still: Callable[[], None] = lambda: None,
) -> str:
    """Restore the backup's tables; answers where what stood there is kept. Raises BackupError.

    `still` is asked once all is loaded, and raises BackupError where the book must stay as it is.
    Whoever is killed at a `point` leaves all tables old or all new, which `side_of` tells.
    """
    sqlite = checked_url(login.url).get_backend_name() == "sqlite"
    try:
        return (_put_back_rows if sqlite else _put_back_tables)(backup, login, means, point, still)
    except UnusableError as error:
        raise BackupError(str(error)) from None


def side_of(login: Login, old: Manifest, new: Manifest) -> Side:
    """Which of two books stands there now, table by table. Raises BackupError."""
    try:
        with connected(replace(login, timeout=LONG)) as connection:
            found = _sums(connection, _restored(new), new.format)
            if not differences(_restored(new), found):
                return Side.NEW
            if old.format != new.format:
                found = _sums(connection, _restored(new), old.format)
    except UnusableError as error:
        raise BackupError(str(error)) from None
    return Side.OTHER if differences(_restored(old), found) else Side.OLD


def _put_back_tables(
    backup: Backup, login: Login, means: Means, point: Point, still: Callable[[], None]
) -> str:
    wanted = _restored(backup.manifest)
    with connected(replace(login, timeout=LONG)) as connection:
        _refuse_ties(connection, wanted)  # before a load that may take long; nothing is held open meanwhile
    with scratch_database(backup, login, means, RESTORING) as loaded:
        point("loaded")
        _refuse(loaded_wrong(backup, wanted, loaded, means))
        point("verified")
        kept = _kept(means)
        with connected(replace(login, timeout=LONG)) as connection:
            _refuse_ties(connection, wanted)  # somebody may have made one since
            still()  # with the connection there: nothing that takes long comes between this and the exchange
            for name in databases_named(connection, KEPT):
                _drop_empty(connection, name)
            connection.exec_driver_sql(f"CREATE DATABASE `{kept}` CHARACTER SET utf8mb4")
            point("kept")
            try:
                _exchange(connection, (login, loaded.login), kept, wanted)
            except DBAPIError as error:
                _drop_empty(connection, kept)
                if waited_in_vain(error):
                    told = f"somebody has used the tables for {_RENAME_WAIT} s: they were not exchanged"
                    raise BackupError(told) from None
                raise
            point("exchanged")
            _refuse(_miscounted(connection, wanted))
    return kept


def _exchange(
    connection: Connection, logins: tuple[Login, Login], kept: str, tables: Collection[str]
) -> None:
    """Move the first login's tables to where they are kept, and the second's into their place."""
    quoted = connection.dialect.identifier_preparer.quote_identifier
    book, loaded = (quoted(str(checked_url(each.url).database)) for each in logins)
    connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {_RENAME_WAIT}")
    for table in tables:
        number = _next_id(connection, table)
        if number is not None:  # one that is smaller than the rows ask for changes nothing
            connection.exec_driver_sql(f"ALTER TABLE {loaded}.`{table}` AUTO_INCREMENT = {number}")
    moves = [
        f"{book}.`{table}` TO `{kept}`.`{table}`, {loaded}.`{table}` TO {book}.`{table}`" for table in tables
    ]
    connection.exec_driver_sql(f"RENAME TABLE {', '.join(moves)}")


def _next_id(connection: Connection, table: str) -> int | None:
    """The number that the table gives next, which the backup's may be behind.

    Numbers that were given since are in logs and at the exchange: they are to mean no other row ever after.
    """
    _name, definition = connection.exec_driver_sql(f"SHOW CREATE TABLE `{table}`").one()
    found = re.search(r"^\) ENGINE=\w+ AUTO_INCREMENT=(\d+)", str(definition), re.MULTILINE)
    return None if found is None else int(found[1])


def _put_back_rows(
    backup: Backup, login: Login, means: Means, point: Point, still: Callable[[], None]
) -> str:
    wanted, kept = _restored(backup.manifest), _kept(means)
    with scratch_file(backup, means) as file, connected(replace(login, timeout=LONG)) as connection:
        point("loaded")
        _refuse_triggers(connection, wanted)
        connection.exec_driver_sql("ATTACH DATABASE ? AS loaded", (str(file),))
        with transaction(connection):
            written, total = 0, sum(table.rows for table in wanted.values())
            for table, columns in columns_in(connection).items():
                if table in wanted:
                    _write_rows(connection, table, columns, kept)
                    written += wanted[table].rows
                    means.tell(Progress("writing", written, total))
                    point(f"written {table}")
            tell = comparing(means, wanted)
            _refuse(differences(wanted, _sums(connection, wanted, backup.manifest.format, tell)))
            still()
            point("verified")
        point("exchanged")
    with connected(replace(login, timeout=LONG)) as connection:
        _refuse(_miscounted(connection, wanted))
    return kept


def _write_rows(connection: Connection, table: str, columns: Iterable[str], kept: str) -> None:
    """Keep what a table of a SQLite file holds, and write what was loaded in its place."""
    quoted = connection.dialect.identifier_preparer.quote_identifier
    named = ", ".join(quoted(column_parts(told)[0]) for told in columns)
    for statement in (
        f'CREATE TABLE "{kept}_{table}" AS SELECT * FROM main."{table}"',  # noqa: S608 (names of our own)
        f'DELETE FROM main."{table}"',  # noqa: S608 (as above)
        f'INSERT INTO main."{table}" ({named}) SELECT {named} FROM loaded."{table}"',  # noqa: S608 (quoted)
    ):
        connection.exec_driver_sql(statement)


def _restored(manifest: Manifest) -> Mapping[str, TableSum]:
    """The tables that a restore writes, with what has to be in them."""
    return {name: table for name, table in manifest.tables.items() if name not in LEFT_ALONE}


def _sums(
    connection: Connection, wanted: Mapping[str, object], way: int, tell: Tell = lambda _rows: None
) -> Mapping[str, TableSum]:
    columns = columns_in(connection)
    return sums_in(connection, {name: told for name, told in columns.items() if name in wanted}, way, tell)


def _miscounted(connection: Connection, wanted: Mapping[str, TableSum]) -> Iterator[str]:
    """Which tables haven't as many rows after the exchange as they had to get: what they were was looked at
    before it, and a second look at all of it would keep everybody waiting for as long again.
    """
    for table, told in wanted.items():
        rows = connection.exec_driver_sql(f"SELECT COUNT(*) FROM `{table}`").scalar()  # noqa: S608 (our own)
        if rows != told.rows:
            yield f"{table}: {rows:,} rows after the exchange, {told.rows:,} were wanted"


def _refuse(problems: Iterable[str]) -> None:
    told = "; ".join(problems)
    if told:
        raise BackupError(told)


def _refuse_ties(connection: Connection, tables: Mapping[str, object]) -> None:
    """BackupError where something hangs on the tables that would follow them when they are moved away."""
    named = ", ".join(f"'{table}'" for table in tables)
    for what, query in _TIES.items():
        found = connection.exec_driver_sql(query.format(tables=named)).scalars().first()
        if found is not None:
            raise BackupError(f"the {what} {found} hangs on the tables: it would follow the old ones")


def _refuse_triggers(connection: Connection, tables: Mapping[str, object]) -> None:
    """BackupError where SQLite would do more than is asked when rows are written."""
    named = ", ".join(f"'{table}'" for table in tables)
    query = f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({named})"  # noqa: S608
    found = connection.exec_driver_sql(query).scalars().first()
    if found is not None:
        raise BackupError(f"the trigger {found} hangs on the tables: it would be fired")


def _drop_empty(connection: Connection, name: str) -> None:
    """Drop a database in which nothing is kept: whoever made it was killed right after."""
    query = f"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{name}'"  # noqa: S608
    if not connection.exec_driver_sql(query).scalar():
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS `{name}`")


def _kept(means: Means) -> str:
    return f"{KEPT}{re.sub('[^0-9T]', '', iso_time(means.clock.wall()))}"
