"""What stands in the journal's table: a row for each line, sound or not."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.audit.follow import Entry
from console.audit.partial import left_undone
from console.audit.record import Phase, Record
from console.domain.severity import Severity
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.widgets.table.columns import Cell, Column

NUMBER = "no"
"""The column by which the newest comes first."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line; `open` is an intent that no record says the end of: it is under way, or was cut short."""

    entry: Entry
    open: bool = False

    @property
    def key(self) -> str:
        return str(self.entry.number)


def rows_of(entries: Sequence[Entry]) -> tuple[Row, ...]:
    """A row for each line, with what the others say of it."""
    closed = {entry.record.intent for entry in entries if entry.record is not None}
    return tuple(Row(entry, _is_intent(entry) and _sequence(entry) not in closed) for entry in entries)


def severity_of(row: Row) -> Severity:
    """How loud a line is to be: what isn't sound most, then what was not done, then what nobody knows."""
    record = row.entry.record
    if record is None:
        return Severity.CRITICAL
    if row.open or record.phase is Phase.UNKNOWN:
        return Severity.UNKNOWN
    undone = not record.done or left_undone(record)
    return Severity.HIGH if record.phase is Phase.OUTCOME and undone else Severity.OK


def outcome_of(record: Record) -> str:
    """What a record says became of the act: `intent`, `done`, `PARTIAL`, `NOT DONE` or `UNKNOWN`."""
    if record.phase is Phase.OUTCOME and left_undone(record):
        return "PARTIAL"
    if record.phase is Phase.OUTCOME:
        return "done" if record.done else "NOT DONE"
    return "intent" if record.phase is Phase.INTENT else "UNKNOWN"


def clock_time(record: Record, form: str = "%m-%d %H:%M:%S") -> str:
    """The record's time here; as it is written where it is none."""
    try:
        at = datetime.fromisoformat(record.time).timestamp()
        return time.strftime(form, time.localtime(at))
    except (ValueError, OverflowError, OSError):
        return record.time


def record_columns(glyphs: Glyphs) -> Sequence[Column[Row]]:
    """The columns; a line that holds no sound record says what is wrong in the place of a reason."""
    return (
        Column(NUMBER, "NO", 10, lambda row: _number(row.entry, glyphs), _newest_first, "left"),
        Column("time", "TIME", 14, _time, lambda row: row.entry.number, "left", searched=False),
        _told("action", "ACTION", 13, _action, grow=5),
        Column("outcome", "OUTCOME", 10, lambda row: _outcome(row, glyphs), severity_of, "left"),
        _told("who", "WHO", 8, lambda record: record.user, grow=2),
        Column("reason", "REASON", 10, _reason, lambda row: _reason(row).text, "left", grow=80),
        _told("target", "TARGET", 7, lambda record: record.target, grow=4),
        _told("context", "CONTEXT", 12, lambda record: record.context, grow=6),
    )


def _told(key: str, title: str, width: int, said: Callable[[Record], str], *, grow: int) -> Column[Row]:
    """A column of what a record says in a word; empty where there is no record."""

    def text(row: Row) -> str:
        return "" if row.entry.record is None else said(row.entry.record)

    return Column(key, title, width, lambda row: Cell(text(row)), text, "left", grow=grow)


def _newest_first(row: Row) -> float:
    return -row.entry.number


def _number(entry: Entry, glyphs: Glyphs) -> Cell:
    """The record's number, or the line of its file that holds none."""
    if entry.record is None:
        return Cell(f"{glyphs.critical} line {entry.place.rpartition(':')[2]}", Tone.ALARM)
    return Cell(f"#{entry.record.sequence}", Tone.STRONG)


def _time(row: Row) -> Cell:
    return Cell("" if row.entry.record is None else clock_time(row.entry.record), Tone.DIM)


def _action(record: Record) -> str:
    return f"{record.action} DRILL" if record.drill else record.action


def _outcome(row: Row, glyphs: Glyphs) -> Cell:
    severity, record = severity_of(row), row.entry.record
    if record is None:
        return Cell("NOT SOUND", Tone.ALARM)
    if row.open:
        return Cell(f"{glyphs.unknown} open", Tone.UNKNOWN)
    if record.phase is Phase.INTENT:
        return Cell("  intent", Tone.DIM)
    return Cell(f"{glyphs.of(severity)} {outcome_of(record)}", tone_of(severity))


def _reason(row: Row) -> Cell:
    if row.entry.record is None:
        return Cell(row.entry.why, Tone.CRITICAL)
    return Cell(row.entry.record.reason)


def _is_intent(entry: Entry) -> bool:
    return entry.record is not None and entry.record.phase is Phase.INTENT


def _sequence(entry: Entry) -> int | None:
    return None if entry.record is None else entry.record.sequence
