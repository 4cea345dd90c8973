from datetime import datetime
from pathlib import Path

import pytest

from console.sources.errors import SourceError
from console.sources.focus import Focus
from console.sources.logs import source as log_source
from console.sources.logs.source import LogSource
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


def rotated(log: Path, number: int = 1) -> Path:
    return log.with_name(f"{log.name}.{number}")


def test_what_was_rotated_away_a_moment_ago_still_counts(log: Path) -> None:
    rotated(log).write_text(line(400, "ERROR", "too old") + line(60, "ERROR", "old"))
    log.write_text("")
    tail = LogSource(log, clock=HandClock(NOON)).read().value
    assert (tail.errors, tail.complete, tail.last_line_at, tail.size) == (1, True, NOON - 60, 0)
    assert tail.last_problem is not None and "old" in tail.last_problem


def test_as_many_rotated_files_are_read_as_the_window_takes(log: Path) -> None:
    rotated(log, 3).write_text(line(400, "ERROR", "too old"))
    for number, seconds in enumerate((10, 60, 120)):
        (rotated(log, number) if number else log).write_text(line(seconds, "ERROR", "x"))
    tail = LogSource(log, clock=HandClock(NOON)).read().value
    assert (tail.errors, tail.complete) == (3, True)


def test_a_log_that_reaches_back_itself_leaves_the_rotated_one_alone(log: Path) -> None:
    rotated(log).write_text(line(100, "ERROR", "in a file that must not be read"))
    log.write_text(line(400, "INFO", "old") + line(1, "INFO", "new"))
    assert LogSource(log, clock=HandClock(NOON)).read().value.errors == 0


def test_a_rotated_log_of_which_only_the_end_is_read_is_not_complete(log: Path) -> None:
    rotated(log).write_text("".join(line(10, "INFO", "x" * 200) for _ in range(4000)))
    log.write_text(line(1, "INFO", "new"))
    assert not LogSource(log, clock=HandClock(NOON)).read().value.complete


def test_all_files_together_are_read_to_a_limit(log: Path) -> None:
    for file in (log, rotated(log, 1), rotated(log, 2)):
        file.write_text("".join(line(10, "INFO", "x" * 200) for _ in range(900)))
    tail = LogSource(log, clock=HandClock(NOON)).read().value
    assert not tail.complete
    assert 1800 < tail.lines < 2700


def test_a_rotated_log_that_cannot_be_read_is_not_complete(log: Path) -> None:
    rotated(log).mkdir()
    log.write_text(line(1, "INFO", "new"))
    assert not LogSource(log, clock=HandClock(NOON)).read().value.complete


def test_a_file_that_was_rotated_meanwhile_is_counted_once(log: Path) -> None:
    log.write_text(line(10, "ERROR", "once"))
    rotated(log).hardlink_to(log)
    assert LogSource(log, clock=HandClock(NOON)).read().value.errors == 1


def test_a_young_log_without_a_predecessor_is_complete(log: Path) -> None:
    log.write_text(line(10, "INFO", "new"))
    assert LogSource(log, clock=HandClock(NOON)).read().value.complete


def test_what_only_looks_like_a_time_is_no_log_line(log: Path) -> None:
    log.write_text("2026-99-99 12:00:00,000 [ERROR] engine: x\n" + line(1, "INFO", "new"))
    tail = LogSource(log, clock=HandClock(NOON)).read().value
    assert (tail.lines, tail.errors) == (1, 0)


def test_bytes_that_are_no_text_do_no_harm(log: Path) -> None:
    log.write_bytes(b"\xff\xfe\x00\n" + line(1, "ERROR", "\x1b[2J").encode())
    tail = LogSource(log, clock=HandClock(NOON)).read().value
    assert tail.errors == 1


def test_a_missing_log_is_one_sentence(log: Path) -> None:
    with pytest.raises(SourceError, match=r"futures\.log: No such file"):
        read(log)


def test_only_what_is_new_is_read_once_the_log_is_known(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write_text("".join(line(100, "INFO", "x" * 200) for _ in range(900)))
    source = LogSource(log, clock=HandClock(NOON))
    assert source.read().value.lines == 900
    with log.open("a") as stream:
        stream.write(line(2, "ERROR", "new"))
    read: list[int] = []
    whole = log_source._decoded

    def decoded(content: bytes) -> list[str]:
        read.append(len(content))
        return whole(content)

    monkeypatch.setattr(log_source, "_decoded", decoded)
    tail = source.read().value
    assert (tail.lines, tail.errors, tail.complete) == (901, 1, True)
    assert sum(read) == len(line(2, "ERROR", "new"))


def test_lines_leave_the_count_when_they_are_older_than_the_window(log: Path) -> None:
    clock = HandClock(NOON)
    log.write_text(line(200, "ERROR", "first") + line(100, "INFO", "second"))
    source = LogSource(log, clock=clock)
    assert source.read().value.errors == 1
    clock.at = NOON + 150
    tail = source.read().value
    assert (tail.lines, tail.errors, tail.last_problem, tail.complete) == (1, 0, None, True)


def test_a_truncated_log_is_counted_anew(log: Path) -> None:
    source = LogSource(log, clock=HandClock(NOON))
    log.write_text(line(20, "ERROR", "old"))
    assert source.read().value.errors == 1
    log.write_text(line(10, "INFO", "new, and longer than what stood there before"))
    assert (source.read().value.lines, source.read().value.errors) == (1, 0)


def test_a_line_counts_once_it_is_whole(log: Path) -> None:
    source = LogSource(log, clock=HandClock(NOON))
    whole = line(20, "ERROR", "begun and ended")
    log.write_text(whole[:50])
    assert source.read().value.errors == 0
    log.write_text(whole)
    assert source.read().value.errors == 1


def test_counts_become_complete_again_once_the_window_has_passed_a_flood(log: Path) -> None:
    clock = HandClock(NOON)
    log.write_text("".join(line(10, "INFO", "x" * 200) for _ in range(4000)))
    source = LogSource(log, clock=clock)
    assert not source.read().value.complete
    clock.at = NOON + 295
    assert source.read().value.complete


def test_the_newest_lines_that_name_the_symbol_in_focus_are_kept(log: Path) -> None:
    focus = Focus()
    source = LogSource(log, clock=HandClock(NOON), focus=focus)
    log.write_text(
        "".join(line(60 - n, "INFO", f"BTCUSDT {n}") for n in range(55)) + line(1, "INFO", "BTCUSDT_PERP")
    )
    assert source.read().value.focus_lines == ()
    focus.symbol = "BTCUSDT"
    named = source.read().value.focus_lines
    assert (len(named), named[0][-10:], named[-1][-9:]) == (50, "BTCUSDT 54", "BTCUSDT 5")
    with log.open("a") as stream:
        stream.write(line(0, "INFO", "BTCUSDTX") + line(0, "INFO", "closed BTCUSDT"))
    newest = source.read().value.focus_lines
    assert (len(newest), newest[0][-14:]) == (50, "closed BTCUSDT")
    focus.symbol = None
    assert source.read().value.focus_lines == ()
