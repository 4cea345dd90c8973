"""The detail of a symbol in every state that an operator meets, pinned as text at the common sizes."""

import time
from collections.abc import Iterator

import pytest
from textual.pilot import Pilot

from console.tui.app import OpsConsole
from tests.tui.cases import CASES, console_of
from tests.tui.screen import assert_snapshot, painted, text_of
from tests.waiting import until

SIZES = ((80, 24), (120, 40))
STATES = ("normal", "worst", "stale", "disconnected", "hostile", "ascii")
WIDE = 110
"""Cells from which the plots stand beside the facts."""


@pytest.fixture(autouse=True)
def local_time_is_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Instants are shown in local time: wherever the tests run, it is the same here."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def opened(app: OpsConsole, pilot: Pilot[int], symbol: str | None = None) -> None:
    """Wait until the detail of a symbol, by default the worst, is there with its plots."""
    await painted(app)
    await pilot.pause()
    if symbol is None:
        await pilot.press("enter")
    else:
        app.open_symbol(symbol)
    await until(lambda: "FACT" in text_of(app))
    await pilot.pause()


async def drawn(app: OpsConsole) -> None:
    await until(lambda: " now" in text_of(app))


async def pinned(app: OpsConsole, pilot: Pilot[int], state: str, *sizes: tuple[int, int]) -> None:
    """It looks as reviewed at each of the sizes, by default the common ones."""
    for width, height in sizes or SIZES:
        await pilot.resize_terminal(width, height)
        if width >= WIDE:
            await drawn(app)
        await assert_snapshot(app, f"symbol-{state}-{width}x{height}")


@pytest.mark.parametrize("case", STATES)
async def test_a_symbol_looks_as_reviewed(case: str) -> None:
    app = console_of(CASES[case])
    async with app.run_test(size=SIZES[0]) as pilot:
        await opened(app, pilot)
        await pinned(app, pilot, case)


async def test_a_symbol_on_a_great_screen_looks_as_reviewed() -> None:
    app = console_of(CASES["normal"])
    async with app.run_test(size=(200, 60)) as pilot:
        await opened(app, pilot)
        await pinned(app, pilot, "normal", (200, 60))


@pytest.mark.parametrize("case", ["normal", "stale", "ascii"])
async def test_the_plots_look_as_reviewed_on_a_page_of_their_own(case: str) -> None:
    app = console_of(CASES[case])
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("tab")
        await drawn(app)
        await assert_snapshot(app, f"symbol-plots-{case}-80x24")


async def test_a_name_of_forty_characters_and_a_number_of_twenty_digits_look_as_reviewed() -> None:
    app = console_of(CASES["hostile"])
    async with app.run_test(size=SIZES[0]) as pilot:
        await opened(app, pilot, "A" * 40)
        await pinned(app, pilot, "long")


@pytest.mark.parametrize(("case", "name"), [("normal", "unknown"), ("empty", "start")])
async def test_a_symbol_that_nobody_knows_looks_as_reviewed(case: str, name: str) -> None:
    """Right after the start nobody has said anything yet, and nobody knows any."""
    app = console_of(CASES[case])
    async with app.run_test(size=SIZES[0]) as pilot:
        await opened(app, pilot, "DOGE/USD")
        for width, height in SIZES:
            await pilot.resize_terminal(width, height)
            await assert_snapshot(app, f"symbol-{name}-{width}x{height}")


async def test_a_symbol_reads_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = console_of(CASES["worst"])
    async with app.run_test(size=SIZES[0]) as pilot:
        await opened(app, pilot)
        await pinned(app, pilot, "no-colour")
        assert "✘ critical  margin 1.010" in text_of(app)
