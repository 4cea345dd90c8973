"""A log followed in a thread of its own, however much is written to it."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from console.domain.clock import SystemClock
from console.log_follower import LogFollower
from console.sources.logs.file import LogFile
from console.sources.logs.pattern import ERRORS, line_pattern
from console.sources.logs.reader import Page
from tests.unit.log_reading import append, line, messages
from tests.waiting import DEADLINE, eventually


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "futures.log"


def test_a_follower_offers_pages_from_its_thread_and_ends_when_it_is_told(log: Path) -> None:
    append(log, line(0, "first"))
    changed = threading.Event()
    follower = LogFollower(LogFile("engine", lambda: log), SystemClock(), changed.set)
    follower.start()
    assert changed.wait(DEADLINE)
    eventually(lambda: messages(follower.page) == ["first"])
    append(log, line(1, "second", "ERROR"))
    eventually(lambda: messages(follower.page)[-1:] == ["second"])
    follower.filter(line_pattern(ERRORS), None)
    eventually(lambda: messages(follower.page) == ["second"])
    before = set(Path("/proc/self/fd").iterdir())
    follower.stop()
    follower.join(DEADLINE)
    assert len(set(Path("/proc/self/fd").iterdir())) < len(before)


def test_a_defect_is_shown_in_place_of_a_page_that_looks_alive(log: Path) -> None:
    append(log, line(0, "first"))
    asked = 0

    def find() -> Path:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise ZeroDivisionError("a defect")
        return log

    shown: list[Page] = []
    follower = LogFollower(LogFile("engine", find), SystemClock(), lambda: shown.append(follower.page))
    follower.start()
    eventually(lambda: any(page.note == "internal error: ZeroDivisionError: a defect" for page in shown))
    eventually(lambda: messages(follower.page) == ["first"] and not follower.page.note)
    follower.stop()


def test_a_quiet_log_costs_next_to_nothing(log: Path) -> None:
    append(log, line(0, "quiet"))
    follower = LogFollower(LogFile("engine", lambda: log), SystemClock(), lambda: None)
    follower.start()
    eventually(lambda: len(follower.page.lines) == 1)
    for _ in range(5):  # what it costs, it costs in each second; what else there is to do here, it doesn't
        began, used = time.monotonic(), time.process_time()
        time.sleep(1)
        share = (time.process_time() - used) / (time.monotonic() - began)
        if share < 0.02:
            break
    follower.stop()
    assert share < 0.02


LINE = line(
    0, "BTCUSDT mark price 64123.50 margin_ratio 1.432 funding 0.0001", logger="engine.market"
).encode()


def flood(log: Path, megabytes: int) -> None:
    block = LINE * (1_000_000 // len(LINE))
    with log.open("wb") as stream:
        for _ in range(megabytes):
            stream.write(block)


def measured(log: Path, seconds: float) -> tuple[float, float, float]:
    """In a process of its own, which is written 50,000 lines a second and reads all of them: the processor's
    seconds to the first page and for the rest, and by how many MB its memory grew meanwhile."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.unit.log_flood", str(log), str(seconds)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout.split()
    return float(told[0]), float(told[1]), float(told[2])


def test_a_large_log_opens_at_once_and_is_followed_at_full_speed(log: Path) -> None:
    flood(log, 100)
    first, used, grown = measured(log, 2)
    assert first < 0.15
    assert used < 0.5
    assert grown < 8


@pytest.mark.campaign
def test_a_log_of_two_gigabytes_opens_at_once_and_is_followed_at_full_speed(log: Path) -> None:
    flood(log, 2_000)
    first, used, grown = measured(log, 10)
    assert first < 0.15
    assert used < 2.5
    assert grown < 8
