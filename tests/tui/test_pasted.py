"""What was pasted raises no risk, and keys that come early belong to what they were meant for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import Key

from console.domain.access import Arming
from console.tui.friction import FASTEST, Pace
from console.tui.screens.palette import Palette
from console.tui.screens.symbol.screen import SymbolDetail
from console.tui.widgets.prompt import Prompt
from tests.tui.killing import Desk
from tests.tui.safety import SafeDesk
from tests.tui.screen import painted
from tests.waiting import until

REASON = ("f", "o", "r", "space", "a", "space", "t", "e", "s", "t")


async def test_a_paste_does_not_arm_not_even_with_an_enter_of_a_hand_after_it(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await desk.begin()
        await desk.press("a", *REASON, "enter", gap=0.001)
        await desk.press("enter", "enter")
        assert "as if pasted: ctrl+u, then type it" in desk.text
        assert not isinstance(desk.app.view.mode, Arming)
        await desk.press("ctrl+u", *REASON, "enter")
        await until(lambda: isinstance(desk.app.view.mode, Arming))


async def test_an_enter_that_came_with_the_reason_is_pressed_once_more(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await desk.begin()
        await desk.press("a", REASON[0])
        await desk.press(*REASON[1:], "enter", gap=0.001)
        assert "press enter once more" in desk.text
        assert not isinstance(desk.app.view.mode, Arming)
        await desk.press("enter")
        await until(lambda: isinstance(desk.app.view.mode, Arming))


async def test_a_reason_that_is_typed_before_arming_is_ready_is_text_nevertheless(tmp_path: Path) -> None:
    desk = SafeDesk(tmp_path)
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        assert desk.app.view.access is None
        await desk.press("a", "q", *REASON)
        await until(lambda: desk.app.view.access is not None)
        await desk.press("enter")
        await until(lambda: isinstance(desk.app.view.mode, Arming))


async def test_among_other_keys_q_does_not_quit() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("s", "q", gap=0.001)
        assert desk.app.return_value is None
        assert "press it again to quit" in desk.text.splitlines()[-1]
        desk.app.post_message(Key("q", "q"))
        await until(lambda: desk.app.return_value is not None)
    assert desk.app.return_value == 0


async def test_what_the_palette_opens_has_the_next_key() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("colon", *"filter", "enter", "q", gap=0.001)
        assert isinstance(desk.app.focused, Prompt)
        assert "filter" in desk.text.splitlines()[-1]
        assert desk.app.return_value is None


async def test_a_row_that_enter_opens_has_the_next_key() -> None:
    desk = Desk()
    async with desk.app.run_test(size=(80, 24)):
        await painted(desk.app)
        await desk.press("enter", "colon", gap=0.001)
        assert desk.app.crumbs() != ()
        assert isinstance(desk.app.screen, Palette)
        assert isinstance(desk.app.screen_stack[-2], SymbolDetail)


@given(st.lists(st.tuples(st.sampled_from(["K", "T", "x", "minus", "up", "enter"]), st.floats(0, 0.1))))
def test_what_came_together_is_the_text_since_the_last_pause(keys: list[tuple[str, float]]) -> None:
    pace, at, together = Pace(), 0.0, set[str]()
    for key, gap in keys:
        paused = at + gap - pace.at >= FASTEST
        at += gap
        if paused or key == "up":
            together = set()
        together |= {key} if key in ("K", "T", "x", "minus") else set()
        pace = pace.then(key, at)
        assert pace.text == together
        assert pace.among_others({"K", "T"}) == bool(together & {"x", "minus"})


@pytest.mark.parametrize("size", [(79, 24), (40, 12), (20, 8)])
async def test_where_there_is_no_room_both_keys_trip_and_the_notice_says_what_came_of_it(
    size: tuple[int, int],
) -> None:
    desk = Desk()
    async with desk.app.run_test(size=size) as pilot:
        await painted(desk.app)
        await desk.press("T")
        assert desk.kill.trips == []
        await desk.press("K")
        assert "stops everything" in " ".join(desk.text.replace("▌", " ").replace("▐", " ").split())
        await desk.press("escape", "T")
        assert desk.kill.trips == []
        await desk.press("x")
        await desk.press("K", "T", gap=0.001)
        assert desk.kill.trips == []
        assert "NOT TRIPPED" in desk.text
        await desk.press("K")
        await desk.press("T", gap=0.001)
        assert len(desk.kill.trips) == 1
        await until(lambda: "written: 6" in desk.text)
        await pilot.resize_terminal(80, 24)
        await until(lambda: "REQUESTED" in desk.text)
        assert len(desk.kill.trips) == 1
