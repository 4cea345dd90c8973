"""How soon a key is on its way to the terminal: it waits for no turn of the event loop that it needn't."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from rich.console import RenderableType
from textual.app import App
from textual.events import Key
from textual.screen import Screen

from console.tui.app import OpsConsole
from console.tui.screens.overview.screen import Overview
from console.tui.terminal.driver import TidyDriver
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, metrics_of, snapshot, symbol_rows
from tests.waiting import until


@asynccontextmanager
async def console_at_rest() -> AsyncIterator[tuple[OpsConsole, Overview]]:
    """A console with a table on its screen, of which nothing is left to be shown."""
    watched = FakeWatched(snapshot(START, metrics_of(symbol_rows(50))), HandClock(START + 0.5))
    app = OpsConsole(PAPER, lambda: watched, environ={"LANG": "C.UTF-8", "TERM": "xterm-256color"})
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen
        assert isinstance(screen, Overview)
        await until(lambda: len(screen.table.keys) == 50 and screen.laid_out)
        await pilot.pause()
        yield app, screen


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The row under the cursor in each frame that was sent."""
    sent: list[str | None] = []
    display = OpsConsole._display

    def shown(self: OpsConsole, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(screen, Overview):
            sent.append(screen.table.cursor_key)
        display(self, screen, renderable)

    monkeypatch.setattr(OpsConsole, "_display", shown)
    return sent


async def test_what_a_key_has_changed_is_sent_with_it(frames: list[str | None]) -> None:
    async with console_at_rest() as (app, screen):
        before = screen.table.cursor_key
        frames.clear()
        await app.on_event(Key("down", None))
        assert frames == [screen.table.cursor_key]
        assert frames != [before]


async def test_keys_that_come_together_are_shown_together(frames: list[str | None]) -> None:
    async with console_at_rest() as (app, screen):
        before, last = screen.table.cursor_key, screen.table.keys[5]
        frames.clear()
        for _ in range(5):
            app.post_message(Key("down", None))
        await until(lambda: last in frames)
        assert set(frames) <= {before, last}


async def test_what_has_to_be_laid_out_is_sent_once_it_is(frames: list[str | None]) -> None:
    async with console_at_rest() as (app, screen):
        frames.clear()
        await app.on_event(Key("slash", "/"))
        assert not frames
        await until(lambda: screen._prompt.region.height == 1)


async def test_a_key_reaches_the_app_in_one_turn_of_its_loop() -> None:
    app: App[object] = App()
    async with app.run_test() as pilot:
        await pilot.pause()
        driver = TidyDriver(app)
        typing = threading.Thread(target=driver.send_message, args=(Key("x", "x"),))
        typing.start()
        typing.join()
        await asyncio.sleep(0)
        assert app._message_queue.qsize() == 1
