"""The money arithmetic against the formulas of the engines, and its rounding."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.paper import arithmetic
from console.paper.arithmetic import LONG, SHORT, OutOfRangeError

_prices = st.decimals(min_value="0.00000001", max_value="1000000", places=8)
_quantities = st.decimals(min_value="0.00000001", max_value="1000000", places=8)
_sides = st.sampled_from([LONG, SHORT])


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("0.000000005", "0.00000001"), ("-0.000000005", "-0.00000001"), ("0.0000000049", "0"), ("1", "1")],
)
def test_halves_are_rounded_away_from_zero(amount: str, rounded: str) -> None:
    assert arithmetic.money(Decimal(amount)) == Decimal(rounded)


@pytest.mark.parametrize("amount", ["1E16", "-1E16", "NaN", "Infinity", "9999999999999999.999999995"])
def test_an_amount_that_no_money_column_holds_is_refused(amount: str) -> None:
    with pytest.raises(OutOfRangeError):
        arithmetic.money(Decimal(amount))


@pytest.mark.parametrize(
    ("side", "leverage", "price"),
    [
        (LONG, 10, "90.5"),
        (SHORT, 10, "109.5"),
        (LONG, 1, "0.5"),
        (SHORT, 1, "199.5"),
        (LONG, 3, "67.16666667"),
    ],
)
def test_the_liquidation_price_leaves_the_maintenance_margin(side: str, leverage: int, price: str) -> None:
    assert arithmetic.liquidation_price(side, Decimal(100), leverage) == Decimal(price)


def test_the_fee_is_four_hundredths_of_a_percent() -> None:
    assert arithmetic.fee(Decimal("12345.67")) == Decimal("4.938268")


@given(_prices, _prices, _quantities)
def test_what_a_long_gains_a_short_loses(entry: Decimal, price: Decimal, quantity: Decimal) -> None:
    gain = arithmetic.profit(LONG, entry, price, quantity)
    assert arithmetic.profit(SHORT, entry, price, quantity) == -gain


@given(_quantities, _prices, _quantities, _prices)
def test_the_average_entry_lies_between_its_prices_to_half_a_unit(
    quantity: Decimal, entry: Decimal, added: Decimal, price: Decimal
) -> None:
    average = arithmetic.average_entry(quantity, entry, added, price)
    exact = (Fraction(quantity) * Fraction(entry) + Fraction(added) * Fraction(price)) / (
        Fraction(quantity) + Fraction(added)
    )
    assert min(entry, price) <= average <= max(entry, price)
    assert abs(Fraction(average) - exact) <= Fraction(1, 2 * 10**8)


@given(_quantities, st.lists(st.integers(1, 1000), min_size=1, max_size=8))
def test_the_shares_of_a_margin_add_up_to_it(margin: Decimal, parts: list[int]) -> None:
    left, whole = margin, Decimal(sum(parts))
    for part in map(Decimal, parts):
        released = arithmetic.share(left, part, whole)
        assert 0 <= released <= left
        left, whole = left - released, whole - part
    assert left == 0


@given(_sides, _prices, st.decimals(min_value="0.0001", max_value="99.9999", places=4))
def test_stops_lie_on_their_side_of_the_entry(side: str, entry: Decimal, percent: Decimal) -> None:
    gain = arithmetic.stop_price(side, entry, percent, gain=True)
    loss = arithmetic.stop_price(side, entry, percent, gain=False)
    assert loss <= entry <= gain if side == LONG else gain <= entry <= loss


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [
        ("1", "3", "33.3333"),
        ("5", "0", "0"),
        ("1E15", "0.00000001", "99999999.9999"),
        ("-2", "3", "-66.6667"),
    ],
)
def test_percentages_have_four_places_and_fit_their_column(part: str, whole: str, percent: str) -> None:
    assert arithmetic.percent_of(Decimal(part), Decimal(whole)) == Decimal(percent)


@pytest.mark.parametrize(
    ("side", "price", "past"), [(LONG, 99, True), (LONG, 101, False), (SHORT, 101, True)]
)
def test_a_level_counts_as_reached_where_the_side_loses(side: str, price: int, past: bool) -> None:
    assert arithmetic.is_past(side, Decimal(price), Decimal(100)) is past
