"""The console on screen 7, on real files that a test writes."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.sources.logs.file import LogFile
from console.tui.app import OpsConsole
from console.tui.screens.logs import Logs
from console.tui.widgets.log.view import LogView
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, metrics_of, snapshot, symbol_rows
from tests.tui.screen import painted, text_of
from tests.waiting import until

UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}

UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
ASCII = {"LANG": "C", "TERM": "linux"}


@dataclass(slots=True)
class WithLogs(FakeWatched):
    """Settled data, and real logs beside it."""

    logs: tuple[LogFile, ...] = ()


def line(ago: float, message: str, level: str = "INFO", logger: str = "engine.market") -> str:
    at = datetime.fromtimestamp(START - ago)
    return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03} [{level}] {logger}: {message}\n"


def usual() -> str:
    """Five minutes of a log, with every level and a traceback with a colour in it."""
    text = [line(300 - n, f"BTCUSDT mark 64{n:03}.50 funding 0.0001") for n in range(280)]
    text[250:250] = [
        line(50, "turn took 12 ms", "DEBUG", "engine.loop"),
        line(49, "margin_status SOLUSDT 1.18 below 1.2", "WARNING", "engine.margin"),
        line(48, "the exchange says 0.5, the book 0.4", "ERROR", "position_sync"),
        "Traceback (most recent call last):\n",
        '    raise SyncError("\x1b[31mno answer\x1b[0m [red]x[/]")\n',
        "SyncError: no answer \u202e漢字\n",
        line(47, "LIQUIDATION BTCUSDT LONG 0.5 at 61000.1, " + "and so on " * 30, "CRITICAL", "engine.risk"),
    ]
    return "".join(text)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder, seen from where its name is the same at every run, in a time zone that is too."""
    with pytest.MonkeyPatch.context() as changed:
        changed.chdir(tmp_path)
        changed.setenv("TZ", "UTC")
        time.tzset()
        (tmp_path / "logs").mkdir()
        yield Path("logs")
    time.tzset()


@pytest.fixture
def log(folder: Path) -> Path:
    file = folder / "futures.log"
    file.write_text(usual(), encoding="utf-8")
    return file


def append(log: Path, *lines: str) -> None:
    with log.open("a") as stream:
        stream.write("".join(lines))


@asynccontextmanager
async def opened(
    *logs: Path, size: tuple[int, int] = (120, 40), environ: dict[str, str] | None = None
) -> AsyncIterator[tuple[OpsConsole, Pilot[int]]]:
    """The console on screen 7, with the first page shown."""
    files = tuple(LogFile(log.stem, lambda log=log: log) for log in logs)  # type: ignore[misc]
    shown = snapshot(START, metrics_of(symbol_rows(3)))
    app = OpsConsole(
        PAPER, lambda: WithLogs(shown, HandClock(START + 0.8), logs=files), environ=environ or UTF8
    )
    async with app.run_test(size=size) as pilot:
        await painted(app)
        await pilot.press("7")
        await until(lambda: isinstance(app.screen, Logs) and app.screen.query(LogView).first().is_attached)
        if logs:
            await until(lambda: bool(view_of(app)._page.path))
        app.paint()
        await pilot.pause()
        yield app, pilot


def view_of(app: OpsConsole) -> LogView:
    return next(screen for screen in app.screen_stack if isinstance(screen, Logs)).query_one(LogView)


def busy(app: OpsConsole) -> bool:
    """Whether the log is still being looked through."""
    return view_of(app)._page.progress is not None


def chosen_of(app: OpsConsole) -> str:
    found = view_of(app).line
    return "" if found is None else found.message


def is_open(log: Path) -> bool:
    """Whether this process has the file open."""
    found: set[Path] = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(descriptor.readlink())
    return log.resolve() in found


async def shows(app: OpsConsole, condition: Callable[[], bool]) -> None:
    """Wait until the screen shows it, as it would at its own pace."""

    def painted_and_so() -> bool:
        app.paint()
        return condition()

    await until(painted_and_so)
    await asyncio.sleep(0.02)


async def typed(pilot: Pilot[int], text: str) -> None:
    for character in text:
        await pilot.press("space" if character == " " else character)
    await pilot.press("enter")


def newest(app: OpsConsole) -> str:
    return next(line for line in reversed(text_of(app).split("\n")[:-1]) if line.strip("▌▐| "))
