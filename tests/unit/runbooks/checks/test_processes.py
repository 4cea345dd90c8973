"""Whether the engine lives: nothing that isn't known passes, and nothing that stands still moves."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from console.domain.assessment import Assessment
from console.domain.metrics import Metrics
from console.domain.status import EngineStatus
from console.runbooks.checks.processes import heartbeat, metrics, process, sync_errors
from console.runbooks.lookout import Look
from tests.unit.domain.worlds import answered, failing, healthy, judged, series

BEAT = series("futures_heartbeat_timestamp_seconds")


def status(*, alive: bool | None = True, pid: int | None = 7, beat: float | None = 0.5) -> EngineStatus:
    return EngineStatus(None, None, beat, pid, None, alive)


def scraped(beat: float | None, **errors: float) -> Assessment:
    counts = {series("futures_sync_errors_total", symbol): count for symbol, count in errors.items()}
    beats = {} if beat is None else {BEAT: beat}
    samples = {"futures_heartbeat_timestamp_seconds": beats, "futures_sync_errors_total": counts}
    return judged(replace(healthy(), metrics=answered("metrics", Metrics(samples, {}))))


def looks(*seen: Assessment) -> Look:
    """One after the other."""
    left: Iterator[Assessment] = iter(seen)
    return lambda *_sources: next(left)


def pause(_seconds: float) -> None:
    """Nothing is waited for."""


SILENT = judged(replace(healthy(), metrics=replace(failing(healthy().metrics, "refused"), good=None)))


@pytest.mark.parametrize(
    ("alive", "pid", "running", "stopped"),
    [(True, 7, True, False), (False, 7, False, True), (None, 7, None, None), (None, None, None, None)],
)
def test_a_process_is_what_its_pid_says(
    alive: bool | None, pid: int | None, running: bool | None, stopped: bool | None
) -> None:
    now = status(alive=alive, pid=pid)
    assert [process(now, wanted).passes for wanted in ("running", "stopped")] == [running, stopped]


@pytest.mark.parametrize(
    ("beat", "passes"), [(0.5, True), (9.9, True), (10.0, False), (None, None), (float("nan"), None)]
)
def test_a_heartbeat_is_fresh_for_ten_seconds(beat: float | None, passes: bool | None) -> None:
    assert heartbeat(status(beat=beat)).passes is passes


@pytest.mark.parametrize(
    ("first", "second", "passes"),
    [
        (scraped(10), scraped(12), True),
        (scraped(10), scraped(10), False),
        (scraped(10), scraped(9), False),
        (scraped(None), scraped(10), None),
        (scraped(10), SILENT, None),
    ],
)
def test_metrics_flow_where_the_heartbeat_moves(
    first: Assessment, second: Assessment, passes: bool | None
) -> None:
    assert metrics(looks(first, second), pause).passes is passes


@pytest.mark.parametrize(
    ("first", "second", "passes"),
    [
        (scraped(1, BTC=3), scraped(2, BTC=3), True),
        (scraped(1, BTC=3), scraped(2, BTC=4), False),
        (scraped(1, BTC=3), scraped(2, BTC=3, ETH=1), False),
        (scraped(1, BTC=3), scraped(2, BTC=0), True),
        (scraped(1, BTC=3), scraped(2, BTC=1), False),
        (scraped(1, BTC=3), scraped(2), None),
        (scraped(1, BTC=3), scraped(2, BTC=float("nan")), None),
        (SILENT, scraped(2, BTC=3), None),
    ],
)
def test_a_sync_error_is_one_that_is_counted_between_two_looks(
    first: Assessment, second: Assessment, passes: bool | None
) -> None:
    assert sync_errors(looks(first, second), pause).passes is passes
