"""The bell: once for each alert that begins to page."""

from dataclasses import replace

from console.domain.alert_rows import AlertRow, alert_rows
from console.domain.severity import Severity
from console.domain.silences import Acknowledgement, Marks
from console.tui.app import OpsConsole
from console.tui.pages import Pages
from tests.tui.alerting import (
    IMMINENT,
    LIQUIDATED,
    UTF8,
    alert_console,
    calm_of_alerts,
    labels_of,
    raised,
    the_book,
    worst_of_alerts,
)
from tests.tui.fake import PAPER, START, HandClock
from tests.tui.screen import painted
from tests.tui.test_painting import Record

FIRST = raised(IMMINENT, "BTC/USD", 1.01)
SECOND = raised(LIQUIDATED, "XRP/USD", 12.0)
MUTED = Marks((), (Acknowledgement(labels_of(IMMINENT, "BTC/USD"), "dana", "at it", START, START + 3600),))


def rows(*alerts: object, marks: Marks | None = None) -> tuple[AlertRow, ...]:
    return alert_rows(the_book(alerts, marks=marks), START)  # type: ignore[arg-type]


def test_an_alert_that_pages_rings_once() -> None:
    pages = Pages()
    assert [pages.new(rows(FIRST)), pages.new(rows(FIRST))] == [True, False]


def test_another_one_rings_again() -> None:
    pages = Pages()
    assert [pages.new(rows(FIRST)), pages.new(rows(FIRST, SECOND))] == [True, True]


def test_one_that_ends_and_begins_again_rings_again() -> None:
    pages = Pages()
    assert [pages.new(rows(FIRST)), pages.new(rows()), pages.new(rows(FIRST))] == [True, False, True]


def test_what_somebody_has_taken_on_rings_only_once_he_lets_it_go() -> None:
    pages = Pages()
    assert [pages.new(rows(FIRST, marks=MUTED)), pages.new(rows(FIRST))] == [False, True]


def test_a_critical_alert_that_wakes_nobody_does_not_ring() -> None:
    severe = replace(rows(FIRST)[0], rule=replace(IMMINENT, severity="critical"))
    assert not Pages().new((severe,))


def test_rules_that_are_not_read_for_a_while_do_not_ring_again_for_the_same() -> None:
    pages, doubted = Pages(), tuple(replace(row, severity=Severity.UNKNOWN) for row in rows(FIRST))
    assert [pages.new(rows(FIRST)), pages.new(doubted), pages.new(rows(FIRST))] == [True, False, False]


async def test_the_console_rings_for_what_pages_and_is_quiet_otherwise() -> None:
    assert await rung(alert_console(worst_of_alerts())) == 1
    assert await rung(alert_console(calm_of_alerts())) == 0


async def rung(app: OpsConsole) -> int:
    """How often the bell rings while the console looks around twice."""
    bells = 0

    def bell() -> None:
        nonlocal bells
        bells += 1

    app.bell = bell  # type: ignore[method-assign]
    async with app.run_test(size=(80, 24)):
        await painted(app)
        app._look_around()
        app._look_around()
    return bells


async def test_a_replay_wakes_nobody() -> None:
    record = Record(worst_of_alerts(), HandClock(START + 0.8))
    assert await rung(OpsConsole(PAPER, lambda: record, environ=UTF8)) == 0
