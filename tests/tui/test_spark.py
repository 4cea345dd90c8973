"""Sparklines: as long as they are told to be, never upside down, and still where nothing moves."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.trails import Trails
from console.tui.theme import ASCII, UNICODE, Glyphs
from console.tui.widgets.spark import sampled, spark, values_of
from tests.tui.cases import CASES, console_of
from tests.tui.screen import painted, text_of

ANY = st.lists(st.floats(), max_size=30)
GLYPHS = st.sampled_from([UNICODE, ASCII])


def height(bar: str) -> int:
    return "▁▂▃▄▅▆▇█".index(bar)


@given(ANY, st.integers(0, 20), GLYPHS)
def test_it_is_exactly_as_long_as_it_is_told_to_be(values: list[float], cells: int, glyphs: Glyphs) -> None:
    assert len(spark(values, cells, glyphs)) == cells


@given(ANY)
def test_a_terminal_of_ascii_gets_nothing_else(values: list[float]) -> None:
    assert spark(values, 8, ASCII).isascii()


@given(st.lists(st.floats(-1e300, 1e300), min_size=8, max_size=8))
def test_a_higher_value_is_never_drawn_lower(values: list[float]) -> None:
    drawn = sorted(zip(values, spark(values, 8, UNICODE), strict=True), key=lambda pair: pair[0])
    assert all(height(one[1]) <= height(other[1]) for one, other in itertools.pairwise(drawn))


def test_a_rise_runs_from_the_lowest_bar_to_the_highest() -> None:
    assert spark([1, 2, 3, 4, 5, 6, 7, 8], 8, UNICODE) == "▁▂▃▄▅▆▇█"


def test_what_hardly_moves_is_flat() -> None:
    assert len(set(spark([1.5, 1.501, 1.5, 1.502], 4, UNICODE))) == 1


def test_no_value_is_a_blank() -> None:
    assert spark([math.nan, 1, 2], 4, UNICODE) == "  ▁█"
    assert spark([], 4, UNICODE) == "    "


def trails(*values: float, step: float = 5.0, begin: float = 1000.0) -> Trails:
    whole = Trails()
    for number, value in enumerate(values):
        whole = whole.with_moment(begin + number * step, ["A"], [value])
    return whole


def test_each_part_shows_its_lowest_value_and_the_last_one_the_present() -> None:
    moments = sampled(trails(*range(1, 41)), 4, 100)
    assert values_of("A", moments) == [21, 26, 31, 40]


def test_a_dip_that_is_over_within_its_part_is_still_shown() -> None:
    dip = [2.0] * 60 + [1.1] + [2.0] * 60
    assert min(values_of("A", sampled(trails(*dip), 8, 600))) == pytest.approx(1.1)


def test_a_value_that_is_missing_hides_no_lower_one() -> None:
    values = [math.nan, 1.0, 3.0, math.nan, 2.0] * 8
    assert values_of("A", sampled(trails(*values), 4, 100))[:3] == [1, 1, 1]


def test_a_name_that_came_later_has_values_since() -> None:
    whole = trails(*[2.0] * 40).with_moment(1200.0, ["B", "A"], [5.0, 4.0])
    assert values_of("A", sampled(whole, 2, 100)) == [2, 4]
    assert values_of("B", sampled(whole, 2, 100))[1] == 5


def test_at_first_a_minute_is_divided() -> None:
    values = values_of("A", sampled(trails(1, 2, 3), 8, 600))
    assert [math.isnan(value) for value in values] == [True] * 6 + [False] * 2


@given(st.integers(13, 200), st.sampled_from([1.0, 2.0, 5.0, 10.0]))
def test_after_a_minute_most_parts_are_filled_and_none_between_them_is_empty(count: int, step: float) -> None:
    shown = [moment is not None for moment in sampled(trails(*[1.0] * count, step=step), 8, 600)]
    assert shown == sorted(shown)
    assert sum(shown) >= 5 or (count - 1) * step < 60


@given(st.integers(1, 104))
def test_what_is_known_is_shown_from_its_beginning(count: int) -> None:
    values = values_of("A", sampled(trails(0.5, *[1.0] * count, 2.0), 8, 600))
    assert 0.5 in values


def test_while_time_goes_on_only_the_last_part_changes() -> None:
    values = [float(n) for n in range(40)]
    earlier = values_of("A", sampled(trails(*values[:37]), 4, 100))
    later = values_of("A", sampled(trails(*values[:39]), 4, 100))
    assert later[:3] == earlier[:3]
    assert later[3] != earlier[3]


async def test_copying_a_sparkline_gives_the_figures_that_it_is_drawn_from() -> None:
    app = console_of(CASES["normal"])
    async with app.run_test(size=(200, 60)) as pilot:
        await painted(app)
        head = next(line for line in text_of(app).splitlines() if "10 MIN" in line)
        titles = [title for title in map(str.strip, head.strip("▌ ").split("  ")) if title]
        await pilot.press(*["right"] * titles.index("10 MIN"), "y")
        figures = [float(figure) for figure in app.clipboard.split()]
        assert len(figures) == 8
        assert figures == sorted(figures, reverse=True)
        assert figures[-1] == 1.402
