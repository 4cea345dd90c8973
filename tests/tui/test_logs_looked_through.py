"""Screen 7 looked through: filters, searches and jumps by time, and how each is undone."""

from pathlib import Path

import pytest

from console.tui.screens.logs import Logs
from console.tui.widgets.prompt import Prompt
from tests.tui.fake import START
from tests.tui.logs import busy, chosen_of, folder, log, opened, shows, typed, view_of
from tests.tui.screen import strips, text_of

__all__ = ["folder", "log"]  # fixtures


UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("key", "words", "count"),
    [("e", "only errors", 2), ("u", "only position_sync", 1), ("i", "only margin_status", 1)],
)
async def test_the_documents_filters_are_on_keys_and_off_again(
    log: Path, key: str, words: str, count: int
) -> None:
    async with opened(log) as (app, pilot):
        await pilot.press(key)
        await shows(app, lambda: words in text_of(app) and len(view_of(app)._page.lines) == count)
        await pilot.press(key)
        await shows(app, lambda: "all lines" in text_of(app) and len(view_of(app)._page.lines) > 200)


async def test_esc_takes_the_filter_off_before_it_leaves(log: Path) -> None:
    async with opened(log) as (app, pilot):
        await pilot.press("u")
        await shows(app, lambda: "only position_sync" in text_of(app))
        await pilot.press("escape")
        await shows(app, lambda: "all lines" in text_of(app))
        assert isinstance(app.screen, Logs)
        await pilot.press("escape")
        assert not isinstance(app.screen, Logs)


@pytest.mark.parametrize("keys", [("e", "fz"), ("fz", "e")], ids=" then ".join)
async def test_esc_undoes_first_what_was_set_last(keys: tuple[str, str], log: Path) -> None:
    words = {"e": "only errors", "fz": "search zzz"}
    async with opened(log) as (app, pilot):
        for key in keys:
            await pilot.press(key[0])
            if key == "fz":
                await typed(pilot, "zzz")
            await shows(app, lambda key=key: words[key] in text_of(app))  # type: ignore[misc]
        await shows(app, lambda: not busy(app))
        await pilot.press("escape")
        await shows(app, lambda: words[keys[1]] not in text_of(app) and words[keys[0]] in text_of(app))
        await pilot.press("escape")
        await shows(app, lambda: words[keys[0]] not in text_of(app) and "all lines" in text_of(app))
        assert isinstance(app.screen, Logs)
        await pilot.press("escape")
        assert not isinstance(app.screen, Logs)


async def test_after_esc_took_the_search_off_there_is_none_to_go_on_with(log: Path) -> None:
    async with opened(log) as (app, pilot):
        await pilot.press("f")
        await typed(pilot, "mark 640.0")
        await shows(app, lambda: "64090.50" in chosen_of(app))
        assert "esc  take off" in text_of(app)
        await pilot.press("escape")
        await shows(app, lambda: "search mark" not in text_of(app) and "64090.50" in chosen_of(app))
        await pilot.press("n")
        await shows(app, lambda: "nothing is searched for yet" in text_of(app))
        assert "64090.50" in chosen_of(app)


async def test_a_filter_is_any_regular_expression_and_a_bad_one_is_told_at_once(log: Path) -> None:
    async with opened(log) as (app, pilot):
        await pilot.press("slash", "6", "4", "left_parenthesis")
        await pilot.pause()
        assert "not a regular expression" in text_of(app)
        await pilot.press("backspace")
        await typed(pilot, "0[12]5.*")
        await shows(app, lambda: len(view_of(app)._page.lines) == 2)
        assert "only lines with 640[12]5.*" in text_of(app)


async def test_without_a_search_there_is_none_to_go_on_with(log: Path) -> None:
    async with opened(log) as (app, pilot):
        await pilot.press("n")
        await shows(app, lambda: "nothing is searched for yet" in text_of(app))
        assert not app.screen.query_one(Prompt).display


async def test_a_search_goes_on_in_either_direction_and_marks_matches(log: Path) -> None:
    async with opened(log) as (app, pilot):
        await pilot.press("f")
        await typed(pilot, "mark 640.0")

        def chosen() -> str:
            found = view_of(app).line
            return "" if found is None else found.message

        await shows(app, lambda: "64090.50" in chosen())
        await pilot.press("n")
        await shows(app, lambda: "64080.50" in chosen())
        await pilot.press("N")
        await shows(app, lambda: "64090.50" in chosen())
        reversed_text = {
            segment.text
            for strip in strips(app)
            for segment in strip
            if segment.style and segment.style.reverse
        }
        assert "mark 64090" in reversed_text


async def test_a_jump_by_time_puts_the_cursor_there(log: Path) -> None:
    async with opened(log) as (app, pilot):
        await pilot.press("at")
        await typed(pilot, "-3m")
        await shows(app, lambda: "PAUSED at" in text_of(app))
        found = view_of(app).line
        assert found is not None
        assert found.at == pytest.approx(START - 179)


@pytest.mark.parametrize(
    ("moment", "said"),
    [("23:59", "nothing since 23:59:00, this is the end"), ("2026-05-01 10:00", "nothing before 20:21:40")],
)
async def test_a_time_that_the_log_does_not_reach_is_told(moment: str, said: str, log: Path) -> None:
    async with opened(log, size=(80, 24)) as (app, pilot):
        await pilot.press("up", "up", "at")
        await typed(pilot, moment)
        await shows(app, lambda: said in text_of(app))
        assert ("FOLLOWING" in text_of(app)) == ("end" in said)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("9", marks=pytest.mark.campaign),
        "25:00",
        pytest.param("yesterday evening", marks=pytest.mark.campaign),
    ],
)
async def test_a_time_that_can_not_be_read_has_one_line_of_what_is_allowed(wrong: str, log: Path) -> None:
    async with opened(log, size=(80, 24)) as (app, pilot):
        await pilot.press("at")
        await typed(pilot, wrong)
        await pilot.pause()
        bottom = text_of(app).splitlines()[-1]
        assert "allowed: 14:05, 14:05:30, 2026-01-02 03:04 or -10m" in bottom
        assert "FOLLOWING" in text_of(app)
