"""How each source stands at the instant of a snapshot: how fresh it is, and how bad that is."""

from dataclasses import replace

from console.domain.reading import Health, SourceState
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.status import SourceStatus


def source_statuses(snapshot: Snapshot) -> tuple[SourceStatus, ...]:
    """Every source of the snapshot, in its order."""
    return tuple(
        _process(snapshot) if state is snapshot.engine else _source(state, snapshot.at)
        for state in snapshot.sources()
    )


def _process(snapshot: Snapshot) -> SourceStatus:
    """The engine's own files, which may be read without fault and say that its process is no more."""
    status, engine = _source(snapshot.engine, snapshot.at), snapshot.engine.fresh(snapshot.at)
    if engine is None or (engine.alive is not False and not engine.stopped):
        return status
    if engine.ended and engine.alive is False:
        return replace(
            status, severity=Severity.HIGH, cause=f"process {engine.pid} has ended: it was stopped"
        )
    if engine.alive is False:
        return replace(status, severity=Severity.CRITICAL, cause=f"process {engine.pid} is gone")
    return replace(status, severity=Severity.HIGH, cause=f"process {engine.pid} is stopped")


_SEVERITY = {
    Health.FRESH: Severity.OK,
    Health.OFF: Severity.OK,
    Health.FAILING: Severity.WARNING,
    Health.STALE: Severity.UNKNOWN,
    Health.DOWN: Severity.UNKNOWN,
    Health.WAITING: Severity.UNKNOWN,
}


def _source(state: SourceState[object], now: float) -> SourceStatus:
    health = state.health(now)
    return SourceStatus(
        name=state.name,
        health=health,
        severity=_SEVERITY[health],
        age=state.age(now),
        latency=None if state.last is None else state.last.latency,
        stale_after=state.stale_after,
        cause=state.cause(now),
    )
