"""One record of the journal, the line it is written as, and the hash that chains it to the one before.

A line is ASCII JSON in a fixed order of fields, and `hash`, its last, is the SHA-256 of the same object
without it: of the line's own bytes, so that no byte of it can be changed and mean the same.
"""

import hashlib
import json
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from enum import Enum

from console.audit.actor import Actor
from console.audit.redaction import Json, redacted, redacted_text

MOST_BYTES = 1 << 20
"""The longest line. Evidence of any sane size fits; a tail is found by reading backwards for so long."""

_HASH = re.compile(rb'(.*),"hash":"([0-9a-f]{64})"\}', re.DOTALL)


class RecordError(ValueError):
    """A line that isn't a record, or whose hash isn't that of its bytes."""


class Phase(Enum):
    INTENT = "intent"
    """Written before the act."""
    OUTCOME = "outcome"
    """Written after it, or of what simply happened."""
    UNKNOWN = "unknown"
    """The act may or may not have happened, and nobody could find out."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: the last record's sequence, counted from 1, and its hash."""

    sequence: int
    hash: str


BEGINNING = Head(0, "0" * 64)
"""What the first record of all follows."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is done to the world, as the one who does it puts it.

    `before` and `after` are what is seen and what is wanted (or, of an outcome, what was read back);
    `approval` says who else agreed, and `evidence` what the gates saw.
    """

    context: str
    action: str
    target: str
    before: Json = None
    after: Json = None
    reason: str = ""
    approval: Json = None
    evidence: Json = None
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A record that has no place in the chain yet. `intent` is the sequence of the intent that it closes."""

    actor: Actor
    act: Act
    phase: Phase
    intent: int | None = None
    done: bool | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A line of the journal. `time` is UTC, `2026-01-02T03:04:05.678901Z`, so that it sorts as text.

    `done` is None of an intent and where the outcome is unknown; `previous` is the hash of the record before.
    """

    sequence: int
    time: str
    uid: int
    user: str
    tty: str
    ssh: str
    host: str
    process: str
    context: str
    action: str
    target: str
    phase: Phase
    intent: int | None
    done: bool | None
    before: Json
    after: Json
    reason: str
    approval: Json
    evidence: Json
    drill: bool
    previous: str
    hash: str

    @property
    def head(self) -> Head:
        return Head(self.sequence, self.hash)

    @property
    def line(self) -> bytes:
        """The record as it is written, without the newline."""
        return b'%b,"hash":"%b"}' % (_body(self)[:-1], self.hash.encode())


def chained(draft: Draft, head: Head, at: float, secrets: Collection[str]) -> Record:
    """The record that follows `head`, made at `at` (seconds since 1970), free of `secrets`."""
    actor, act = draft.actor, draft.act
    record = Record(
        sequence=head.sequence + 1,
        time=iso_time(at),
        uid=actor.uid,
        user=actor.user,
        tty=actor.tty,
        ssh=actor.ssh,
        host=actor.host,
        process=actor.process,
        context=redacted_text(act.context, secrets),
        action=act.action,
        target=redacted_text(act.target, secrets),
        phase=draft.phase,
        intent=draft.intent,
        done=draft.done,
        before=redacted(act.before, secrets),
        after=redacted(act.after, secrets),
        reason=redacted_text(act.reason, secrets),
        approval=redacted(act.approval, secrets),
        evidence=redacted(act.evidence, secrets),
        drill=act.drill,
        previous=head.hash,
        hash="",
    )
    return replace(record, hash=hashlib.sha256(_body(record)).hexdigest())


def read_line(line: bytes) -> Record:
    """The record that `line` (without its newline) holds; RecordError when it isn't sound."""
    parts = _HASH.fullmatch(line)
    if parts is None:
        raise RecordError("not a whole record")
    body, written = parts[1] + b"}", parts[2].decode()
    if hashlib.sha256(body).hexdigest() != written:
        raise RecordError("its hash isn't that of its bytes")
    try:
        values = json.loads(body)
        return Record(**{**values, "phase": Phase(values["phase"])}, hash=written)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RecordError("not a record that this version knows") from error


def iso_time(at: float) -> str:
    """`at`, in seconds since 1970, as UTC with microseconds."""
    seconds, micros = divmod(round(at * 1_000_000), 1_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{micros:06d}Z"


FIELDS = tuple(field.name for field in fields(Record))


def _body(record: Record) -> bytes:
    """Everything but the hash, as one JSON object."""
    values = {name: getattr(record, name) for name in FIELDS[:-1]}
    values["phase"] = record.phase.value
    return json.dumps(values, separators=(",", ":"), allow_nan=False).encode("ascii")
