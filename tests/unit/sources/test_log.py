from datetime import datetime
from pathlib import Path

import pytest

from console.sources.errors import SourceError
from console.sources.log import LogSource
from tests.tui.fake import HandClock

NOON = datetime(2026, 1, 2, 12, 0).timestamp()


def line(seconds_ago: float, level: str, message: str, logger: str = "engine") -> str:
    at = datetime.fromtimestamp(NOON - seconds_ago)
    return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03} [{level}] {logger}: {message}\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "futures.log"


def read(log: Path) -> object:
    return LogSource(log, clock=HandClock(NOON)).read().value


def test_lines_of_the_last_minutes_are_counted_by_what_they_are(log: Path) -> None:
    log.write_text(
        line(400, "ERROR", "too long ago")
        + line(200, "ERROR", "position_sync failed")
        + line(100, "CRITICAL", "LIQUIDATION BTCUSDT")
        + line(50, "INFO", "margin_status ok")
        + "  a traceback's line\n"
    )
    tail = LogSource(log, clock=HandClock(NOON)).read().value
    assert (tail.lines, tail.errors, tail.criticals, tail.liquidations, tail.sync_errors) == (3, 1, 1, 1, 1)
    assert (tail.complete, tail.last_line_at) == (True, NOON - 50)
    assert tail.last_problem is not None and "LIQUIDATION BTCUSDT" in tail.last_problem


def test_a_tail_that_does_not_reach_back_far_enough_says_so(log: Path) -> None:
    log.write_text("".join(line(10, "INFO", "x" * 200) for _ in range(4000)))
    tail = LogSource(log, clock=HandClock(NOON)).read().value
    assert not tail.complete
    assert 0 < tail.lines < 4000


def test_a_rotated_log_is_followed(log: Path) -> None:
    source = LogSource(log, clock=HandClock(NOON))
    log.write_text(line(20, "ERROR", "old"))
    assert source.read().value.errors == 1
    log.rename(log.with_suffix(".1"))
    log.write_text(line(1, "INFO", "new"))
    assert source.read().value.errors == 0


def test_bytes_that_are_no_text_do_no_harm(log: Path) -> None:
    log.write_bytes(b"\xff\xfe\x00\n" + line(1, "ERROR", "\x1b[2J").encode())
    tail = LogSource(log, clock=HandClock(NOON)).read().value
    assert tail.errors == 1


def test_a_missing_log_is_one_sentence(log: Path) -> None:
    with pytest.raises(SourceError, match=r"futures\.log: No such file"):
        read(log)
