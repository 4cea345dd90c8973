"""Muting alerts from the screen: what is asked for, what is done, and what is said of it afterwards."""

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from console.domain.alert_rows import alert_rows
from console.domain.silences import LabelMatcher
from console.tui.app import OpsConsole
from console.tui.screens.alerts.draft import (
    STEPS,
    Deed,
    Draft,
    draft_of,
    longer,
    read_matchers,
    shorter,
    written,
)
from console.tui.screens.alerts.marking import Marking as MarkingScreen
from console.tui.tools import Tools
from tests.tui.alerting import (
    CRITICAL,
    IMMINENT,
    UTF8,
    Marking,
    Said,
    alert_console,
    raised,
    the_book,
    with_book,
    worst_of_alerts,
)
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, Row, metrics_of, snapshot
from tests.tui.screen import painted, settled, text_of
from tests.tui.test_painting import Record
from tests.waiting import until

WHY = "on it with sam"
(ROW,) = alert_rows(the_book([raised(IMMINENT, "BTC/USD", 1.01)]), START)


# The draft.


def test_a_silence_begins_with_the_matchers_of_this_alert_alone() -> None:
    draft = draft_of(Deed.SILENCE, ROW)
    assert written(draft.matchers) == (
        'alertname="FuturesLiquidationImminent" severity="page" symbol="BTC/USD"'
    )
    assert all(matcher.accepts(dict(ROW.labels)) for matcher in draft.matchers)


@pytest.mark.parametrize(
    "text",
    ['symbol="BTC/USD" severity=~"page|critical"', 'symbol="BTC/USD", severity=~"page|critical"',
     '  symbol="BTC/USD"   severity=~"page|critical"  '],
)  # fmt: skip
def test_matchers_are_read_with_blanks_or_commas_between_them(text: str) -> None:
    assert read_matchers(text) == (
        LabelMatcher("symbol", "=", "BTC/USD"),
        LabelMatcher("severity", "=~", "page|critical"),
    )


def test_a_quoted_value_may_have_blanks_commas_and_quotes() -> None:
    matchers = (LabelMatcher("a", "=", 'x, "y" \\'), LabelMatcher("b", "!=", " "))
    assert read_matchers(written(matchers)) == matchers


@pytest.mark.parametrize("text", ["", "  ,", "symbol", 'a=~"["'])
def test_what_is_no_matcher_is_not_taken(text: str) -> None:
    with pytest.raises(ValueError, match=r"matcher|regular"):
        read_matchers(text)


def test_a_time_goes_up_and_down_by_steps_and_no_further() -> None:
    assert (longer(3600.0), shorter(3600.0)) == (7200.0, 1800.0)
    assert (longer(5400.0), shorter(5400.0)) == (7200.0, 3600.0)
    assert (longer(STEPS[-1]), shorter(STEPS[0])) == (STEPS[-1], STEPS[0])


def test_a_reason_is_missing_until_there_is_one() -> None:
    draft = draft_of(Deed.ACKNOWLEDGE, ROW)
    assert "reason" in draft.lack
    assert replace(draft, reason=WHY).lack == ""


def test_a_silence_of_everything_is_not_taken() -> None:
    draft = Draft(Deed.SILENCE, ROW, WHY, matchers=(LabelMatcher("symbol", "=~", ".*"),))
    assert "matcher" in draft.lack


def test_hearing_of_it_again_needs_no_reason() -> None:
    assert draft_of(Deed.WITHDRAW, ROW).lack == ""


# On the screen.


async def opened(app: OpsConsole, pilot: Pilot[int], *keys: str) -> None:
    await painted(app)
    await pilot.press("4")
    await settled(app)
    await pilot.press(*keys)
    await pilot.pause()


async def test_an_alert_is_acknowledged_with_a_reason_and_an_end() -> None:
    marking = Marking()
    app = alert_console(worst_of_alerts(), marking)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "A", *WHY, "enter", "plus")
        assert "4 h, until" in text_of(app)
        await pilot.press("W")
        await until(lambda: "DONE" in text_of(app))
        key = "futures_alerts FuturesLiquidationImminent severity=page,symbol=BTC/USD"
        assert marking.asked == [("acknowledge", key, WHY, 4 * 3600.0)]
        await settled(app)
        assert "acknowledged until 15:04:00, record 42" in text_of(app)  # and stays until it is left
        await pilot.press("escape")
        await until(lambda: app.crumbs()[-1] == "alerts")


async def test_every_alert_of_a_rule_is_acknowledged_at_once_with_one_reason() -> None:
    marking, symbols = Marking(), ("ADA/USD", "BTC/USD", "ETH/USD", "SOL/USD")
    taken = with_book(worst_of_alerts(), the_book([raised(CRITICAL, symbol, 1.01) for symbol in symbols]))
    app = alert_console(taken, marking)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "A", "escape")
        assert "this one of 4" in text_of(app)
        await pilot.press("escape")
        await until(lambda: app.crumbs()[-1] == "alerts")
        await pilot.press("E", *WHY, "enter")
        assert "ACKNOWLEDGE EVERY ONE" in text_of(app)
        assert "all 4 that nobody has taken on" in text_of(app)
        assert "ADA/USD, BTC/USD, ETH/USD …" in text_of(app)
        assert "acknowledges all 4" in text_of(app)
        await pilot.press("W")
        await until(lambda: "4 acknowledged, each by itself" in text_of(app))
        rule = "futures_alerts FuturesMarginCritical severity=critical,symbol="
        assert [asked[1] for asked in marking.asked] == [f"{rule}{symbol}" for symbol in symbols]


async def test_what_has_come_while_a_reason_was_typed_is_not_taken_on_unseen() -> None:
    marking, symbols = Marking(), ("ADA/USD", "BTC/USD", "ETH/USD")
    two, three = (
        with_book(worst_of_alerts(), the_book([raised(CRITICAL, symbol, 1.01) for symbol in symbols[:count]]))
        for count in (2, 3)
    )
    watched = FakeWatched(two, HandClock(START + 0.8))
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8, tools=Tools(marking=lambda: marking))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "E", *WHY, "enter")
        watched.snapshot = three
        app.paint()
        await settled(app)
        assert "all 2 that nobody has taken on" in text_of(app)
        assert "1 more since" in text_of(app)
        await pilot.press("E")
        assert "acknowledges all 3" in text_of(app)
        await pilot.press("E")
        assert "this one of 3" in text_of(app)
        watched.snapshot = two
        app.paint()
        await pilot.press("E")
        watched.snapshot = three
        app.paint()
        await pilot.press("W")
        await until(lambda: "2 acknowledged, each by itself" in text_of(app))
        assert len(marking.asked) == 2


async def test_without_a_reason_nothing_is_done() -> None:
    marking = Marking()
    app = alert_console(worst_of_alerts(), marking)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "A", "escape", "W")
        await settled(app)
        assert "NOT YET  a reason is asked for" in text_of(app)
        assert marking.asked == []


async def test_what_is_wrong_with_a_text_is_said_to_its_last_word_while_it_is_typed() -> None:
    app = alert_console(worst_of_alerts(), Marking())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "z", *WHY, "enter", "m", "ctrl+u", *"symbol")
        await settled(app)
        assert "one of = != =~ !~ and a value" in " ".join(
            text_of(app).replace("▌", "").replace("▐", "").split()
        )
        await pilot.press("escape")
        await settled(app)
        assert "is no matcher" not in text_of(app)


async def test_enter_alone_does_nothing() -> None:
    marking = Marking()
    app = alert_console(worst_of_alerts(), marking)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "A", *WHY, "enter", "enter", "enter")
        await settled(app)
        assert marking.asked == []


async def test_a_silence_shows_which_alerts_it_matches_now() -> None:
    marking = Marking()
    app = alert_console(worst_of_alerts(), marking)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "z", *WHY, "enter")
        assert "1 of 8 present alerts: BTC/USD" in text_of(app)
        await pilot.press("m", "ctrl+u", *'symbol=~".TC/USD|SOL.*"', "enter", "l", "f", *"90m", "enter", "W")
        await until(lambda: "DONE" in text_of(app))
        assert marking.asked == [("silence", ('symbol=~".TC/USD|SOL.*"',), WHY, 5400.0, True)]
        assert "4 of 8 present alerts: BTC/USD, SOL/USD" in text_of(app)


async def test_a_matcher_that_is_none_is_refused_where_it_is_typed() -> None:
    app = alert_console(worst_of_alerts(), Marking())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot, "z", *WHY, "enter", "m", "ctrl+u", *"symbol", "enter")
        assert "is no matcher" in text_of(app).splitlines()[-1]


async def test_an_acknowledgement_is_taken_back() -> None:
    marking = Marking()
    app = alert_console(worst_of_alerts(), marking)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, *["down"] * 4, "u")
        assert "acknowledged by sam" in text_of(app)
        await pilot.press("W")
        await until(lambda: len(marking.asked) == 1)
        assert marking.asked[0][0] == "withdraw"
        assert ("symbol", "ETH/USD") in marking.asked[0][1]  # type: ignore[operator]


async def test_a_silence_is_ended() -> None:
    marking = Marking()
    app = alert_console(worst_of_alerts(), marking)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, *["down"] * 8, "u", "W")
        await until(lambda: len(marking.asked) == 1)
        assert marking.asked == [("unsilence", "k3p9", "")]


async def test_a_key_that_the_row_is_not_for_says_so() -> None:
    app = alert_console(worst_of_alerts(), Marking())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "u")
        await until(lambda: "nobody has muted this" in text_of(app))


async def test_why_it_was_refused_is_said_and_stays() -> None:
    app = alert_console(worst_of_alerts(), Marking(refuses="the journal can't be written: disk full"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "A", *WHY, "enter", "W")
        await until(lambda: "REFUSED" in text_of(app))
        await settled(app)
        assert "the journal can't be written: disk full" in text_of(app)


async def test_what_the_journal_lacks_is_said_loudly() -> None:
    app = alert_console(worst_of_alerts(), Marking(said=Said("no longer acknowledged", "the disk is full")))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, *["down"] * 4, "u", "W")
        await until(lambda: "NOT IN THE JOURNAL" in text_of(app))
        assert "the disk is full" in text_of(app)


async def test_an_alert_that_has_gone_meanwhile_is_not_acknowledged() -> None:
    marking = Marking()
    watched = FakeWatched(worst_of_alerts(), HandClock(START + 0.8))
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8, tools=Tools(marking=lambda: marking))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "A", *WHY, "enter")
        book = the_book([raised(CRITICAL, "BTC/USD", 1.04)])
        watched.snapshot = with_book(snapshot(START, metrics_of([Row("BTC/USD")])), book)
        app.paint()
        await pilot.press("W")
        await settled(app)
        assert "NOT YET  it has resolved, or is gone" in text_of(app)
        assert marking.asked == []


async def test_keys_that_mute_are_there_only_where_there_is_something_to_mute() -> None:
    app = alert_console(worst_of_alerts(), Marking())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        assert " A  ack" in text_of(app).splitlines()[-1]
        await pilot.press(*["down"] * 3)  # what no rule says
        await settled(app)
        assert " A  ack" not in text_of(app).splitlines()[-1]
        await pilot.press("A")
        await pilot.pause()
        assert not isinstance(app.screen, MarkingScreen)


async def test_a_console_without_a_place_for_it_says_so() -> None:
    app = alert_console(worst_of_alerts())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "A")
        assert "this console can't mute alerts" in text_of(app).splitlines()[-1]


async def test_in_a_replay_nothing_is_muted_and_no_key_says_that_it_can_be() -> None:
    marking = Marking()
    record = Record(worst_of_alerts(), HandClock(START + 0.8))
    app = OpsConsole(PAPER, lambda: record, environ=UTF8, tools=Tools(marking=lambda: marking))
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        assert " A  ack" not in text_of(app).splitlines()[-1]
        await pilot.press("A", "z", "u")
        await pilot.pause()
        assert app.crumbs()[-1] == "alerts"
        assert "a replay of the past: nothing can be changed" in text_of(app).splitlines()[-1]
