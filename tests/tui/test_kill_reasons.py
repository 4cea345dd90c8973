"""What a trip can be given as its reason: a digit means the same for as long as the question stands."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.reading import Reading, SourceState
from console.domain.snapshot import Snapshot
from console.domain.surfaces import LogTail
from console.tui.friction import FASTEST, Pace
from console.tui.screens.kill.reasons import DISASTERS, MANUAL, MOST_ALERTS, reasons_at
from console.tui.theme import UNICODE
from console.tui.view import View
from tests.tui.fake import (
    PAPER,
    START,
    FakeWatched,
    HandClock,
    Row,
    failing,
    metrics_of,
    nothing_yet,
    snapshot,
    symbol_rows,
)


def view_of(shown: Snapshot, later: float = 0.8) -> View:
    return View(PAPER, UNICODE).next(FakeWatched(shown, HandClock(START + later)).assessment())


def with_rows(*rows: Row) -> Snapshot:
    return snapshot(START, metrics_of([*symbol_rows(4), *rows]))


LOW = with_rows(Row("SOL/USD", margin=1.01))


def test_the_worst_alert_is_the_reason_while_it_is_urgent() -> None:
    assert reasons_at(view_of(LOW)).chosen == "SOL/USD margin 1.010 below 1.05"


@pytest.mark.parametrize(
    "shown",
    [with_rows(), with_rows(Row("SOL/USD", margin=1.4)), nothing_yet(START)],
    ids=["calm", "warning", "start"],
)
def test_where_nothing_urgent_fires_no_cause_is_made_up(shown: Snapshot) -> None:
    assert reasons_at(view_of(shown)).chosen == MANUAL


def test_the_document_s_disasters_keep_their_digits_whatever_fires() -> None:
    for shown in (LOW, with_rows()):
        by_digit = reasons_at(view_of(shown)).by_digit
        assert tuple(by_digit[digit] for digit in range(4, 9)) == DISASTERS
        assert by_digit[9] == MANUAL


def test_of_many_symbols_with_the_same_fault_the_worst_is_named_once() -> None:
    shown = with_rows(*(Row(f"S{number}/USD", margin=1.04 - number / 100) for number in range(9)))
    reasons = reasons_at(view_of(shown))
    assert [alert.words for alert in reasons.alerts] == ["S8/USD margin 0.960 below 1.05"]


def test_a_digit_keeps_its_meaning_when_other_alerts_come() -> None:
    before = reasons_at(view_of(LOW))
    worse = with_rows(Row("SOL/USD", margin=0.9), Row("ADA/USD", funding=-0.0009, sync_errors=0.5))
    after = before.joined_by(view_of(failing(worse, "refused", "exchange")))
    assert after.by_digit[1] == before.by_digit[1]
    assert len({alert.name for alert in after.alerts}) == len(after.alerts) == MOST_ALERTS
    assert after.chosen == before.chosen


def test_a_digit_without_a_reason_changes_nothing() -> None:
    reasons = reasons_at(view_of(LOW))
    assert reasons.take(3) == reasons
    assert reasons.take(5).chosen == "Network partition"


def test_that_it_is_tripped_is_no_reason_to_trip_it() -> None:
    tripped = snapshot(START, metrics_of(symbol_rows(4), tripped=1))
    assert reasons_at(view_of(tripped)).alerts == ()


def test_the_engine_s_own_line_of_a_trip_is_no_reason_for_another() -> None:
    lines = LogTail("futures.log", 10, 300, True, 5, 0, 1, 0, 0, START, None)
    reading = Reading("log", START, 0.01, lines)
    log = SourceState("log", 9.0, last=reading, good=reading)

    def offered(tripped: float) -> list[str]:
        shown = replace(snapshot(START, metrics_of(symbol_rows(4), tripped=tripped)), log=log)
        return [alert.name for alert in reasons_at(view_of(shown)).alerts]

    assert offered(0.0) == ["log"]
    assert offered(1.0) == []


def test_an_alert_s_foreign_words_are_inert_and_short() -> None:
    shown = with_rows(Row("\x1b[31m" + "X" * 400, margin=1.01))
    chosen = reasons_at(view_of(shown)).chosen
    assert chosen.isprintable()
    assert len(chosen) <= 160


@given(st.lists(st.tuples(st.sampled_from("KT"), st.floats(0, 0.3)), min_size=2, max_size=8))
def test_a_key_is_a_hand_s_only_if_time_has_passed_since_the_one_before(
    keys: list[tuple[str, float]],
) -> None:
    pace, at = Pace(), 0.0
    for number, (key, gap) in enumerate(keys):
        at += gap
        pace = pace.then(key, at)
        assert pace.repeated == (number > 0 and keys[number - 1][0] == key)
        if number > 0 and gap < FASTEST - 1e-9:
            assert pace.too_fast
