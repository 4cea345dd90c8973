"""A line to type: its letters, what it refuses, and that it gives back what it took."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.events import Paste

from console.tui.actions import actions
from console.tui.keymap import rebound
from console.tui.widgets.prompt import LONGEST, Asks, Entry, Prompt, Question, in_view, kill_hint
from tests.tui.plain import PlainConsole, plain_console
from tests.tui.screen import painted, text_of, tone_letters

ANY_TEXT = st.text(max_size=30)


@given(ANY_TEXT, ANY_TEXT, st.integers(-5, 40))
def test_what_is_typed_stands_where_the_cursor_was(text: str, more: str, at: int) -> None:
    entry = Entry(text).moved(at)
    typed = entry.typed(more)
    assert typed.text == text[: entry.at] + more + text[entry.at :]
    assert typed.at == entry.at + len(more)


@given(ANY_TEXT, st.integers(0, 30), st.integers(0, 30))
def test_erasing_takes_away_just_that(text: str, begin: int, length: int) -> None:
    kept = Entry(text, len(text)).without(begin, begin + length)
    assert kept.text == text[:begin] + text[begin + length :]
    assert 0 <= kept.at <= len(kept.text) or begin > len(text)


@pytest.mark.parametrize(
    ("text", "at", "begins"),
    [("one two", 7, 4), ("one two  ", 9, 4), ("one", 3, 0), ("", 0, 0), ("a b", 2, 0)],
)
def test_the_word_before_the_cursor_is_found(text: str, at: int, begins: int) -> None:
    assert Entry(text, at).word_begins == begins


@given(ANY_TEXT, st.integers(0, 30), st.integers(1, 20))
def test_what_is_in_view_fits_and_has_the_cursor(text: str, at: int, cells: int) -> None:
    before, under, after = in_view(Entry(text).moved(at), cells, "…")
    assert under
    assert cell_len(before + under + after) <= max(cells, cell_len(under))


def test_an_answer_has_a_longest() -> None:
    assert len(Entry().typed("x" * 2 * LONGEST).text) == LONGEST


class Asked:
    """Asks the screen a question, and keeps what comes of it."""

    def __init__(self, app: PlainConsole, complaint: str = "") -> None:
        self.answers: list[str | None] = []
        self.typed: list[str] = []
        self._complaint = complaint
        assert isinstance(app.plain, Asks)
        app.plain.ask(Question("filter", "", self._typed, self.answers.append))

    def _typed(self, text: str) -> str:
        self.typed.append(text)
        return self._complaint if text.endswith("bad") else ""


async def test_the_key_of_the_kill_switch_that_is_no_letter_stands_at_the_end() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        Asked(app)
        await pilot.press(*"K and more")
        await pilot.pause()
        assert "K and more " in text_of(app).splitlines()[-1]
        assert text_of(app).splitlines()[-1].endswith(" ctrl+k  kill ▐")


def test_an_operator_without_such_a_key_is_told_of_none() -> None:
    assert kill_hint(rebound(actions(owns_engine=False), {"kill_switch": ["K"]})) == ()


async def test_enter_answers_and_gives_the_focus_and_the_hints_back() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        asked = Asked(app)
        await pilot.pause()
        assert text_of(app).splitlines()[-1].startswith("▌ filter")
        await pilot.press("b", "t", "c", "enter")
        await pilot.pause()
        assert asked.answers == ["btc"]
        assert asked.typed == ["", "b", "bt", "btc"]
        assert app.focused is app.plain.reader
        assert "help" in text_of(app).splitlines()[-1]


async def test_escape_answers_nothing_and_leaves_the_screen_where_it_is() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        asked = Asked(app)
        await pilot.press("x", "escape")
        assert asked.answers == [None]
        assert app.screen is app.plain


async def test_keys_of_the_console_are_text_while_a_line_is_typed() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        asked = Asked(app)
        await pilot.press("q", "K", "question_mark", "1", "p", "shift+tab", "enter")
        await pilot.pause()
        assert asked.answers == ["qK?1p"]
        assert app.return_value is None


async def test_a_complaint_is_shown_and_keeps_enter_from_answering() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        asked = Asked(app, "there is no bad")
        await pilot.press("b", "a", "d", "enter")
        await pilot.pause()
        assert "there is no bad" in text_of(app).splitlines()[-1]
        assert asked.answers == []
        await pilot.press("backspace", "enter")
        assert asked.answers == ["ba"]


async def test_enter_upon_a_complaint_makes_it_stand_out_until_the_text_changes() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        Asked(app, "there is no bad")
        await pilot.press("b", "a", "d")
        await pilot.pause()
        assert "A" not in tone_letters(app).splitlines()[-1]
        await pilot.press("enter")
        await pilot.pause()
        assert "AAAAA AA AA AAA" in tone_letters(app).splitlines()[-1]
        await pilot.press("backspace")
        await pilot.pause()
        assert "A" not in tone_letters(app).splitlines()[-1]


async def test_a_complaint_is_not_cut_off_for_a_long_text() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        Asked(app, "x" * 50)
        await pilot.press(*"a very long answer that ends in bad")
        await pilot.pause()
        last = text_of(app).splitlines()[-1]
        assert "x" * 50 in last
        assert "in bad" in last


async def test_a_complaint_has_the_room_that_nothing_is_typed_in() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        Asked(app, "x" * 47)
        await pilot.press(*"bad")
        await pilot.pause()
        assert "x" * 47 in text_of(app).splitlines()[-1]
        assert text_of(app).splitlines()[-1].endswith(" ctrl+k  kill ▐")


async def test_keys_edit_the_line() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        asked = Asked(app)
        await pilot.press(
            *"ab cd", "ctrl+w", "home", "x", "right", "delete", "end", "left", "left", "y", "enter"
        )
        assert asked.answers == ["xya "]


async def test_control_characters_are_not_pasted_and_a_last_line_end_does_not_matter() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        asked = Asked(app)
        app.plain.query_one(Prompt).post_message(Paste("two\nlines"))
        await pilot.pause()
        assert "not pasted" in text_of(app).splitlines()[-1]
        app.plain.query_one(Prompt).post_message(Paste("BTC/USD\n"))
        await pilot.pause()
        await pilot.press("enter")
        assert asked.answers == ["BTC/USD"]


async def test_the_screen_behind_is_painted_while_a_line_is_typed() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)):
        await painted(app)
        Asked(app)
        before = len(app.plain.paints)
        app.paint()
        assert len(app.plain.paints) == before + 1


async def test_what_is_typed_is_not_told_to_whoever_records_the_keys() -> None:
    keys: list[str] = []
    app = plain_console(on_key=keys.append)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("j")
        Asked(app)
        await pilot.press("s", "e", "c", "enter", "p")
        await pilot.pause()
    assert keys == ["j", "enter", "p"]
