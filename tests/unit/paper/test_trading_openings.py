"""Opening positions: the bookkeeping, merging, limits, switches, and what is refused."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert

from console import schema
from console.paper import FuturesTradingEngine, OpenRequest
from tests.unit.paper.engines import Desk

_OPENING = OpenRequest(3, "BTC/USD", "LONG", Decimal("0.01"), leverage=5)


def test_opening_moves_the_margin_to_the_frozen_balance_and_takes_the_fee(desk: Desk) -> None:
    desk.engine().open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    account = desk.account()
    assert account.frozen_balance == Decimal(100)
    assert account.current_balance == Decimal("9899.8")
    assert account.total_equity == Decimal("9999.8")


def test_opening_writes_one_filled_order_and_one_trade(desk: Desk) -> None:
    result = desk.engine().open_position(3, "BTC/USD", "SHORT", Decimal("0.01"), 5, source="signal")
    [order], [trade] = desk.rows(schema.orders), desk.rows(schema.trades)
    assert (order.status, order.side, order.order_type, order.order_source) == (
        "FILLED",
        "OPEN_SHORT",
        "MARKET",
        "signal",
    )
    assert order.order_id == trade.order_id == result["order_id"]
    assert order.position_id == trade.position_id == result["position_id"]
    assert order.order_id.startswith("FUT-")
    assert trade.trade_id.startswith("T-")
    assert (trade.fee, trade.fee_rate, trade.margin) == (Decimal("0.2"), Decimal("0.0004"), Decimal(100))


def test_a_position_carries_what_the_opening_said(desk: Desk) -> None:
    result = desk.engine().open_position(
        3,
        "BTC/USD",
        "LONG",
        Decimal("0.01"),
        5,
        stop_loss_pct=Decimal(2),
        take_profit_price=Decimal(55_000),
        signal_id=7,
        strategy_id=8,
        entry_signal_type="golden_cross",
        entry_score=Decimal("81.5"),
        entry_reason="EMA crossed",
    )
    [position] = desk.engine().get_open_positions(3)
    assert position["id"] == result["position_id"]
    assert (position["stop_loss_price"], position["stop_loss_pct"]) == (Decimal(49_000), Decimal(2))
    assert (position["take_profit_price"], position["take_profit_pct"]) == (Decimal(55_000), None)
    assert (position["signal_id"], position["strategy_id"], position["entry_score"]) == (
        7,
        8,
        Decimal("81.5"),
    )
    assert (position["entry_signal_type"], position["entry_reason"]) == ("golden_cross", "EMA crossed")
    assert position["liquidation_price"] == Decimal(40_250)
    assert position["coin_margin"] == 1


def test_a_further_entry_merges_into_the_open_position(desk: Desk) -> None:
    engine = desk.engine()
    first = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    desk.prices["BTC/USD"] = Decimal(56_000)
    second = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.005"), 5)
    [position] = engine.get_open_positions()
    assert second["merged"]
    assert second["position_id"] == first["position_id"] == position["id"]
    assert position["quantity"] == Decimal("0.015")
    assert position["avg_entry_price"] == Decimal(52_000)
    assert position["margin"] == Decimal(156)
    assert position["liquidation_price"] == Decimal(41_860)
    assert position["unrealized_pnl"] == Decimal(60)


def test_both_sides_of_a_symbol_are_positions_of_their_own(desk: Desk) -> None:
    engine = desk.engine()
    engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    result = engine.open_position(3, "BTC/USD", "SHORT", Decimal("0.01"), 5)
    assert not result["merged"]
    assert len(engine.get_open_positions()) == 2


def test_a_further_entry_keeps_the_leverage(desk: Desk) -> None:
    engine = desk.engine()
    engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    result = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 6)
    assert result["message"] == "BTC/USD LONG is open at 5x: a further entry has the same leverage, not 6x"


def test_one_position_ties_up_at_most_a_tenth_of_the_equity(desk: Desk) -> None:
    engine = desk.engine()
    assert engine.open_position(3, "BTC/USD", "LONG", Decimal("0.0199"), 1)["success"]
    result = engine.open_position(3, "BTC/USD", "LONG", Decimal("0.0002"), 1)
    assert "10 % of the equity" in result["message"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"account_id": 9}, "account 9: this engine keeps account 3 only"),
        ({"symbol": ""}, "symbol is 1 to 50 characters, not ''"),
        ({"symbol": "ETH/USD"}, "no price of ETH/USD is known"),
        ({"position_side": "BOTH"}, "position_side is LONG or SHORT, not 'BOTH'"),
        ({"quantity": Decimal(0)}, "quantity is above 0, not 0"),
        ({"quantity": Decimal(-1)}, "quantity is above 0, not -1"),
        ({"quantity": Decimal("NaN")}, "quantity is a finite number, not NaN"),
        ({"quantity": 0.01}, "quantity is Decimal or int, not float"),
        ({"quantity": Decimal("0.000000001")}, "quantity has at most 8 decimal places, not 1E-9"),
        ({"quantity": Decimal("1E-8"), "leverage": 125}, None),
        ({"quantity": Decimal("1E20")}, "quantity is too large: 1E+20"),
        ({"quantity": Decimal("1E15")}, "is more than a money column holds"),
        ({"leverage": 0}, "leverage is a whole number from 1 to 125, not 0"),
        ({"leverage": 126}, "leverage is a whole number from 1 to 125, not 126"),
        ({"leverage": True}, "leverage is a whole number from 1 to 125, not True"),
        ({"quantity": Decimal(10)}, "insufficient balance"),
        ({"stop_loss_price": Decimal(50_000)}, "the stop loss of a LONG is below its price"),
        ({"take_profit_price": Decimal(49_000)}, "the take profit of a LONG is above its price"),
        ({"position_side": "SHORT", "stop_loss_price": Decimal(1)}, "the stop loss of a SHORT is above"),
        ({"position_side": "SHORT", "take_profit_pct": Decimal(100)}, "the take profit of a SHORT is below"),
        ({"stop_loss_pct": Decimal(100)}, "the stop loss of a LONG is below its price"),
        ({"stop_loss_pct": Decimal("-1")}, "stop_loss_pct is above 0, not -1"),
        ({"limit_price": Decimal(49_000), "stop_loss_price": Decimal(49_500)}, "the stop loss of a LONG"),
        ({"source": "x" * 51}, "source is 1 to 50 characters"),
    ],
)
def test_what_is_refused_is_said_in_one_line(desk: Desk, change: dict[str, Any], message: str | None) -> None:
    [result] = desk.engine().open_many([replace(_OPENING, **change)])
    assert result["success"] is (message is None)
    assert (message or "") in result.get("message", "")
    assert "\n" not in result.get("message", "")


def test_a_quantity_too_small_for_a_margin_is_refused(desk: Desk) -> None:
    desk.prices["XRP/USD"] = Decimal("0.5")
    result = desk.engine().open_position(3, "XRP/USD", "LONG", Decimal("0.00000001"), 125)
    assert "too small to have a margin" in result["message"]


@pytest.mark.parametrize(
    ("switch", "side", "opens"),
    [
        ("coin_futures_trading_enabled", "LONG", False),
        ("allow_long", "LONG", False),
        ("allow_long", "SHORT", True),
        ("allow_short", "SHORT", False),
        ("u_futures_trading_enabled", "LONG", True),
        ("live_trading_enabled", "LONG", True),
    ],
)
def test_trading_switches_are_honoured_on_opening(desk: Desk, switch: str, side: str, opens: bool) -> None:
    desk.switch(switch, "0")
    result = desk.engine().open_position(3, "BTC/USD", side, Decimal("0.01"), 5)
    assert result["success"] is opens
    assert opens or switch in result["message"]


def test_many_openings_share_a_transaction_but_not_a_fate(desk: Desk) -> None:
    results = desk.engine().open_many([_OPENING, replace(_OPENING, leverage=0), _OPENING])
    assert [result["success"] for result in results] == [True, False, True]
    assert results[2]["merged"]
    assert results[0]["position_id"] == results[2]["position_id"]
    assert desk.account().frozen_balance == Decimal(200)


def test_many_openings_keep_their_order(desk: Desk) -> None:
    symbols = [f"S{number}/USD" for number in range(20)]
    desk.prices.update(dict.fromkeys(symbols, Decimal(10)))
    results = desk.engine().open_many([replace(_OPENING, symbol=symbol) for symbol in symbols])
    assert [position["symbol"] for position in desk.engine().get_open_positions()] == symbols
    assert [result["position_id"] for result in results] == list(range(1, 21))


def test_the_ema_difference_at_entry_comes_from_the_15m_closes(desk: Desk) -> None:
    _add_candles(desk, "BTC/USD", [Decimal(100)] * 26 + [Decimal(200)])
    desk.engine().open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    [position] = desk.engine().get_open_positions()
    assert position["entry_ema_diff"] == Decimal("12.59259259")  # 100 x (2/10 - 2/27)


def test_the_ema_difference_looks_back_104_candles(desk: Desk) -> None:
    _add_candles(desk, "BTC/USD", [Decimal(1_000)] * 50 + [Decimal(100)] * 104)
    desk.engine().open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    assert desk.engine().get_open_positions()[0]["entry_ema_diff"] == 0


def test_too_few_candles_give_no_ema_difference(desk: Desk) -> None:
    _add_candles(desk, "BTC/USD", [Decimal(100)] * 25)
    desk.engine().open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    assert desk.engine().get_open_positions()[0]["entry_ema_diff"] is None


def test_a_price_is_looked_up_in_price_data_then_in_the_klines(desk: Desk) -> None:
    moment = datetime(2026, 1, 1)
    engine = desk.engine()
    _add_candles(desk, "ADA/USD", [Decimal(1), Decimal(2)])
    assert engine.get_current_price("ADA/USD") == Decimal(2)
    rows = [
        {"symbol": "ADA/USD", "price": Decimal(4), "timestamp": moment + timedelta(seconds=1)},
        {"symbol": "ADA/USD", "price": Decimal(3), "timestamp": moment},
    ]
    with desk.database.begin() as connection:
        connection.execute(insert(schema.prices), rows)
    assert engine.get_current_price("ADA/USD") == Decimal(4)
    desk.prices["ADA/USD"] = Decimal(5)
    assert engine.get_current_price("ADA/USD") == Decimal(5)


def test_the_usdm_engine_keeps_account_2_and_is_not_coin_margined(desk: Desk) -> None:
    engine = FuturesTradingEngine(desk.database, prices=desk.prices.get)
    assert engine.open_position(2, "BTC/USD", "LONG", Decimal("0.01"), 5)["success"]
    [position] = engine.get_open_positions()
    assert (position["account_id"], position["coin_margin"]) == (2, 0)
    assert engine.get_open_positions(3) == []


def _add_candles(desk: Desk, symbol: str, closes: list[Decimal]) -> None:
    rows = [
        {
            "symbol": symbol,
            "timeframe": "15m",
            "open_time": number * 900_000,
            "open_price": close,
            "high_price": close,
            "low_price": close,
            "close_price": close,
        }
        for number, close in enumerate(closes)
    ]
    with desk.database.begin() as connection:
        connection.execute(insert(schema.klines), rows)
