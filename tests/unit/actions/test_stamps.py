"""Whose '0' a switch has: what one trip took from another, each reset gives back to that one only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.actions.kill.stamps import place_of, stamp_of, taken_from, values_in

FIRST, SECOND = stamp_of("opsconsole dana", 1.8e9), stamp_of("opsconsole dana", 1.8e9 + 60)
OTHERS = stamp_of("opsconsole bob", 1.8e9 + 30)


def test_a_stamp_says_who_and_when_in_what_an_engine_s_column_holds() -> None:
    assert stamp_of("opsconsole dana", 1.8e9) == "opsconsole dana 20270115T080000.000"
    assert len(stamp_of("opsconsole " + "x" * 90, 1.8e9)) == 50


def test_a_switch_that_two_trips_of_one_host_have_set_goes_back_to_the_first_value() -> None:
    found = {place_of("allow_long", FIRST): "1", place_of("allow_long", SECOND): FIRST}
    assert taken_from(found, "allow_long", SECOND) == "1"
    assert values_in(found) == {"allow_long": "1"}


def test_a_switch_that_another_host_s_trip_had_set_goes_back_to_that() -> None:
    found = {place_of("allow_long", FIRST): "1", place_of("allow_long", SECOND): OTHERS}
    assert taken_from(found, "allow_long", SECOND) == OTHERS


def test_a_switch_that_was_not_there_goes_back_to_nothing() -> None:
    assert taken_from({place_of("allow_long", FIRST): None}, "allow_long", FIRST) is None


@pytest.mark.parametrize("writer", [OTHERS, "bob", "", None])
def test_a_switch_that_others_have_set_since_is_not_ours(writer: str | None) -> None:
    with pytest.raises(KeyError):
        taken_from({place_of("allow_long", FIRST): "1"}, "allow_long", writer)


@given(
    st.dictionaries(st.sampled_from([FIRST, SECOND, OTHERS]), st.sampled_from([FIRST, SECOND, OTHERS, "1"]))
)
def test_whatever_was_found_it_comes_to_an_end(trips: dict[str, str | None]) -> None:
    found = {place_of("allow_long", stamp): before for stamp, before in trips.items()}
    for stamp in trips:
        assert taken_from(found, "allow_long", stamp) in {*trips.values()}
