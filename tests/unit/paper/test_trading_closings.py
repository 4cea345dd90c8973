"""Closing positions: whole, in parts, liquidated, and what is refused."""

from decimal import Decimal
from typing import Any

import pytest

from console import schema
from console.paper import FuturesTradingEngine
from tests.unit.paper.engines import Desk


def test_closing_returns_the_margin_and_adds_the_profit_less_the_fee(desk: Desk) -> None:
    engine = desk.engine()
    opened = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    desk.prices["BTC/USD"] = Decimal(51_000)
    result = engine.close_position(opened["position_id"])
    account = desk.account()
    assert result["realized_pnl"] == Decimal("9.796")  # 10 less 0.04 % of 510
    assert account.frozen_balance == 0
    assert account.current_balance == account.total_equity == Decimal("10009.596")
    assert account.realized_pnl == Decimal("9.796")


def test_a_short_gains_when_the_price_falls(desk: Desk) -> None:
    engine = desk.engine()
    opened = engine.open_position(3, "BTC/USD", "SHORT", Decimal("0.01"), 5)
    result = engine.close_position(opened["position_id"], close_price=Decimal(49_000))
    assert result["realized_pnl"] == Decimal("9.804")


def test_a_close_says_how_it_went_in_its_order_and_its_trade(desk: Desk) -> None:
    engine = desk.engine()
    opened = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    engine.close_position(opened["position_id"], reason="take_profit", close_price=Decimal(51_000))
    order, trade = desk.rows(schema.orders)[-1], desk.rows(schema.trades)[-1]
    assert (order.side, order.notes, order.realized_pnl) == ("CLOSE_LONG", "take_profit", Decimal("9.796"))
    assert (trade.entry_price, trade.close_price) == (Decimal(50_000), Decimal(51_000))
    assert (trade.realized_pnl, trade.pnl_pct, trade.roi) == (Decimal("9.796"), 2, Decimal("9.796"))


def test_a_closed_position_has_its_time_and_no_unrealized_pnl(desk: Desk) -> None:
    engine = desk.engine()
    opened = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    desk.prices["BTC/USD"] = Decimal(51_000)
    engine.update_all_accounts_equity()
    engine.close_position(opened["position_id"])
    [position] = desk.rows(schema.positions)
    assert (position.status, position.close_time, position.unrealized_pnl) == ("closed", desk.now, 0)
    assert desk.account().unrealized_pnl == 0


def test_a_partial_close_releases_the_margin_share(desk: Desk) -> None:
    engine = desk.engine()
    opened = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    result = engine.close_position(opened["position_id"], Decimal("0.004"))
    [position] = engine.get_open_positions()
    assert not result["fully_closed"]
    assert result["remaining_quantity"] == position["quantity"] == Decimal("0.006")
    assert position["margin"] == desk.account().frozen_balance == Decimal(60)


def test_the_last_part_takes_the_remainder_of_the_margin(desk: Desk) -> None:
    engine = desk.engine()
    desk.prices["BTC/USD"] = Decimal(10)
    opened = engine.open_position(3, "BTC/USD", "LONG", Decimal(3), 7)  # a margin of 4.28571429
    shares = [engine.close_position(opened["position_id"], Decimal(1))["margin"] for _ in range(3)]
    assert shares == [Decimal("1.42857143"), Decimal("1.42857143"), Decimal("1.42857143")]
    assert desk.account().frozen_balance == 0


def test_each_close_counts_as_a_trade_won_or_lost(desk: Desk) -> None:
    engine = desk.engine()
    opened = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.03"), 5)
    for price in (51_000, 51_000, 49_000):
        engine.close_position(opened["position_id"], Decimal("0.01"), close_price=Decimal(price))
    account = desk.account()
    assert (account.total_trades, account.winning_trades, account.losing_trades) == (3, 2, 1)
    assert account.win_rate == Decimal("66.6667")


def test_a_close_that_gains_just_its_fee_counts_as_lost(desk: Desk) -> None:
    engine = desk.engine()
    desk.prices["BTC/USD"] = Decimal(9_996)
    opened = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    result = engine.close_position(opened["position_id"], close_price=Decimal(10_000))
    assert result["realized_pnl"] == 0
    assert (desk.account().winning_trades, desk.account().losing_trades) == (0, 1)


@pytest.mark.parametrize("quantity", [None, Decimal("0.004")])
def test_a_close_past_the_liquidation_price_costs_the_whole_margin_and_no_more(
    desk: Desk, quantity: Decimal | None
) -> None:
    engine = desk.engine()
    opened = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    result = engine.close_position(opened["position_id"], quantity, close_price=Decimal(20_000))
    [position] = desk.rows(schema.positions)
    assert (result["reason"], result["close_price"]) == ("liquidation", Decimal(40_250))
    assert result["realized_pnl"] == -Decimal(100)
    assert desk.account().current_balance == Decimal("9899.8")
    assert (position.status, position.notes) == ("closed", "liquidated at 40250.00000000, price 20000")


def test_no_switch_stops_a_close(desk: Desk) -> None:
    engine = desk.engine()
    opened = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    for key in schema.TRADING_SWITCHES:
        desk.switch(key, "0")
    assert engine.close_position(opened["position_id"])["success"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"close_quantity": Decimal(0)}, "close_quantity is above 0, not 0"),
        ({"close_quantity": Decimal("NaN")}, "close_quantity is a finite number, not NaN"),
        ({"close_quantity": Decimal("0.02")}, "position 1 holds 0.01000000, less than 0.02"),
        ({"close_price": Decimal(-1)}, "close_price is above 0, not -1"),
        ({"close_price": 1.5}, "close_price is Decimal or int, not float"),
        ({"position_id": 77}, "position 77 not found"),
    ],
)
def test_a_close_that_is_refused_says_why(desk: Desk, arguments: dict[str, Any], message: str) -> None:
    engine = desk.engine()
    engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    result = engine.close_position(**({"position_id": 1} | arguments))
    assert result == {"success": False, "message": message}


def test_a_position_is_closed_only_once(desk: Desk) -> None:
    engine = desk.engine()
    opened = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    engine.close_position(opened["position_id"])
    assert engine.close_position(opened["position_id"])["message"] == "position 1 is not open but closed"


def test_an_engine_leaves_the_other_account_s_positions_alone(desk: Desk) -> None:
    opened = desk.engine().open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    result = FuturesTradingEngine(desk.database).close_position(opened["position_id"])
    assert result["message"] == "position 1 is of account 3, not 2"


def test_a_close_without_a_known_price_is_refused(desk: Desk) -> None:
    engine = desk.engine()
    opened = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    desk.prices.clear()
    assert engine.close_position(opened["position_id"])["message"] == "no price of BTC/USD is known"
