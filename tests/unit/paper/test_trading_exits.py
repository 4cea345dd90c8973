"""What closes positions by itself: liquidation, stops, smart exits."""

from datetime import timedelta
from decimal import Decimal

import pytest

from console.paper import CoinFuturesTradingEngine, SmartExits
from tests.unit.paper.engines import Desk

_TRAILING = SmartExits(trailing_activation_pct=Decimal(2), trailing_distance_pct=Decimal(1))


@pytest.mark.parametrize(
    ("side", "price", "reason"),
    [
        ("LONG", 49_000, "stop_loss"),
        ("LONG", 52_000, "take_profit"),
        ("SHORT", 51_000, "stop_loss"),
        ("SHORT", 48_000, "take_profit"),
        ("LONG", 40_250, "liquidation"),
        ("SHORT", 59_750, "liquidation"),
    ],
)
def test_a_stop_closes_as_soon_as_the_price_reaches_it(
    desk: Desk, side: str, price: int, reason: str
) -> None:
    engine = desk.engine()
    engine.open_position(
        3, "BTC/USD", side, Decimal("0.01"), 5, stop_loss_pct=Decimal(2), take_profit_pct=Decimal(4)
    )
    desk.prices["BTC/USD"] = Decimal(price)
    [result] = engine.check_exits()
    assert (result["reason"], result["close_price"], result["success"]) == (reason, Decimal(price), True)
    assert engine.get_open_positions() == []


@pytest.mark.parametrize("price", [49_001, 51_999])
def test_between_its_stops_a_position_stays(desk: Desk, price: int) -> None:
    engine = desk.engine()
    engine.open_position(
        3, "BTC/USD", "LONG", Decimal("0.01"), 5, stop_loss_pct=Decimal(2), take_profit_pct=Decimal(4)
    )
    desk.prices["BTC/USD"] = Decimal(price)
    assert engine.check_exits() == []


@pytest.mark.parametrize(
    ("side", "path", "closes"),
    [
        ("LONG", [51_000, 51_500, 50_985], True),
        ("LONG", [51_000, 51_500, 50_986], False),
        ("LONG", [50_900, 49_000], False),
        ("SHORT", [49_000, 48_500, 48_985], True),
        ("SHORT", [49_000, 48_500, 48_984], False),
    ],
)
def test_the_trailing_stop_wakes_on_a_gain_and_follows_the_best_price(
    desk: Desk, side: str, path: list[int], closes: bool
) -> None:
    engine = desk.engine(smart_exits=_TRAILING)
    engine.open_position(3, "BTC/USD", side, Decimal("0.01"), 5)
    reasons = [result["reason"] for price in path for result in _at(desk, engine, price)]
    assert reasons == (["trailing_stop"] if closes else [])


def test_a_position_is_not_held_beyond_its_time(desk: Desk) -> None:
    engine = desk.engine(smart_exits=SmartExits(max_holding=timedelta(hours=1)))
    engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    desk.wait(timedelta(minutes=59))
    assert engine.check_exits() == []
    desk.wait(timedelta(minutes=1))
    assert [result["reason"] for result in engine.check_exits()] == ["max_holding"]


def test_exits_can_be_checked_slice_by_slice(desk: Desk) -> None:
    engine = desk.engine()
    symbols = [f"S{number}/USD" for number in range(5)]
    desk.prices.update(dict.fromkeys(symbols, Decimal(10)))
    for symbol in symbols:
        engine.open_position(3, symbol, "LONG", Decimal(1), stop_loss_pct=Decimal(10))
    desk.prices.update(dict.fromkeys(symbols, Decimal(9)))
    closed = [[result["symbol"] for result in engine.check_exits(limit=2)] for _ in range(3)]
    assert closed == [symbols[:2], symbols[2:4], symbols[4:]]


def test_without_a_price_nothing_is_closed(desk: Desk) -> None:
    engine = desk.engine(smart_exits=SmartExits(max_holding=timedelta(0)))
    engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    desk.prices.clear()
    assert engine.check_exits() == []


def _at(desk: Desk, engine: CoinFuturesTradingEngine, price: int) -> list[dict[str, object]]:
    desk.prices["BTC/USD"] = Decimal(price)
    return [dict(result) for result in engine.check_exits()]
