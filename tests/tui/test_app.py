"""The app as an operator drives it: keys, sizes, quitting, and frames that never lie about age."""

import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import RenderableType
from textual.screen import Screen

from console.domain.assessment import Assessment
from console.domain.clock import SystemClock
from console.tui.app import OpsConsole, Watched
from console.tui.screens import frame
from console.tui.screens.overview.screen import Overview
from tests.tui.fake import (
    PAPER,
    START,
    FakeWatched,
    HandClock,
    failing,
    metrics_of,
    snapshot,
    symbol_rows,
)
from tests.tui.screen import text_of, tone_letters
from tests.waiting import DEADLINE, until

UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}


def console(watched: Watched) -> OpsConsole:
    return OpsConsole(PAPER, lambda: watched, environ=UTF8)


def calm(phase: float = 0.0, count: int = 58) -> FakeWatched:
    return FakeWatched(snapshot(START, metrics_of(symbol_rows(count, phase))), HandClock(START + 0.5))


def cursor_key(app: OpsConsole) -> str | None:
    assert isinstance(app.screen, Overview)
    return app.screen.table.cursor_key


def refresh(app: OpsConsole) -> None:
    """Paint as after a new reading."""
    app.paint()


async def test_the_frame_is_there_while_the_monitor_is_still_being_made() -> None:
    made = threading.Event()

    def watch() -> Watched:
        made.wait(60)
        return calm()

    app = OpsConsole(PAPER, watch, environ=UTF8)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "connecting" in text_of(app)
        assert "READ-ONLY" in text_of(app)
        made.set()
        await until(lambda: "BTC000/USD" in text_of(app))


async def test_the_cursor_stays_on_its_symbol_and_line_through_updates_and_sorting() -> None:
    watched = calm()
    app = console(watched)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "BTC000/USD" in text_of(app))
        await pilot.press(*["down"] * 20)
        chosen = cursor_key(app)
        assert chosen is not None
        for phase in (1.0, 2.0, 3.0):
            watched.snapshot = snapshot(START, metrics_of(symbol_rows(58, phase)))
            await pilot.press("s")
            refresh(app)
            await pilot.pause()
            assert cursor_key(app) == chosen
            assert f"▸ {chosen}" in text_of(app)


async def test_until_it_is_moved_the_cursor_stays_on_the_worst_symbol() -> None:
    watched = calm()
    app = console(watched)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "BTC000/USD" in text_of(app))
        rows = symbol_rows(58)
        rows[57] = replace(rows[57], margin=1.01)
        watched.snapshot = snapshot(START, metrics_of(rows))
        refresh(app)
        await pilot.pause()
        assert cursor_key(app) == rows[57].symbol


async def test_stale_rows_keep_the_order_they_had_and_say_their_age() -> None:
    rows = symbol_rows(10)
    rows[7] = replace(rows[7], margin=1.01)
    watched = FakeWatched(snapshot(START, metrics_of(rows)), clock := HandClock(START + 0.5))
    app = console(watched)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "critical" in text_of(app))
        clock.at = START + 7.2
        refresh(app)
        await pilot.pause()
        first = next(line for line in text_of(app).splitlines() if "/USD" in line and "stale" in line)
        assert rows[7].symbol in first
        assert "? stale " in first
        assert "7.3 s old" in first


@pytest.mark.parametrize("size", [(79, 24), (40, 14)])
async def test_a_terminal_too_small_names_the_command_that_stops_the_engine(size: tuple[int, int]) -> None:
    app = console(calm())
    async with app.run_test(size=size) as pilot:
        await pilot.pause(0.1)
        shown = " ".join(text_of(app).replace("▌", " ").replace("▐", " ").split())
        assert "the same --config and --state: opsconsole kill trip --context paper --reason WHY" in shown


async def test_only_quit_works_below_80_by_24_and_the_screen_says_so() -> None:
    app = console(calm())
    async with app.run_test(size=(79, 24)) as pilot:
        await pilot.pause(0.1)
        assert "too small" in text_of(app)
        assert "READ-ONLY" in text_of(app)
        await pilot.press("question_mark", "s", "t")
        await pilot.pause()
        assert "too small" in text_of(app)
        assert "Help" not in text_of(app)
        assert app.theme == "opsconsole-dark"
        hints = text_of(app).splitlines()[-1]
        assert "quit" in hints
        assert not any(word in hints for word in ("help", "theme", "sort", "alerts"))
        await pilot.press("q")
    assert app.return_value == 0


async def test_the_screen_comes_back_when_the_terminal_grows_again() -> None:
    app = console(calm())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "BTC000/USD" in text_of(app))
        await pilot.press("down", "down")
        chosen = cursor_key(app)
        await pilot.resize_terminal(60, 20)
        await until(lambda: "This terminal is 60x20" in text_of(app))
        await pilot.resize_terminal(50, 15)
        await until(lambda: "This terminal is 50x15" in text_of(app))
        await pilot.resize_terminal(120, 40)
        await until(lambda: "SOURCES" in text_of(app))
        await pilot.press("up", "down")
        assert cursor_key(app) == chosen


async def test_the_status_line_stays_live_above_the_help() -> None:
    watched = calm()
    app = console(watched)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "BTC000/USD" in text_of(app))
        await pilot.press("question_mark")
        watched.snapshot = snapshot(START, metrics_of(symbol_rows(58), tripped=1))
        refresh(app)
        await pilot.pause()
        assert "Help" in text_of(app)
        assert "TRIPPED" in text_of(app).splitlines()[0]
        await pilot.press("escape")
        assert "Help" not in text_of(app)


async def test_a_notice_gives_the_key_hints_their_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "_SAID_FOR", 0.2)
    app = console(calm())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "BTC000/USD" in text_of(app))
        await pilot.press("m")
        await until(lambda: "no row is marked" in text_of(app).splitlines()[-1])
        await until(lambda: "quit" in text_of(app).splitlines()[-1])


async def test_quitting_an_engine_of_its_own_is_told_apart() -> None:
    app = OpsConsole(replace(PAPER, owns_engine=True), calm, environ=UTF8)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "BTC000/USD" in text_of(app))
        assert "quit demo" in text_of(app).splitlines()[-1]
        await pilot.press("question_mark")
        read = ""
        for _ in range(4):
            await pilot.pause()
            read += text_of(app)
            await pilot.press("pagedown")
        assert "stop its paper engine" in read
        assert "not touched" not in read


@pytest.mark.parametrize(("count", "shown"), [(12, True), (30, False)])
async def test_a_low_screen_shows_alerts_and_sources_where_the_table_leaves_room(
    count: int, shown: bool
) -> None:
    app = console(calm(count=count))
    async with app.run_test(size=(110, 33)) as pilot:
        await until(lambda: "BTC000/USD" in text_of(app))
        await pilot.pause()
        assert ("SOURCES" in text_of(app)) is shown


async def test_the_table_does_not_move_when_the_number_of_findings_changes() -> None:
    watched, lines = calm(), set()
    app = console(watched)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "BTC000/USD" in text_of(app))
        for bad in range(5):
            rows = symbol_rows(58)
            rows[0] = replace(rows[0], margin=1.0 if bad > 0 else 1.9, funding=0.002 if bad > 1 else 0.0)
            rows[1] = replace(rows[1], liquidations=float(bad > 2), sync_errors=float(bad > 3))
            watched.snapshot = snapshot(START, metrics_of(rows))
            refresh(app)
            await pilot.pause()
            shown = text_of(app).splitlines()
            lines.add(next(y for y, line in enumerate(shown) if "STATE" in line))
            assert ("+1 more" in text_of(app)) is (bad == 4)
    assert len(lines) == 1


async def test_quitting_does_not_wait_for_a_monitor_that_is_never_made() -> None:
    blocked = threading.Event()

    def watch() -> Watched:
        blocked.wait(60)
        return calm()

    app = OpsConsole(PAPER, watch, environ=UTF8)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)
        began = time.monotonic()
        await pilot.press("q")
    assert time.monotonic() - began < DEADLINE
    blocked.set()


async def test_a_monitor_that_fails_ends_the_console_with_a_clear_line() -> None:
    class Failing(FakeWatched):
        async def run(self, changed: Callable[[], None]) -> None:
            raise RuntimeError("the poller broke")

    failing_one = Failing(snapshot(START, metrics_of([])))
    app = console(failing_one)
    async with app.run_test(size=(80, 24)):
        await until(lambda: app.return_value is not None)
    assert app.return_value == 70


async def test_no_frame_shows_a_green_value_older_than_its_limit() -> None:
    limit, clock = 1.0, SystemClock()
    watched = FakeWatched(snapshot(clock.now() - 2, metrics_of(symbol_rows(58)), limit=limit), clock)
    frames: list[tuple[float, bool]] = []

    class Recording(OpsConsole):
        def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
            super()._display(screen, renderable)
            frames.append((clock.now(), _shows_green_values(self)))

    app = Recording(PAPER, lambda: watched, environ=UTF8)
    async with app.run_test(size=(120, 40)):
        await until(lambda: "/USD" in text_of(app))
        measuring = asyncio.create_task(_longest_delay_of_the_loop())
        read_at = clock.now()
        watched.snapshot = snapshot(read_at, metrics_of(symbol_rows(58)), limit=limit)
        frames.clear()
        app.paint()
        await until(lambda: any(green for _, green in frames))
        await until(lambda: frames[-1][0] > read_at + limit + 0.5)
        measuring.cancel()
    shown_until = [later for (_, green), (later, _) in itertools.pairwise(frames) if green]
    assert shown_until
    assert max(shown_until) - read_at < limit + await measuring


async def _longest_delay_of_the_loop() -> float:
    """How late the machine ever let the event loop run, in seconds, until cancelled.

    No plan of the screen's can draw a frame while it isn't run.
    """
    longest, loop = 0.0, asyncio.get_running_loop()
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            due = loop.time() + 0.005
            await asyncio.sleep(0.005)
            longest = max(longest, loop.time() - due)
    return longest


def _shows_green_values(app: OpsConsole) -> bool:
    """Whether any cell of the table is green."""
    text, tones = text_of(app).split("\n"), tone_letters(app).split("\n")
    return any("/USD" in line and "g" in tone for line, tone in zip(text, tones, strict=True))


@pytest.mark.parametrize("name", ["metrics", "database", "flags", "engine"])
async def test_the_kill_switch_is_not_clear_once_a_source_of_it_is_old(name: str) -> None:
    watched = calm()
    watched.snapshot = failing(watched.snapshot, "gone", name)
    aged: Assessment = watched.assessment()
    limit = aged.source(name).stale_after
    watched.clock = HandClock(START + limit - 0.05)
    app = console(watched)
    async with app.run_test(size=(80, 24)):
        await until(lambda: "kill" in text_of(app) and "connecting" not in text_of(app))
        assert "clear" not in text_of(app).splitlines()[0]
