"""Limit orders: they rest without margin, fill at their limit, and are cancelled."""

from decimal import Decimal

import pytest

from console import schema
from tests.unit.paper.engines import Desk

_QUANTITY = Decimal("0.01")


def test_a_limit_order_rests_without_touching_the_account(desk: Desk) -> None:
    before = desk.account()
    result = desk.engine().open_position(3, "BTC/USD", "LONG", _QUANTITY, 5, limit_price=Decimal(49_000))
    [order] = desk.rows(schema.orders)
    assert (result["status"], result["order_id"]) == ("PENDING", order.order_id)
    assert (order.status, order.order_type, order.price, order.margin) == ("PENDING", "LIMIT", 49_000, None)
    assert desk.account() == before
    assert desk.rows(schema.positions) == desk.rows(schema.trades) == []


@pytest.mark.parametrize(
    ("side", "limit", "price", "fills"),
    [
        ("LONG", 49_000, 49_001, False),
        ("LONG", 49_000, 49_000, True),
        ("LONG", 49_000, 48_000, True),
        ("SHORT", 51_000, 50_999, False),
        ("SHORT", 51_000, 52_000, True),
    ],
)
def test_a_resting_order_fills_at_its_limit_once_the_price_is_there(
    desk: Desk, side: str, limit: int, price: int, fills: bool
) -> None:
    engine = desk.engine()
    engine.open_position(3, "BTC/USD", side, _QUANTITY, 5, limit_price=Decimal(limit))
    desk.prices["BTC/USD"] = Decimal(price)
    assert [result["price"] for result in engine.fill_limit_orders()] == ([Decimal(limit)] if fills else [])
    assert len(engine.get_open_positions()) == fills


def test_a_fill_completes_the_order_that_rested(desk: Desk) -> None:
    engine = desk.engine()
    resting = engine.open_position(
        3, "BTC/USD", "LONG", _QUANTITY, 5, limit_price=Decimal(50_000), stop_loss_pct=Decimal(2)
    )
    [filled] = engine.fill_limit_orders()
    [order] = desk.rows(schema.orders)
    [position] = engine.get_open_positions()
    assert filled["order_id"] == resting["order_id"] == order.order_id
    assert (order.status, order.margin, order.executed_quantity) == ("FILLED", Decimal(100), _QUANTITY)
    assert order.position_id == position["id"] == filled["position_id"]
    assert position["stop_loss_price"] == Decimal(49_000)
    assert desk.account().frozen_balance == Decimal(100)


def test_an_order_fills_only_once(desk: Desk) -> None:
    engine = desk.engine()
    engine.open_position(3, "BTC/USD", "LONG", _QUANTITY, 5, limit_price=Decimal(50_000))
    assert len(engine.fill_limit_orders()) == 1
    assert engine.fill_limit_orders() == []


def test_an_order_that_the_account_can_t_carry_any_more_is_cancelled_with_the_reason(desk: Desk) -> None:
    engine = desk.engine()
    engine.open_position(3, "BTC/USD", "LONG", Decimal(1), 5, limit_price=Decimal(50_000))
    [result] = engine.fill_limit_orders()
    [order] = desk.rows(schema.orders)
    assert not result["success"]
    assert order.status == "CANCELLED"
    assert order.notes == result["message"]


def test_a_switch_keeps_an_order_waiting(desk: Desk) -> None:
    engine = desk.engine()
    engine.open_position(3, "BTC/USD", "LONG", _QUANTITY, 5, limit_price=Decimal(50_000))
    desk.switch("allow_long", "0")
    assert not engine.fill_limit_orders()[0]["success"]
    assert desk.rows(schema.orders)[0].status == "PENDING"
    desk.switch("allow_long", "1")
    assert engine.fill_limit_orders()[0]["success"]


def test_a_resting_order_can_be_cancelled_once(desk: Desk) -> None:
    engine = desk.engine()
    order_id = engine.open_position(3, "BTC/USD", "LONG", _QUANTITY, 5, limit_price=Decimal(1))["order_id"]
    assert engine.cancel_order(order_id)["success"]
    assert engine.cancel_order(order_id)["message"] == f"account 3 has no pending order {order_id}"
    assert desk.rows(schema.orders)[0].status == "CANCELLED"


def test_all_resting_orders_are_cancelled_together(desk: Desk) -> None:
    engine = desk.engine()
    for limit in (1, 2, 50_000):
        engine.open_position(3, "BTC/USD", "LONG", _QUANTITY, 5, limit_price=Decimal(limit))
    engine.fill_limit_orders()
    assert engine.cancel_all_orders()["cancelled"] == 2
    assert [order.status for order in desk.rows(schema.orders)] == ["CANCELLED", "CANCELLED", "FILLED"]


def test_orders_of_another_account_are_not_cancelled(desk: Desk) -> None:
    assert not desk.engine().cancel_all_orders(2)["success"]
