"""What has to hold before a backup takes the place of the book, besides role, arming and the second person.

All of it is shown at once, one gate to a line. No gate passes on what isn't known.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from console.domain.backup import Manifest, changed_columns
from console.domain.figures import seconds
from console.domain.foreign import visible
from console.domain.gate import Gate, reason_gate
from console.domain.kill_state import KillState, Verdict
from console.domain.status import EngineStatus
from console.domain.surfaces import ServerIdentity

EXCHANGE_AGE = 60.0
"""Seconds that what the exchange holds may be old: it says what the restored book will lack."""
HEARTBEAT = 60.0
"""Seconds after which a heartbeat says nothing of an engine any more."""
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What the operator has said so far: why, and what was typed."""

    reason: str = ""
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """Whether all processes of the engine have ended, None where nobody can tell; by what it is known."""

    ended: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known: of the backup, of the context and its database, of the engine and of the exchange.

    `problems` are what is wrong with the backup's files, None before they were looked at; `rehearsed` is how
    its last rehearsal ended, empty for well, None without one. `server`, `database` and `columns` are of the
    database now, None where it doesn't answer. `exchange_age` is how old its positions are, in seconds,
    None where they aren't known; `exchange_doubt` says why.
    """

    manifest: Manifest
    problems: Sequence[str] | None
    rehearsed: Sequence[str] | None
    context: str
    server: ServerIdentity | None
    database: str
    columns: Mapping[str, tuple[str, ...]] | None
    engine: EngineStatus
    ended: Ended
    kill: Verdict
    exchange_age: float | None
    phrase: str
    exchange_doubt: str = ""


def restore_gates(asked: Asked, ground: Ground) -> tuple[Gate, ...]:
    """Every gate, in the order in which an operator meets them."""
    return tuple(_gates(asked, ground))


def still_gates(engine: EngineStatus, ended: Ended, kill: Verdict) -> tuple[Gate, ...]:
    """What has to hold all along, and once more right before the exchange: loading takes its time."""
    return _engine(engine, ended), _kill_switch(engine, ended, kill)


def _gates(asked: Asked, ground: Ground) -> Iterator[Gate]:
    yield reason_gate(asked.reason)
    yield _of_problems("backup", ground.problems, "its files are as written", "it was not looked at")
    if ground.rehearsed is None:
        yield Gate("rehearsal", True, "NEVER REHEARSED: nobody knows how long it takes")
    else:
        yield _of_problems("rehearsal", ground.rehearsed, "it was restored equal before", "")
    yield _server(ground)
    yield _schema(ground)
    yield from still_gates(ground.engine, ground.ended, ground.kill)
    yield _exchange(ground.exchange_age, ground.exchange_doubt)
    typed = asked.typed == ground.phrase
    yield Gate("confirmation", typed, "typed" if typed else f"{ground.phrase!r} has to be typed")


def _of_problems(name: str, problems: Sequence[str] | None, well: str, unknown: str) -> Gate:
    if problems is None:
        return Gate(name, None, unknown)
    more = f" and {len(problems) - _MOST_NAMED} more" if len(problems) > _MOST_NAMED else ""
    return Gate(name, not problems, "; ".join(problems[:_MOST_NAMED]) + more if problems else well)


def _server(ground: Ground) -> Gate:
    """Whether the database is the one that was backed up.

    Where the server has no uuid, names are all that is known, and another context's may be the same.
    """
    wanted, now = ground.manifest.server, ground.server
    if now is None:
        return Gate("database", None, "the database doesn't answer")
    named = (wanted.product, wanted.uuid or wanted.host, ground.manifest.database)
    found = (now.product, now.uuid if wanted.uuid else now.host, ground.database)
    if named != found:
        told = [visible(" ".join(str(part) for part in each)) for each in (named, found)]
        return Gate("database", False, f"the backup is of {told[0]}, this is {told[1]}")
    if wanted.uuid is None and ground.manifest.context != ground.context:
        whose = visible(ground.manifest.context)
        return Gate("database", False, f"the backup is of context {whose}, this is {ground.context}")
    return Gate("database", True, f"the backup is of this one, {visible(ground.database)}")


def _schema(ground: Ground) -> Gate:
    if ground.columns is None:
        return Gate("schema", None, "the database doesn't answer")
    changed = changed_columns(ground.manifest, ground.columns)
    return _of_problems("schema", changed, "the tables have the columns of the backup", "")


def _engine(engine: EngineStatus, ended: Ended) -> Gate:
    """Whether no engine lives: its processes have ended, and its heartbeat stands still."""
    if engine.alive:
        return Gate("engine", False, f"its process {engine.pid} lives: stop it first")
    if ended.ended is False:
        return Gate("engine", False, f"{ended.words}: stop it first")
    if engine.heartbeat_age is not None and 0 <= engine.heartbeat_age < HEARTBEAT:
        return Gate("engine", False, f"its heartbeat is {seconds(engine.heartbeat_age)} old: it lives")
    return Gate("engine", ended.ended, ended.words)


def _kill_switch(engine: EngineStatus, ended: Ended, kill: Verdict) -> Gate:
    """Whether it is tripped: proven now, or while the engine that has ended since could still say so."""
    state = kill.state
    if state is KillState.TRIPPED:
        return Gate("kill switch", True, "tripped")
    before = state in (KillState.UNCONFIRMED, KillState.UNKNOWN) and kill.confirmed
    if before and not engine.alive and ended.ended:
        return Gate("kill switch", True, "it was tripped before the engine ended")
    passes = None if state is KillState.UNKNOWN else False
    return Gate("kill switch", passes, f"{kill.title}: {kill.words}")


def _exchange(age: float | None, doubt: str) -> Gate:
    if age is None:
        return Gate("exchange", None, ": ".join(("what it holds isn't known", *([doubt] if doubt else []))))
    fresh = 0 <= age < EXCHANGE_AGE
    return Gate("exchange", fresh, f"what it holds is known, {seconds(age)} old")
