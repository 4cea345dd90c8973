"""Screen 1 as an operator uses it: what it says of where margins go, of age, and what enter does."""

from dataclasses import replace

import pytest

from console.tui.app import OpsConsole
from console.tui.screens.overview.screen import Overview
from console.tui.screens.overview.summary import TEXTS
from console.tui.screens.symbol.screen import SymbolDetail
from tests.tui.cases import CASES, UTF8, Case, console_of, normal
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, Row, failing, metrics_of, snapshot
from tests.tui.screen import painted, text_of, tone_letters
from tests.waiting import until


def row_of(app: OpsConsole, symbol: str) -> str:
    """The table's line of a symbol: the one with its cursor or its gutter before it."""
    return next(line for line in text_of(app).splitlines() if line[3:].startswith(f"{symbol} "))


async def test_a_row_says_how_long_its_margin_takes_to_the_next_threshold() -> None:
    app = console_of(CASES["normal"])
    async with app.run_test(size=(80, 24)):
        await painted(app)
        assert "18m high" in row_of(app, "BNB003/USD")
        assert "BNB003/USD margin ratio 1.402, below 1.5 and falling, ~18 min to high" in text_of(app)


async def test_nothing_is_foretold_from_stale_values() -> None:
    app = console_of(CASES["stale"])
    async with app.run_test(size=(120, 40)):
        await painted(app)
        assert "18m" not in row_of(app, "BNB003/USD")


async def test_where_the_metrics_are_stale_from_the_start_the_worst_that_was_seen_comes_first() -> None:
    taken = snapshot(START, metrics_of([Row("A/USD"), Row("B/USD", 1.3), Row("C/USD", 1.0)]))
    watched = FakeWatched(taken, HandClock(START + 60))
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8)
    async with app.run_test(size=(80, 24)):
        await painted(app)
        await until(lambda: "C/USD" in text_of(app).splitlines()[7])
        assert isinstance(app.screen, Overview)
        assert app.screen.table.cursor_key == "C/USD"


async def test_a_stale_database_greys_position_and_pnl_only() -> None:
    whole = failing(normal(), "gone away", "database")
    app = console_of(
        Case(replace(whole, metrics=replace(whole.metrics, stale_after=60.0)), 12.0, PAPER, UTF8)
    )
    async with app.run_test(size=(120, 40)):
        await painted(app)
        at = next(y for y, line in enumerate(text_of(app).splitlines()) if line[3:].startswith("BNB003/USD "))
        line, tones = text_of(app).splitlines()[at], tone_letters(app).splitlines()[at]
        assert tones[line.index("1.25")] == "u"
        assert tones[line.index("1.402")] == "w"


async def test_a_wide_screen_shows_more_of_every_symbol() -> None:
    app = console_of(CASES["normal"])
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        assert "POSITION" not in text_of(app)
        await pilot.resize_terminal(200, 60)
        await until(lambda: "STAGE" in text_of(app))
        row = row_of(app, "BNB003/USD")
        assert all(word in row for word in ("L", "1.25", "100.00", "3h 1", "production 1/3"))


async def test_enter_opens_the_symbol_under_the_cursor_and_esc_comes_back_to_it() -> None:
    app = console_of(CASES["normal"])
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert isinstance(app.screen, SymbolDetail)
        opened = app.screen.symbol
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, Overview)
        assert app.screen.table.cursor_key == opened


async def test_what_has_not_changed_is_not_made_again() -> None:
    watched = FakeWatched(normal(), HandClock(START + 0.2))
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8)
    made: list[str] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        await pilot.pause()
        assert isinstance(app.screen, Overview)
        for name, text in app.screen._texts.items():
            text.show = lambda content, name=name: made.append(name)  # type: ignore[method-assign,misc]
        app.screen.table.set_rows = lambda rows: made.append("table")  # type: ignore[method-assign]
        view = app.view
        app.screen.paint(view)
        app.screen.paint(replace(view))
    assert made == []


def test_every_text_of_the_overview_has_a_place_on_it() -> None:
    assert set(TEXTS) == {"headline", "key-metrics", "accounts", "engine", "sources", "alerts"}


async def test_the_worst_symbol_of_headline_and_status_line_is_in_the_first_row() -> None:
    taken = snapshot(START, metrics_of([Row("A/USD", 1.04), Row("B/USD", 1.0), Row("C/USD", 1.02)]))
    app = console_of(Case(taken, 0.2, PAPER, UTF8))
    async with app.run_test(size=(80, 24)):
        await painted(app)
        await until(lambda: "B/USD" in text_of(app).splitlines()[7])
        status, headline, *_ = text_of(app).splitlines()
        assert " B/USD margin" in status
        assert "worst B/USD 1.000" in headline


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_whoever_has_not_left_it_yet_is_told_which_other_screens_there_are(
    size: tuple[int, int],
) -> None:
    screens = "2 positions  3 rollout  4 alerts  5 recovery  6 rollback  7 logs  8 audit"
    app = console_of(CASES["normal"])
    async with app.run_test(size=size) as pilot:
        await painted(app)
        assert screens in text_of(app)
        for keys in ("enter", "escape", "question_mark", "escape"):
            await pilot.press(keys)
        await until(lambda: screens in text_of(app))
        await pilot.press("2", "1")
        await until(lambda: " overview " in text_of(app).splitlines()[-1])
        await painted(app)
        assert screens not in text_of(app)


async def test_what_is_wrong_comes_before_which_other_screens_there_are() -> None:
    app = console_of(CASES["worst"])
    async with app.run_test(size=(80, 24)):
        await painted(app)
        assert "2 positions" not in text_of(app)


async def test_lines_that_a_vast_table_leaves_empty_are_given_to_the_alerts() -> None:
    taken = snapshot(START, metrics_of([Row(f"S{n:02}/USD", 1.1) for n in range(19)]))
    app = console_of(Case(taken, 0.2, PAPER, UTF8))
    async with app.run_test(size=(200, 60)):
        await painted(app)
        await until(lambda: "ALERTS 19" in text_of(app))
        await until(lambda: text_of(app).count("/USD margin 1.100 below 1.2") >= 19)
        assert "19 symbols with margin ratio" in text_of(app)
