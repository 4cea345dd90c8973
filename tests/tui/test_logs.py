"""Screen 7 on real files: what is shown, where the cursor stays, and what the keys do."""

import asyncio
import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.strip import Strip

from console.log_follower import LogFollower
from console.sources.logs.lines import LogLine, Place
from console.tui.screens.line_detail import LineDetail
from console.tui.screens.logs import Logs
from console.tui.theme import UNICODE
from console.tui.widgets.log.header import clip_left, size_words
from console.tui.widgets.log.rows import log_row
from console.tui.widgets.log.view import LogView
from tests.tui.fake import START
from tests.tui.logs import (
    ASCII,
    append,
    folder,
    is_open,
    line,
    log,
    newest,
    opened,
    shows,
    typed,
    usual,
    view_of,
)
from tests.tui.screen import assert_snapshot, strips, text_of
from tests.waiting import until

__all__ = ["folder", "log"]  # fixtures


UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_log_looks_as_reviewed(log: Path, size: tuple[int, int]) -> None:
    async with opened(log, size=size) as (app, _):
        await assert_snapshot(app, f"logs-{size[0]}x{size[1]}")


async def test_the_log_looks_as_reviewed_in_ascii(log: Path) -> None:
    async with opened(log, size=(80, 24), environ=ASCII) as (app, pilot):
        await pilot.press("e")
        await shows(app, lambda: "only errors" in text_of(app))
        assert text_of(app).replace("\n", "").isascii()
        await assert_snapshot(app, "logs-errors-ascii-80x24")


async def test_on_a_low_screen_the_keys_that_find_lines_stand_above_the_log(log: Path) -> None:
    async with opened(log, size=(80, 24)) as (app, pilot):
        told = " e  errors  u  sync  i  margin  f  search  @  time "
        await shows(app, lambda: told in text_of(app).splitlines()[2])
        await pilot.press("i")
        await shows(app, lambda: " only margin_status " in text_of(app))
        assert " e  errors  u  sync  i  margin " in text_of(app).splitlines()[2]
        await pilot.resize_terminal(120, 40)
        await shows(app, lambda: " @  time " not in text_of(app).splitlines()[2])


async def test_a_missing_log_looks_as_reviewed(folder: Path) -> None:
    async with opened(folder / "futures.log", size=(80, 24)) as (app, _):
        await shows(app, lambda: "there is no logs/futures.log" in text_of(app))
        await assert_snapshot(app, "logs-missing-80x24")


async def test_a_log_is_read_while_its_screen_is_still_being_made(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    start, mounted, draw = LogFollower.start, Logs.on_mount, LogView.render_line

    def starting(follower: LogFollower) -> None:
        order.append("read")
        start(follower)

    def mounting(screen: Logs) -> None:
        order.append("mounted")
        mounted(screen)

    def drawing(view: LogView, y: int) -> Strip:
        order.append("drawn")
        return draw(view, y)

    monkeypatch.setattr(LogFollower, "start", starting)
    monkeypatch.setattr(Logs, "on_mount", mounting)
    monkeypatch.setattr(LogView, "render_line", drawing)
    async with opened(log):
        assert list(dict.fromkeys(order)) == ["read", "mounted", "drawn"]


async def test_a_path_that_has_no_log_is_read_to_its_end(folder: Path) -> None:
    far = folder / ("a" * 60) / ("b" * 60) / "futures.log"
    async with opened(far, size=(80, 24)) as (app, _):
        await shows(app, lambda: "there is no" in text_of(app))
        assert f"thereisno{far}.Itisshown" in re.sub(r"[▌▐\s]", "", text_of(app))
        assert " for " not in text_of(app)


async def test_a_log_that_nobody_has_written_to_says_that_it_is_empty(folder: Path) -> None:
    (folder / "futures.log").touch()
    async with opened(folder / "futures.log") as (app, _):
        await shows(app, lambda: "the log is empty" in text_of(app))


async def test_without_colour_levels_still_read(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(log) as (app, pilot):
        await pilot.press("e")
        await shows(app, lambda: "only errors" in text_of(app))
        shown = text_of(app)
        assert "◆ ERROR " in shown
        assert "✘ CRITICAL " in shown


async def test_every_line_is_as_wide_as_the_screen_and_no_control_reaches_it(log: Path) -> None:
    append(log, line(1, "\x1b]0;title\x07 \x9b2J \u200b\u202e 漢字 e\u0301" * 20))
    for size in ((80, 24), (121, 30)):
        async with opened(log, size=size) as (app, _):
            assert {cell_len(strip.text) for strip in strips(app)} == {size[0]}
            assert all(character.isprintable() for character in text_of(app).replace("\n", ""))


async def test_the_end_is_followed_until_the_cursor_goes_up(log: Path) -> None:
    async with opened(log) as (app, pilot):
        append(log, line(0, "the newest one"))
        await shows(app, lambda: "the newest one" in newest(app))
        await pilot.press("up", "up")
        chosen = view_of(app).line
        append(log, *(line(0, f"later {n}") for n in range(500)))
        await asyncio.sleep(0.6)
        app.paint()
        assert view_of(app).line == chosen
        assert "PAUSED at" in text_of(app)
        assert "later" not in text_of(app)
        await pilot.press("G")
        await shows(app, lambda: "later 499" in newest(app))
        assert "FOLLOWING" in text_of(app)


async def test_p_is_called_by_what_it_would_do(log: Path) -> None:
    async with opened(log, size=(200, 60)) as (app, pilot):
        assert " p  pause " in text_of(app).splitlines()[-1]
        await pilot.press("p")
        await until(lambda: " p  go on " in text_of(app).splitlines()[-1])


async def test_p_holds_the_log_and_lets_it_go_on(log: Path) -> None:
    async with opened(log) as (app, pilot):
        await pilot.press("p")
        append(log, line(0, "written meanwhile"))
        await asyncio.sleep(0.4)
        app.paint()
        assert "written meanwhile" not in text_of(app)
        await pilot.press("p")
        await shows(app, lambda: "written meanwhile" in newest(app))


async def test_paging_reaches_the_first_line_and_comes_back(log: Path) -> None:
    append(log, *(line(0, f"later {n}") for n in range(800)))
    async with opened(log) as (app, pilot):
        for _ in range(35):
            await pilot.press("pageup")
        await shows(app, lambda: "64000.50" in text_of(app))
        await pilot.press("end")
        await shows(app, lambda: "later 799" in newest(app))
        await pilot.press("home")
        await shows(app, lambda: "64000.50" in text_of(app))


async def test_enter_shows_the_whole_record_wrapped_and_inert(log: Path) -> None:
    async with opened(log) as (app, pilot):
        await pilot.press("slash")
        await typed(pilot, "LIQUIDATION")
        await shows(app, lambda: len(view_of(app)._page.lines) == 1)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, LineDetail)
        await until(lambda: "esc  back" in text_of(app).splitlines()[-1])
        assert text_of(app).count("and so on") >= 30
        await pilot.press("escape", "escape")
        await pilot.press("f")
        await typed(pilot, "no answer")
        await shows(app, lambda: "PAUSED at" in text_of(app))
        await pilot.press("enter")
        await pilot.pause()
        assert r"\x1b[31mno answer\x1b[0m [red]x[/]" in text_of(app)
        assert "the exchange says 0.5" in text_of(app)


async def test_the_detail_of_a_line_looks_as_reviewed(log: Path) -> None:
    async with opened(log, size=(80, 24)) as (app, pilot):
        await pilot.press("f")
        await typed(pilot, "LIQUIDATION")
        await shows(app, lambda: "PAUSED at" in text_of(app))
        await pilot.press("enter")
        await pilot.pause()
        await assert_snapshot(app, "logs-line-80x24")


async def test_y_copies_the_line_as_it_is_written(log: Path) -> None:
    async with opened(log) as (app, pilot):
        await pilot.press("y")
        await pilot.pause()
        assert app.clipboard == usual().splitlines()[-1]
        assert "the line was sent to your clipboard" in text_of(app)


async def test_the_next_log_of_the_context_comes_on_a_key(log: Path, folder: Path) -> None:
    other = folder / "strategy.log"
    other.write_text(line(3, "of the strategy"))
    async with opened(log, other) as (app, pilot):
        await pilot.press("o")
        await shows(app, lambda: "of the strategy" in text_of(app))
        assert "strategy  logs/strategy.log" in text_of(app)
        await pilot.press("o")
        await shows(app, lambda: "logs/futures.log" in text_of(app))


async def test_a_log_that_is_not_shown_is_not_read_and_comes_back_where_it_was(log: Path) -> None:
    async with opened(log) as (app, pilot):
        await pilot.press("up", "up", "up")
        await shows(app, lambda: "PAUSED at" in text_of(app))
        chosen = view_of(app).line
        assert is_open(log)
        await pilot.press("1")
        await until(lambda: not is_open(log))
        await pilot.press("7")
        await shows(app, lambda: "PAUSED at" in text_of(app) and view_of(app).line == chosen)


async def test_a_context_without_a_log_says_so() -> None:
    async with opened() as (app, _):
        assert "this context names no log to follow" in text_of(app)


async def test_a_click_chooses_a_line(log: Path) -> None:
    async with opened(log) as (app, pilot):
        await pilot.click(LogView, offset=(10, 5))
        await pilot.pause()
        line_of_click = strips(app)[view_of(app).region.y + 5].text
        assert "▸" in line_of_click


def test_a_clipped_message_ends_in_an_ellipsis() -> None:
    long = LogLine(Place(0, 0), Place(0, 500), "漢" * 200, at=START)
    for cells in (60, 61, 110, 160):
        text = "".join(piece.text for piece in log_row(long, cells, UNICODE))
        assert cells - 1 <= cell_len(text) <= cells
        assert text.endswith("…")


@pytest.mark.parametrize("at", [None, -62135596800.0 - 86400, 253402300800.0, 1e18])
def test_a_time_that_no_calendar_has_is_left_empty(at: float | None) -> None:
    row = log_row(LogLine(Place(0, 0), Place(0, 9), "x", at=at, begins=True), 80, UNICODE)
    assert row[0].text.strip() == ""


def test_a_path_is_clipped_from_the_left() -> None:
    assert clip_left("/srv/futures/logs/futures.log", 16, "…") == "…ogs/futures.log"
    assert cell_len(clip_left("/srv/漢字/logs/futures.log", 20, "…")) <= 20
    assert clip_left("short.log", 20, "…") == "short.log"


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (41_200_000, "41.2 MB"), (1_953_000_000, "1.95 GB"), (345_000, "345 kB")],
)
def test_sizes_are_read_at_a_glance(size: int, words: str) -> None:
    assert size_words(size) == words
