"""Runs as they last: in a SQLite file of the state folder, or in any database that several hosts share.

Every move is one transaction. It states the run's driver and the step's version as they were seen, and is
refused where either has changed: of two who drive, one wins and the other sees it. A move whose answer was
lost may have been made: whoever comes back reads the run, and never makes it blindly again.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, RowMapping, create_engine, insert, inspect, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable

from console.actions.database import transaction
from console.audit.files import make_folder, open_file
from console.audit.points import pass_by
from console.domain.clock import SystemClock
from console.host_lock import LockError, host_lock
from console.runbooks.run import Driver, Run, Standing, StepRun, UnreadRun, check_standing, moved
from console.runbooks.run_rows import (
    RowError,
    metadata,
    moves,
    open_as,
    run_of,
    run_row,
    runs,
    step_of,
    step_row,
    steps,
    unread_run,
)
from console.sources.connections import checked_url, in_words, open_engine
from console.sources.errors import SourceError

if TYPE_CHECKING:
    from console.settings import Settings

MOST_TEXT = 15_000
"""Characters that a text of a step is kept with: the last ones of its output."""


class StoreError(Exception):
    """The runs can't be read or written, in one line."""


class OvertakenError(StoreError):
    """The run has moved on, or another drives it now: what was to be done here is not done."""


class OpenRunError(StoreError):
    """A run of this runbook is open in this context already: `id` says which."""

    def __init__(self, run: str) -> None:
        super().__init__(f"run {run} of this runbook is open: resume, watch or abort it")
        self.id = run


@dataclass(frozen=True, slots=True)
class Moved:
    """One move of a run's timeline; the run itself is the step ""."""

    step: str
    version: int
    state: str
    at: float
    by: str
    words: str
    digest: str


_OF_A_MOVE = tuple(moves.c[field.name] for field in fields(Moved))


class RunStore:
    """The runs in one database. Making one touches nothing; the first call makes the tables that are missing.

    Each call connects anew; `timeout` bounds each step of it, in seconds.
    """

    def __init__(self, engine: Engine, timeout: float) -> None:
        self._engine = engine
        self._timeout = timeout
        self._has_tables = False

    def create(self, run: Run, by: str) -> Run:
        """Keep a run that begins; OpenRunError where one of its runbook and context is open."""
        with self._connected() as connection:
            try:
                with transaction(connection):
                    connection.execute(insert(runs).values(run_row(run)))
                    rows = [{**step_row(step, run), "place": place} for place, step in enumerate(run.steps)]
                    connection.execute(insert(steps), rows)
                    self._tell(connection, run, run.began, by, f"began with {_told(run)}")
            except IntegrityError:
                other = connection.scalar(select(runs.c.id).where(runs.c.open_as == open_as(run)))
                raise (
                    OvertakenError(f"run {run.id} exists") if other is None else OpenRunError(other)
                ) from None
        return run

    def find(self, run_id: str) -> Run:
        """The run as it is now; StoreError where there is none."""
        with self._connected() as connection:
            row = connection.execute(select(runs).where(runs.c.id == run_id)).mappings().first()
            if row is None:
                raise StoreError(f"there is no run {run_id}")
            return run_of(row, _steps_in(connection, run_id))

    def latest(self, context: str, most: int = 20) -> tuple[Run, ...]:
        """The runs of a context without their steps, the newest first; of older ones those that are open.

        StoreError where an open one isn't known here: what is decided by them all would be by some. One that
        is over is left out then, as if it hadn't passed: it would be in the way for good.
        """
        found: list[Run] = []
        with self._connected() as connection:
            for row in _latest(connection, context, most):
                try:
                    found.append(run_of(row, ()))
                except RowError:
                    if row["open_as"] is not None:
                        raise
        return tuple(found)

    def listed(self, context: str, most: int = 20) -> tuple[tuple[Run, ...], tuple[UnreadRun, ...]]:
        """The same for who lists them: those that are open with their steps, and what isn't known here."""
        known, unread = list[Run](), list[UnreadRun]()
        with self._connected() as connection:
            for row in _latest(connection, context, most):
                try:
                    is_open = row["open_as"] is not None
                    known.append(run_of(row, _steps_in(connection, row["id"]) if is_open else ()))
                except RowError as error:
                    unread.append(unread_run(row, error))
        return tuple(known), tuple(unread)

    def open_run(self, runbook: str, context: str) -> str | None:
        """The id of the run of a runbook that is open in a context; None where there is none."""
        with self._connected() as connection:
            wanted = select(runs.c.id).where(runs.c.open_as == f"{context}/{runbook}")
            found: str | None = connection.scalar(wanted)
        return found

    def timeline(self, run_id: str) -> tuple[Moved, ...]:
        """Every move of a run, in the order in which they were made."""
        made = select(*_OF_A_MOVE).where(moves.c.run == run_id).order_by(moves.c.at, moves.c.version)
        with self._connected() as connection:
            return tuple(Moved(*row) for row in connection.execute(made))

    def timelines(self, runbook: str, context: str, most: int = 20) -> tuple[tuple[Moved, ...], ...]:
        """The timelines of a runbook's latest runs in a context, the newest run first."""
        one = (runs.c.runbook == runbook) & (runs.c.context == context)
        with self._connected() as connection:
            wanted = select(runs.c.id).where(one).order_by(runs.c.began.desc()).limit(most)
            found: dict[str, list[Moved]] = {run: [] for run in connection.scalars(wanted)}
            made = select(moves.c.run, *_OF_A_MOVE).where(moves.c.run.in_(found))
            for run, *move in connection.execute(made.order_by(moves.c.at, moves.c.version)):
                found[run].append(Moved(*move))
        return tuple(tuple(each) for each in found.values())

    def take(self, run: Run, driver: Driver, at: float, words: str) -> Run:
        """Have `driver` drive it from now on; OvertakenError where that has changed since `run` was read."""
        after = replace(run, epoch=run.epoch + 1, driver=driver)
        with self._moving(run) as connection:
            connection.execute(update(runs).where(runs.c.id == run.id).values(run_row(after)))
            self._tell(connection, after, at, str(driver), words)
        return after

    def move(self, run: Run, after: StepRun) -> Run:
        """Make a step's next move; MoveError where that isn't allowed, OvertakenError where it was made."""
        before = run.step(after.name)
        kept = moved(before, _bounded(after))
        with self._moving(run) as connection:
            same = (steps.c.run == run.id) & (steps.c.name == kept.name) & (steps.c.version == before.version)
            if connection.execute(update(steps).where(same).values(step_row(kept, run))).rowcount != 1:
                raise OvertakenError(f"step {kept.name} of run {run.id} has moved on: look at it again")
            row = Moved(
                kept.name, kept.version, kept.state.value, kept.since, kept.by, kept.words, kept.digest
            )
            connection.execute(insert(moves).values(run=run.id, **asdict(row)))
        return run.with_step(kept)

    def become(self, run: Run, standing: Standing, at: float, by: str, words: str) -> Run:
        """Have the run end, or be undone; MoveError and OvertakenError as above."""
        check_standing(run, standing)
        after = replace(run, standing=standing, epoch=run.epoch + 1)
        with self._moving(run) as connection:
            connection.execute(update(runs).where(runs.c.id == run.id).values(run_row(after)))
            self._tell(connection, after, at, by, words)
        return after

    @contextmanager
    def _moving(self, run: Run) -> Iterator[Connection]:
        """One transaction on a run that is still as it was seen."""
        with self._connected() as connection, transaction(connection):
            wanted = select(runs.c.epoch).where(runs.c.id == run.id).with_for_update()
            epoch = connection.scalar(wanted)
            if epoch is None:
                raise StoreError(f"there is no run {run.id} any more: nothing was written")
            if epoch != run.epoch:
                raise OvertakenError(f"another drives run {run.id} now, or it has ended: nothing was done")
            yield connection

    def _tell(self, connection: Connection, run: Run, at: float, by: str, words: str) -> None:
        row = Moved("", run.epoch, run.standing.value, at, by, words[:MOST_TEXT], "")
        connection.execute(insert(moves).values(run=run.id, **asdict(row)))

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                self._make_tables(connection)
                yield connection
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise StoreError(f"the runs can't be kept: {in_words(error, self._timeout)}") from None
        except LockError as error:
            raise StoreError(f"the runs can't be kept: {error}") from None
        except OSError as error:
            raise _unkeepable(error) from None
        except RowError as error:
            raise StoreError(str(error)) from None

    def _make_tables(self, connection: Connection) -> None:
        if self._has_tables:
            return
        there = inspect(connection).get_table_names()
        for table in metadata.sorted_tables:
            if table.name not in there:  # whoever may make none may drive runs all the same
                connection.execute(CreateTable(table, if_not_exists=True))
        self._has_tables = True


def store_of(settings: "Settings", environ: Mapping[str, str]) -> RunStore:
    """Where the settings say that runs are kept; StoreError where they name no place that can be."""
    told = settings.runs
    if told is None:
        return own_store(settings.state)
    password = None if told.password_env is None else environ.get(told.password_env)
    if told.password_env is not None and not password:
        raise StoreError(f"the runs can't be kept: the environment variable {told.password_env} is not set")
    return shared_store(told.url, password, ca_file=told.ca_file)


def own_store(state: Path, timeout: float = 5.0) -> RunStore:
    """The runs of a state folder, in a file of its own there."""
    return _store_in(state / "runs" / "runs.db", timeout)


def shared_store(
    url: str, password: str | None, timeout: float = 5.0, ca_file: Path | None = None
) -> RunStore:
    """The runs in a database of MySQL or MariaDB, by its SQLAlchemy URL, or in a SQLite file by its path.

    StoreError where it isn't such a URL.
    """
    try:
        checked = checked_url(url)
        if checked.get_backend_name() == "sqlite":
            return _store_in(Path(checked.database or ""), timeout)
        engine = open_engine(checked, password, timeout, ca_file)
    except SourceError as error:
        raise StoreError(str(error)) from None
    except OSError as error:  # of the CA's file
        raise _unkeepable(error) from None
    return RunStore(engine, timeout)


def digest_of(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _latest(connection: Connection, context: str, most: int) -> Iterable[RowMapping]:
    its = select(runs).where(runs.c.context == context).order_by(runs.c.began.desc())
    still_open = connection.execute(its.where(runs.c.open_as.is_not(None))).mappings()
    newest = connection.execute(its.limit(most)).mappings()
    return {row["id"]: row for row in (*newest, *still_open)}.values()


def _steps_in(connection: Connection, run_id: str) -> tuple[StepRun, ...]:
    wanted = select(steps).where(steps.c.run == run_id).order_by(steps.c.place)
    return tuple(step_of(each) for each in connection.execute(wanted).mappings())


def _store_in(file: Path, timeout: float) -> RunStore:
    engine = create_engine(
        "sqlite://",
        creator=lambda: _open_sqlite(file, timeout),
        poolclass=NullPool,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
    )
    return RunStore(engine, timeout)


def _open_sqlite(file: Path, timeout: float) -> sqlite3.Connection:
    if not file.exists():
        _make_sqlite(file, timeout)
    connection = sqlite3.connect(file, timeout=timeout, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _make_sqlite(file: Path, timeout: float) -> None:
    """Make the file, ready, by one of all who come first: open to the group where its folder is.

    It is in its place only then: its journal's mode can't be changed while others look, and to open and close
    it besides would take away the locks that this process has on it.
    """
    make_folder(file.parent, pass_by)
    lock, fresh = (file.with_name(f"{file.name}.{ending}") for ending in ("lock", "fresh"))
    opened = partial(open_file, flags=os.O_RDWR)
    with host_lock(lock, deadline=timeout, clock=SystemClock(), open_file=opened):
        if not file.exists():
            os.close(opened(fresh))
            with closing(sqlite3.connect(fresh)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            fresh.rename(file)


def _unkeepable(error: OSError) -> StoreError:
    where = f"{error.filename}: " if error.filename else ""
    return StoreError(f"the runs can't be kept: {where}{error.strerror or error}")


def _bounded(step: StepRun) -> StepRun:
    """The step with texts that fit, and its evidence's digest."""
    return replace(
        step,
        words=step.words[:MOST_TEXT],
        note=step.note[:MOST_TEXT],
        output=step.output[-MOST_TEXT:],
        digest=digest_of(step.evidence) if step.evidence else "",
    )


def _told(run: Run) -> str:
    return ", ".join(f"{name}={value}" for name, value in run.values.items()) or "no parameters"
