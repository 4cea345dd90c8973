"""Screen 6 in every state that an operator meets, pinned as text."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from console.domain.rollback import Change, Drilled, Need, Rollbacks
from console.domain.triggers import Evidence
from console.tui.app import OpsConsole
from tests.tui.alerting import CALM
from tests.tui.cases import ASCII, UTF8
from tests.tui.fake import PAPER, START
from tests.tui.screen import assert_snapshot, painted, text_of
from tests.tui.test_kill_snapshots import local_time_is_utc
from tests.tui.test_painting import a_record
from tests.tui.ways import DIRE, FEATURE, FakeGuide, advice, console_with, rollbacks
from tests.waiting import until

__all__ = ["local_time_is_utc"]

LOW, HIGH, VAST = (80, 24), (120, 40), (200, 60)
Sizes = Sequence[tuple[int, int]]
UNTOLD = "Position sync errors > 5/min: not exported"
NASTY = "[red]R\u202eLO\u200bZ[/] \x1b[31m\u6f22\u5b57 " + "long " * 20


def dire() -> Rollbacks:
    return rollbacks(advice("crash"), advice("slippage", FEATURE), unknown=(UNTOLD,))


def hostile() -> Rollbacks:
    """Everything that may come from elsewhere holds what terminals obey."""
    ways = tuple(
        replace(
            way,
            title=NASTY,
            undoes=(NASTY, NASTY),
            cannot=(NASTY,),
            needs=(Need(NASTY, None, NASTY),),
            refusal=NASTY,
            loses_unknown=NASTY,
            drilled=Drilled(START - 60, 3.0, passed=False, scenario=NASTY, words=NASTY),
        )
        for way in rollbacks().ways
    )
    changes = (Change(START - 60, NASTY, NASTY),)
    slips = replace(advice("slippage", NASTY), why_feature=NASTY)
    return Rollbacks(START, (slips,), (NASTY,), changes, NASTY, ways)


async def pinned(app: OpsConsole, pilot: Pilot[int], state: str, sign: str, sizes: Sizes = (LOW,)) -> None:
    """It looks as reviewed at each size, and has `sign` there."""
    for width, height in sizes:
        await pilot.resize_terminal(width, height)
        await until(lambda: sign in text_of(app))
        await assert_snapshot(app, f"rollback-{state}-{width}x{height}")


async def opened(app: OpsConsole, pilot: Pilot[int]) -> None:
    await painted(app)
    await pilot.press("6")


@pytest.mark.parametrize(
    ("state", "found", "evidence", "sign", "sizes"),
    [
        ("dire", dire(), DIRE, "✘ System crash: Full rollback", (LOW, HIGH, VAST)),
        ("calm", rollbacks(), CALM, "✓ nothing calls for a rollback", (LOW, HIGH)),
        ("unknown", rollbacks(unknown=(UNTOLD,)), CALM, "? nothing that is known calls", (LOW,)),
        ("hostile", hostile(), DIRE, r"R\u202eLO", (LOW, HIGH)),
    ],
)
async def test_screen_6_looks_as_reviewed(
    state: str, found: Rollbacks, evidence: Evidence, sign: str, sizes: Sizes
) -> None:
    app = console_with(FakeGuide(found), evidence, crashed=state == "dire")
    async with app.run_test(size=LOW) as pilot:
        await opened(app, pilot)
        await pinned(app, pilot, state, sign, sizes)


async def test_what_a_procedure_restores_and_all_of_it_look_as_reviewed() -> None:
    app = console_with(FakeGuide(), CALM)
    async with app.run_test(size=LOW) as pilot:
        await opened(app, pilot)
        await until(lambda: "DEPLOYED" in text_of(app))
        await pilot.press("end")
        await pinned(app, pilot, "coin", "was never", (LOW, VAST, HIGH))
        await pilot.press("e")
        await pinned(app, pilot, "coin-all", "esc back", (HIGH,))


async def test_before_anybody_has_looked_it_looks_as_reviewed() -> None:
    app = console_with(FakeGuide(fault="the journal is damaged"), DIRE, crashed=True)
    async with app.run_test(size=LOW) as pilot:
        await opened(app, pilot)
        await until(lambda: "What full is for." in text_of(app))
        await pinned(app, pilot, "unread", "NOT READ")


async def test_without_colour_it_looks_as_reviewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = console_with(FakeGuide(dire()), DIRE, crashed=True)
    async with app.run_test(size=LOW) as pilot:
        await opened(app, pilot)
        await pinned(app, pilot, "no-colour", "✘ System crash: Full rollback")


async def test_in_ascii_it_looks_as_reviewed() -> None:
    app = console_with(FakeGuide(dire()), DIRE, crashed=True, environ=ASCII)
    async with app.run_test(size=LOW) as pilot:
        await opened(app, pilot)
        await until(lambda: "DEPLOYED" in text_of(app))
        await assert_snapshot(app, "rollback-ascii-80x24")


async def test_in_a_replay_it_looks_as_reviewed() -> None:
    app = OpsConsole(PAPER, a_record, environ=UTF8)
    async with app.run_test(size=LOW) as pilot:
        await opened(app, pilot)
        await until(lambda: "NOT READ" in text_of(app))
        await assert_snapshot(app, "rollback-replay-80x24")
