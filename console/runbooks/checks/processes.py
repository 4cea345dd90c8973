"""Whether the engine lives: its process, its heartbeat, and what it counts, each on its own."""

import math
from collections.abc import Callable, Mapping

from console.domain.assessment import Assessment
from console.domain.figures import seconds
from console.domain.metrics import Series
from console.domain.status import EngineStatus
from console.runbooks.checks.answers import answer
from console.runbooks.lookout import Look
from console.runbooks.model import Found

FRESH_HEARTBEAT = 10.0
"""Seconds that the heartbeat of an engine which lives is old at most."""
BETWEEN = 2.0
"""Seconds between two looks at what has to move on, or to stand still."""
_HEARTBEAT = "futures_heartbeat_timestamp_seconds"
_SYNC_ERRORS = "futures_sync_errors_total"

Wait = Callable[[float], None]


def process(now: EngineStatus, wanted: str) -> Found:
    """Whether the very process that the engine has named runs, or has ended: its pid and its start."""
    expected = f"the engine's process is {wanted}"
    if now.pid is None:
        return Found(None, expected, "no process is known")
    if now.alive is None:
        return Found(None, expected, f"process {now.pid} can't be seen")
    words = f"process {now.pid} {'runs' if now.alive else 'has ended'}"
    return Found(now.alive == (wanted == "running"), expected, words)


def heartbeat(now: EngineStatus) -> Found:
    """Whether the engine's heartbeat is fresh."""
    expected, age = f"a heartbeat less than {FRESH_HEARTBEAT:g} s old", now.heartbeat_age
    if age is None or not math.isfinite(age):
        return Found(None, expected, "no heartbeat is known")
    return Found(0 <= age < FRESH_HEARTBEAT, expected, f"it is {seconds(age)} old")


def metrics(look: Look, wait: Wait) -> Found:
    """Whether metrics flow: they are scraped twice, and the heartbeat in them has moved on."""
    expected = "metrics are scraped, and the heartbeat in them moves"
    first = look("metrics")
    wait(BETWEEN)
    second = look("metrics")
    before, after = (_oldest(_vector(one, _HEARTBEAT)) for one in (first, second))
    unknown = _unread(second) or (["no heartbeat is exported"] if before is None or after is None else [])
    if before is None or after is None or unknown:
        return answer(expected, [], unknown or ["no heartbeat is exported"], "")
    wrong = [] if after > before else [f"the heartbeat stands still at {after:.0f}"]
    return answer(expected, wrong, [], f"the heartbeat has moved on by {after - before:.1f} s")


def sync_errors(look: Look, wait: Wait) -> Found:
    """Whether the engine counts no sync error between two looks; a count that begins anew counts in whole."""
    expected = f"no sync error within {BETWEEN:g} s"
    first = look("metrics")
    wait(BETWEEN)
    second = look("metrics")
    before, after = (_vector(one, _SYNC_ERRORS) for one in (first, second))
    unknown = _unread(second) or _unread(first) or ([] if after else [f"{_SYNC_ERRORS} is not exported"])
    if any(math.isnan(value) for value in after.values()):
        unknown = [f"{_SYNC_ERRORS} is not a number"]
    if unknown:
        return answer(expected, [], unknown, "")
    grown = {one: value - _known(before.get(one, 0.0), value) for one, value in after.items()}
    wrong = [f"{count:g} on {one.symbol or 'the engine'}" for one, count in grown.items() if count > 0]
    return answer(expected, wrong, [], f"none, of {sum(after.values()):g} since the engine's start")


def _known(before: float, after: float) -> float:
    """What was counted before; nothing where the counter has begun anew."""
    return before if before <= after else 0.0


def _unread(seen: Assessment) -> list[str]:
    state = seen.snapshot.metrics
    return [] if state.usable(seen.at) else [f"metrics {state.doubt(seen.at)}"]


def _vector(seen: Assessment, name: str) -> Mapping[Series, float]:
    said = seen.snapshot.metrics.value
    return {} if said is None else said.samples.get(name, {})


def _oldest(beats: Mapping[Series, float]) -> float | None:
    return min(beats.values(), default=None)
