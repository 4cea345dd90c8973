"""Screen 8 in every state that an operator meets, pinned as text: the journal is a real one."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.tui.app import OpsConsole
from console.tui.screens.audit import screen as audit_screen
from console.tui.tools import Tools
from console.tui.watched import Watched
from tests.tui.cases import CASES, UTF8
from tests.tui.fake import PAPER, START, FakeWatched, HandClock
from tests.tui.journals import DANA, FOLDER, HOSTILE, edited, follower, journal, trip, write_an_evening
from tests.tui.screen import assert_snapshot, painted, text_of
from tests.tui.test_painting import a_record
from tests.waiting import until

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run beside the state folder, in UTC, and look at the journal often."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(audit_screen, "LOOKS_EVERY", 0.05)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    write_an_evening()
    yield
    monkeypatch.undo()
    time.tzset()


@asynccontextmanager
async def opened(
    size: tuple[int, int], watched: Watched | None = None
) -> AsyncIterator[tuple[OpsConsole, Pilot[int]]]:
    """The console on screen 8, over a calm engine."""
    shown = watched or FakeWatched(CASES["normal"].snapshot, HandClock(START + 0.8))
    app = OpsConsole(PAPER, lambda: shown, environ=UTF8, tools=Tools(journal=follower()))
    async with app.run_test(size=size) as pilot:
        await painted(app)
        await pilot.press("8")
        yield app, pilot


async def pinned(app: OpsConsole, state: str, shown: str) -> None:
    """What `shown` belongs to looks as reviewed."""
    await until(lambda: shown in text_of(app))
    await assert_snapshot(app, f"audit-{state}-{app.size.width}x{app.size.height}")


@SIZES
async def test_the_journal_looks_as_reviewed_while_it_goes_from_bad_to_worse(size: tuple[int, int]) -> None:
    """Sound, a record in full, edited, with foreign words, all sources gone, and not to be read at all."""
    watched = FakeWatched(CASES["normal"].snapshot, HandClock(START + 0.8))
    async with opened(size, watched) as (app, pilot):
        await pinned(app, "normal", "✓ SOUND")
        await pilot.press("enter")
        await pinned(app, "record", "record 10")
        await pilot.press("escape")
        with edited(b"nobody else is awake", b"nobody else was here"):
            await pilot.press("v")
            await pinned(app, "unsound", "NOT SOUND")
        await pilot.press("v")
        await until(lambda: "✓ SOUND" in text_of(app) and "line 9" not in text_of(app))
        journal().note(DANA, trip(HOSTILE, context="[bold]\x07"))
        await until(lambda: "#11" in text_of(app))
        await pilot.press("home", "v")
        await pinned(app, "hostile", "11 records")
        watched.snapshot, watched.clock = CASES["disconnected"].snapshot, HandClock(START + 75)
        app.paint()
        await pinned(app, "disconnected", "75 s")
        FOLDER.rename("elsewhere")
        FOLDER.write_text("no folder")
        await pinned(app, "unreadable", "NOT READ ")


@SIZES
@pytest.mark.parametrize("case", ["worst", "stale", "empty"])
async def test_whatever_the_world_is_like_it_looks_as_reviewed(size: tuple[int, int], case: str) -> None:
    """`empty` is also before the first record was written."""
    if case == "empty":
        FOLDER.parent.rename("elsewhere")
    shown = FakeWatched(CASES[case].snapshot, HandClock(START + CASES[case].later))
    async with opened(size, shown) as (app, _):
        await pinned(app, case, "no record yet" if case == "empty" else "✓ SOUND")


@SIZES
async def test_the_journal_of_a_replay_looks_as_reviewed(size: tuple[int, int]) -> None:
    async with opened(size, a_record()) as (app, _):
        await pinned(app, "replay", "NO JOURNAL")


@SIZES
async def test_without_colour_the_journal_looks_as_reviewed(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with edited(b"nobody else is awake", b"nobody else was here"):
        async with opened(size) as (app, _):
            await pinned(app, "no-colour", "✘ NOT SOUND")
