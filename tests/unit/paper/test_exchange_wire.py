"""The exchange's process shows what the engine's own view of the exchange shows."""

import json
from decimal import Decimal

import pytest

from console.paper.board import Board
from console.paper.exchange import Change, Exchange, RestingOrder, as_json
from console.paper.exchange_api import ExchangeApi, ExchangeKeys
from console.paper.exchange_wire import Hearing, listed, positions_of
from console.paper.market import Market
from console.paper.universe import Venue, listings

NOW = 1_800_000_000.0


class Ends:
    """An engine's exchange, and the process that hears of it."""

    def __init__(self) -> None:
        self.market = Market(listings(3), 1)
        self.there = Exchange(Board(()), lambda: NOW)
        self.api = ExchangeApi(self.there, ExchangeKeys("key", "secret"), lambda: NOW)
        self.hearing = Hearing(self.there, self.api)
        self.here = Exchange(self.market, lambda: NOW, self.tell)
        self.said = 0
        self.tell(listed(self.market))
        self.here.show_prices()

    def tell(self, change: Change) -> None:
        self.said += 1
        self.hearing.take(json.loads(json.dumps(change)))

    def agree(self) -> bool:
        return all(
            getattr(self.here, answer)(venue) == getattr(self.there, answer)(venue)
            for venue in Venue
            for answer in ("position_risk", "account", "balance", "open_orders", "exchange_info")
        ) and self.here.premium_index(Venue.COIN, None) == self.there.premium_index(Venue.COIN, None)


@pytest.fixture
def ends() -> Ends:
    return Ends()


def test_fills_orders_wallets_and_prices_are_the_same_on_both_ends(ends: Ends) -> None:
    for amount, price in (("0.3", "88000.1"), ("0.1", "88111.7"), ("-0.2", "87999.9"), ("-0.9", "88000")):
        ends.here.report_fill("BTCUSDT", Decimal(amount), Decimal(price), 7)
        assert ends.agree()
    ends.here.report_fill("BTC/USD", Decimal("-0.01"), Decimal(88_000), 5)
    ends.here.show_resting([RestingOrder("o1", "BTC/USD", "OPEN_SHORT", Decimal(90_000), Decimal("0.01"))])
    ends.here.show_wallet(2, Decimal("10000.12345678"))
    ends.market.step()
    ends.here.show_prices()
    ends.here.lose_part("BTCUSDT")
    assert ends.agree()
    assert ends.there.position_risk(Venue.USDM)[0]["positionAmt"] == "-0.63"


def test_what_is_flat_is_flat_on_both_ends(ends: Ends) -> None:
    ends.here.report_fill("BTCUSDT", Decimal("0.3"), Decimal(88_000), 7)
    ends.here.report_fill("BTCUSDT", Decimal("-0.3"), Decimal(88_000), 7)
    assert (ends.there.held(), ends.here.held()) == ([], [])


def test_what_has_not_changed_is_not_told(ends: Ends) -> None:
    ends.here.show_wallet(2, Decimal(5))
    before = ends.said
    ends.here.show_wallet(2, Decimal(5))
    ends.here.show_resting([])
    ends.here.set_position("BTCUSDT", None)
    assert ends.said == before


def test_another_engine_takes_over_what_is_held(ends: Ends) -> None:
    ends.here.report_fill("BTCUSDT", Decimal("0.3") / 7, Decimal(88_000), 7)
    assert ends.there.fresh
    ends.here.begin()
    assert not ends.there.fresh
    held = positions_of({"positions": [as_json(position) for position in ends.there.held()]})
    next_engine = Exchange(ends.market, lambda: NOW)
    next_engine.adopt(held)
    assert (next_engine.held(), next_engine.fresh) == (ends.here.held(), False)


def test_an_outage_is_told(ends: Ends) -> None:
    ends.tell({"down": True})
    assert ends.api.down


@pytest.mark.parametrize("said", [{"nonsense": 1}, {"position": 7}, {"position": ["X"]}, {"wallet": [1]}])
def test_what_no_engine_says_is_refused(ends: Ends, said: Change) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        ends.tell(said)
