"""Making a backup: a copy of the book as it is at one instant, and the manifest of what is in it.

On MySQL and MariaDB two sessions see that instant: the dump's, and one that counts and adds up. While both
begin, a third holds back writes to the book; the server ends that by itself, whatever becomes of us.
"""

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from console.actions.backup.beside import beside
from console.actions.backup.copy_file import COMPLETED, CopyWriter
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import (
    PARTIAL,
    Backup,
    expected_length,
    finished,
    in_use,
    keep_manifest,
    make_for_backups,
    remove_partial,
)
from console.actions.backup.marks import marks_in
from console.actions.backup.programs import Programs, dump_arguments, only_told, option_file
from console.actions.backup.running import Program, output_of
from console.actions.backup.sums import sums_in, way_of
from console.actions.backup.tables import columns_in
from console.actions.database import Login, UnusableError, connected
from console.actions.durable import DurableError
from console.audit.errors import JournalError
from console.audit.record import iso_time
from console.domain.backup import FORMAT, Copy, Exchange, Manifest, TableSum, imprecise
from console.domain.backup_progress import Progress
from console.domain.book_marks import BookMarks
from console.domain.clock import Clock
from console.domain.surfaces import ServerIdentity
from console.host_lock import LockError, host_lock
from console.sources.connections import checked_url, identity_of

HELD_MOST = 3
"""Seconds for which writes to the book wait at most while the dump begins."""
_COUNTING = 600.0
"""Seconds that adding up one table may take."""
_BEGUN = b"-- Table structure for table"
"""What a dump writes first after it has begun its snapshot."""
_PART = 1 << 16
_LOCK_WAIT = 1.0
_NEXT_SECOND, _TRIES = 1.2, 24
"""Seconds to wait for a second that no backup is named after, and how often to look meanwhile."""
READING = "reading"
NOT_ASKED = Exchange(unknown="it was not asked")


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around a book when it is backed up; see Manifest."""

    context: str
    by: str
    engine: str | None = None
    flags: str | None = None
    journal: tuple[int, str] | None = None
    exchange: Exchange = NOT_ASKED


@dataclass(frozen=True, slots=True)
class Means:
    """What a backup is made with; `tell` is told how far it is, and what it raises ends the work."""

    clock: Clock
    programs: Callable[[], Programs]
    environ: Mapping[str, str]
    tell: Callable[[Progress], None] = lambda _progress: None


@dataclass(frozen=True, slots=True)
class _Copied:
    copy: Copy
    server: ServerIdentity
    columns: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, TableSum]
    marks: BookMarks
    length: int
    held: float = 0.0
    format: int = FORMAT


def create(login: Login, folder: Path, around: Around, means: Means) -> Backup:
    """Back up the book into `folder`, whole or not at all. Raises BackupError."""
    try:
        make_for_backups(folder)
        with host_lock(folder / ".lock", deadline=_LOCK_WAIT, clock=means.clock):
            remove_partial(folder)
            return _created(login, folder, around, means)
    except (DurableError, JournalError, LockError, UnusableError) as error:
        raise BackupError(str(error)) from None
    except OSError as error:
        raise BackupError(f"{folder}: {(error.strerror or str(error)).lower()}") from None


def database_of(login: Login) -> str:
    """The name of a login's database; of a SQLite file the file's."""
    url = checked_url(login.url)
    named = str(url.database or "")
    return Path(named).name if url.get_backend_name() == "sqlite" else named


def _created(login: Login, folder: Path, around: Around, means: Means) -> Backup:
    sqlite = checked_url(login.url).get_backend_name() == "sqlite"
    at, name = _free_name(folder, "db" if sqlite else "sql", means.clock)
    began = means.clock.now()
    partial = folder / f"{name}{PARTIAL}"
    try:
        copied = (_copied_file if sqlite else _copied_tables)(login, partial, name, means)
        finished(partial, copied.copy)
    finally:
        partial.unlink(missing_ok=True)
    manifest = Manifest(
        context=around.context,
        made=at,
        by=around.by,
        server=copied.server,
        database=database_of(login),
        columns=copied.columns,
        tables=copied.tables,
        copy=copied.copy,
        seconds=means.clock.now() - began,
        held=copied.held,
        marks=copied.marks,
        length=copied.length,
        engine=around.engine,
        flags=around.flags,
        journal=around.journal,
        exchange=around.exchange,
        format=copied.format,
    )
    try:
        return keep_manifest(folder, manifest)
    except DurableError as error:
        if not error.written:
            (folder / name).unlink()
        raise


def _free_name(folder: Path, ending: str, clock: Clock) -> tuple[float, str]:
    """The time of day and the name that tells it, in the next second where this one's is taken.

    A restore begins with a backup, which may well follow one that was made by hand.
    """
    for wait in (0.0, *repeat(_NEXT_SECOND / _TRIES, _TRIES)):
        time.sleep(wait)
        at = clock.wall()
        name = f"{iso_time(at)[:19].replace('-', '').replace(':', '')}Z.{ending}.gz"
        if not (folder / name).exists():
            return at, name
    raise BackupError(f"{folder / name} is there already: the clock stands, or was set back")


def _copied_tables(login: Login, file: Path, name: str, means: Means) -> _Copied:
    programs, url = means.programs(), checked_url(login.url)
    counting = replace(login, timeout=_COUNTING)
    with connected(login) as holding, connected(counting) as reading, option_file(login) as options:
        columns = columns_in(reading)
        if not columns:
            raise BackupError(f"{url.database} has no table of a book")
        inexact = ", ".join(imprecise(columns))
        if inexact:
            raise BackupError(f"{inexact}: a dump writes six digits of a FLOAT: make it DOUBLE or DECIMAL")
        _check_room(file.parent, _snapshot_bytes(reading, columns))
        way = way_of(reading)
        path, descriptor = options
        arguments = dump_arguments(programs, path, str(url.database), list(columns))
        output = output_of(Program(arguments, descriptor, only_told(means.environ)))
        writer = CopyWriter(file)
        with closing(output):
            held_from = means.clock.now()
            with _writes_held(holding, columns):
                for part in _begun(output):
                    writer.write(part)
                reading.exec_driver_sql("SET SESSION wait_timeout = 86400")  # it waits for the dump to end
                reading.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                reading.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            held = means.clock.now() - held_from
            expected = expected_length(file.parent)

            def tell() -> None:
                means.tell(Progress(READING, writer.taken, expected, "bytes"))

            tables, marks = _written(output, writer, reading, columns, tell, way=way)
        server, length = identity_of(reading, url), writer.taken
        return _Copied(writer.close(name), server, columns, tables, marks, length, held, way)


def _written(
    output: Iterator[bytes],
    writer: CopyWriter,
    reading: Connection,
    columns: Mapping[str, tuple[str, ...]],
    tell: Callable[[], None],
    *,
    way: int,
) -> tuple[Mapping[str, TableSum], BookMarks]:
    """Write the dump's output to its end; what the tables hold is added up meanwhile."""

    def added_up(going_on: Callable[[], None]) -> tuple[Mapping[str, TableSum], BookMarks]:
        sums = sums_in(reading, columns, way, lambda _rows: going_on())
        return sums, marks_in(reading, columns)

    with beside(added_up) as sums:
        for part in output:
            writer.write(part)
            tell()
        if COMPLETED not in writer.end:
            raise BackupError("the dump's program has ended before the dump")
        return sums.result(tell)


@contextmanager
def _writes_held(connection: Connection, tables: Mapping[str, object]) -> Iterator[None]:
    """Hold back writes to the tables; BackupError where the server has let them through too soon."""
    quoted = connection.dialect.identifier_preparer.quote_identifier
    connection.exec_driver_sql(f"SET SESSION wait_timeout = {HELD_MOST}")
    connection.exec_driver_sql("SET SESSION lock_wait_timeout = 1")
    connection.exec_driver_sql("LOCK TABLES " + ", ".join(f"{quoted(table)} READ" for table in tables))
    yield
    try:
        connection.exec_driver_sql("UNLOCK TABLES")
    except DBAPIError:
        raise BackupError(f"the dump had not begun after {HELD_MOST} s: writes go on, no backup") from None


def _begun(output: Iterator[bytes]) -> Iterator[bytes]:
    """The parts of a dump up to the one that shows that its snapshot has begun."""
    seen = b""
    for part in output:
        yield part
        seen = seen[-len(_BEGUN) :] + part
        if _BEGUN in seen:
            return
    raise BackupError("the dump's program has written no table")


def _copied_file(login: Login, file: Path, name: str, means: Means) -> _Copied:
    source = Path(checked_url(login.url).database or "")
    if not source.exists():
        raise BackupError(f"{source}: no such database file")
    _check_room(file.parent, 2 * _file_bytes(source))
    plain = file.with_suffix(f".db{PARTIAL}")
    try:
        with in_use(plain):
            _copy_online(source, plain, login.timeout)
        with connected(replace(login, url=f"sqlite:///{plain}", timeout=_COUNTING)) as connection:
            columns = columns_in(connection)
            if not columns:
                raise BackupError(f"{source} has no table of a book")
            tables = sums_in(connection, columns, tell=lambda rows: means.tell(Progress("counting", rows)))
            marks = marks_in(connection, columns)
        writer, length = CopyWriter(file), plain.stat().st_size
        with plain.open("rb") as stream:
            while part := stream.read(_PART):
                writer.write(part)
                means.tell(Progress(READING, writer.taken, length, "bytes"))
        with connected(login) as connection:
            server = identity_of(connection, checked_url(login.url))
        return _Copied(writer.close(name), server, columns, tables, marks, length)
    finally:
        plain.unlink(missing_ok=True)


def _copy_online(source: Path, into: Path, timeout: float) -> None:
    """A copy of the file as it is at one instant, whoever writes meanwhile."""

    def look(state: int, _left: int, _pages: int) -> None:
        if state in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):  # it would be tried again for ever
            raise BackupError(f"{source} is locked; waited {timeout:g} s")

    try:
        at = f"file:{quote(str(source))}?mode=ro"
        with (
            closing(sqlite3.connect(at, uri=True, timeout=timeout)) as reading,
            closing(sqlite3.connect(into)) as writing,
        ):
            reading.backup(writing, progress=look)
    except sqlite3.Error as error:
        raise BackupError(f"{source}: {error}") from None


def _check_room(folder: Path, needed: int) -> None:
    """BackupError where the disk might be full before the copy is."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        told = [f"{size / 1e6:,.0f} MB" for size in (needed, free)]
        raise BackupError(f"{folder}: up to {told[0]} may be needed, {told[1]} are free: nothing was done")


def _file_bytes(source: Path) -> int:
    """What a database file takes, with what was written into it and lies beside it still."""
    beside = source.with_name(f"{source.name}-wal")
    return source.stat().st_size + (beside.stat().st_size if beside.exists() else 0)


def _snapshot_bytes(connection: Connection, tables: Mapping[str, object]) -> int:
    """What the tables take on the server's disk without their indexes: a dump takes no more, compressed.

    BackupError for a table of which the server can't show one instant to two sessions.
    """
    named = ", ".join(f"'{table}'" for table in tables)
    day_old = "information_schema_stats_expiry"  # else MySQL tells how large tables were up to a day ago
    if connection.exec_driver_sql(f"SHOW VARIABLES LIKE '{day_old}'").first() is not None:
        connection.exec_driver_sql(f"SET SESSION {day_old} = 0")
    found = connection.exec_driver_sql(
        "SELECT table_name, engine, data_length FROM information_schema.tables"  # noqa: S608 (names of our own)
        f" WHERE table_schema = DATABASE() AND table_name IN ({named})"
    ).all()
    for name, engine, _size in found:
        if engine != "InnoDB":
            kind = "a view" if engine is None else f"kept by {engine}"
            raise BackupError(f"{name} is {kind}: only InnoDB's tables can be copied as of one instant")
    return sum(int(size or 0) for _name, _engine, size in found)
