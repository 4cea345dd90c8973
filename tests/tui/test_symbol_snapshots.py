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
EVERY = [(case, size) for case in STATES for size in SIZES] + [("normal", (200, 60))]
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


def name_of(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


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


@pytest.mark.parametrize(("case", "size"), EVERY, ids=name_of)
async def test_a_symbol_looks_as_reviewed(case: str, size: tuple[int, int]) -> None:
    app = console_of(CASES[case])
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot)
        if size[0] >= WIDE:
            await drawn(app)
        await assert_snapshot(app, f"symbol-{case}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("case", ["normal", "stale", "ascii"])
async def test_the_plots_look_as_reviewed_on_a_page_of_their_own(case: str) -> None:
    app = console_of(CASES[case])
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("tab")
        await drawn(app)
        await assert_snapshot(app, f"symbol-plots-{case}-80x24")


@pytest.mark.parametrize("size", SIZES, ids=name_of)
async def test_a_name_of_forty_characters_and_a_number_of_twenty_digits_look_as_reviewed(
    size: tuple[int, int],
) -> None:
    app = console_of(CASES["hostile"])
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot, "A" * 40)
        if size[0] >= WIDE:
            await drawn(app)
        await assert_snapshot(app, f"symbol-long-{size[0]}x{size[1]}")


@pytest.mark.parametrize(("case", "name"), [("normal", "unknown"), ("empty", "start")])
@pytest.mark.parametrize("size", SIZES, ids=name_of)
async def test_a_symbol_that_nobody_knows_looks_as_reviewed(
    case: str, name: str, size: tuple[int, int]
) -> None:
    """Right after the start nobody has said anything yet, and nobody knows any."""
    app = console_of(CASES[case])
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot, "DOGE/USD")
        await assert_snapshot(app, f"symbol-{name}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", SIZES, ids=name_of)
async def test_a_symbol_reads_without_colour(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = console_of(CASES["worst"])
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot)
        if size[0] >= WIDE:
            await drawn(app)
        await assert_snapshot(app, f"symbol-no-colour-{size[0]}x{size[1]}")
        assert "✘ critical  margin 1.010" in text_of(app)
