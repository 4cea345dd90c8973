"""Screen 4 in every state that an operator meets, pinned as text."""

import pytest
from textual.pilot import Pilot

from console.tui.app import OpsConsole
from tests.tui.cases import CASES, UTF8, Case, console_of
from tests.tui.fake import PAPER, START, Row, failing, metrics_of, snapshot
from tests.tui.screen import assert_snapshot, painted, settled, text_of

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")


async def pinned(app: OpsConsole, pilot: Pilot[int], state: str) -> None:
    await painted(app)
    await pilot.press("4")
    await pilot.pause()
    await settled(app)
    await assert_snapshot(app, f"alerts-{state}-{app.size.width}x{app.size.height}")


@SIZES
@pytest.mark.parametrize("case", CASES)
async def test_the_alerts_look_as_reviewed(case: str, size: tuple[int, int]) -> None:
    app = console_of(CASES[case])
    async with app.run_test(size=size) as pilot:
        await pinned(app, pilot, case)


@SIZES
async def test_no_alerts_look_as_reviewed(size: tuple[int, int]) -> None:
    app = console_of(Case(snapshot(START, metrics_of([Row("BTC/USD")])), 0.8, PAPER, UTF8))
    async with app.run_test(size=size) as pilot:
        await pinned(app, pilot, "none")


@SIZES
async def test_without_colour_the_alerts_look_as_reviewed(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = console_of(CASES["worst"])
    async with app.run_test(size=size) as pilot:
        await pinned(app, pilot, "no-colour")
        assert "✘ critical" in text_of(app)


@SIZES
async def test_a_cause_of_many_words_looks_as_reviewed(size: tuple[int, int]) -> None:
    """What doesn't fit in the table stands below it; more than there is room for ends in an ellipsis."""
    cause = "usdm: HTTP 503: " + "Internal error, try again. " * 40
    shown = failing(snapshot(START, metrics_of([Row("BTC/USD")])), cause, "exchange")
    app = console_of(Case(shown, 0.8, PAPER, UTF8))
    async with app.run_test(size=size) as pilot:
        await pinned(app, pilot, "long-cause")
        assert text_of(app).count("…") >= 3
