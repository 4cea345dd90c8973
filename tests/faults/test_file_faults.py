"""A flags file or a log that someone breaks while the console looks at it."""

from pathlib import Path

import pytest

from console.domain.reading import Health
from console.domain.severity import Severity
from tests.faults.contexts import monitor_of, source_until, until
from tests.watching import watching

FLAGS = "features:\n  unified_risk_guard:\n    stage: canary\n"


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("features:\n\tunified_risk_guard:\n", "flags.yaml:2:1: a tab character"),
        ("features: [", "flags.yaml:2:1: did not find expected node content"),
        (None, "flags.yaml: No such file or directory"),
    ],
)
async def test_a_broken_flags_file_is_named_by_place_until_it_is_mended(
    tmp_path: Path, content: str | None, cause: str
) -> None:
    flags = tmp_path / "flags.yaml"
    flags.write_text(FLAGS)
    monitor = monitor_of(tmp_path, f"flags_file: {flags}")
    async with watching(monitor):
        await source_until(monitor, "flags", lambda source: source.health is Health.FRESH)
        if content is None:
            flags.unlink()
        else:
            flags.write_text(content)
        stale = await source_until(monitor, "flags", lambda source: source.health is Health.STALE)
        assert stale.cause is not None and cause in stale.cause
        flags.write_text(FLAGS)
        await source_until(monitor, "flags", lambda source: source.health is Health.FRESH)


async def test_a_duplicate_key_is_a_warning_with_its_place(tmp_path: Path) -> None:
    flags = tmp_path / "flags.yaml"
    flags.write_text(FLAGS + "    stage: production\n")
    monitor = monitor_of(tmp_path, f"flags_file: {flags}")
    async with watching(monitor):
        warned = await until(monitor, lambda now: now.source("flags").health is Health.FRESH)
        alert = next(alert for alert in warned.alerts if alert.name == "flags")
        assert alert.severity is Severity.WARNING
        assert alert.summary.endswith("flags.yaml:4:5: 'stage' appears twice; engines take the last")


async def test_a_log_that_is_rotated_away_comes_back_with_its_successor(tmp_path: Path) -> None:
    log = tmp_path / "futures.log"
    log.write_text("2026-01-02 03:04:05,678 [INFO] engine: position_sync ok\n")
    monitor = monitor_of(tmp_path, f"log_file: {log}")
    async with watching(monitor):
        await source_until(monitor, "log", lambda source: source.health is Health.FRESH)
        log.unlink()
        await source_until(monitor, "log", lambda source: source.health is Health.STALE)
        log.write_text("")
        await source_until(monitor, "log", lambda source: source.health is Health.FRESH)
