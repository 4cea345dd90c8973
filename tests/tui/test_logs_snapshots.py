"""Screen 7 in every state that an operator meets, pinned as text: the log is a real file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.domain.snapshot import Snapshot
from console.log_follower import LogFollower
from console.sources.logs.file import LogFile
from console.tui.app import OpsConsole
from console.tui.screens.logs import Logs
from tests.tui.cases import CASES, UTF8, worst
from tests.tui.fake import PAPER, START, HandClock, nothing_yet
from tests.tui.logs import WithLogs, append, folder, line, log, shows, typed, view_of
from tests.tui.screen import assert_snapshot, painted, text_of

__all__ = ["folder", "log"]  # fixtures

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
NORMAL = CASES["normal"].snapshot


@asynccontextmanager
async def followed(
    file: Path, size: tuple[int, int], shown: Snapshot = NORMAL, later: float = 0.8
) -> AsyncIterator[tuple[OpsConsole, Pilot[int], HandClock]]:
    """The console on screen 7."""
    clock = HandClock(START + later)
    watched = WithLogs(shown, clock, logs=(LogFile("engine", lambda: file),))
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8)
    async with app.run_test(size=size) as pilot:
        await painted(app)
        await pilot.press("7")
        await shows(app, lambda: isinstance(app.screen, Logs))
        yield app, pilot, clock


def remove(log: Path) -> None:
    log.unlink()


async def pinned(app: OpsConsole, state: str) -> None:
    app.paint()
    await assert_snapshot(app, f"logs-{state}-{app.size.width}x{app.size.height}")


@SIZES
async def test_everything_red_looks_as_reviewed(size: tuple[int, int], folder: Path) -> None:
    file = folder / "futures.log"
    append(
        file, *(line(30 - n / 4, f"LIQUIDATION S{n % 30:02}/USD", "CRITICAL", "engine") for n in range(90))
    )
    async with followed(file, size, worst()) as (app, _, _clock):
        await shows(app, lambda: "LIQUIDATION" in text_of(app))
        await pinned(app, "worst")


@SIZES
async def test_an_empty_log_looks_as_reviewed(size: tuple[int, int], folder: Path) -> None:
    (folder / "futures.log").touch()
    async with followed(folder / "futures.log", size) as (app, _, _clock):
        await shows(app, lambda: "empty" in text_of(app))
        await pinned(app, "empty")


@SIZES
async def test_a_log_that_nobody_writes_to_looks_as_reviewed(size: tuple[int, int], log: Path) -> None:
    async with followed(log, size, later=400) as (app, _, _clock):
        await shows(app, lambda: "BTCUSDT" in text_of(app))
        await pinned(app, "stale")


@SIZES
async def test_a_log_that_has_gone_looks_as_reviewed(size: tuple[int, int], log: Path) -> None:
    async with followed(log, size) as (app, _, clock):
        await shows(app, lambda: "BTCUSDT" in text_of(app))
        remove(log)
        await shows(app, lambda: "NOT READ" in text_of(app))
        clock.at += 75
        await pinned(app, "gone")


@SIZES
async def test_a_log_that_never_was_looks_as_reviewed(size: tuple[int, int], folder: Path) -> None:
    async with followed(folder / "futures.log", size) as (app, _, _clock):
        await shows(app, lambda: "there is no" in text_of(app))
        await pinned(app, "never")


@SIZES
async def test_the_log_right_after_start_looks_as_reviewed(
    size: tuple[int, int], log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LogFollower, "start", lambda _: None)
    async with followed(log, size, nothing_yet(START), later=0.2) as (app, _, _clock):
        await pinned(app, "start")


@SIZES
async def test_the_log_without_colour_looks_as_reviewed(
    size: tuple[int, int], log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with followed(log, size) as (app, pilot, _clock):
        await pilot.press("f")
        await typed(pilot, "LIQUIDATION")
        await shows(app, lambda: "PAUSED at" in text_of(app))
        await pinned(app, "no-colour")


@SIZES
async def test_long_names_and_numbers_look_as_reviewed(size: tuple[int, int], log: Path) -> None:
    symbol, number = "S" * 40, "12345678901234567890"
    append(log, line(2, f"{symbol} quantity {number} at {number}.12", "ERROR", "engine." + "l" * 40))
    append(log, line(1, "[red]BTC[/] \x1b[31m\u202e 漢字 e\u0301", "WARNING", "engine"))
    async with followed(log, size) as (app, _, _clock):
        await shows(app, lambda: "[red]BTC[/]" in text_of(app) and view_of(app).following)
        await pinned(app, "hostile")
