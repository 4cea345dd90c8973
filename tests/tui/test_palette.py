"""The palette: what a few letters can mean here and now, and that it is done."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.dom import DOMNode

from console.tui.actions import Place, actions
from console.tui.app import OpsConsole
from console.tui.commands import MOST, Offered, choices, complaint
from console.tui.places import Offer
from console.tui.screens.palette import Palette
from console.tui.theme import MEANINGS
from console.tui.widgets.prompt import Prompt
from tests.tui.fake import PAPER
from tests.tui.plain import UTF8, PlainScreen, calm, plain_console
from tests.tui.screen import painted, text_of
from tests.waiting import until

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
        ("kill", "kill switch"),
        ("log", "logs"),
        ("quit", "quit"),
        ("margin", "overview"),
        ("liquidation", "overview"),
        ("pnl", "positions"),
        ("stale", "alerts"),
        ("exchange", "alerts"),
        ("keys", "help"),
        ("engine", "logs"),
        ("4", "alerts"),
        ("q", "quit"),
    ],
)
def test_a_name_an_alias_or_a_few_letters_find_it_first(text: str, first: str) -> None:
    assert words(text)[0] == first


def test_symbols_that_begin_with_the_letters_come_before_those_that_have_them_inside() -> None:
    assert words("btc") == ["BTC/USD", "BTCUSDT", "WBTC/USD"]


def test_a_name_comes_before_what_only_a_help_says() -> None:
    found = words("trade")
    assert found[0] == "positions"
    assert words("filter").index("filter") < words("filter").index("all rows")


def test_scattered_letters_mean_something_only_where_nothing_better_does() -> None:
    assert words("sol", offered("table", "app", "anywhere", symbols=("SOL/USD",))) == ["SOL/USD"]
    assert "choose columns" in words("sol", offered("table", "app", "anywhere", symbols=("ADA/USD",)))


def test_two_letters_are_not_looked_for_in_helps() -> None:
    assert "logs" not in words("en")
    assert "logs" in words("eng")


def test_with_nothing_typed_everything_is_offered_the_focused_place_first() -> None:
    assert words("")[0] == "open"
    assert words("").index("quit") < words("").index("cursor up")
    assert {"theme ", "fps ", "symbol "} <= set(words(""))


def test_what_can_not_be_done_here_is_not_offered_and_said_to_be_so() -> None:
    logs_only = "jump to time"
    assert logs_only not in words(logs_only)
    assert complaint(logs_only, HERE) == "jump to time works in logs, not here"
    assert complaint("evidence", HERE) == "not here, but in what a runbook would do, a run, rollback"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("xyzzy", "nothing has this name"),
        ("theme pink", "no such theme; there are dark, light, 4 more"),
        ("fps fast", "fps is a number from 0.2 to 30"),
        ("fps 1000", "fps is a number from 0.2 to 30"),
        ("symbol DOGE", "no such symbol"),
    ],
)
def test_what_means_nothing_is_complained_of(text: str, said: str) -> None:
    assert words(text) == []
    assert said in complaint(text, HERE)


@given(st.text(max_size=12))
def test_any_text_has_choices_or_a_complaint(text: str) -> None:
    found = choices(text, HERE)
    assert len(found) <= MOST
    assert found or 0 < len(complaint(text, HERE)) <= 50


def test_thousands_of_symbols_are_looked_through_and_few_are_offered() -> None:
    many = offered("app", symbols=tuple(f"S{number}/USD" for number in range(5000)))
    assert len(words("s", many)) == MOST
    assert words("s42", many)[:2] == ["S42/USD", "S420/USD"]
    assert words("2/usd", many)[0] == "S2/USD"


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
        assert "nothing has this name" in text_of(app)
        assert isinstance(app.screen, Palette)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, PlainScreen)


@pytest.mark.parametrize("dialog", ["question_mark", "c"])
async def test_it_opens_over_a_dialog_and_what_lies_beyond_can_be_chosen(dialog: str) -> None:
    app = OpsConsole(PAPER, calm, environ=UTF8)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press(dialog)
        below = app.screen
        await pilot.press("colon", "escape")
        assert app.screen is below
        await pilot.press("colon", *"alerts", "enter")
        await until(lambda: app.crumbs() == ("alerts",))
        assert below not in app.screen_stack


async def test_it_covers_no_more_than_its_matches_need_in_few_steps() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("colon")
        heights = []
        for key in ("", *"theme", "space", *"l"):
            await pilot.press(*([key] if key else []))
            await pilot.pause()
            heights.append(app.screen.query_one(".palette").size.height)
        assert heights[0] == 11
        assert heights[-1] == 4
        assert len(set(heights)) <= 3
        shown = text_of(app).splitlines()
        assert "theme light" in shown[-5] + shown[-4]


async def test_how_many_matches_there_are_is_told_as_most_of_them_may_have_no_room() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("colon", *"theme ", "down")
        await pilot.pause()
        assert "2 of 6" in text_of(app)
        await pilot.press(*"zz")
        await pilot.pause()
        assert " of " not in "\n".join(text_of(app).splitlines()[-5:])


async def test_a_complaint_stands_beside_what_was_typed() -> None:
    app = plain_console()
    async with app.run_test(size=(200, 60)) as pilot:
        await painted(app)
        await pilot.press("colon", *"xyzzy")
        await pilot.pause()
        assert "xyzzy   nothing has this name" in text_of(app)


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
