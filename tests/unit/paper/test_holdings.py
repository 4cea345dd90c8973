"""Margin ratios of holdings, and what the strategy makes of them."""

from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from console.paper.arithmetic import liquidation_price
from console.paper.arithmetic import margin as margin_of
from console.paper.exchange import contracts
from console.paper.holdings import (
    Holding,
    by_symbol,
    is_liquidated,
    margin_ratio,
    net_amount,
    price_at_ratio,
)
from console.paper.requests import check
from console.paper.strategy import Add, Roll, Trim, next_move, opening, resting
from console.paper.universe import Listing, listing_of, listings

SYMBOLS = [listing.symbol for listing in listings(45)]


def held(
    sign: int = 1,
    leverage: int = 10,
    amount: str = "2",
    entry: str = "3000",
    symbol: str = "ETHUSDT",
) -> Holding:
    quantity, price = Decimal(amount), Decimal(entry)
    margin = margin_of(quantity * price, leverage)
    side = "LONG" if sign > 0 else "SHORT"
    return Holding(
        position_id=1,
        account=2,
        symbol=symbol,
        sign=sign,
        leverage=leverage,
        amount=quantity,
        exact_margin=margin,
        exact_entry=price,
        quantity=float(quantity),
        margin=float(margin),
        entry=float(price),
        liquidation=float(liquidation_price(side, price, leverage)),
    )


holdings = st.builds(
    held,
    sign=st.sampled_from([1, -1]),
    leverage=st.integers(2, 125),
    amount=st.integers(1, 10**6).map(str),
    entry=st.integers(1, 10**5).map(str),
)


@given(holdings)
def test_the_ratio_is_one_at_the_liquidation_price(row: Holding) -> None:
    assert margin_ratio(row, row.liquidation) == pytest.approx(1, abs=1e-5)


@given(holdings, st.floats(0.5, 5))
def test_the_price_of_a_ratio_has_that_ratio(row: Holding, ratio: float) -> None:
    assert margin_ratio(row, price_at_ratio(row, ratio)) == pytest.approx(ratio, rel=1e-6)


@given(holdings, st.floats(0.5, 5))
def test_below_one_is_liquidated_and_above_is_not(row: Holding, ratio: float) -> None:
    assume(abs(ratio - 1) > 0.001)
    assert is_liquidated(row, price_at_ratio(row, ratio)) is (ratio < 1)


def test_long_and_short_of_one_symbol_net() -> None:
    assert net_amount([held(1, amount="2"), held(-1, amount="5")]) == -3


def test_holdings_are_grouped_by_symbol() -> None:
    grouped = by_symbol([held(1), held(-1), held(symbol="BTCUSDT")])
    assert {symbol: len(rows) for symbol, rows in grouped.items()} == {"ETHUSDT": 2, "BTCUSDT": 1}


def exact_price(listing: Listing, shift: float) -> Decimal:
    return Decimal(f"{listing.price * (1 + shift):.{listing.places}f}")


@given(st.sampled_from(SYMBOLS), st.floats(-0.018, 0.018))
def test_an_opening_is_one_that_the_engine_accepts(symbol: str, shift: float) -> None:
    listing = listing_of(symbol)
    check(opening(listing, exact_price(listing, shift)))


@given(st.sampled_from(SYMBOLS), st.floats(-0.018, 0.018))
def test_an_opening_ties_up_less_than_the_margin_limit(symbol: str, shift: float) -> None:
    listing = listing_of(symbol)
    price = exact_price(listing, shift)
    request = opening(listing, price)
    assert 100 < request.quantity * price / request.leverage < 250


@given(st.sampled_from(SYMBOLS[:8]), st.floats(-0.018, 0.018))
def test_a_coin_opening_is_whole_contracts(symbol: str, shift: float) -> None:
    listing = listing_of(symbol)
    price = exact_price(listing, shift)
    coins = opening(listing, price).quantity
    assert abs(coins * price / listing.contract_size - contracts(listing, coins, price)) < Decimal("0.001")


@pytest.mark.parametrize(("shift", "side"), [(-0.01, "LONG"), (0.01, "SHORT")])
def test_the_strategy_leans_against_the_distance_from_the_level(shift: float, side: str) -> None:
    listing = listing_of("ETHUSDT")
    assert opening(listing, exact_price(listing, shift)).position_side == side


def test_a_flat_symbol_is_opened() -> None:
    assert isinstance(next_move(listing_of("ETHUSDT"), [], Decimal(3150), Random(1)), Add)


def test_a_profit_is_taken() -> None:
    row = held(1, entry="3000")
    assert next_move(listing_of("ETHUSDT"), [row], Decimal(3010), Random(1)) == Roll(row)


def test_a_full_position_is_trimmed_by_a_part() -> None:
    row = held(1, amount="2", entry="3000")
    move = next_move(listing_of("ETHUSDT"), [row], Decimal(3000), Random(1))
    assert move == Trim(row, Decimal("0.2"))


def test_a_small_position_is_added_to_at_its_leverage() -> None:
    row = replace(held(1, amount="0.02", entry="3000"), leverage=7)
    move = next_move(listing_of("ETHUSDT"), [row], Decimal(3000), Random(2))
    assert isinstance(move, Add)
    assert (move.request.leverage, move.request.limit_price) == (7, None)


@pytest.mark.parametrize(("sign", "better"), [(1, Decimal("2988")), (-1, Decimal("3012"))])
def test_a_resting_order_waits_on_the_better_side(sign: int, better: Decimal) -> None:
    request = resting(listing_of("ETHUSDT"), held(sign), Decimal(3000)).request
    assert request.limit_price == better
