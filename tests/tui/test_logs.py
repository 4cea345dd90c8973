"""Screen 7 on real files: what is shown, where the cursor stays, and what the keys do."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.strip import Strip

from console.log_follower import LogFollower
from console.sources.logs.file import LogFile
from console.sources.logs.lines import LogLine, Place
from console.tui.app import OpsConsole
from console.tui.screens.line_detail import LineDetail
from console.tui.screens.logs import Logs
from console.tui.theme import UNICODE
from console.tui.widgets.log.header import clip_left, size_words
from console.tui.widgets.log.rows import log_row
from console.tui.widgets.log.view import LogView
from console.tui.widgets.prompt import Prompt
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, metrics_of, snapshot, symbol_rows
from tests.tui.screen import assert_snapshot, painted, strips, text_of, until

UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
ASCII = {"LANG": "C", "TERM": "linux"}


@dataclass(slots=True)
class WithLogs(FakeWatched):
    """Settled data, and real logs beside it."""

    logs: tuple[LogFile, ...] = ()


def line(ago: float, message: str, level: str = "INFO", logger: str = "engine.market") -> str:
    at = datetime.fromtimestamp(START - ago)
    return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03} [{level}] {logger}: {message}\n"


def usual() -> str:
    """Five minutes of a log, with every level and a traceback with a colour in it."""
    text = [line(300 - n, f"BTCUSDT mark 64{n:03}.50 funding 0.0001") for n in range(280)]
    text[250:250] = [
        line(50, "turn took 12 ms", "DEBUG", "engine.loop"),
        line(49, "margin_status SOLUSDT 1.18 below 1.2", "WARNING", "engine.margin"),
        line(48, "the exchange says 0.5, the book 0.4", "ERROR", "position_sync"),
        "Traceback (most recent call last):\n",
        '    raise SyncError("\x1b[31mno answer\x1b[0m [red]x[/]")\n',
        "SyncError: no answer \u202e漢字\n",
        line(47, "LIQUIDATION BTCUSDT LONG 0.5 at 61000.1, " + "and so on " * 30, "CRITICAL", "engine.risk"),
    ]
    return "".join(text)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder, seen from where its name is the same at every run, in a time zone that is too."""
    with pytest.MonkeyPatch.context() as changed:
        changed.chdir(tmp_path)
        changed.setenv("TZ", "UTC")
        time.tzset()
        (tmp_path / "logs").mkdir()
        yield Path("logs")
    time.tzset()


@pytest.fixture
def log(folder: Path) -> Path:
    file = folder / "futures.log"
    file.write_text(usual(), encoding="utf-8")
    return file


def append(log: Path, *lines: str) -> None:
    with log.open("a") as stream:
        stream.write("".join(lines))


@asynccontextmanager
async def opened(
    *logs: Path, size: tuple[int, int] = (120, 40), environ: dict[str, str] | None = None
) -> AsyncIterator[tuple[OpsConsole, Pilot[int]]]:
    """The console on screen 7, with the first page shown."""
    files = tuple(LogFile(log.stem, lambda log=log: log) for log in logs)  # type: ignore[misc]
    shown = snapshot(START, metrics_of(symbol_rows(3)))
    app = OpsConsole(
        PAPER, lambda: WithLogs(shown, HandClock(START + 0.8), logs=files), environ=environ or UTF8
    )
    async with app.run_test(size=size) as pilot:
        await painted(app)
        await pilot.press("7")
        await until(lambda: isinstance(app.screen, Logs) and app.screen.query(LogView).first().is_attached)
        if logs:
            await until(lambda: bool(view_of(app)._page.path))
        app.paint()
        await pilot.pause()
        yield app, pilot


def view_of(app: OpsConsole) -> LogView:
    return next(screen for screen in app.screen_stack if isinstance(screen, Logs)).query_one(LogView)


def busy(app: OpsConsole) -> bool:
    """Whether the log is still being looked through."""
    return view_of(app)._page.progress is not None


def chosen_of(app: OpsConsole) -> str:
    found = view_of(app).line
    return "" if found is None else found.message


def is_open(log: Path) -> bool:
    """Whether this process has the file open."""
    found: set[Path] = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(descriptor.readlink())
    return log.resolve() in found


async def shows(app: OpsConsole, condition: Callable[[], bool]) -> None:
    """Wait until the screen shows it, as it would at its own pace."""

    def painted_and_so() -> bool:
        app.paint()
        return condition()

    await until(painted_and_so)
    await asyncio.sleep(0.02)


async def typed(pilot: Pilot[int], text: str) -> None:
    for character in text:
        await pilot.press("space" if character == " " else character)
    await pilot.press("enter")


def newest(app: OpsConsole) -> str:
    return next(line for line in reversed(text_of(app).split("\n")[:-1]) if line.strip("▌▐| "))


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


@pytest.mark.parametrize("wrong", ["9", "25:00", "yesterday evening"])
async def test_a_time_that_can_not_be_read_has_one_line_of_what_is_allowed(wrong: str, log: Path) -> None:
    async with opened(log, size=(80, 24)) as (app, pilot):
        await pilot.press("at")
        await typed(pilot, wrong)
        await pilot.pause()
        bottom = text_of(app).splitlines()[-1]
        assert "allowed: 14:05, 14:05:30, 2026-01-02 03:04 or -10m" in bottom
        assert "FOLLOWING" in text_of(app)


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
