"""What an outcome says was left undone of an act that was done in part: a trip that not all followed."""

from collections.abc import Sequence

from console.audit.record import Record
from console.audit.redaction import Json

_LEFT = "left_undone"
"""The field of an outcome's evidence: a list of texts, such as `database: connection refused`."""


def with_left_undone(evidence: dict[str, Json], parts: Sequence[str]) -> Json:
    """`evidence` together with the parts of the act that were left undone, each with its cause."""
    return {**evidence, _LEFT: list(parts)} if parts else evidence


def left_undone(record: Record) -> tuple[str, ...]:
    """What was left undone of an act that the record says was done; nothing where it was done as a whole."""
    parts = record.evidence.get(_LEFT) if isinstance(record.evidence, dict) else None
    return tuple(map(str, parts)) if record.done and isinstance(parts, list) else ()
