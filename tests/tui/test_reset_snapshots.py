"""The reset of the kill switch as an operator meets it, from every gate closed to what came of it."""

from pathlib import Path

import pytest

from console.domain.approval import Deed
from tests.tui.cases import CASES
from tests.tui.fake import START
from tests.tui.safety import DEED, SafeDesk, tripped_at
from tests.tui.screen import assert_snapshot
from tests.tui.test_kill_snapshots import local_time_is_utc
from tests.tui.test_reset import make_ready
from tests.waiting import until

__all__ = ["local_time_is_utc"]

EVERYTHING = Deed(
    DEED.context,
    DEED.action,
    DEED.target,
    (
        *DEED.what,
        "state file: write that it isn't tripped",
        "feature flags: set global_kill_switch back to false",
        "database: set trading_enabled, order_placement_enabled and signal_processing_enabled back to 1",
        "http: tell the engine",
    ),
)


SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")


@SIZES
async def test_from_gates_to_the_engine_s_word_it_looks_as_reviewed(
    size: tuple[int, int], tmp_path: Path
) -> None:
    desk = SafeDesk(tmp_path, two_person=True)
    desk.resets.deed = EVERYTHING
    cells = f"{size[0]}x{size[1]}"
    async with desk.app.run_test(size=size):
        await desk.begin()
        await desk.press("K", "R")
        await until(lambda: "6 of 10 gates don't pass" in desk.text)
        await assert_snapshot(desk.app, f"reset-closed-{cells}")
        await desk.press("0")
        await desk.type("SOL is hedged")
        await desk.press("g")
        await desk.type("nobody else is awake")
        await until(lambda: "GLASS BROKEN" in desk.text)
        await desk.press("escape", "escape")
        desk.resets.two_person = False
        await make_ready(desk)
        await assert_snapshot(desk.app, f"reset-open-{cells}")
        await desk.press("R")
        await assert_snapshot(desk.app, f"reset-confirm-{cells}")
        await desk.type("paper paper")
        await until(lambda: " RESET " in desk.text)
        assert desk.resets.resetting is not None
        desk.resets.resetting.left = ("database: max_leverage is 5, set by somebody else",)
        desk.later(2, tripped_at(desk.clock.at + 1.8, tripped=0.0))
        await until(lambda: "✓ the engine says that it is clear" in desk.text)
        await assert_snapshot(desk.app, f"reset-done-{cells}")


@SIZES
async def test_whatever_the_world_is_like_it_looks_as_reviewed(size: tuple[int, int], tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=size):
        await desk.begin()
        for state in ("worst", "stale", "disconnected", "hostile", "empty"):
            desk.watched.snapshot, desk.clock.at = CASES[state].snapshot, START + CASES[state].later
            desk.app.paint()
            await desk.press("K", "R")
            await until(lambda: "gates don't pass" in desk.text)
            await assert_snapshot(desk.app, f"reset-{state}-{size[0]}x{size[1]}")
            await desk.press("escape", "escape")


@SIZES
async def test_without_colour_it_looks_as_reviewed(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=size):
        await desk.begin()
        await desk.press("K", "R")
        await until(lambda: "gates don't pass" in desk.text)
        await assert_snapshot(desk.app, f"reset-no-colour-{size[0]}x{size[1]}")
