"""The rows of screen 4 as values: their order, their words, and what stands in few cells."""

from dataclasses import replace

import pytest

from console.domain.alert_rows import AlertState
from console.domain.assessment import Assessment, assess
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.tui.screens.alerts.columns import Present, Room, alert_columns
from console.tui.screens.alerts.rows import Listed, listed
from console.tui.screens.alerts.words import (
    bound_text,
    general,
    in_full,
    lasting_text,
    state_words,
    value_text,
)
from console.tui.text import line_width
from console.tui.theme import UNICODE
from console.tui.view import View
from tests.tui.alerting import (
    CRITICAL,
    SLIPPAGE,
    SYNC,
    a_rule,
    raised,
    the_book,
    with_book,
    worst_of_alerts,
)
from tests.tui.fake import PAPER, RULES, START, Row, metrics_of, snapshot


def judged(taken: Snapshot) -> Assessment:
    return assess(taken, RULES)


def view_of(taken: Snapshot) -> View:
    return View(PAPER, UNICODE).next(judged(taken))


def test_what_is_wrong_comes_first_then_what_may_be_and_last_what_was() -> None:
    rows = listed(judged(worst_of_alerts()))
    severities = [row.severity for row in rows]
    assert severities == sorted(severities, reverse=True)
    quiet = [row.state for row in rows if row.severity is Severity.OK]
    assert quiet == ["pending", "firing", "not yet", "resolved"]


def test_what_somebody_has_muted_comes_after_what_is_as_bad() -> None:
    critical = [row for row in listed(judged(worst_of_alerts())) if row.severity is Severity.CRITICAL]
    assert [row.alert.muted for row in critical] == sorted(row.alert.muted for row in critical)
    assert critical[-1].alert.muted


def test_nothing_stands_twice() -> None:
    rows = listed(judged(worst_of_alerts()))
    assert len({row.key for row in rows}) == len(rows)
    margins = [row for row in rows if row.alert.name == "Margin Ratio"]
    assert [row.alert.symbol for row in margins] == ["SOL/USD"]  # whose rule is only pending


def test_a_panel_that_is_worse_than_the_rule_is_not_hidden_by_it() -> None:
    rule = replace(SLIPPAGE, severity="warning")
    taken = snapshot(START, metrics_of([Row("BTC/USD", margin=1.01)]))
    book = the_book([raised(SYNC, "BTC/USD", 1.0)])
    standings = list(book.rules)
    standings[2] = replace(standings[2], rule=replace(rule, metrics=("futures_margin_ratio",)))
    rows = listed(judged(with_book(taken, replace(book, rules=tuple(standings)))))
    assert [row.alert.name for row in rows] == ["Margin Ratio", "FuturesHighSlippage"]


def test_a_row_keeps_its_key_while_its_value_changes() -> None:
    taken = snapshot(START, metrics_of([Row("BTC/USD")]))
    keys = {
        listed(judged(with_book(taken, the_book([raised(CRITICAL, "BTC/USD", value)]))))[0].key
        for value in (1.04, 1.03)
    }
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("value", "words"), [(1.01, "1.010"), (None, "")], ids=["as the panel writes it", "none"]
)
def test_a_value_is_written_as_its_panel_writes_it(value: float | None, words: str) -> None:
    assert value_text(CRITICAL, value, RULES.panels) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(12.4, "12.4"), (1e-7, "1e-07"), (1234567.0, "1234567"), (float("nan"), "NaN"), (float("inf"), "+inf")],
)
def test_any_other_value_has_four_digits(value: float, words: str) -> None:
    assert general(value) == words
    assert value_text(SLIPPAGE, value, RULES.panels) == words


def test_a_rule_that_does_more_than_compare_a_metric_has_a_figure_of_its_own() -> None:
    rate = a_rule("R", "warning", "rate(futures_margin_ratio[5m]) < 1.05", sign="<", threshold=1.05)
    assert value_text(rate, 1.01, RULES.panels) == "1.01"
    assert bound_text(rate, RULES.panels) == "< 1.05"


@pytest.mark.parametrize(
    ("seconds", "words"), [(30, "30 s"), (60, "1 m"), (90, "90 s"), (7200, "2 h"), (86400, "1 d"), (0, "0 s")]
)
def test_a_chosen_time_is_written_in_the_greatest_unit_that_leaves_it_whole(
    seconds: float, words: str
) -> None:
    assert lasting_text(seconds) == words


def text_in(taken: Snapshot, column: str, state: AlertState, room: Room = Room.VAST) -> str:
    view = view_of(taken)
    assert view.live is not None
    row = next(row for row in listed(view.live) if row.rule is not None and row.rule.state is state)
    columns = {each.key: each for each in alert_columns(Present(view), room)}
    return columns[column].cell(row).text


def test_a_narrow_row_has_value_and_time_with_the_words() -> None:
    assert text_in(worst_of_alerts(), "summary", AlertState.FIRING, Room.NARROW) == "1.010  2m 50s"


@pytest.mark.parametrize(
    ("room", "column", "words"),
    [
        (Room.VAST, "events", "12"),
        (Room.WIDE, "summary", "12 events: XRP/USD was liquidated"),
        (Room.NARROW, "summary", "12 events"),
    ],
)
def test_events_are_counted_exactly_beside_what_an_increase_extrapolates(
    room: Room, column: str, words: str
) -> None:
    view = view_of(worst_of_alerts())
    assert view.live is not None
    columns = {each.key: each for each in alert_columns(Present(view), room)}
    row = next(row for row in listed(view.live) if row.alert.name == "FuturesLiquidated")
    assert columns["value"].cell(row).text == "12.4"
    assert columns[column].cell(row).text == words


@pytest.mark.parametrize(
    ("state", "words"),
    [(AlertState.PENDING, "→ critical"), (AlertState.RESOLVED, "–"), (AlertState.WARMING, "–")],
)
def test_nothing_reads_as_bad_that_is_not(state: AlertState, words: str) -> None:
    assert text_in(worst_of_alerts(), "severity", state) == words


def test_an_alert_that_only_its_rule_keeps_firing_says_since_when_it_is_over() -> None:
    kept = raised(SLIPPAGE, "BTC/USD", 14.2, ago=900.0, quiet_since=START - 40.0, summary="High slippage")
    taken = with_book(worst_of_alerts(), the_book([kept]))
    assert text_in(taken, "summary", AlertState.FIRING) == "over for 40 s: High slippage"
    assert text_in(taken, "summary", AlertState.FIRING, Room.NARROW) == "over for 40 s"


def test_a_pending_alert_says_how_much_of_its_time_has_passed() -> None:
    view = view_of(worst_of_alerts())
    assert view.live is not None
    row = next(row for row in view.live.alert_rows if row.state is AlertState.PENDING)
    assert state_words(row, view, view.live).startswith("pending for 20 s of 1 m, 1.049 < 1.05")


def test_a_muted_row_says_who_and_until_when_and_why_in_full() -> None:
    view = view_of(worst_of_alerts())
    assert view.live is not None
    row = next(row for row in listed(view.live) if row.rule is not None and row.rule.acknowledged is not None)
    said = " ".join(span.text for line in in_full(row, view, 100) for span in line)
    assert "acknowledged by sam until" in said
    assert "closing half of it by hand" in said


def test_a_lost_alert_says_that_its_series_is_gone() -> None:
    assert "LOST WHILE FIRING" in text_in(worst_of_alerts(), "summary", AlertState.LOST)


def test_an_alert_in_full_fits_its_width() -> None:
    view = view_of(worst_of_alerts())
    assert view.live is not None
    long = Listed("k", 0, replace(view.live.alerts[0], summary="words " * 200))
    lines = in_full(long, view, 76)
    assert len(lines) == 6
    assert all(line_width(line) <= 76 for line in lines)
