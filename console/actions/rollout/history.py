"""The changes of features that the journal has: who made them, when, why, and what stood there before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from console.audit.files import lines
from console.audit.record import Phase, Record, RecordError, read_line
from console.domain.edits import Value
from console.domain.rollout.operations import Undo, Written

RAISE, LOWER = "rollout.raise", "rollout.lower"
"""The actions of the records of a change that raises the risk, and of one that doesn't."""
_NAMED = b'"action":"rollout.'


@dataclass(frozen=True, slots=True)
class Change:
    """One change as the journal tells it. `sequence` is its intent's, or its own where it has none.

    `at` is in seconds since 1970; `done` None where nobody knows. `before` and `wrote` are keys of the
    feature. `seen` and `left` are the SHA-256 of the file before and after it, in hexadecimal.
    """

    sequence: int
    at: float
    user: str
    ssh: str
    feature: str
    words: str
    before: Written
    wrote: Written
    reason: str
    done: bool | None
    seen: str = ""
    left: str = ""
    overridden: bool = False
    approved_by: str = ""

    @property
    def undo(self) -> Undo:
        """What takes it back, as a new change."""
        return Undo(self.feature, self.wrote, self.before)


def changes(folder: Path, context: str) -> tuple[Change, ...]:
    """Every change of a feature in `context`, newest first. Raises JournalError."""
    found: dict[int, Change] = {}
    for record in _records(folder):
        if record.context == context:
            begun = None if record.intent is None else found.get(record.intent)
            change = _change(record, begun)
            if change is not None:
                found[change.sequence] = change
    return tuple(sorted(found.values(), key=lambda change: change.sequence, reverse=True))


def _records(folder: Path) -> Iterator[Record]:
    for line in lines(folder):
        if _NAMED in line.raw:
            try:
                yield read_line(line.raw)
            except RecordError:
                continue  # `audit verify` names it


def _change(record: Record, begun: Change | None) -> Change | None:
    """An intent is a change of which nobody knows yet; the outcome takes its place.

    What was not done has `begun` as its intent says.
    """
    if begun is not None and record.done is not True:
        return replace(begun, done=record.done)
    evidence = record.evidence if isinstance(record.evidence, Mapping) else {}
    before, wrote = _written(record.before), _written(record.after)
    if before is None or wrote is None:
        return None
    approval = record.approval if isinstance(record.approval, Mapping) else {}
    return Change(
        sequence=record.sequence if record.intent is None else record.intent,
        at=datetime.fromisoformat(record.time).timestamp(),
        user=record.user,
        ssh=record.ssh,
        feature=record.target,
        words=str(evidence.get("operation", "")),
        before=before,
        wrote=wrote,
        reason=record.reason,
        done=None if record.phase is Phase.INTENT else record.done,
        seen=str(evidence.get("seen", "")),
        left=str(evidence.get("left", "")),
        overridden=bool(evidence.get("overridden", False)),
        approved_by=str(approval.get("by", "")),
    )


def _written(said: object) -> Written | None:
    if not isinstance(said, Mapping):
        return None
    return {str(key): _value(value) for key, value in said.items()}


def _value(said: object) -> Value | None:
    if isinstance(said, list):
        return tuple(map(str, said))
    if isinstance(said, Mapping):
        return {str(key): str(value) for key, value in said.items()}
    return said if isinstance(said, bool | int | str) else None
