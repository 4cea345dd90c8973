"""The help: of the focused place, from the registry, with the keys that the operator has."""

import re

import pytest

from console.tui.actions import Action, actions
from console.tui.places import Offer, active_places, offers
from console.tui.screens.help import Help, help_lines
from console.tui.text import line_width
from console.tui.theme import ASCII, UNICODE
from console.tui.wishes import Wishes
from tests.tui.plain import PlainConsole, plain_console
from tests.tui.screen import painted, text_of
from tests.waiting import until


def typing_of(table: tuple[Action, ...]) -> list[Action]:
    return [action for action in table if "prompt" in action.places]


def lines_of(app: PlainConsole, cells: int = 74) -> list[str]:
    table = app.view.actions
    found = help_lines("About it.", offers(app.plain, table), typing_of(table), UNICODE, cells)
    return ["".join(span.text for span in line) for line in found]


async def test_it_says_what_the_place_shows_then_its_own_keys_then_everybody_s() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)):
        await painted(app)
        lines = lines_of(app)
        assert lines[0] == "About it."
        here, everywhere, signs = (lines.index(title) for title in ("HERE", "EVERYWHERE", "SIGNS"))
        assert here < everywhere < lines.index("WHERE A LINE IS TYPED") < signs
        assert any("One page down" in line for line in lines[here:everywhere])
        assert any("Leave the console" in line for line in lines[everywhere:signs])
        assert "critical" in lines[signs + 1]


async def test_what_goes_on_below_the_box_is_counted_on_its_edge() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("question_mark")
        await until(lambda: re.search(r" ↓ \d+ more   esc back ─╯", text_of(app)) is not None)
        await pilot.press("end")
        await until(lambda: "more   esc back" not in text_of(app))
        await pilot.press("up")
        await until(lambda: " ↓ 1 more   esc back ─╯" in text_of(app))


async def test_every_action_that_can_be_done_here_has_a_line() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)):
        await painted(app)
        whole = "\n".join(lines_of(app, cells=200))
        possible = [offer.action for offer in offers(app.plain, app.view.actions)]
        assert len(possible) > 15
        assert all(action.help in whole for action in possible)


async def test_what_can_not_be_done_now_is_not_in_it() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)):
        await painted(app)
        offered = {offer.action.id for offer in offers(app.plain, app.view.actions)}
        assert "back" not in offered  # there is nothing to go back to
        assert "earlier" not in offered  # this is no replay
        assert active_places(app.plain) == ("replay", "reader", "app", "anywhere")


async def test_a_key_of_the_operator_s_own_is_shown_and_works() -> None:
    app = plain_console(wishes=Wishes(keys={"help": ["f1"], "last_row": ["%"]}))
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        assert " f1  help" in text_of(app).splitlines()[-1]
        await pilot.press("question_mark")
        assert not isinstance(app.screen, Help)
        await pilot.press("percent_sign")
        assert app.plain.reader.scroll_offset.y > 50
        await pilot.press("f1")
        await pilot.pause()
        assert isinstance(app.screen, Help)
        assert "%" in text_of(app)


async def test_it_is_read_like_a_text_and_left_with_escape() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("question_mark", "end")
        await pilot.pause()
        assert "not configured" in text_of(app)
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is app.plain


@pytest.mark.parametrize("cells", [40, 74, 120])
def test_no_line_is_wider_than_the_box(cells: int) -> None:
    action = Action("x", ("app",), ("x",), "x", "", "word " * 60)
    for glyphs in (UNICODE, ASCII):
        made = help_lines("about " * 40, [Offer(action, "app", Help.__new__(Help))], [action], glyphs, cells)
        assert all(line_width(line) <= max(cells, 60) for line in made)


def test_a_row_of_digits_is_told_by_its_ends() -> None:
    reasons = next(action for action in actions(owns_engine=False) if action.id == "pick_reason")
    lines = help_lines("", (), [reasons], UNICODE, 74)
    assert any("".join(span.text for span in line).startswith("1 to 9  ") for line in lines)
