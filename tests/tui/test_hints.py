"""The last line of a screen: whole hints, the most important first; kill switch, help and quit always."""

import pytest

from console.tui.actions import Action, actions
from console.tui.text import line_width
from console.tui.theme import UNICODE
from console.tui.widgets.hints import hint_line
from tests.tui.cases import CASES, console_of
from tests.tui.screen import painted, text_of

EVERY = [a for a in actions(owns_engine=False) if {"table", "app", "anywhere"} & set(a.places)]
TABLE = [a for a in EVERY if a.id != "next_pane"]
AT_REST = [a for a in TABLE if a.id != "all_rows"]
"""As long as there is no filter to take off."""


def line(cells: int, *crumbs: str, paused: float | None = None, table: list[Action] = TABLE) -> str:
    spans = hint_line(crumbs or ("overview",), table, paused, cells, UNICODE)
    assert line_width(spans) == cells
    return "".join(span.text for span in spans)


@pytest.mark.parametrize("cells", range(49, 200, 3))
def test_hints_are_whole_or_not_there(cells: int) -> None:
    shown = line(cells, table=AT_REST)
    labels = [a.label for a in TABLE if a.label]
    for word in shown.split("overview")[1].split("  "):
        assert word.strip() in {"", *labels, *(a.shown for a in TABLE)}


@pytest.mark.parametrize("cells", range(40, 200, 7))
def test_kill_switch_way_back_help_and_quit_stand_at_the_right_end(cells: int) -> None:
    assert line(cells, table=AT_REST).endswith(" K  kill  esc  back  ?  help  q  quit ")


@pytest.mark.parametrize("cells", range(49, 200, 7))
def test_where_one_key_trips_it_stands_for_the_one_that_leads_there(cells: int) -> None:
    here = [a for a in actions(owns_engine=True) if {"kill", "anywhere"} & set(a.places)]
    shown = line(cells, "overview", "kill switch", table=here)
    assert shown.endswith(" T  trip  esc  back  ?  help  q  quit demo ")


@pytest.mark.parametrize("cells", [50, 78, 198])
def test_of_several_that_esc_does_only_the_nearest_is_told(cells: int) -> None:
    shown = line(cells)
    assert shown.endswith(" esc  all rows  ?  help  q  quit ")
    assert shown.count("esc") == 1


def test_the_place_s_own_keys_come_before_the_app_s() -> None:
    shown = line(200)
    assert shown.index("open") < shown.index("filter") < shown.index("pause")


def test_where_a_screen_has_parts_the_way_to_the_next_comes_first() -> None:
    rest = [action for action in EVERY if action.id != "all_rows"]
    assert line(78, "positions", "BTC/USD", table=rest).startswith(" positions › BTC/USD  tab  next part ")


def test_on_a_low_screen_the_way_to_the_next_part_is_told_before_the_whole_path() -> None:
    demo = [
        action for action in actions(owns_engine=True) if {"table", "app", "anywhere"} & set(action.places)
    ]
    rest = [action for action in demo if action.id != "all_rows"]
    assert line(78, "overview", "AXSUSDT", table=rest).startswith(" AXSUSDT  tab  next part ")
    assert line(78, "overview", "A" * 40, table=rest).startswith(" AAAAAAAAAAAAAAAA…  tab  next part ")


async def test_of_what_is_on_the_key_is_called_by_what_takes_it_back() -> None:
    app = console_of(CASES["normal"])
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        assert " p  pause " in text_of(app).splitlines()[-1]
        await pilot.press("p")
        await painted(app)
        assert " p  go on " in text_of(app).splitlines()[-1]


@pytest.mark.parametrize(("key", "hinted"), [("1", False), ("2", True), ("enter", True), ("4", False)])
async def test_tab_is_hinted_where_a_screen_has_parts(key: str, hinted: bool) -> None:
    app = console_of(CASES["normal"])
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press(key)
        await painted(app)
        assert ("tab  next part" in text_of(app)) is hinted


def test_on_a_low_screen_the_rollout_says_that_digits_are_stages() -> None:
    here = [a for a in actions(owns_engine=False) if {"rollout", "matrix", "app", "anywhere"} & set(a.places)]
    shown = line(78, "rollout", table=[a for a in here if a.id != "next_pane"])
    assert shown.startswith(" rollout  +  up  0  to 3 set ")


def test_the_path_stands_first_with_the_separator_between_its_parts() -> None:
    assert line(78, "positions", "BTC/USD").startswith(" positions › BTC/USD ")


def test_of_a_long_path_the_end_is_kept() -> None:
    shown = line(70, "a long beginning of the path", "positions", "S" * 40)
    assert "S" * 20 in shown
    assert "beginning" not in shown


@pytest.mark.parametrize(
    ("paused", "words"), [(0.0, "PAUSED 0 s"), (12.0, "PAUSED 12 s"), (300.0, "PAUSED 5 m")]
)
def test_a_held_picture_says_so_and_for_how_long(paused: float, words: str) -> None:
    assert line(78, paused=paused).startswith(f" {words} ")
