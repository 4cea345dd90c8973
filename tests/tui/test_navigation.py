"""The way through the screens: digits, details, back, and the path at the bottom."""

import pytest
from textual.events import Key

from console.tui.screens.alerts.screen import Alerts
from console.tui.screens.logs import Logs
from console.tui.screens.positions.screen import Positions
from console.tui.screens.symbol.screen import SymbolDetail
from console.tui.screens.too_small import TooSmall
from console.tui.widgets.reader import Reader
from tests.tui.plain import PlainConsole, PlainScreen, plain_console
from tests.tui.screen import painted, text_of, tone_letters
from tests.waiting import until

MAIN = [("1", PlainScreen), ("2", Positions), ("4", Alerts), ("7", Logs)]


def path(app: PlainConsole) -> str:
    """What stands before the first key of the last line."""
    return text_of(app).splitlines()[-1].strip("▌▐ ").split("  ")[0].rstrip()


async def test_a_digit_goes_to_its_screen_from_everywhere() -> None:
    """From each to each, and to itself and the overview from the symbol that was opened on it."""
    screens, at = dict(MAIN), "1"
    left = [(at_first, key) for at_first in screens for key in screens]
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        while left:
            here = [way for way in left if way[0] == at]
            key = here[-1][1] if here else left[0][0]
            if key in (at, "1"):
                app.open_symbol("BTC000/USD")
                await pilot.pause()
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, screens[key]), (at, key)
            assert len(app.screen_stack) <= 2
            left = [way for way in left if way != (at, key)]
            at = key


@pytest.mark.parametrize("key", ["4", *(pytest.param(key, marks=pytest.mark.campaign) for key in ("2", "7"))])
async def test_escape_goes_back_to_the_overview_and_no_further(key: str) -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press(key)
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert app.screen is app.plain


async def test_a_main_screen_is_kept_as_it_was_left() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("4")
        alerts = app.screen
        await pilot.press("1", "4")
        assert app.screen is alerts


async def test_a_detail_lies_on_the_screen_that_it_was_opened_from() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("4")
        app.open_symbol("BTC000/USD")
        await pilot.pause()
        assert path(app) == "alerts › BTC000/USD"
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, Alerts)
        assert path(app) == "alerts"


async def test_another_symbol_takes_the_place_of_the_one_that_is_open() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        for symbol in ("BTC000/USD", "ETH001/USD", "ETH001/USD"):
            app.open_symbol(symbol)
            await pilot.pause()
        assert isinstance(app.screen, SymbolDetail)
        assert app.screen.symbol == "ETH001/USD"
        assert len(app.screen_stack) == 2


async def test_where_there_is_room_the_path_begins_with_the_context() -> None:
    app = plain_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        app.open_symbol("BTC000/USD")
        await pilot.pause()
        assert path(app) == "paper › overview › BTC000/USD"


async def test_the_hints_are_those_of_the_focused_place() -> None:
    app = plain_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        assert "back" not in text_of(app).splitlines()[-1]
        await pilot.press("7")
        await pilot.pause()
        assert "errors" in text_of(app).splitlines()[-1]
        assert "back" in text_of(app).splitlines()[-1]


async def test_a_notice_is_said_where_the_operator_looks() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("4", "m")
        await pilot.pause()
        assert "no row is marked yet" in text_of(app).splitlines()[-1]


@pytest.mark.parametrize(("key", "sign"), [("9", "9"), ("Z", "Z"), ("tab", "tab")])
async def test_a_key_that_means_nothing_here_says_so(key: str, sign: str) -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press(key)
        await until(lambda: f"{sign} does nothing here: ? says which" in text_of(app).splitlines()[-1])
        await pilot.press("question_mark")
        await until(lambda: "does nothing" not in text_of(app))


async def test_what_was_done_is_said_calmly_and_only_what_was_refused_in_alarm() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        app.say("copied")
        await pilot.pause()
        assert "A" not in tone_letters(app).splitlines()[-1]
        app.refuse("can't be done")
        await pilot.pause()
        assert "A" in tone_letters(app).splitlines()[-1]


async def test_what_was_refused_stays_whatever_came_with_the_key_that_asked_for_it() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        app.refuse("can't be done")
        for key in ("down", "Z"):
            await pilot.press(key)
            assert "can't be done" in text_of(app).splitlines()[-1]
        event = Key("up", None)
        event.time += 2
        app.post_message(event)
        await until(lambda: "quit" in text_of(app).splitlines()[-1])


async def test_the_key_hints_are_back_at_the_next_key() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        hints = text_of(app).splitlines()[-1]
        app.say("copied")
        await pilot.pause()
        assert "copied" in text_of(app).splitlines()[-1]
        await pilot.press("down")
        await pilot.pause()
        assert text_of(app).splitlines()[-1] == hints


@pytest.mark.parametrize(
    "keys",
    [["colon"], ["4"], pytest.param(["question_mark"], marks=pytest.mark.campaign)],
)
async def test_below_the_smallest_size_nothing_is_lost_that_was_open(keys: list[str]) -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press(*keys)
        before = app.screen
        await pilot.resize_terminal(79, 24)
        await pilot.pause()
        assert isinstance(app.screen, TooSmall)
        await pilot.press("escape", "1", "p", "t", "K", "enter")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert app.screen is before


async def test_tab_goes_through_the_parts_of_a_screen() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        app.open_symbol("BTC000/USD")
        await pilot.pause()
        first = app.focused
        await pilot.press("tab")
        assert app.focused is not first
        await pilot.press("shift+tab")
        await pilot.pause()
        assert app.focused is first


async def test_the_first_keys_of_a_new_screen_are_its_own() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("question_mark", "end")
        await pilot.pause()
        assert app.screen.query_one(Reader).scroll_offset.y > 0
        assert app.plain.reader.scroll_offset.y == 0
