"""The calendar after a deployment: what is due when, who has to be another, and how it is kept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.deployment_calendar import (
    DAY,
    DUTIES,
    LOOK,
    MOST_LOOKS,
    Calendar,
    Look,
    SignOff,
    calendar_from,
    document_of,
    due,
    looked,
    signed_off,
)

AT = 2_000_000_000.0
MINUTE, HOUR = 60.0, 3600.0
ALICE, BOB = "alice (uid 1001)", "bob (uid 1002)"
SIGNED = SignOff("run-1", "deploy_live", AT, ALICE, BOB, AT + HOUR)
DEPLOYED = Calendar((SIGNED,))


def seen(calendar: Calendar, *times: float, duty: str = LOOK.key) -> Calendar:
    for at in times:
        calendar = looked(calendar, Look(duty, at, "alice"))
    return calendar


def dues(calendar: Calendar, now: float) -> dict[str, float]:
    """When each duty is due, in seconds after the deployment."""
    return {each.duty.key: each.at - AT for each in due(calendar, now)}


def test_nothing_is_due_before_a_deployment_is_signed_off() -> None:
    assert due(seen(Calendar(), AT), AT + DAY) == ()


def test_the_first_look_is_due_half_an_hour_after_the_deployment() -> None:
    first = due(DEPLOYED, AT + 18 * MINUTE)[0]
    assert first.words(AT + 18 * MINUTE) == "next look due in 12 m"


def test_a_look_puts_the_next_one_half_an_hour_off() -> None:
    assert dues(seen(DEPLOYED, AT + 20 * MINUTE), AT + 21 * MINUTE)["look"] == 50 * MINUTE


def test_a_look_that_was_missed_is_overdue_by_so_much() -> None:
    assert due(DEPLOYED, AT + 75 * MINUTE)[0].words(AT + 75 * MINUTE) == "look overdue by 45 m"


def test_from_day_7_on_two_hours_may_pass_between_two_looks() -> None:
    begun = seen(DEPLOYED, AT + 7 * DAY)
    assert dues(begun, AT + 7 * DAY)["look"] == 7 * DAY + 2 * HOUR
    assert dues(seen(DEPLOYED, AT + 7 * DAY - 1), AT + 7 * DAY - 1)["look"] == 7 * DAY - 1 + 30 * MINUTE


def test_from_day_14_on_there_are_reviews_and_no_looks() -> None:
    assert dues(DEPLOYED, AT + 14 * DAY) == {"performance": 21 * DAY, "configuration": 44 * DAY}


def test_days_1_to_7_have_every_trade_reviewed_and_7_to_14_the_days_summaries() -> None:
    assert set(dues(DEPLOYED, AT + DAY)) == {"look", "trades"}
    assert set(dues(DEPLOYED, AT + 8 * DAY)) == {"look", "summary"}


def test_a_review_is_no_look() -> None:
    assert dues(seen(DEPLOYED, AT + 20 * MINUTE, duty="trades"), AT + 21 * MINUTE)["look"] == 30 * MINUTE


def test_a_later_deployment_begins_the_calendar_anew() -> None:
    again = signed_off(seen(DEPLOYED, AT + DAY), SignOff("run-2", "deploy_live", AT + 2 * DAY, ALICE, BOB, 0))
    assert dues(again, AT + 2 * DAY)["look"] == 2 * DAY + 30 * MINUTE


def test_a_look_that_a_clock_ahead_has_noted_puts_nothing_off() -> None:
    assert dues(seen(DEPLOYED, AT + DAY), AT + MINUTE)["look"] == 30 * MINUTE


def test_what_is_overdue_longest_comes_first() -> None:
    assert [each.duty.key for each in due(DEPLOYED, AT + 26 * HOUR)] == ["look", "trades"]


def test_nobody_verifies_what_they_deployed() -> None:
    with pytest.raises(ValueError, match=r"alice \(uid 1001\) deployed it, and can't verify it"):
        signed_off(Calendar(), SignOff("run-1", "deploy_live", AT, ALICE, ALICE, AT))


def test_a_run_is_signed_off_once() -> None:
    with pytest.raises(ValueError, match="run run-1 is signed off already"):
        signed_off(DEPLOYED, SIGNED)


def test_there_are_no_other_duties_than_the_calendars() -> None:
    with pytest.raises(ValueError, match="nap is no duty; allowed: look, trades, summary, performance"):
        seen(DEPLOYED, AT, duty="nap")


def test_the_oldest_looks_are_forgotten_first() -> None:
    many = seen(Calendar(), *(AT + second for second in range(MOST_LOOKS + 1)))
    assert (len(many.looks), many.looks[0].at) == (MOST_LOOKS, AT + 1)


_TIMES = st.floats(0, 1e10)
_LOOKS = st.builds(Look, st.sampled_from(list(DUTIES)), _TIMES, st.text(), st.text())
_SIGNED = st.builds(SignOff, st.text(), st.text(), _TIMES, st.text(), st.text(), _TIMES)


@given(st.lists(_SIGNED, max_size=3), st.lists(_LOOKS, max_size=5), _TIMES)
def test_a_calendar_is_read_back_as_it_was_written(
    signed: list[SignOff], looks: list[Look], now: float
) -> None:
    calendar = Calendar(tuple(signed), tuple(looks))
    back = calendar_from(json.loads(json.dumps(document_of(calendar))))
    assert back == calendar
    assert due(back, now) == due(calendar, now)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"signed": [], "looks": [["look"]]},
        {"signed": [["run"]], "looks": []},
        {"signed": [], "looks": [["look", float("nan"), "alice", ""]]},
    ],
)
def test_what_is_no_calendar_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="is a "):
        calendar_from(document)
