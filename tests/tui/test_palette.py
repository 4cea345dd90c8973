"""The palette: what a few letters can mean here and now, and that it is done."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.dom import DOMNode

from console.tui.actions import Place, actions
from console.tui.commands import MOST, Offered, choices, complaint
from console.tui.places import Offer
from console.tui.screens.palette import Palette
from console.tui.theme import MEANINGS
from console.tui.widgets.prompt import Prompt
from tests.tui.plain import PlainScreen, plain_console
from tests.tui.screen import painted, text_of

TABLE = actions(owns_engine=False)
SYMBOLS = ("ADA/USD", "BTC/USD", "BTCUSDT", "WBTC/USD")


def offered(*places: Place, symbols: Sequence[str] = SYMBOLS) -> Offered:
    owner = DOMNode()
    offers = [Offer(action, place, owner) for place in places for action in TABLE if place in action.places]
    return Offered(offers, TABLE, MEANINGS, symbols)


HERE = offered("table", "app", "anywhere")


def words(text: str, given_: Offered = HERE) -> list[str]:
    return [choice.words for choice in choices(text, given_)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("sort", "sort"),
        ("pos", "positions"),
        ("trades", "positions"),
        ("WORST", "worst first"),
        ("find", "filter"),
        ("exit", "quit"),
        ("columns", "choose columns"),
        ("mrkd", "marked only"),
        ("btc/usd", "BTC/USD"),
        ("wbtc", "WBTC/USD"),
        ("theme light", "theme light"),
        ("theme red", "theme red-green"),
        ("fps 2", "fps 2"),
        ("symbol ada", "symbol ADA/USD"),
    ],
)
def test_a_name_an_alias_or_a_few_letters_find_it_first(text: str, first: str) -> None:
    assert words(text)[0] == first


def test_symbols_that_begin_with_the_letters_come_before_those_that_have_them_inside() -> None:
    assert words("btc") == ["BTC/USD", "BTCUSDT", "WBTC/USD"]


def test_with_nothing_typed_everything_is_offered_the_focused_place_first() -> None:
    assert words("")[0] == "open"
    assert {"theme ", "fps ", "symbol "} <= set(words(""))


def test_what_can_not_be_done_here_is_not_offered_and_said_to_be_so() -> None:
    logs_only = "jump to time"
    assert logs_only not in words(logs_only)
    assert complaint(logs_only, HERE) == "jump to time can't be done here"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("xyzzy", "nothing is called xyzzy"),
        ("theme pink", "no theme is called pink; there are dark, light"),
        ("fps fast", "fps is a number from 0.2 to 30"),
        ("fps 1000", "fps is a number from 0.2 to 30"),
        ("symbol DOGE", "no symbol is called DOGE"),
    ],
)
def test_what_means_nothing_is_complained_of(text: str, said: str) -> None:
    assert words(text) == []
    assert said in complaint(text, HERE)


@given(st.text(max_size=12))
def test_any_text_has_choices_or_a_complaint(text: str) -> None:
    found = choices(text, HERE)
    assert len(found) <= MOST
    assert found or complaint(text, HERE)


def test_thousands_of_symbols_are_looked_through_and_few_are_offered() -> None:
    many = offered("app", symbols=tuple(f"S{number}/USD" for number in range(5000)))
    assert len(words("s", many)) == MOST


async def test_an_action_is_done_where_it_belongs() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("colon", *"last", "enter")
        await pilot.pause()
        assert app.screen is app.plain
        assert app.plain.reader.scroll_offset.y > 50


async def test_the_chosen_match_is_done_and_tab_completes_its_name() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("colon", *"theme l", "tab")
        await pilot.pause()
        assert ":  theme light" in text_of(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.theme == "opsconsole-light"


async def test_arrows_choose_among_the_matches() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("colon", *"theme ", "down", "enter")
        await pilot.pause()
        assert app.theme == "opsconsole-light"


async def test_a_word_that_takes_a_name_goes_on_asking_for_it() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("colon", *"fps", "enter")
        await pilot.pause()
        assert isinstance(app.screen, Palette)
        await pilot.press("2", "enter")
        await pilot.pause()
        assert app._painting.fps == 2


async def test_a_symbol_is_opened_by_its_name() -> None:
    opened: list[str] = []

    app = plain_console()
    app.open_symbol = opened.append  # type: ignore[assignment, method-assign]
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("colon", *"btc000", "enter")
        await pilot.pause()
    assert opened == ["BTC000/USD"]


async def test_an_unknown_word_is_complained_of_and_not_taken() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("colon", *"xyzzy", "enter")
        await pilot.pause()
        assert "nothing is called xyzzy" in text_of(app)
        assert isinstance(app.screen, Palette)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, PlainScreen)


async def test_a_match_is_taken_by_a_click() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("colon", *"theme ")
        await pilot.pause()
        await pilot.click(".matches", offset=(3, 1))
        await pilot.pause()
        assert app.theme == "opsconsole-light"


async def test_the_status_line_stays_live_above_it() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("colon")
        await pilot.pause()
        assert "READ-ONLY" in text_of(app).splitlines()[0]
        assert app.screen.query_one(Prompt).asking
