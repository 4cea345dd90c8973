"""The tables that runs are kept in, on SQLite, MySQL and MariaDB alike, and what a run is as their rows."""

import json
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Column, Double, Integer, MetaData, RowMapping, String, Table, Text

from console.runbooks.run import Driver, Run, Standing, State, StepRun, UnreadRun

MOST_EVIDENCE = 1 << 20
"""Characters that a check's evidence may have, in ASCII: more than any lists."""

metadata = MetaData()

runs = Table(
    "opsconsole_runs",
    metadata,
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
    metadata,
    Column("run", String(100), primary_key=True),
    Column("name", String(50), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("version", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("since", Double, nullable=False),
    Column("by", String(200), nullable=False),
    *(Column(name, Text, nullable=False) for name in ("words", "note", "output")),
    Column("evidence", Text(MOST_EVIDENCE), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("intent", Integer, nullable=False),
    mysql_charset="utf8mb4",
    mariadb_charset="utf8mb4",
)
moves = Table(
    "opsconsole_run_moves",
    metadata,
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


class RowError(Exception):
    """A row keeps what this console doesn't know, in one line."""


def open_as(run: Run) -> str | None:
    """What one run at a time may be open as; None for one that is over."""
    return None if run.standing.over else f"{run.context}/{run.runbook}"


def run_row(run: Run) -> dict[str, Any]:
    """The run without its steps, as columns."""
    return {
        "id": run.id,
        "runbook": run.runbook,
        "context": run.context,
        "text": run.text,
        "values": json.dumps(dict(run.values)),
        "began": run.began,
        "standing": run.standing.value,
        "open_as": open_as(run),
        "epoch": run.epoch,
        "driver": None if run.driver is None else json.dumps(asdict(run.driver)),
    }


def run_of(row: RowMapping, step_runs: tuple[StepRun, ...]) -> Run:
    """The run that a row keeps, with its steps. RowError where it says what isn't known here."""
    try:
        return Run(
            id=row["id"],
            runbook=row["runbook"],
            context=row["context"],
            text=row["text"],
            values=_values_in(row["values"]),
            began=row["began"],
            standing=Standing(row["standing"]),
            epoch=row["epoch"],
            driver=None if row["driver"] is None else Driver(**json.loads(row["driver"])),
            steps=step_runs,
        )
    except (ValueError, TypeError) as error:
        raise _unknown(f"run {row['id']}", error) from None


def unread_run(row: RowMapping, error: RowError) -> UnreadRun:
    """What can be told of a run all the same, whose row, or a step's, is such a one."""
    is_open = row["open_as"] is not None
    return UnreadRun(row["id"], row["runbook"], row["began"], is_open, str(error))


def step_row(step: StepRun, run: Run) -> dict[str, Any]:
    """The step as columns: all but its place in the run, which never changes."""
    return {**asdict(step), "run": run.id, "state": step.state.value}


def step_of(row: RowMapping) -> StepRun:
    """The step that a row keeps; RowError as above."""
    told = {field.name: row[field.name] for field in fields(StepRun)}
    try:
        return StepRun(**{**told, "state": State(row["state"])})
    except ValueError as error:
        raise _unknown(f"step {row['name']} of run {row['run']}", error) from None


def _values_in(text: str) -> dict[str, str]:
    """ValueError where they aren't as any console here keeps them."""
    values = json.loads(text)
    if not isinstance(values, dict) or not all(isinstance(each, str) for each in values.values()):
        raise ValueError("its values aren't texts")
    return values


def _unknown(what: str, error: Exception) -> RowError:
    words = " ".join(str(error).split())
    return RowError(f"{what} can't be read: {words}; a newer console may have kept it")
