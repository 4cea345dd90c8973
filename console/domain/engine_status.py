"""What the engine says of itself: of its version, mode and heartbeat in metrics, of its process in files."""

from console.domain.snapshot import Snapshot
from console.domain.status import EngineStatus
from console.domain.surfaces import EngineState


def engine_status(snapshot: Snapshot) -> EngineStatus:
    """What was last said, whatever its age; the heartbeat has its own, in seconds."""
    metrics, files = snapshot.metrics.value, snapshot.engine.value
    build = next(iter(metrics.samples.get("futures_build_info", {})), None) if metrics else None
    beats = metrics is not None and metrics.exports("futures_heartbeat_timestamp_seconds")
    return EngineStatus(
        version=build.label("version") if build else None,
        mode=build.label("mode") if build else None,
        heartbeat_age=snapshot.metrics.age(snapshot.at) if beats else None,
        pid=files.pid if files else None,
        started_at=files.started_at if files else None,
        alive=files.alive if files else None,
        uptime=_uptime(files, snapshot.at),
    )


def _uptime(files: EngineState | None, now: float) -> float | None:
    """Seconds since the engine's process began, by the time of day that it noted itself."""
    if files is None or files.started_at is None or files.alive is False:
        return None
    return max(0.0, now - files.started_at)
