"""Screen 2 in every state that an operator meets, pinned as text, and what its keys do."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from console.domain.assessment import Rules
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Exchange
from console.domain.thresholds import KEY_METRICS
from console.tui.app import OpsConsole
from console.tui.screens.frame import Frame
from console.tui.screens.positions.cells import as_money, as_price
from console.tui.screens.positions.screen import Positions
from console.tui.theme import UNICODE
from console.tui.widgets.table.columns import Column
from console.tui.widgets.table.table import Table
from tests.tui.fake import (
    PANELS,
    PAPER,
    START,
    FakeWatched,
    HandClock,
    failing,
)
from tests.tui.positions import CASES, UTF8, Case
from tests.tui.screen import assert_snapshot, painted, settled, strips, text_of, tone_letters
from tests.tui.trading import exchange_of, held, position, trading, trading_books

SIZES = ((80, 24), (120, 40))


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Engines write local time, and so does the screen."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("case", CASES)
async def test_the_positions_look_as_reviewed(case: str) -> None:
    app = CASES[case].console()
    async with app.run_test(size=SIZES[0]) as pilot:
        await shown(app, pilot)
        for width, height in SIZES:
            await pilot.resize_terminal(width, height)
            await assert_snapshot(app, f"positions-{case}-{width}x{height}")


async def test_all_panes_are_there_at_once_on_a_great_screen() -> None:
    app = CASES["normal"].console()
    async with app.run_test(size=(200, 60)) as pilot:
        await shown(app, pilot)
        await assert_snapshot(app, "positions-normal-200x60")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_without_colour_every_severity_still_reads(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = CASES["worst"].console()
    async with app.run_test(size=size) as pilot:
        await shown(app, pilot)
        await assert_snapshot(app, f"positions-no-colour-{size[0]}x{size[1]}")
        words = " ".join(text_of(app).split())
        assert "S01USDT -0.25% ✘ SHORT" in words
        assert "◆ off -2.5" in words


async def test_tab_shows_one_pane_after_the_other_comes_round_and_shift_tab_goes_back() -> None:
    app = CASES["normal"].console()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await shown(app, pilot)
        for pane in ("totals", "orders", "trades", "failures"):
            await pilot.press("tab")
            await pilot.pause()
            await assert_snapshot(app, f"positions-{pane}-80x24")
        await pilot.press("tab")
        await pilot.pause()
        assert focused(screen) == "positions"
        await pilot.press("shift+tab")
        await pilot.pause()
        assert focused(screen) == "failures"


async def test_a_wide_screen_keeps_the_positions_beside_the_pane_below() -> None:
    app = CASES["normal"].console()
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(app, pilot)
        await pilot.press("tab", "tab")
        await pilot.pause()
        words = text_of(app)
        assert "AT EXCHANGE" in words
        assert "OPEN_LONG" in words


async def test_enter_opens_the_symbol_of_the_row() -> None:
    app = CASES["normal"].console()
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(app, pilot)
        await pilot.press("tab", "tab", "enter")
        await pilot.pause()
        assert isinstance(app.screen, Frame)
        assert app.screen.symbol == "BTCUSDT"


async def test_enter_on_an_account_stays_where_it_is() -> None:
    app = CASES["normal"].console()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await shown(app, pilot)
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert app.screen is screen


async def test_what_the_exchange_contradicts_comes_before_what_is_near_its_liquidation() -> None:
    near = position(1, "NEARUSDT", liquidation_price=Decimal("96"))
    wrong = position(2, "WRONGUSDT")
    app = Case(trading((near, wrong), exchange_of((near,)))).console()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await shown(app, pilot)
        assert screen.query(Table).first().keys == ("2", "1")


async def test_amounts_stand_in_line_by_their_decimal_points() -> None:
    app = CASES["normal"].console()
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(app, pilot)
        lines = [line for line in text_of(app).splitlines() if "✓ same" in line]
        points = [tuple(at for at, sign in enumerate(line) if sign == ".") for line in lines]
        assert len(lines) == len(held())
        assert len(set(points)) == 1, points


async def test_positions_that_cannot_be_read_say_why() -> None:
    gone = replace(trading_books(None), missing=("futures_positions: no such table",))
    app = Case(trading(held(), account_books=gone)).console()
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(app, pilot)
        assert "positions can't be read: no such table" in text_of(app)


async def test_positions_turn_grey_when_the_engine_has_long_written_nothing() -> None:
    books = replace(trading_books(held()), quiet_for=10.0)
    clock = HandClock(START + 0.8)
    rules = Rules(PANELS, KEY_METRICS, quiet_after=15.0)
    watched = FakeWatched(trading(held(), account_books=books), clock, rules=rules)
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(app, pilot)
        assert "✓ as at the exchange" in text_of(app)
        clock.at = START + 5.5  # inside the database's own limit
        app.paint()
        await settled(app)
        assert "? the engine has written nothing for 15 s" in text_of(app)
        assert "? 9 not compared: the engine writes nothing" in text_of(app)
        assert "✓" not in "".join(line for line in text_of(app).splitlines() if "0%" in line and "█" in line)
        pairs = zip(text_of(app).splitlines(), tone_letters(app).splitlines(), strict=True)
        line, tones = next((line, tones) for line, tones in pairs if "880.10" in line)
        assert tones[line.index("880.10")] == "u"


async def test_of_a_held_picture_the_pause_is_named_and_no_source_is_blamed() -> None:
    clock = HandClock(START + 0.5)
    watched = FakeWatched(trading(held()), clock)
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(app, pilot)
        await pilot.press("p")
        clock.at = START + 20.5
        watched.snapshot = _asked_again(watched.snapshot, START + 20.0)
        app.paint()
        await settled(app)
        assert "? PAUSED, as it was 20 s ago" in text_of(app)
        assert "? 9 not compared: PAUSED" in text_of(app)
        assert "no answer" not in text_of(app)
        watched.snapshot = failing(watched.snapshot, "connection refused", "database")
        clock.at = START + 40.5
        app.paint()
        await settled(app)
        assert "? PAUSED, as it was 40 s ago; now: stale for 20 s: connection refused" in text_of(app)


def _asked_again(before: Snapshot, at: float) -> Snapshot:
    """The same answers from the database, given anew."""
    good = before.database.good
    assert good is not None
    again = replace(good, fetched_at=at)
    return replace(before, database=replace(before.database, good=again, last=again))


async def test_every_old_value_has_a_question_mark() -> None:
    app = CASES["stale"].console()
    async with app.run_test(size=(200, 60)) as pilot:
        screen = await shown(app, pilot)
        panes = {part.name: part for part in screen._panes}
        assert panes.keys() >= {"positions", "totals", "orders", "trades", "failures"}
        assert all(pane.rows for pane in panes.values())
        columns: list[tuple[Sequence[Any], Column[Any]]] = [
            (pane.rows or (), column) for pane in panes.values() for column in pane.table._all
        ]
        for rows, column in columns:
            cells = [column.cell(row) for row in rows]
            known = [cell for cell in cells if cell.text != UNICODE.none]
            assert all(cell.stale for cell in known), column.key
            if column.key not in ("symbol", "total of"):
                assert all("?" in cell.text + cell.mark for cell in known), column.key
            assert all(len(cell.text) <= column.width + column.grow for cell in known), column.key


async def test_by_how_much_the_exchange_differs_can_be_read_on_the_smallest_screen() -> None:
    positions = (position(1, "BTCUSDT", quantity="1"), position(2, "ETHUSDT", "SHORT", quantity="1000"))
    usdm = exchange_of(positions).venues[0]
    first, second = usdm.positions or ()
    wrong = (replace(first, quantity=Decimal("10.25")), replace(second, quantity=Decimal("-13345.678")))
    app = Case(trading(positions, Exchange((replace(usdm, positions=wrong),)))).console()
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(app, pilot)
        assert "◆ off +9.25 " in text_of(app)
        assert "◆ off -12,346 " in text_of(app)


async def test_a_position_that_is_closed_leaves_its_table() -> None:
    watched = FakeWatched(trading(held()), HandClock(START + 0.8))
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(app, pilot)
        assert "LINKUSDT" in text_of(app)
        watched.snapshot = trading(held()[:-1])
        app.paint()
        await pilot.pause()
        assert "LINKUSDT" not in text_of(app)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("COIN-M paper account", 120),
        ("the desk's COIN-M paper account", 120),
        ("the account of the desk in Singapore", 200),
    ],
)
async def test_an_accounts_name_is_whole_where_there_is_room(name: str, columns: int) -> None:
    books = trading_books(held())
    first, second = books.accounts or ()
    app = Case(trading(held(), account_books=replace(books, accounts=(replace(first, name=name), second))))
    async with (console := app.console()).run_test(size=(columns, 40)) as pilot:
        await shown(console, pilot)
        assert any(line.startswith(f"▌ {name} ✓") for line in text_of(console).splitlines())


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_what_few_positions_leave_blank_is_given_to_the_panes_below(size: tuple[int, int]) -> None:
    app = CASES["normal"].console()
    async with app.run_test(size=size) as pilot:
        screen = await shown(app, pilot)
        positions = screen.query_one("#positions")
        assert len(held()) < positions.size.height <= len(held()) + 6
        assert screen.query_one("#lower").size.height > positions.size.height


async def test_many_positions_keep_the_greater_part() -> None:
    app = CASES["worst"].console()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await shown(app, pilot)
        assert screen.query_one("#positions").size.height > screen.query_one("#lower").size.height


async def test_a_position_more_or_less_moves_no_pane() -> None:
    watched = FakeWatched(trading(held()), HandClock(START + 0.8))
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await shown(app, pilot)
        before = screen.query_one("#lower").region
        for count in (-1, -2, -1):
            watched.snapshot = trading(held()[:count])
            app.paint()
            await settled(app)
            assert screen.query_one("#lower").region == before
        watched.snapshot = trading(held()[:1])
        app.paint()
        await settled(app)
        assert screen.query_one("#lower").region.height > before.height


async def test_lines_of_foreign_text_are_as_wide_as_the_screen() -> None:
    app = CASES["hostile"].console()
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(app, pilot)
        assert {cell_len(strip.text) for strip in strips(app)} == {120}
        assert "\x1b" not in text_of(app)


async def test_nothing_is_joined_again_while_nothing_is_read() -> None:
    app = CASES["normal"].console()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await shown(app, pilot)
        before = screen._matter
        app.paint()
        await pilot.pause()
        assert screen._matter is before


@pytest.mark.parametrize(
    ("value", "cells", "written"),
    [
        ("1234.5", 12, "1,234.50"),
        ("123456789.12", 12, "123,456,789"),
        ("12345678901234567890", 12, "1.235e+19"),
    ],
)
def test_money_that_is_too_long_is_shortened_never_cut(value: str, cells: int, written: str) -> None:
    assert as_money(Decimal(value), cells) == written


@pytest.mark.parametrize("value", ["88010.1", "1.1234", "0.012345", "123456789012.5", "0"])
def test_a_price_fits_its_cells(value: str) -> None:
    assert len(as_price(Decimal(value), 13)) <= 13


async def shown(app: OpsConsole, pilot: Pilot[int]) -> Positions:
    """Wait until screen 2 shows what its sources say."""
    await painted(app)
    await pilot.press("2")
    await pilot.pause()
    await settled(app)
    assert isinstance(app.screen, Positions)
    return app.screen


def focused(screen: Positions) -> str:
    assert isinstance(screen.focused, Table)
    return screen.focused.table_id
