"""The detail of a symbol, as an operator goes through it."""

from dataclasses import replace
from functools import partial

import pytest
from textual.events import DescendantFocus
from textual.pilot import Pilot

from console.domain.assessment import Rules
from console.domain.metrics import Answer
from console.domain.snapshot import Snapshot
from console.domain.thresholds import KEY_METRICS
from console.tui.app import OpsConsole
from console.tui.screens.symbol.facts import log_lines, tab_line
from console.tui.screens.symbol.screen import SymbolDetail
from console.tui.theme import UNICODE, Tone
from tests.tui.cases import ALL, UTF8, normal, worst
from tests.tui.fake import PANELS, PAPER, START, FakeWatched, HandClock, failing, nothing_yet
from tests.tui.screen import painted, text_of
from tests.waiting import until

WORST = "BNB003/USD"


def console(watched: FakeWatched) -> OpsConsole:
    return OpsConsole(PAPER, lambda: watched, environ=UTF8)


async def opened(app: OpsConsole, pilot: Pilot[int]) -> SymbolDetail:
    await painted(app)
    await pilot.press("enter")
    await until(lambda: "FACT" in text_of(app))
    assert isinstance(app.screen, SymbolDetail)
    return app.screen


def shows(app: OpsConsole, words: str) -> bool:
    return words in text_of(app)


def without(snapshot: Snapshot, symbol: str) -> Snapshot:
    """The same world, in which no source names the symbol any more."""
    metrics, held = snapshot.metrics, snapshot.database
    assert metrics.good is not None and metrics.value is not None
    assert held.good is not None and held.value is not None
    answers = {
        query: Answer({series: value for series, value in answer.vector.items() if series.symbol != symbol})
        for query, answer in metrics.value.answers.items()
    }
    samples = {
        name: {series: value for series, value in vector.items() if series.symbol != symbol}
        for name, vector in metrics.value.samples.items()
    }
    good = replace(metrics.good, value=replace(metrics.value, answers=answers, samples=samples))
    positions = tuple(p for p in held.value.positions or () if p.symbol != symbol)
    books = replace(held.good, value=replace(held.value, positions=positions))
    return replace(
        snapshot,
        metrics=replace(metrics, good=good, last=good),
        database=replace(held, good=books, last=books),
    )


async def test_it_has_the_symbol_read_in_full_for_as_long_as_it_is_open() -> None:
    watched = FakeWatched(normal(), HandClock(START + 0.5))
    app = console(watched)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        app.paint()
        assert watched.focused == WORST
        await pilot.press("escape")
        await pilot.pause()
        app.paint()
        assert watched.focused is None


def test_counts_of_parts_are_told_in_fewer_cells_before_they_are_left_out() -> None:
    names = ("facts", "plots", "positions", "orders", "trades", "closed", "alerts", "log")

    def told(cells: int, *counts: str) -> str:
        titles = [f"{name} {count}".strip() for name, count in zip(names, ("", "", *counts), strict=True)]
        line = tab_line([(n, t, Tone.DIM) for n, t in zip(names, titles, strict=True)], cells, UNICODE)
        return "".join(span.text for span in line)

    assert "closed none" in told(120, "1", "12", "8", "none", "1", "50")
    assert told(78, "1", "12", "8", "none", "1", "50").endswith(" trades 8  closed 0  alerts 1  log 50 ")
    assert told(70, "1", "12", "8", "none", "1", "50").endswith(" trades  closed  alerts  log ")


def test_a_log_line_longer_than_the_screen_is_shown_whole_below_itself() -> None:
    def shown(line: str, cells: int) -> list[str]:
        return ["".join(span.text for span in row) for row in log_lines((line,), cells, UNICODE)]

    assert shown("58 positions, lowest 1.03 AXSUSDT", 33) == ["58 positions, lowest 1.03 AXSUSDT"]
    assert shown("58 positions, lowest 1.03 AXSUSDT", 20) == ["58 positions,", "  lowest 1.03", "  AXSUSDT"]
    assert shown("word " * 500, 20)[3:] == ["  word word word…"]


async def test_what_is_left_to_liquidation_is_told_where_it_is_of_the_present() -> None:
    clock = HandClock(START + 0.5)
    app = console(FakeWatched(normal(), clock))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        assert "◆ sources differ on long entry  17.9% to liquidation" in text_of(app)
        clock.at += 60
        app.paint()
        await until(lambda: "to liquidation" not in text_of(app))


async def test_how_bad_a_fact_is_reads_without_colour() -> None:
    app = console(FakeWatched(normal(), HandClock(START + 0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        assert any("margin ratio" in line and " ▲ 1.402 " in line for line in text_of(app).splitlines())


async def test_what_sources_differ_on_is_marked_and_said() -> None:
    app = console(FakeWatched(normal(), HandClock(START + 0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        assert "◆ sources differ on long entry" in text_of(app)
        assert any("◆ long entry" in line and "104.04" in line for line in text_of(app).splitlines())


async def test_tab_goes_through_every_part_and_back_to_the_first() -> None:
    app = console(FakeWatched(normal(), HandClock(START + 0.5)))
    signs = ("Margin ratio", "OPENED", "STATUS", "CLOSE_LONG", "CLOSED", "SINCE", "margin_status", "FACT")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        for sign in signs:
            await pilot.press("tab")
            await until(partial(shows, app, sign))
        await pilot.press("shift+tab")
        await until(lambda: "margin_status" in text_of(app))


async def test_tab_counts_although_word_of_the_focus_before_it_is_still_under_way() -> None:
    app = console(FakeWatched(normal(), HandClock(START + 0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        detail = await opened(app, pilot)
        await until(lambda: detail.focused is not None)
        focused = detail.focused
        assert focused is not None
        detail.focus_next()
        detail.on_descendant_focus(DescendantFocus(focused))
        await until(lambda: detail.focused is None)
        assert detail.chosen == "plots"


@pytest.mark.parametrize(("size", "together"), [((120, 40), 2), ((200, 60), 6)])
async def test_larger_screens_show_more_at_once(size: tuple[int, int], together: int) -> None:
    app = console(FakeWatched(normal(), HandClock(START + 0.5)))
    signs = ("FACT", "OPENED", "STATUS", "CLOSE_LONG", "HELD", "margin_status")
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot)
        await pilot.pause(0.1)
        assert sum(sign in text_of(app) for sign in signs) == together


async def test_a_part_that_is_only_a_page_when_narrow_gives_way_when_the_terminal_grows() -> None:
    app = console(FakeWatched(normal(), HandClock(START + 0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("tab")
        await until(lambda: "FACT" not in text_of(app))
        await pilot.resize_terminal(120, 40)
        await until(lambda: "FACT" in text_of(app) and "Margin ratio" in text_of(app))


@pytest.mark.parametrize("size", [(120, 40), pytest.param((200, 60), marks=pytest.mark.campaign)])
async def test_the_plots_stay_while_tab_goes_through_the_panes(size: tuple[int, int]) -> None:
    app = console(FakeWatched(normal(), HandClock(START + 0.5)))
    async with app.run_test(size=size) as pilot:
        screen = await opened(app, pilot)
        for _ in range(6):
            await pilot.press("tab")
            await pilot.pause()
            assert "Margin ratio" in text_of(app)
            assert "FACT" in text_of(app)
        assert screen.focused is not None


async def test_the_plots_follow_a_terminal_that_changes_its_size_all_the_time() -> None:
    app = console(FakeWatched(normal(), HandClock(START + 0.5)))
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        await pilot.press("tab", "tab")
        for size, there in (((80, 24), False), ((200, 60), True), ((80, 24), False), ((120, 40), True)):
            await pilot.resize_terminal(*size)
            await until(lambda there=there: shows(app, "Margin ratio") is there)  # type: ignore[misc]
            assert "STATUS" in text_of(app)


async def test_the_age_of_every_source_stands_whole_in_its_column() -> None:
    app = console(FakeWatched(failing(normal(), "no route to host", *ALL), HandClock(START + 9_000)))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        assert text_of(app).count("? 2 h") >= 4
        assert "ENGINE      DATABASE      EXCHANGE      FLAGS" in text_of(app)


async def test_the_plots_of_a_stale_source_say_how_old_they_are() -> None:
    watched = FakeWatched(normal(), HandClock(START + 0.5))
    app = console(watched)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("tab")
        await until(lambda: "Margin ratio  last ▲ 1.402" in text_of(app))
        watched.snapshot, watched.clock = failing(normal(), "gone", "metrics"), HandClock(START + 12)
        app.paint()
        await until(lambda: "Margin ratio  last ? 1.402, 12 s ago" in text_of(app))


async def test_a_symbol_is_not_said_to_be_unknown_before_everybody_was_heard() -> None:
    watched = FakeWatched(nothing_yet(START), HandClock(START + 0.5))
    app = console(watched)
    async with app.run_test(size=(80, 24)):
        await painted(app)
        app.open_symbol("DOGE/USD")
        await until(lambda: "waiting for metrics, database, exchange" in text_of(app))
        watched.snapshot = normal()
        app.paint()
        await until(lambda: "no source knows this symbol" in text_of(app))


async def test_reasons_that_have_no_room_are_counted() -> None:
    app = console(FakeWatched(worst(), HandClock(START + 0.5)))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        assert "critical  margin 1.010 below 1.05  and 3 more" in text_of(app)


async def test_a_symbol_that_vanishes_is_said_to_be_gone_with_its_last_values() -> None:
    watched = FakeWatched(normal(), HandClock(START + 0.5))
    app = console(watched)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        watched.snapshot = without(normal(), WORST)
        app.paint()
        await until(lambda: f"{WORST} is gone" in text_of(app))
        assert "1.402" in text_of(app)
        watched.snapshot = normal()
        app.paint()
        await until(lambda: "is gone" not in text_of(app))


async def test_old_sources_are_not_said_to_agree() -> None:
    whole = failing(normal(), "no route to host", *ALL)
    app = console(FakeWatched(whole, HandClock(START + 75)))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        assert "nothing to compare" in text_of(app)
        assert "differ on" not in text_of(app)


async def test_sources_that_were_left_out_of_the_comparison_are_named_with_the_reason() -> None:
    snapshot = failing(normal(), "no route to host", "exchange")
    assert snapshot.exchange.good is not None
    old = replace(snapshot.exchange.good, asked_at=None, data_at=None, fetched_at=START - 75)
    snapshot = replace(snapshot, exchange=replace(snapshot.exchange, good=old))
    app = console(FakeWatched(snapshot, HandClock(START + 0.5)))
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        assert "exchange not compared: stale for 75 s, no route to host" in text_of(app)
        assert "sources agree" not in text_of(app)


async def test_books_that_stand_still_carry_their_age_with_a_mark_and_are_not_compared() -> None:
    taken = normal()
    assert taken.database.good is not None and taken.database.value is not None
    good = replace(taken.database.good, value=replace(taken.database.value, quiet_for=39.0))
    snapshot = replace(taken, database=replace(taken.database, good=good, last=good))
    rules = Rules(PANELS, KEY_METRICS, quiet_after=15.0)
    app = console(FakeWatched(snapshot, HandClock(START + 1.2), rules=rules))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        assert "database" in text_of(app).split("not compared: the engine has written nothing for 40 s")[0]
        assert text_of(app).split("FLAGS")[1].splitlines()[1].split()[1:6] == ["1", "s", "?", "40", "s"]


async def test_a_log_that_was_not_read_since_the_symbol_was_opened_is_not_said_to_be_without_it() -> None:
    def with_log(read_at: float) -> Snapshot:
        log = normal().log
        assert log.good is not None and log.value is not None
        good = replace(log.good, fetched_at=read_at, asked_at=None, value=replace(log.value, focus_lines=()))
        return replace(normal(), log=replace(log, good=good, last=good))

    watched = FakeWatched(with_log(START), HandClock(START + 0.5))
    app = console(watched)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        assert "log ?" in text_of(app)
        watched.snapshot, watched.clock = with_log(START + 1), HandClock(START + 1.1)
        app.paint()
        await until(lambda: "log none" in text_of(app))


async def test_keys_that_come_faster_than_the_screen_follows_are_all_obeyed() -> None:
    app = console(FakeWatched(normal(), HandClock(START + 0.5)))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        for _ in range(3):
            screen.focus_next()
        await until(partial(shows, app, "T-00001"))
        await pilot.pause(0.3)
        assert "T-00001" in text_of(app)
        assert screen.focused is not None
        assert screen.focused.parent is screen.query_one("#trades")
