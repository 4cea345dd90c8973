"""Screen 4: alerts as rows, the chosen one in full, and the sources."""

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from console.domain.assessment import assess
from console.domain.severity import Severity
from console.domain.status import Alert
from console.tui.app import OpsConsole
from console.tui.screens.alerts.rows import listed
from console.tui.screens.alerts.screen import Alerts
from console.tui.screens.frame import Frame
from tests.tui.fake import PAPER, RULES, START, FakeWatched, HandClock, Row, failing, metrics_of, snapshot
from tests.tui.screen import assert_snapshot, painted, settled, text_of
from tests.waiting import until

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
        assert "all that is known of it stands below" in text_of(app).splitlines()[-1]


async def test_enter_on_the_alert_of_the_kill_switch_opens_it() -> None:
    app = OpsConsole(
        PAPER, lambda: FakeWatched(snapshot(START, metrics_of([Row("BTC")], tripped=1))), environ=UTF8
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(app, pilot)
        await pilot.press("enter")
        await until(lambda: app.crumbs()[-1] == "kill switch")


async def test_a_filter_shows_the_alerts_of_one_symbol() -> None:
    app = console_of(*BAD)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await shown(app, pilot)
        await pilot.press("slash", *"red", "enter")
        await pilot.pause()
        assert {screen._rows[key].alert.symbol for key in screen.table.keys} == {"[red]X[/]"}


async def test_alerts_go_on_while_the_picture_is_held() -> None:
    clock = HandClock(START + 0.8)
    watched = FakeWatched(snapshot(START, metrics_of([Row("BTC/USD")])), clock)
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await shown(app, pilot)
        await pilot.press("p")
        clock.at = START + 8.0
        watched.snapshot = snapshot(START + 7.5, metrics_of([Row("BTC/USD", margin=1.01)]))
        app.paint()
        await settled(app)
        assert [screen._rows[key].alert.summary for key in screen.table.keys] == ["1.010 below 1.05"]
        assert "BTC/USD Margin ratio: 1.010 below 1.05" in text_of(app)
        assert "no alerts" not in text_of(app)
        assert "PAUSED, but not here" in text_of(app)


@pytest.mark.parametrize(
    "size",
    [(80, 24), *(pytest.param(size, marks=pytest.mark.campaign) for size in ((120, 40), (200, 60)))],
    ids=lambda size: f"{size[0]}x{size[1]}",
)
async def test_the_alert_in_full_stands_right_below_the_list(size: tuple[int, int]) -> None:
    app = console_of(*BAD)
    async with app.run_test(size=size) as pilot:
        await shown(app, pilot)
        lines = text_of(app).splitlines()
        last = next(y for y, line in enumerate(lines) if "1.300 below 1.5" in line)
        full = next(y for y, line in enumerate(lines) if "Margin ratio: 1.010" in line)
        assert full - last == 2


async def test_the_detail_follows_the_cursor_with_the_key_and_waits_for_no_paint() -> None:
    app = console_of(*BAD)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await shown(app, pilot)
        screen.table.action_cursor_down()
        assert "[red]X[/] Funding rate: 0.2000% beyond 0.05%" in text_of(app)
        screen.table.action_last_row()
        assert "Funding rate: " not in text_of(app)


async def test_with_many_alerts_the_sources_leave_a_low_screen_to_them() -> None:
    app = console_of(*(Row(f"S{n:02}/USD", margin=1.01) for n in range(60)))
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(app, pilot)
        assert "S00/USD Margin ratio: 1.010 below 1.05" in text_of(app)
        assert "SOURCES" not in text_of(app)
        assert "S15/USD" in text_of(app)


async def test_with_few_alerts_the_sources_stand_on_a_low_screen_too() -> None:
    app = console_of(*BAD)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(app, pilot)
        assert "✓ log      fresh" in text_of(app)


def keys_of(*alerts: Alert) -> list[str]:
    judged = assess(snapshot(START, metrics_of([Row("BTC")])), RULES)
    return [row.key for row in listed(replace(judged, alerts=alerts))]


def test_alerts_of_one_name_are_told_apart_while_their_words_change() -> None:
    part = Alert("database", Severity.WARNING, "stale for 3 s")
    before = keys_of(part, replace(part, summary="slow"))
    assert before == keys_of(replace(part, summary="stale for 4 s"), part)
    assert len(set(before)) == 2


def test_the_row_of_a_key_metric_stays_whichever_symbol_it_is_of() -> None:
    alert = Alert("Slippage", Severity.HIGH, "12.0 bps, alert > 10 bps", "BTC/USD")
    assert keys_of(alert) == keys_of(replace(alert, symbol="XRP/USD"))


async def shown(app: OpsConsole, pilot: Pilot[int]) -> Alerts:
    await painted(app)
    await pilot.press("4")
    await pilot.pause()
    await settled(app)
    assert isinstance(app.screen, Alerts)
    return app.screen
