"""Whatever `/metrics` does, the console says what is wrong, shows nothing as good, and recovers by itself."""

import signal
from pathlib import Path

import pytest

from console.domain.reading import Health
from console.domain.severity import Severity
from tests.faults.broken_endpoint import ENDLESS, GOOD, MALFORMED, SILENT, endpoint
from tests.faults.contexts import monitor_of, source_until, until
from tests.integration.paper_process import PaperProcess
from tests.watching import watching

A_MEGABYTE = 1_000_000 // 46
"""Lines, each with a series of its own."""


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (MALFORMED, "line 1: "),
        (b"<html>502 Bad Gateway</html>", "line 1: "),
        (b"\xff\xfe\x00", "line 1: "),
        (ENDLESS, "no answer "),
        (SILENT, "no answer "),
        (b"# " + b"x" * (17 << 20), "body larger than 16 MB"),
        (b'futures_margin_ratio{symbol="BTCUSDT"} 2.5\nfutures_heartbeat_timestamp_seconds NaN\n', "NaN"),
    ],
)
async def test_a_broken_body_is_stale_with_its_cause_until_it_is_mended(
    tmp_path: Path, body: bytes, cause: str
) -> None:
    with endpoint() as metrics:
        monitor = monitor_of(tmp_path, f"metrics_url: {metrics.url}")
        async with watching(monitor):
            await source_until(monitor, "metrics", lambda source: source.health is Health.FRESH)
            metrics.body = body
            await source_until(
                monitor,
                "metrics",
                lambda source: source.health is Health.STALE and cause in (source.cause or ""),
            )
            value = monitor.assessment().symbols[0].values["margin_ratio"]
            assert (value.number, value.severity) == (2.5, Severity.UNKNOWN)
            metrics.body = GOOD
            await source_until(monitor, "metrics", lambda source: source.health is Health.FRESH)


@pytest.mark.parametrize("megabytes", [3, pytest.param(10, marks=pytest.mark.campaign)])
async def test_a_body_of_megabytes_is_read_or_refused_but_never_hangs(tmp_path: Path, megabytes: int) -> None:
    with endpoint() as metrics:
        metrics.body = b"".join(
            b'futures_margin_ratio{symbol="S%06dUSDT"} 2.5\n' % number
            for number in range(megabytes * A_MEGABYTE)
        )
        monitor = monitor_of(tmp_path, f"metrics_url: {metrics.url}")
        async with watching(monitor):
            answered = await source_until(
                monitor,
                "metrics",
                lambda source: source.latency is not None or source.cause != "no answer yet",
            )
            assert answered.health in (Health.FRESH, Health.STALE, Health.DOWN)
            metrics.body = GOOD
            await until(monitor, lambda now: now.symbols.names == ("BTCUSDT",))


async def test_frozen_metrics_are_stale_within_two_intervals_and_come_back(tmp_path: Path) -> None:
    with PaperProcess(tmp_path / "engine", "--symbols", "2") as engine:
        monitor = monitor_of(tmp_path, f"metrics_url: {engine.file['metrics_url']}")
        async with watching(monitor):
            await source_until(monitor, "metrics", lambda source: source.health is Health.FRESH)
            engine.scenario("frozen-metrics")
            frozen = await source_until(monitor, "metrics", lambda source: source.health is Health.STALE)
            assert frozen.age is not None and frozen.age >= 0.6
            values = [value for row in monitor.assessment().symbols for value in row.values.values()]
            assert {value.severity for value in values} == {Severity.UNKNOWN}
            engine.scenario("calm")
            await source_until(monitor, "metrics", lambda source: source.health is Health.FRESH)


async def test_a_killed_engine_is_gone_and_its_successor_is_found(tmp_path: Path) -> None:
    state = tmp_path / "engine"
    with PaperProcess(state, "--symbols", "2") as engine:
        monitor = monitor_of(tmp_path, f"engine_file: {state / 'engine.json'}")
        async with watching(monitor):
            await until(monitor, lambda now: now.severity is Severity.OK)
            engine.stop(signal.SIGKILL)
            gone = await until(
                monitor,
                lambda now: (
                    now.source("metrics").health is Health.STALE
                    and now.source("metrics").cause == "connection refused"
                    and "is gone" in now.alerts[0].summary
                ),
            )
            assert gone.severity is Severity.CRITICAL
            with PaperProcess(state, "--symbols", "2"):
                await until(monitor, lambda now: now.severity is Severity.OK)
