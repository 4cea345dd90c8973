"""Screen 4 in every state that an operator meets, pinned as text."""

import pytest

from console.tui.app import OpsConsole
from tests.tui.cases import CASES, UTF8, Case, console_of
from tests.tui.fake import PAPER, START, Row, failing, metrics_of, snapshot
from tests.tui.screen import assert_snapshot, painted, settled, text_of


async def pinned(app: OpsConsole, state: str, sign: str) -> None:
    """Screen 4 looks as reviewed at the common sizes, and has `sign` at each."""
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("4")
        for width, height in ((80, 24), (120, 40)):
            await pilot.resize_terminal(width, height)
            await settled(app)
            await assert_snapshot(app, f"alerts-{state}-{width}x{height}")
            assert sign in text_of(app)


@pytest.mark.parametrize("case", CASES)
async def test_the_alerts_look_as_reviewed(case: str) -> None:
    await pinned(console_of(CASES[case]), case, "")


async def test_no_alerts_look_as_reviewed() -> None:
    calm = snapshot(START, metrics_of([Row("BTC/USD")]))
    await pinned(console_of(Case(calm, 0.8, PAPER, UTF8)), "none", "")


async def test_without_colour_the_alerts_look_as_reviewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    await pinned(console_of(CASES["worst"]), "no-colour", "✘ critical")


async def test_a_cause_of_many_words_looks_as_reviewed() -> None:
    """What doesn't fit in the table stands below it; more than there is room for ends in an ellipsis."""
    cause = "usdm: HTTP 503: " + "Internal error, try again. " * 40
    shown = failing(snapshot(START, metrics_of([Row("BTC/USD")])), cause, "exchange")
    await pinned(console_of(Case(shown, 0.8, PAPER, UTF8)), "long-cause", "…")
