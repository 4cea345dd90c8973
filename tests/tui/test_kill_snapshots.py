"""The kill switch in every state that an operator meets, before a trip and after it, pinned as text."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from console.domain.snapshot import Snapshot, with_own_trip
from console.tui.app import OpsConsole
from tests.tui.cases import ASCII, CASES, UTF8
from tests.tui.fake import PAPER, START, failing, metrics_of, snapshot, symbol_rows
from tests.tui.killing import Desk, everything, last_trip, settled, written
from tests.tui.screen import assert_snapshot, painted
from tests.tui.test_painting import a_record
from tests.waiting import until

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
CALM = snapshot(START, metrics_of(symbol_rows(5)))


@pytest.fixture(autouse=True)
def local_time_is_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Instants are shown in local time: wherever the tests run, it is the same here."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def pinned(desk: Desk, state: str) -> None:
    await settled(desk.app)
    await assert_snapshot(desk.app, f"kill-{state}-{desk.app.size.width}x{desk.app.size.height}")


async def show(desk: Desk, taken: Snapshot, later: float) -> None:
    """Open it anew on another state of the world."""
    await desk.press("escape")
    desk.watched.snapshot, desk.clock.at = taken, START + later
    desk.app.paint()
    await desk.press("K")


@SIZES
async def test_before_a_trip_it_looks_as_reviewed(size: tuple[int, int]) -> None:
    desk = Desk(CASES["normal"].snapshot)
    async with desk.app.run_test(size=size):
        await painted(desk.app)
        await desk.press("K")
        await until(lambda: "WILL FIRE     flag file" in desk.text)
        await pinned(desk, "normal")
        await desk.press("8", "u")
        await pinned(desk, "chosen")
        for state in ("worst", "stale", "disconnected", "hostile", "empty"):
            taken = CASES[state].snapshot
            if state == "worst":  # not tripped yet
                metrics = metrics_of(symbol_rows(3), key_values=(0.71, 25.0, 1.01, 0.8, 900e-6, 0.03))
                taken = failing(snapshot(START, metrics), "HTTP 503", "exchange")
            await show(desk, taken, CASES[state].later)
            await until(lambda: "WILL FIRE     flag file" in desk.text)
            await pinned(desk, state)


@SIZES
async def test_after_a_trip_it_looks_as_reviewed_step_by_step(size: tuple[int, int]) -> None:
    """Being fired, written but not acknowledged, proven, cleared by the engine itself, all sources gone."""
    hanging, desk = threading.Event(), Desk(CALM)
    desk.kill.armed_with = everything(hanging=hanging)
    async with desk.app.run_test(size=size):
        await painted(desk.app)
        await desk.press("K", "5", "T")
        await until(lambda: "journal: recorded" in desk.text and "✓ feature flags" in desk.text)
        await pinned(desk, "firing")
        hanging.set()
        await until(lambda: "✓ database" in desk.text)
        desk.judged(later=2)
        await pinned(desk, "unconfirmed")
        tripped = snapshot(desk.clock.at + 0.2, metrics_of(symbol_rows(5), tripped=1))
        desk.judged(tripped, later=0.5)
        await pinned(desk, "tripped")
        assert desk.kill.latest is not None
        desk.kill.latest = replace(desk.kill.latest, acknowledged=START + 3)
        cleared = snapshot(desk.clock.at + 0.2, metrics_of(symbol_rows(5)))
        desk.judged(cleared, later=1)
        await pinned(desk, "lost")
        names = ("metrics", "database", "exchange", "flags", "engine", "log")
        desk.judged(failing(cleared, "no route to host", *names), later=75)
        await pinned(desk, "gone")


@SIZES
async def test_a_trip_of_another_console_that_failed_in_part_looks_as_reviewed(size: tuple[int, int]) -> None:
    failed = written("database", done=False, words="can't connect to db-1.internal: connection refused " * 2)
    noted = last_trip(
        reason="\x1b[31m[red]" + "why " * 60, at=START - 40, written=(*written("flag file", "http"), *failed)
    )
    shown = snapshot(START, metrics_of(symbol_rows(5), tripped=1))
    desk = Desk(replace(shown, last_trip=with_own_trip(shown.last_trip, noted, START)))
    async with desk.app.run_test(size=size):
        await painted(desk.app)
        await desk.press("K")
        await pinned(desk, "partial")


@SIZES
async def test_in_a_replay_it_looks_as_reviewed(size: tuple[int, int]) -> None:
    desk = Desk(CALM)
    player = a_record()
    desk.app = OpsConsole(PAPER, lambda: player, environ=UTF8)
    async with desk.app.run_test(size=size):
        await painted(desk.app)
        await desk.press("K", "T")
        await pinned(desk, "replay")


@SIZES
@pytest.mark.parametrize("terminal", ["no-colour", "ascii"])
async def test_without_colour_it_looks_as_reviewed(
    size: tuple[int, int], terminal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if terminal == "no-colour":
        monkeypatch.setenv("NO_COLOR", "1")
    desk = Desk(CALM, environ=ASCII if terminal == "ascii" else UTF8)
    desk.kill.armed_with = everything(failing=True)
    async with desk.app.run_test(size=size):
        await painted(desk.app)
        await desk.press("K")
        await until(lambda: "WILL FIRE     flag file" in desk.text)
        await pinned(desk, terminal)
        await desk.press("T")
        await until(lambda: "journal: recorded" in desk.text)
        desk.judged(later=1)
        await pinned(desk, f"fired-{terminal}")
