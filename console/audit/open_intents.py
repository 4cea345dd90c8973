"""Intents that nobody closed: after a crash, the next start reads the world back and closes them."""

from pathlib import Path

from console.audit.actor import Actor, still_runs
from console.audit.files import lines, records
from console.audit.journal import Journal
from console.audit.record import Phase, Record, RecordError, read_line
from console.audit.redaction import Json


def open_intents(folder: Path) -> tuple[Record, ...]:
    """The intents without an outcome, oldest first. Some may belong to consoles that are still at it."""
    unclosed: dict[int, Record] = {}
    for record in records(folder):
        if record.phase is Phase.INTENT:
            unclosed[record.sequence] = record
        elif record.intent is not None:
            unclosed.pop(record.intent, None)
    return tuple(unclosed.values())


def abandoned_intents(folder: Path, host: str) -> tuple[Record, ...]:
    """The open intents of processes on `host` that are gone: nobody else will close them."""
    return tuple(
        record for record in open_intents(folder) if record.host == host and not still_runs(record.process)
    )


def close(
    journal: Journal,
    actor: Actor,
    intent: Record,
    done: bool | None,
    *,
    after: Json = None,
    evidence: Json = None,
) -> Record | None:
    """Close `intent` as done, not done or unknown (None), unless another has closed it: then None comes back.

    Of two consoles that start at the same time, one writes the outcome.
    """

    def still_open() -> None:
        if _is_closed(journal.folder, intent):
            raise _ClosedError

    try:
        return journal.outcome(actor, intent, done, after=after, evidence=evidence, guard=still_open)
    except _ClosedError:
        return None


class _ClosedError(Exception):
    """Another console was first."""


def _is_closed(folder: Path, intent: Record) -> bool:
    """Whether `intent` has an outcome. Others wait meanwhile: only lines that may be it are read."""
    named = b'"intent":%d,' % intent.sequence
    for line in lines(folder):
        if named in line.raw:
            try:
                if read_line(line.raw).intent == intent.sequence:
                    return True
            except RecordError:
                continue
    return False
