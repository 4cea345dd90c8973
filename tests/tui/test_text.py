"""Foreign text on its way to the screen: inert, and never wider than its place."""

import itertools
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cached_cell_len, cell_len

from console.domain.figures import seconds
from console.tui.text import (
    Span,
    clip,
    fit,
    fit_line,
    line_width,
    one_colon,
    plain_ascii,
    spread,
    told_apart,
    visible,
    width,
    wrap,
)

FOREIGN = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x9b\x07\x7f\u200b\u200d\u202e\u2066\ufe0f\u0301漢\U0001f1e9\U0001f3fd\u2028"),
    ),
    max_size=60,
)


@given(FOREIGN)
@example("\x1b]52;c;aGk=\x07")
def test_nothing_that_a_terminal_obeys_gets_through(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert visible(shown) == shown


def test_every_sign_is_as_wide_as_the_terminal_draws_it() -> None:
    shown = [visible(chr(code)) for code in range(0x3000)]
    assert [width(sign) for sign in shown] == [cell_len(sign) for sign in shown]


def test_signs_that_are_what_they_look_like_are_shown_as_they_are() -> None:
    signs = "▁▂▃▄▅▆▇█ …–·µ ↑↓←→ ✓✘▲◆●◐○▸›≈≥²é"
    assert visible(signs) == signs


def test_texts_that_change_all_day_are_not_kept() -> None:
    before = cached_cell_len.cache_info().currsize
    for bars in itertools.product("▁▂▃▄▅▆▇█", repeat=3):
        fit("".join(bars), 10, "right", "…")
    assert cached_cell_len.cache_info().currsize <= before + 1  # the ellipsis


@given(FOREIGN, st.integers(0, 40), st.sampled_from(["left", "right"]))
def test_a_fitted_text_is_exactly_as_wide_as_its_place(text: str, cells: int, align: str) -> None:
    fitted = fit(text, cells, "left" if align == "left" else "right", "…")
    assert cell_len(fitted) == cells


@given(FOREIGN, st.integers(1, 40))
def test_what_is_clipped_ends_in_an_ellipsis(text: str, cells: int) -> None:
    clipped = clip(text, cells, "…")
    assert clipped == visible(text) or clipped.endswith("…")


@given(st.lists(st.builds(Span, FOREIGN), max_size=5), st.integers(1, 60))
def test_a_fitted_line_is_never_too_wide_and_shows_that_something_is_missing(
    line: list[Span], cells: int
) -> None:
    fitted = fit_line(line, cells, "…")
    assert line_width(fitted) <= cells
    assert line_width(line) <= cells or fitted[-1].text.endswith("…")


@given(FOREIGN, FOREIGN, st.integers(5, 60))
def test_two_ends_fill_the_line(left: str, right: str, cells: int) -> None:
    line = spread((Span(left),), (Span(right),), cells, "…")
    assert line_width(line) <= cells


@given(FOREIGN)
def test_ascii_terminals_get_ascii_of_the_same_width(text: str) -> None:
    shown = plain_ascii(visible(text))
    assert shown.isascii()
    assert cell_len(shown) == cell_len(visible(text))


@pytest.mark.parametrize("merging", ["\ufe0f", "\U0001f3fd", "\U0001f1e9", "\u200d", "\u302e"])
def test_what_terminals_merge_into_its_neighbour_is_shown_apart(merging: str) -> None:
    assert visible(f"A{merging}B") == f"A{merging.encode('ascii', 'backslashreplace').decode()}B"


def test_markup_is_only_text() -> None:
    assert visible("[red]BTC[/]") == "[red]BTC[/]"


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (0.0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "9 s"),
        (99.9, "99 s"),
        (100, "1 m"),
        (7200, "2 h"),
        (9e9, "99 d"),
    ],
)
def test_ages_take_at_most_five_cells(age: float, shown: str) -> None:
    assert seconds(age) == shown


@given(FOREIGN, st.integers(2, 40))
def test_wrapping_loses_nothing_but_spaces_and_fits(text: str, cells: int) -> None:
    lines = wrap(text, cells)
    assert all(width(line) <= cells for line in lines)
    assert "".join(lines).replace(" ", "") == visible(text).replace(" ", "")


@pytest.mark.parametrize(
    ("names", "cells", "shown"),
    [
        (
            ["USD-M paper account", "COIN-M paper account"],
            20,
            ["USD-M paper account", "COIN-M paper account"],
        ),
        (["USD-M paper account", "COIN-M paper account"], 12, ["USD-M paper", "COIN-M paper"]),
        (["USD-M paper account", "COIN-M paper account"], 9, ["USD-M", "COIN-M"]),
        (["main account", "account"], 6, ["main account", "account"]),
        (["the only account"], 6, ["the only account"]),
        ([], 6, []),
    ],
)
def test_of_names_that_end_alike_what_tells_them_apart_is_kept(
    names: list[str], cells: int, shown: list[str]
) -> None:
    assert told_apart(names, cells) == shown


def test_only_the_first_colon_introduces() -> None:
    assert one_colon("metrics: can't connect: [Errno 111]: no") == "metrics: can't connect, [Errno 111], no"
