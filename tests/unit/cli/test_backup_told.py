"""How far a backup is, as its command tells it: a line that is rewritten, or now and then a further one."""

import sys
from contextlib import suppress
from pathlib import Path

import pytest

from console.cli.backup_told import ProgressLine
from console.domain.backup_progress import Progress
from tests.unit.history.records import HandClock


def run(looks: int, each: float) -> None:
    clock = HandClock()
    line = ProgressLine(clock)
    for number in range(1, looks + 1):
        clock.at += each
        line.look(Progress("loading", number, looks))
    line.end()


def test_without_a_terminal_a_line_is_told_each_five_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    run(100, 0.125)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "loading  40 %  40 of 100 rows  8 rows/s  7 s left\n"
        "loading  80 %  80 of 100 rows  8 rows/s  2 s left\n"
    )
    run(40, 0.1)
    assert capsys.readouterr().err == ""


def test_on_a_terminal_one_line_is_rewritten_within_its_width_and_taken_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "20")
    run(1000, 0.01)
    told = capsys.readouterr().err
    assert "\n" not in told
    assert told.endswith("\r\x1b[K")
    lines = told.split("\r")[1:-1]
    assert 90 <= len(lines) <= 100
    assert {len(line.removesuffix("\x1b[K")) for line in lines} <= {18, 19}


def test_whoever_does_not_listen_any_more_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    with suppress(OSError), Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        run(10, 1.0)
        told.append("to the end")
    assert told == ["to the end"]
