"""What is kept of a trip comes back as it was, and nonsense is named in one line."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.kill_state import Written
from console.domain.last_trip import SCOPES, Found, LastTrip, begun, document_of, joined, last_trip_from

TRIP = LastTrip(
    at=1_800_000_000.25,
    by="dana",
    reason="sync errors",
    scope="all",
    written=(Written("flag file", True, "set"), Written("database", None)),
)

_instants = st.floats(0, 4e9, allow_nan=False)
_found = st.builds(Found, st.text(), st.text(), st.none() | st.text())
_written = st.builds(Written, st.text(), st.sampled_from([True, False, None]), st.text())
_trips = st.builds(
    LastTrip,
    _instants,
    st.text(),
    st.text(),
    st.sampled_from(SCOPES),
    st.booleans(),
    st.lists(_written).map(tuple),
    st.none() | _instants,
    st.none() | _instants,
    st.none() | _instants,
    st.lists(_found, max_size=3).map(tuple),
    st.none() | _instants,
    st.none() | _instants,
    st.booleans(),
    st.booleans(),
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*document_of(TRIP)]), inner),
    max_leaves=20,
)


@given(_trips)
def test_a_trip_comes_back_from_its_document_as_it_was(trip: LastTrip) -> None:
    assert last_trip_from(json.loads(json.dumps(document_of(trip)))) == trip


@given(_json, st.sampled_from([*document_of(TRIP)]))
def test_any_other_document_is_refused_in_one_line(nonsense: object, field: str) -> None:
    for document in (nonsense, {**document_of(TRIP), field: nonsense}):
        try:
            last_trip_from(document)
        except ValueError as error:
            assert str(error).splitlines() == [str(error)]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("version", 2, "version is 2, only 1 can be read"),
        ("scope", "half", "scope is 'half', must be all, usdm, coin"),
        ("at", None, "at must be seconds since 1970"),
        ("at", float("nan"), "at is nan, must be seconds since 1970"),
        ("acknowledged", True, "acknowledged is True, must be seconds since 1970"),
        ("reset", 10**400, f"reset is {10**400}, must be seconds since 1970"),
        ("by", None, "by is None, must be text"),
        ("drill", "yes", "drill is 'yes', must be true, false or null"),
        ("written", {}, "written must be a list of actuators"),
        ("written", ["flag"], "an actuator in written is an object, not str"),
        ("found", {}, "found must be a list of values"),
        ("found", [1], "a value in found is an object, not int"),
        ("found", [{"surface": "database", "key": 1}], "key is 1, must be text"),
    ],
)
def test_a_field_that_is_wrong_is_named_with_what_it_may_be(field: str, value: object, said: str) -> None:
    with pytest.raises(ValueError) as refused:
        last_trip_from({**document_of(TRIP), field: value})
    assert str(refused.value) == said


def test_of_two_trips_the_later_one_counts() -> None:
    later = replace(TRIP, at=TRIP.at + 1, by="sam")
    assert joined(TRIP, later) == joined(later, TRIP) == later


def test_without_a_file_the_process_own_memory_counts() -> None:
    assert (joined(None, TRIP), joined(TRIP, None), joined(None, None)) == (TRIP, TRIP, None)


def test_of_one_trip_the_process_knows_what_it_wrote_and_the_file_what_others_have_done_since() -> None:
    written = replace(TRIP, written=(Written("flag file", True), Written("database", True)))
    kept = replace(TRIP, acknowledged=TRIP.at + 2, reset=TRIP.at + 9)
    assert joined(kept, written) == replace(written, acknowledged=TRIP.at + 2, reset=TRIP.at + 9)


@given(_trips, _trips)
def test_nothing_that_has_happened_to_a_trip_is_forgotten(kept: LastTrip, own: LastTrip) -> None:
    same = replace(own, at=kept.at, renewed=kept.renewed)
    one = joined(kept, same)
    assert one is not None
    for field in ("acknowledged", "reset", "lost"):
        known = [getattr(trip, field) for trip in (kept, same) if getattr(trip, field) is not None]
        assert (getattr(one, field) is not None) == bool(known)


ALLOW_LONG = Found("database", "allow_long", "1")


def test_what_a_file_of_before_does_not_say_is_nothing() -> None:
    document = document_of(TRIP)
    for field in ("found", "renewed", "drilled", "resetting", "singly"):
        del document[field]
    assert last_trip_from(document) == TRIP


def test_what_trips_have_changed_since_the_last_reset_adds_up_and_what_stood_there_last_counts() -> None:
    first = replace(TRIP, found=(ALLOW_LONG, Found("flag file", "flag", None)))
    second = replace(TRIP, at=TRIP.at + 9, found=(replace(ALLOW_LONG, value="yes"),))
    assert begun(first, second).found == (replace(ALLOW_LONG, value="yes"), Found("flag file", "flag", None))


def test_what_was_put_back_is_not_put_back_again() -> None:
    over = replace(TRIP, found=(ALLOW_LONG,), reset=TRIP.at + 5, drilled=3.0)
    second = replace(TRIP, at=TRIP.at + 9)
    assert begun(over, second) == replace(second, drilled=3.0)


def test_what_a_reset_that_broke_off_may_have_left_is_still_to_be_put_back() -> None:
    broken = replace(TRIP, found=(ALLOW_LONG,), reset=TRIP.at + 5, resetting=True)
    assert begun(broken, replace(TRIP, at=TRIP.at + 9)).found == (ALLOW_LONG,)


def test_a_trip_of_one_account_is_noted_with_one_of_everything_that_stands() -> None:
    whole, narrow = (
        replace(TRIP, acknowledged=5.0),
        replace(TRIP, at=TRIP.at + 9, scope="coin", found=(ALLOW_LONG,)),
    )
    assert begun(whole, narrow) == replace(TRIP, renewed=narrow.at, found=(ALLOW_LONG,))


def test_what_was_acknowledged_before_another_account_was_added_is_not_remembered_by_anybody() -> None:
    before = replace(TRIP, acknowledged=TRIP.at + 2, lost=TRIP.at + 4)
    added = begun(before, replace(TRIP, at=TRIP.at + 9, scope="coin"))
    assert joined(added, before) == joined(before, added) == added


def test_a_drill_after_a_trip_that_stands_is_none() -> None:
    assert begun(TRIP, replace(TRIP, at=TRIP.at + 9, drill=True)).drill is False


def test_a_trip_of_one_account_during_a_drill_of_everything_is_no_drill_but_for_its_own_cause() -> None:
    drill = replace(TRIP, drill=True)
    real = replace(TRIP, at=TRIP.at + 9, scope="coin", by="sam", reason="runaway")
    assert begun(drill, real) == replace(TRIP, by="sam", reason="runaway", renewed=real.at)


def test_a_drill_of_one_account_during_a_drill_of_everything_is_still_one() -> None:
    drill = replace(TRIP, drill=True)
    assert begun(drill, replace(drill, at=TRIP.at + 9, scope="coin")).drill is True


def test_the_console_that_drilled_learns_from_the_file_that_it_is_no_drill_any_more() -> None:
    own = replace(TRIP, drill=True)
    kept = replace(TRIP, by="sam", reason="runaway", renewed=TRIP.at + 9)
    assert joined(kept, own) == kept


def test_one_account_after_the_other_is_everything() -> None:
    usdm, coin = replace(TRIP, scope="usdm"), replace(TRIP, at=TRIP.at + 9, scope="coin")
    assert begun(usdm, coin) == replace(coin, scope="all", renewed=coin.at, singly=True)


def test_one_account_during_a_reset_of_everything_was_not_tripped_account_by_account() -> None:
    resetting = replace(TRIP, reset=TRIP.at + 5, resetting=True)
    both = begun(resetting, replace(TRIP, at=TRIP.at + 9, scope="coin"))
    assert (both.scope, both.singly) == ("all", False)


def test_one_account_twice_is_that_account() -> None:
    usdm = replace(TRIP, scope="usdm")
    again = replace(usdm, at=TRIP.at + 9)
    assert begun(usdm, again) == again


def test_what_both_know_of_what_is_to_be_put_back_is_kept() -> None:
    flag = Found("flag file", "flag", None)
    one = joined(replace(TRIP, found=(ALLOW_LONG,)), replace(TRIP, found=(flag,)))
    assert one is not None
    assert set(one.found) == {ALLOW_LONG, flag}
