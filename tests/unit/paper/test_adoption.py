"""The books are brought to what the exchange holds, and stay sound."""

from decimal import Decimal

import pytest

from console import schema
from console.paper.exchange import ExchangePosition
from console.runbooks.checks.ledger import verify_ledger
from tests.unit.paper.engines import Desk


def held(amount: str, *, entry: str = "49000", leverage: int = 5) -> ExchangePosition:
    return ExchangePosition("BTC/USD", Decimal(amount), Decimal(entry), leverage, Decimal(0))


def net(desk: Desk) -> Decimal:
    signs = {"LONG": 1, "SHORT": -1}
    rows = desk.engine().get_open_positions()
    return sum((row["quantity"] * signs[row["position_side"]] for row in rows), Decimal(0))


@pytest.mark.parametrize("wanted", [None, "0.009", "0.01", "0.013", "-0.004"])
@pytest.mark.parametrize("opened", [(), (("LONG", "0.01"),), (("LONG", "0.01"), ("SHORT", "0.004"))])
def test_the_books_hold_what_the_exchange_holds(
    desk: Desk, opened: tuple[tuple[str, str], ...], wanted: str | None
) -> None:
    engine = desk.engine()
    for side, quantity in opened:
        engine.open_position(3, "BTC/USD", side, Decimal(quantity), 5)
    results = engine.adopt_position("BTC/USD", None if wanted is None else held(wanted))
    assert all(result["success"] for result in results)
    assert net(desk) == Decimal(wanted or 0)
    account = desk.account()
    margins = sum((row["margin"] for row in engine.get_open_positions()), Decimal(0))
    assert account.frozen_balance == margins


def test_what_the_books_lack_is_opened_at_the_exchange_s_entry_price(desk: Desk) -> None:
    desk.engine().adopt_position("BTC/USD", held("-0.01", leverage=10))
    [position] = desk.rows(schema.positions)
    assert (position.position_side, position.leverage) == ("SHORT", 10)
    assert (position.avg_entry_price, position.coin_margin) == (Decimal(49_000), 1)


def test_a_position_that_is_there_keeps_its_leverage(desk: Desk) -> None:
    engine = desk.engine()
    engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    [result] = engine.adopt_position("BTC/USD", held("0.012", entry="50000", leverage=20))
    assert (result["success"], result["leverage"]) == (True, 5)
    [position] = desk.rows(schema.positions)
    assert (position.quantity, position.leverage) == (Decimal("0.012"), 5)


def test_a_position_of_another_entry_price_is_closed_at_the_exchange_s_and_opened_anew(desk: Desk) -> None:
    engine = desk.engine()
    engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    results = engine.adopt_position("BTC/USD", held("0.01", entry="49000", leverage=20))
    assert all(result["success"] for result in results)
    before, after = desk.rows(schema.positions)
    assert (before.status, before.mark_price) == ("closed", Decimal(49_000))
    assert (after.status, after.avg_entry_price, after.leverage) == ("open", Decimal(49_000), 5)
    with desk.database.connect() as books, books.begin():
        report = verify_ledger(books, desk.now)
    assert report.passes, report.words


def test_no_switch_stops_it_and_its_orders_say_what_they_are(desk: Desk) -> None:
    for switch in schema.TRADING_SWITCHES:
        desk.switch(switch, "0")
    [result] = desk.engine().adopt_position("BTC/USD", held("0.01"))
    assert result["success"]
    assert [order.order_source for order in desk.rows(schema.orders)] == ["position_sync"]


def test_what_the_account_cannot_carry_is_refused_and_nothing_is_written(desk: Desk) -> None:
    engine = desk.engine()
    engine.open_position(3, "BTC/USD", "SHORT", Decimal("0.01"), 5)
    [result] = engine.adopt_position("BTC/USD", held("10"))
    assert (result["success"], result["message"].split(":")[0]) == (False, "insufficient balance")
    assert net(desk) == Decimal("-0.01")


def test_without_a_price_it_is_refused(desk: Desk) -> None:
    desk.prices.clear()
    [result] = desk.engine().adopt_position("BTC/USD", held("0.01"))
    assert result == {"success": False, "message": "no price of BTC/USD is known"}
