"""A drill is called one wherever what it brings about is shown: on overview, alerts and rollbacks."""

from dataclasses import replace

import pytest

from console.domain.last_trip import LastTrip
from console.domain.snapshot import Snapshot, with_own_trip
from console.tui.app import OpsConsole
from console.tui.tools import Tools
from tests.tui.cases import CASES, UTF8
from tests.tui.fake import PAPER, START, FakeWatched, HandClock
from tests.tui.screen import painted, text_of
from tests.tui.test_open_runs import Found
from tests.tui.ways import FakeGuide
from tests.waiting import until

PRACTISED = "rollback full under crash, by bob"
SIZES = [(80, 24), (120, 40)]


def tripped_in_a_drill(seen: Snapshot) -> Snapshot:
    trip = LastTrip(START - 5, "bob", "a drill", "all", drill=True)
    return replace(seen, last_trip=with_own_trip(seen.last_trip, trip, START))


def console(seen: Snapshot, found: Found) -> OpsConsole:
    watched = FakeWatched(seen, HandClock(START + 0.8))
    tools = Tools(open_runs=lambda: found, guide=FakeGuide)
    return OpsConsole(PAPER, lambda: watched, environ=UTF8, tools=tools)


@pytest.mark.parametrize("size", SIZES)
async def test_a_practised_rollback_is_named_on_the_overview_the_alerts_and_the_rollbacks(
    size: tuple[int, int],
) -> None:
    app = console(CASES["worst"].snapshot, Found(practised=PRACTISED))
    async with app.run_test(size=size) as pilot:
        await painted(app)
        app.get_access()
        for screen, words in (("1", f"DRILL: {PRACTISED}"), ("4", PRACTISED), ("6", PRACTISED)):
            await pilot.press(screen)
            await until(lambda words=words: words in text_of(app))  # type: ignore[misc]
            assert "DRILL" in text_of(app)


@pytest.mark.parametrize("size", SIZES)
async def test_a_kill_switch_that_a_drill_has_tripped_is_named_there_too(size: tuple[int, int]) -> None:
    app = console(tripped_in_a_drill(CASES["worst"].snapshot), Found())
    async with app.run_test(size=size) as pilot:
        await painted(app)
        for screen in ("4", "6"):
            await pilot.press(screen)
            await until(lambda: " DRILL  the kill switch was tripped to practise it, by bob" in text_of(app))


async def test_without_a_drill_nothing_is_called_one() -> None:
    app = console(CASES["worst"].snapshot, Found())
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        app.get_access()
        for screen in ("1", "4"):
            await pilot.press(screen)
            await pilot.pause()
            assert "DRILL" not in text_of(app)
