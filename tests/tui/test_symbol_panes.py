"""What the database says of one symbol, in the tables of its page."""

from dataclasses import replace

from textual.pilot import Pilot

from console.domain.assessment import Rules
from console.domain.snapshot import Snapshot
from console.domain.thresholds import KEY_METRICS
from console.tui.app import OpsConsole
from console.tui.screens.positions.activities import of_one_symbol, order_columns, trade_columns
from console.tui.screens.positions.cells import Present
from console.tui.theme import UNICODE
from tests.tui.cases import UTF8, normal
from tests.tui.fake import PANELS, PAPER, START, FakeWatched, HandClock
from tests.tui.screen import painted, text_of, tone_letters
from tests.waiting import until

QUIET_AFTER = 15.0


def quiet_for(seconds: float) -> Snapshot:
    """The usual world, in which the engine wrote last so many seconds ago."""
    usual = normal()
    assert usual.database.good is not None and usual.database.value is not None
    good = replace(usual.database.good, value=replace(usual.database.value, quiet_for=seconds))
    return replace(usual, database=replace(usual.database, good=good, last=good))


async def test_rows_turn_grey_when_the_engine_has_long_written_nothing() -> None:
    clock = HandClock(START + 0.5)
    rules = Rules(PANELS, KEY_METRICS, quiet_after=QUIET_AFTER)
    watched = FakeWatched(quiet_for(13), clock, rules=rules)
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8)
    async with app.run_test(size=(200, 60)) as pilot:
        await opened(app, pilot)
        assert tone_of_order(app) == " "
        clock.at = START + 2.5  # inside the database's own limit
        app.paint()
        await until(lambda: tone_of_order(app) == "u")


async def opened(app: OpsConsole, pilot: Pilot[int]) -> None:
    await painted(app)
    await pilot.press("enter")
    await until(lambda: "OPEN_LONG" in text_of(app))


def tone_of_order(app: OpsConsole) -> str:
    pairs = zip(text_of(app).splitlines(), tone_letters(app).splitlines(), strict=True)
    line, tones = next((line, tones) for line, tones in pairs if "OPEN_LONG" in line)
    return tones.ljust(len(line))[line.index("OPEN_LONG")]


def test_orders_and_trades_of_one_symbol_do_not_repeat_its_name() -> None:
    present = Present(UNICODE)
    for every in (order_columns(present), trade_columns(present)):
        left = [column.key for column in of_one_symbol(every)]
        assert [column.key for column in every if column.key not in left] == ["symbol", "account"]
