"""Screen 4: alerts as rows, the chosen one in full, and the sources."""

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from console.domain.severity import Severity
from console.domain.status import Alert
from console.tui.app import OpsConsole
from console.tui.screens.alerts import Alerts, alert_rows
from console.tui.screens.frame import Frame
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, Row, failing, metrics_of, snapshot
from tests.tui.screen import assert_snapshot, painted, settled, text_of

UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
CAUSE = "usdm: HTTP 503: " + "Internal error, try again. " * 4


def console_of(*rows: Row, later: float = 0.8) -> OpsConsole:
    usual = failing(snapshot(START, metrics_of(list(rows))), CAUSE, "exchange")
    return OpsConsole(PAPER, lambda: FakeWatched(usual, HandClock(START + later)), environ=UTF8)


BAD = (Row("BTC/USD", margin=1.01), Row("ETH/USD", margin=1.3), Row("[red]X[/]", margin=1.1, funding=0.002))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_alerts_look_as_reviewed(size: tuple[int, int]) -> None:
    app = console_of(*BAD)
    async with app.run_test(size=size) as pilot:
        await shown(app, pilot)
        await assert_snapshot(app, f"alert-table-{size[0]}x{size[1]}")


async def test_the_stale_alerts_look_as_reviewed() -> None:
    app = console_of(*BAD, later=4.4)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(app, pilot)
        await assert_snapshot(app, "alert-table-stale-80x24")


async def test_no_alerts_is_said() -> None:
    app = OpsConsole(
        PAPER,
        lambda: FakeWatched(snapshot(START, metrics_of([Row("BTC")])), HandClock(START + 0.8)),
        environ=UTF8,
    )
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await shown(app, pilot)
        assert screen.table.keys == ()
        assert "no alerts" in text_of(app)


async def test_the_worst_alert_comes_first() -> None:
    app = console_of(*BAD)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await shown(app, pilot)
        severities = [screen._rows[key].alert.severity for key in screen.table.keys]
        assert severities == sorted(severities, reverse=True)
        assert severities[0] is Severity.CRITICAL


async def test_the_alert_under_the_cursor_is_shown_to_its_last_word() -> None:
    app = console_of(Row("BTC"))
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(app, pilot)
        words = " ".join(text_of(app).replace("▌", " ").replace("▐", " ").split())
        assert CAUSE.removeprefix("usdm: HTTP 503: ").strip() in words


async def test_enter_opens_the_symbol_that_an_alert_names() -> None:
    app = console_of(*BAD)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Frame)
        assert app.screen.symbol in {row.symbol for row in BAD}


async def test_enter_on_an_alert_without_a_symbol_stays() -> None:
    app = console_of(Row("BTC"))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await shown(app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen is screen


async def test_a_filter_shows_the_alerts_of_one_symbol() -> None:
    app = console_of(*BAD)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await shown(app, pilot)
        await pilot.press("slash", *"red", "enter")
        await pilot.pause()
        assert {screen._rows[key].alert.symbol for key in screen.table.keys} == {"[red]X[/]"}


def test_alerts_of_one_name_are_told_apart_while_their_words_change() -> None:
    part = Alert("database", Severity.WARNING, "stale for 3 s")
    before = [row.key for row in alert_rows((part, replace(part, summary="slow")))]
    after = [row.key for row in alert_rows((replace(part, summary="stale for 4 s"), part))]
    assert before == after
    assert len(set(before)) == 2


async def shown(app: OpsConsole, pilot: Pilot[int]) -> Alerts:
    await painted(app)
    await pilot.press("4")
    await pilot.pause()
    await settled(app)
    assert isinstance(app.screen, Alerts)
    return app.screen
