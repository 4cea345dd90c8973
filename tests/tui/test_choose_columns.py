"""Choosing columns: the table follows at once, and the choice is there again after a restart."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.tui.screens.choose_columns import ChooseColumns
from console.tui.widgets.table.columns import choice_of, chosen
from tests.tui.screen import text_of
from tests.tui.tables import COLUMNS, TableApp, pairs

KEYS = [column.key for column in COLUMNS]


def shown(choice: tuple[str, ...] | None) -> list[str]:
    return [column.key for column in chosen(COLUMNS, choice)]


def test_by_default_all_columns_are_shown_but_the_optional_ones() -> None:
    assert shown(None) == ["symbol", "state", "margin_ratio", "funding_rate"]


def test_a_column_that_the_choice_does_not_know_is_shown_after_the_others() -> None:
    assert shown(("margin_ratio", "-state")) == ["symbol", "margin_ratio", "funding_rate"]


def test_columns_that_are_gone_and_the_first_one_are_passed_over_in_a_choice() -> None:
    assert shown(("gone", "note", "symbol", "-x")) == [
        "symbol",
        "note",
        "state",
        "margin_ratio",
        "funding_rate",
    ]


@given(st.lists(st.sampled_from(KEYS[1:]), unique=True))
def test_what_was_chosen_is_what_is_shown_again(keys: list[str]) -> None:
    assert shown(choice_of(COLUMNS, ["symbol", *keys])) == ["symbol", *keys]


async def test_a_choice_is_followed_at_once_and_kept(tmp_path: Path) -> None:
    app = TableApp(pairs(5), state=tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("c", "space")
        await pilot.pause()
        assert "STATE" not in app.line(0)
        await pilot.press("down", "down", "down", "space", "shift+up")
        await pilot.pause()
        assert app.line(0).split()[-3:] == ["NOTE", "FUND", "8H"]
        await pilot.press("escape")
        await pilot.pause()
        assert app.table.has_focus
        titles = app.line(0)
    again = TableApp(pairs(5), state=tmp_path)
    async with again.run_test(size=(100, 30)):
        assert again.line(0) == titles


async def test_a_column_is_moved_with_keys_that_every_terminal_sends() -> None:
    app = TableApp(pairs(5))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("c", ">")
        await pilot.pause()
        assert app.line(0).split()[2:4] == ["MARGIN", "STATE"]
        await pilot.press("<")
        await pilot.pause()
        assert app.line(0).split()[2] == "STATE"


@pytest.mark.parametrize(("locale", "move"), [("C.UTF-8", "shift+↑ > move"), ("C", "shift+^ > move")])
async def test_the_dialog_names_its_keys_in_signs_that_the_terminal_has(locale: str, move: str) -> None:
    app = TableApp(pairs(5), LANG=locale)
    own = [replace(a, shown="shift+↑") if a.id == "move_up" else a for a in app.view.actions]
    dialog = ChooseColumns(
        replace(app.view, actions=tuple(own)), COLUMNS, KEYS, lambda keys: None, lambda: KEYS
    )
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(dialog)
        await pilot.pause()
        assert move in text_of(app)


async def test_columns_that_are_chosen_but_have_no_room_are_told(tmp_path: Path) -> None:
    app = TableApp(pairs(5), state=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.table.set_columns(
            [*COLUMNS, *(replace(COLUMNS[1], key=f"w{n}", width=30) for n in range(2))], "w0"
        )
        await pilot.press("c")
        await pilot.pause()
        remarked = [line for line in text_of(app).splitlines() if "no room now" in line]
        assert len(remarked) == 2
        await pilot.press("end", "up", "space")
        await pilot.pause()
        assert text_of(app).count("no room now") == 1


async def test_the_first_column_is_neither_hidden_nor_moved() -> None:
    app = TableApp(pairs(5))
    async with app.run_test(size=(100, 30)) as pilot:
        before = app.line(0)
        await pilot.press("c", "up", "space", "shift+down", "down", "shift+up", "escape")
        await pilot.pause()
        assert app.line(0) == before


async def test_a_broken_file_of_choices_is_said_once_on_the_screen(tmp_path: Path) -> None:
    (tmp_path / "screen.json").write_text("{", encoding="utf-8")
    app = TableApp(pairs(5), state=tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert len(app.shown.said) == 1
        assert "screen.json" in app.shown.said[0]
        assert "STATE" in app.line(0)
