"""The paper market: determinism, bounds, pulls and funding."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.paper.board import FUNDING_STEPS
from console.paper.market import CALM_FUNDING, SWING, Market
from console.paper.universe import Venue, listing_of, listings
from tests.examples import examples


def walked(seed: int, steps: int, symbols: int = 6) -> Market:
    market = Market(listings(symbols), seed)
    for _ in range(steps):
        market.step()
    return market


@given(seed=st.integers(0, 2**32), steps=st.integers(0, 60))
@settings(max_examples=examples(10, 20))
def test_prices_depend_on_seed_and_step_alone(seed: int, steps: int) -> None:
    assert walked(seed, steps).marks == walked(seed, steps).marks


def test_another_seed_gives_other_prices() -> None:
    assert walked(1, 10).marks != walked(2, 10).marks


@given(seed=st.integers(0, 2**32))
@settings(max_examples=examples(10, 20))
def test_a_natural_price_stays_near_its_level(seed: int) -> None:
    market = walked(seed, 200)
    for listing, mark in zip(market.listings, market.marks, strict=True):
        assert abs(mark / listing.price - 1) <= SWING + 1e-4


def test_moves_of_two_symbols_are_correlated() -> None:
    market = Market(listings(2), 3)
    ups = []
    for _ in range(400):
        before = market.mark("BTCUSDT"), market.mark("ETHUSDT")
        market.step()
        ups.append((market.mark("BTCUSDT") > before[0], market.mark("ETHUSDT") > before[1]))
    assert sum(bitcoin == ether for bitcoin, ether in ups) > 0.6 * len(ups)


def test_the_exact_price_equals_the_mark() -> None:
    market = walked(5, 20, symbols=60)
    assert [float(market.price(symbol)) for symbol in market.symbols] == market.marks


def test_an_unlisted_symbol_has_no_quote() -> None:
    assert walked(1, 0).quote("NOPEUSDT") is None


def test_a_pull_reaches_its_target_in_the_given_steps() -> None:
    market = walked(1, 5)
    market.pull("BTCUSDT", 50_000, 4)
    for _ in range(4):
        market.step()
    assert market.mark("BTCUSDT") == 50_000


def test_a_pull_moves_no_other_price() -> None:
    pulled, natural = walked(1, 5), walked(1, 5)
    pulled.pull("BTCUSDT", 50_000, 2)
    for market in (pulled, natural):
        market.step()
    others = [symbol for symbol in natural.symbols if symbol != "BTCUSDT"]
    assert [pulled.mark(symbol) for symbol in others] == [natural.mark(symbol) for symbol in others]


def test_a_released_price_returns_to_the_natural_path() -> None:
    pulled, natural = walked(1, 5), walked(1, 5)
    pulled.pull("BTCUSDT", 50_000, 2)
    for step in range(12):
        if step == 6:
            pulled.release(5)
        pulled.step()
        natural.step()
    assert pulled.marks == natural.marks
    assert not pulled.pulled("BTCUSDT")


def test_calm_funding_never_leaves_green() -> None:
    market = Market(listings(40), 9)
    for _ in range(300):
        market.step()
        assert max(map(abs, market.funding_rates)) <= CALM_FUNDING <= 0.0001


def test_forced_funding_holds_until_it_is_released() -> None:
    market = walked(1, 1)
    market.force_funding("BTCUSDT", 0.0008)
    for _ in range(30):
        market.step()
    forced = market.funding_rate("BTCUSDT")
    market.release(1)
    for _ in range(11):
        market.step()
    assert (forced, market.funding_rate("BTCUSDT") < 0.0001) == (0.0008, True)


def test_the_forecast_is_accurate_when_nothing_interferes() -> None:
    assert 0.99 < walked(1, FUNDING_STEPS).funding_accuracy < 1


def test_a_rate_that_jumps_before_settlement_spoils_the_accuracy() -> None:
    market = walked(1, FUNDING_STEPS - 2)
    for symbol in market.symbols:
        market.force_funding(symbol, 0.0008)
    market.step()
    market.step()
    assert market.funding_accuracy < 0.5


def test_funding_settles_once_in_its_period() -> None:
    market = walked(1, 0)
    left = []
    for _ in range(2 * FUNDING_STEPS):
        left.append(market.steps_to_funding)
        market.step()
    assert all(
        after == before - 1 or (before, after) == (1, FUNDING_STEPS) for before, after in pairwise(left)
    )


@pytest.mark.parametrize("count", [0, 1, 40, 41, 5000])
def test_the_universe_holds_the_coin_symbols_and_as_many_others_as_asked(count: int) -> None:
    venues = [listing.venue for listing in listings(count)]
    assert (venues.count(Venue.COIN), venues.count(Venue.USDM)) == (8, count)


def test_symbols_are_unique() -> None:
    names = [listing.symbol for listing in listings(5000)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("count", [-1, 5001])
def test_a_universe_of_another_size_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="0 to 5000 are allowed"):
        listings(count)


def test_a_symbol_found_in_the_books_is_listed_as_it_was() -> None:
    assert [listing_of(listing.symbol) for listing in listings(60)] == list(listings(60))
