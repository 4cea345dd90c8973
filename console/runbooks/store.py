"""Runs as they last: in a SQLite file of the state folder, or in any database that several hosts share.

Every move is one transaction. It states the run's driver and the step's version as they were seen, and is
refused where either has changed: of two who drive, one wins and the other sees it. A move whose answer was
lost may have been made: whoever comes back reads the run, and never makes it blindly again.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Double,
    Engine,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    create_engine,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from console.actions.database import transaction
from console.runbooks.run import Driver, Run, Standing, State, StepRun, check_standing, moved
from console.sources.connections import checked_url, in_words, open_engine
from console.sources.errors import SourceError

MOST_TEXT = 15_000
"""Characters that a text of a step is kept with: the last ones of its output."""

_metadata = MetaData()

runs = Table(
    "opsconsole_runs",
    _metadata,
    Column("id", String(100), primary_key=True),
    Column("runbook", String(40), nullable=False),
    Column("context", String(100), nullable=False),
    Column("text", Text, nullable=False),
    Column("values", Text, nullable=False),
    Column("began", Double, nullable=False),
    Column("standing", String(10), nullable=False),
    Column("open_as", String(150), unique=True),  # one run of a runbook and context is open at a time
    Column("epoch", Integer, nullable=False),
    Column("driver", Text),
    mysql_charset="utf8mb4",
    mariadb_charset="utf8mb4",
)
steps = Table(
    "opsconsole_run_steps",
    _metadata,
    Column("run", String(100), primary_key=True),
    Column("name", String(50), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("version", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("since", Double, nullable=False),
    Column("by", String(200), nullable=False),
    *(Column(name, Text, nullable=False) for name in ("words", "note", "output", "evidence")),
    Column("digest", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("intent", Integer, nullable=False),
    mysql_charset="utf8mb4",
    mariadb_charset="utf8mb4",
)
moves = Table(
    "opsconsole_run_moves",
    _metadata,
    Column("run", String(100), primary_key=True),
    Column("step", String(50), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", String(10), nullable=False),
    Column("at", Double, nullable=False),
    Column("by", String(200), nullable=False),
    Column("words", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    mysql_charset="utf8mb4",
    mariadb_charset="utf8mb4",
)


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


class RunStore:
    """The runs in one database. Each call connects anew; `timeout` bounds each step of it, in seconds."""

    def __init__(self, engine: Engine, timeout: float) -> None:
        self._engine = engine
        self._timeout = timeout

    def prepare(self) -> None:
        """Make the tables where they aren't there."""
        with self._connected() as connection:
            _metadata.create_all(connection)

    def create(self, run: Run, by: str) -> Run:
        """Keep a run that begins; OpenRunError where one of its runbook and context is open."""
        with self._connected() as connection:
            try:
                with transaction(connection):
                    connection.execute(insert(runs).values(_run_row(run)))
                    rows = [{**_step_row(step, run), "place": place} for place, step in enumerate(run.steps)]
                    connection.execute(insert(steps), rows)
                    self._tell(connection, run, run.began, by, f"began with {_told(run)}")
            except IntegrityError:
                other = connection.scalar(select(runs.c.id).where(runs.c.open_as == _open_as(run)))
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
            wanted = select(steps).where(steps.c.run == run_id).order_by(steps.c.place)
            return _run_of(row, tuple(_step_of(each) for each in connection.execute(wanted).mappings()))

    def latest(self, context: str, most: int = 20) -> tuple[Run, ...]:
        """The runs of a context without their steps, the newest first."""
        wanted = select(runs).where(runs.c.context == context).order_by(runs.c.began.desc()).limit(most)
        with self._connected() as connection:
            return tuple(_run_of(row, ()) for row in connection.execute(wanted).mappings())

    def timeline(self, run_id: str) -> tuple[Moved, ...]:
        """Every move of a run, in the order in which they were made."""
        columns = [moves.c[field.name] for field in fields(Moved)]
        wanted = select(*columns).where(moves.c.run == run_id).order_by(moves.c.at, moves.c.version)
        with self._connected() as connection:
            return tuple(Moved(*row) for row in connection.execute(wanted))

    def take(self, run: Run, driver: Driver, at: float, words: str) -> Run:
        """Have `driver` drive it from now on; OvertakenError where that has changed since `run` was read."""
        after = replace(run, epoch=run.epoch + 1, driver=driver)
        with self._moving(run) as connection:
            connection.execute(update(runs).where(runs.c.id == run.id).values(_run_row(after)))
            self._tell(connection, after, at, str(driver), words)
        return after

    def move(self, run: Run, after: StepRun) -> Run:
        """Make a step's next move; MoveError where that isn't allowed, OvertakenError where it was made."""
        before = run.step(after.name)
        kept = moved(before, _bounded(after))
        with self._moving(run) as connection:
            same = (steps.c.run == run.id) & (steps.c.name == kept.name) & (steps.c.version == before.version)
            if connection.execute(update(steps).where(same).values(_step_row(kept, run))).rowcount != 1:
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
            connection.execute(update(runs).where(runs.c.id == run.id).values(_run_row(after)))
            self._tell(connection, after, at, by, words)
        return after

    @contextmanager
    def _moving(self, run: Run) -> Iterator[Connection]:
        """One transaction on a run that is still as it was seen."""
        with self._connected() as connection, transaction(connection):
            wanted = select(runs.c.epoch).where(runs.c.id == run.id).with_for_update()
            if connection.scalar(wanted) != run.epoch:
                raise OvertakenError(f"another drives run {run.id} now, or it has ended: nothing was done")
            yield connection

    def _tell(self, connection: Connection, run: Run, at: float, by: str, words: str) -> None:
        row = Moved("", run.epoch, run.standing.value, at, by, words[:MOST_TEXT], "")
        connection.execute(insert(moves).values(run=run.id, **asdict(row)))

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise StoreError(f"the runs can't be kept: {in_words(error, self._timeout)}") from None


def own_store(state: Path, timeout: float = 5.0) -> RunStore:
    """The runs of a state folder, in a file of its own there; StoreError where it can't be made."""
    file = state / "runs" / "runs.db"
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(f"the runs can't be kept: {file.parent}: {error.strerror or error}") from None
    engine = create_engine(
        "sqlite://",
        creator=lambda: _open_sqlite(file, timeout),
        poolclass=NullPool,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
    )
    store = RunStore(engine, timeout)
    store.prepare()
    return store


def shared_store(
    url: str, password: str | None, timeout: float = 5.0, ca_file: Path | None = None
) -> RunStore:
    """The runs in a database that hosts share, by a SQLAlchemy URL of MySQL or MariaDB."""
    try:
        engine = open_engine(checked_url(url), password, timeout, ca_file)
    except SourceError as error:
        raise StoreError(str(error)) from None
    store = RunStore(engine, timeout)
    store.prepare()
    return store


def digest_of(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _open_sqlite(file: Path, timeout: float) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=timeout, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


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


def _open_as(run: Run) -> str | None:
    return None if run.standing.over else f"{run.context}/{run.runbook}"


def _run_row(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "runbook": run.runbook,
        "context": run.context,
        "text": run.text,
        "values": json.dumps(dict(run.values)),
        "began": run.began,
        "standing": run.standing.value,
        "open_as": _open_as(run),
        "epoch": run.epoch,
        "driver": None if run.driver is None else json.dumps(asdict(run.driver)),
    }


def _run_of(row: RowMapping, step_runs: tuple[StepRun, ...]) -> Run:
    return Run(
        id=row["id"],
        runbook=row["runbook"],
        context=row["context"],
        text=row["text"],
        values=json.loads(row["values"]),
        began=row["began"],
        standing=Standing(row["standing"]),
        epoch=row["epoch"],
        driver=None if row["driver"] is None else Driver(**json.loads(row["driver"])),
        steps=step_runs,
    )


def _step_row(step: StepRun, run: Run) -> dict[str, Any]:
    """All but its place in the run, which never changes."""
    return {**asdict(step), "run": run.id, "state": step.state.value}


def _step_of(row: RowMapping) -> StepRun:
    told = {field.name: row[field.name] for field in fields(StepRun)}
    return StepRun(**{**told, "state": State(row["state"])})
