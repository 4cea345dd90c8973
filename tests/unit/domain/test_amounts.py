"""Prices, quantities and times in few cells."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.amounts import about, about_in_words, price, quantity, span


@pytest.mark.parametrize(
    ("value", "written"), [(97123.449, "97,123.45"), (-1.08321, "-1.0832"), (Decimal("0.000123"), "0.000123")]
)
def test_a_price_has_the_places_that_its_size_asks_for(value: float | Decimal, written: str) -> None:
    assert price(value) == written


@pytest.mark.parametrize(
    ("value", "cells", "written"),
    [
        (Decimal("1.2500"), 9, "1.25"),
        (Decimal("1000"), 9, "1,000"),
        (Decimal("0.123456789012"), 9, "0.1234568"),
        (Decimal("12345678901234567890"), 9, "1.23e+19"),
        (12.5, 9, "12.5"),
    ],
)
def test_a_quantity_says_as_much_as_there_is_room_for(value: Decimal, cells: int, written: str) -> None:
    assert quantity(value, cells) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (-5, "0 s"), (59.9, "59 s"), (61, "1m 01s"), (599, "9m 59s"), (600, "10 m"), (3600, "1h 00m"),
        (25_500, "7h 05m"), (90_000, "1d 1h"), (9e6, "104 d"),
    ],
)  # fmt: skip
def test_a_span_of_time_is_told_in_its_two_greatest_units(seconds: float, written: str) -> None:
    assert span(seconds) == written


@given(st.floats(0, 8e8))
def test_a_span_of_time_takes_seven_cells_at_most(seconds: float) -> None:
    assert len(span(seconds)) <= 7


def test_an_estimate_is_as_coarse_as_it_is_uncertain() -> None:
    assert [about(20), about(1090), about(7000)] == ["<1m", "18m", "1h"]
    assert about_in_words(250) == "~4 min"
