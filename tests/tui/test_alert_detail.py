"""One alert of a rule in full: the plot, the facts, what became of it."""

from dataclasses import replace

from textual.pilot import Pilot

from console.domain.alert_state import Phase
from console.domain.assessment import assess
from console.domain.snapshot import Snapshot
from console.runbooks.seen import Listing, Offered
from console.tui.app import OpsConsole
from console.tui.screens.alerts.facts import fact_lines
from console.tui.screens.alerts.value_plot import limits_of, points_of
from console.tui.theme import UNICODE
from console.tui.view import View
from tests.tui.alerting import (
    CRITICAL,
    SLIPPAGE,
    SYMBOLS,
    SYNC,
    UTF8,
    Marking,
    alert_console,
    raised,
    the_book,
    with_book,
    worst_book,
    worst_of_alerts,
)
from tests.tui.fake import PAPER, RULES, START, FakeWatched, HandClock, Row, metrics_of, snapshot
from tests.tui.runs import FakeDesk, recovery, verify
from tests.tui.screen import painted, settled, text_of
from tests.waiting import until

CRUMB = "FuturesLiquidatio…"
"""The beginning of a long rule's name, which leaves the keys their room."""


def view_after(*taken: Snapshot) -> View:
    view, before = View(PAPER, UNICODE), None
    for each in taken:
        judged = assess(each, RULES, before)
        before, view = (each, judged), view.next(judged)
    return view


def facts(view: View, name: str, symbol: str) -> str:
    assert view.live is not None
    row = next(row for row in view.live.alert_rows if row.rule.name == name and row.symbol == symbol)
    lines = fact_lines(view, view.live, row, 110)
    return "\n".join("".join(span.text for span in line) for line in lines)


def test_all_that_is_known_is_read() -> None:
    said = facts(view_after(worst_of_alerts()), "FuturesLiquidated", "XRP/USD")
    for part in (
        "increase(futures_liquidations_total[1h]) > 0", "fires at once", "every 15 s",
        "configs/alert_rules.yaml:6", "exactly 12", "symbol: XRP/USD", "summary: XRP/USD was liquidated",
        "active since", "fired", "by nobody", "no hole was found",
    ):  # fmt: skip
        assert part in said, part


def test_a_lost_alert_says_since_when() -> None:
    assert "lost since" in facts(view_after(worst_of_alerts()), "FuturesSyncError", "XRP/USD")


def test_who_has_silenced_it_is_read_with_the_matchers() -> None:
    said = facts(view_after(worst_of_alerts()), "FuturesHighSlippage", "BTC/USD")
    assert "silenced by dana until" in said
    assert 'k3p9: alertname="FuturesHighSlippage"' in said
    assert said.count("thin market until the open") == 2  # now, and among what came before


def test_what_became_of_it_is_told_the_newest_first() -> None:
    calm = snapshot(START, metrics_of(SYMBOLS))
    pending = with_book(calm, the_book([raised(SYNC, "BTC/USD", 0.1, phase=Phase.PENDING)]))
    firing = with_book(calm, the_book([raised(SYNC, "BTC/USD", 0.1, ago=400.0)]))
    said = facts(view_after(pending, replace(firing, at=START + 1)), "FuturesSyncError", "BTC/USD")
    history = said[said.index("SO FAR") :]
    assert history.index(" firing") < history.index("pending: its condition holds")


def test_a_rule_that_fails_says_why() -> None:
    taken = with_book(snapshot(START, metrics_of(SYMBOLS)), worst_book())
    view = view_after(taken)
    assert view.live is not None
    row = next(row for row in view.live.alert_rows if row.rule.name == "OpeningsFail")
    said = "".join(span.text for line in fact_lines(view, view.live, row, 110) for span in line)
    assert "unknown function holt_winters" in said


def test_a_margin_has_the_past_that_is_remembered_of_the_symbol() -> None:
    earlier = snapshot(START - 60, metrics_of([replace(row, margin=1.3) for row in SYMBOLS]))
    view = view_after(earlier, worst_of_alerts())
    assert view.live is not None
    row = next(row for row in view.live.alert_rows if row.rule == CRITICAL and row.symbol == "BTC/USD")
    assert [round(value, 3) for _, value in points_of(row, view, view.live)] == [1.3, 1.01]


def test_any_other_value_has_the_past_that_was_seen() -> None:
    first, second = (
        with_book(snapshot(at, metrics_of([Row("BTC/USD")])), the_book([raised(SLIPPAGE, "BTC/USD", value)]))
        for at, value in ((START, 12.0), (START + 15, 14.0))
    )
    view = view_after(first, second)
    assert view.live is not None
    (row,) = view.live.alert_rows
    assert [value for _, value in points_of(row, view, view.live)] == [12.0, 14.0]


def test_a_rule_without_a_number_to_compare_with_has_no_threshold() -> None:
    assert limits_of(replace(CRITICAL, threshold=None)) == ()
    assert [limit.value for limit in limits_of(CRITICAL)] == [1.05]


async def test_enter_opens_a_rules_alert_and_escape_leads_back() -> None:
    app = alert_console(worst_of_alerts(), past=(snapshot(START - 60, metrics_of(SYMBOLS)),))
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        await until(lambda: "1.02 critical" in text_of(app))
        assert "futures_margin_ratio < 1.02" in text_of(app)
        await pilot.press("escape")
        await until(lambda: app.crumbs()[-1] == "alerts")


async def test_an_alert_is_acknowledged_from_its_own_screen() -> None:
    marking = Marking()
    app = alert_console(worst_of_alerts(), marking)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("A", *"at it", "enter", "W")
        await until(lambda: len(marking.asked) == 1)


async def test_what_it_said_last_stays_once_it_is_gone() -> None:
    watched = FakeWatched(worst_of_alerts(), HandClock(START + 0.8))
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        watched.snapshot = with_book(snapshot(START, metrics_of(SYMBOLS)), the_book())
        app.paint()
        await settled(app)
        assert "no rule tells of it any more" in text_of(app)
        assert "futures_margin_ratio < 1.02" in text_of(app)


async def test_the_holes_of_every_rule_are_one_key_away() -> None:
    app = alert_console(worst_of_alerts())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        await pilot.press("H")
        await settled(app)
        assert "3 of 7 rules have holes" in text_of(app)
        assert "a single burst, however large" in text_of(app)


async def test_a_symbols_page_lists_its_alerts_and_opens_them() -> None:
    app = alert_console(worst_of_alerts())
    async with app.run_test(size=(200, 60)) as pilot:
        await painted(app)
        await pilot.press("enter")
        await settled(app)
        assert "alerts 3" in text_of(app)
        await pilot.press("shift+tab", "shift+tab")
        await settled(app)
        await pilot.press("enter")
        await until(lambda: app.crumbs()[-1] == CRUMB)


async def opened(app: OpsConsole, pilot: Pilot[int]) -> None:
    await painted(app)
    await pilot.press("4")
    await settled(app)
    await pilot.press("enter")
    await until(lambda: app.crumbs()[-1] == CRUMB)


async def test_a_runbook_that_is_for_the_alert_is_named_with_its_screen() -> None:
    rules = ("FuturesLiquidated", "FuturesLiquidationImminent")
    offered = Offered(replace(recovery(), alerts=rules)), Offered(replace(verify(), alerts=("Other",)))
    app = alert_console(worst_of_alerts(), runs=FakeDesk(Listing(START, offered)))
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        await until(lambda: "screen 5: recovery" in text_of(app))
        assert "verify_state" not in text_of(app)
