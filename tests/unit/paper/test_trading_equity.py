"""Marking to market: equity at all times the sum of its parts, whole and slice by slice."""

from decimal import Decimal

import pytest
from sqlalchemy import update

from console import schema
from console.paper import CoinFuturesTradingEngine, FuturesTradingEngine
from tests.unit.paper.engines import Desk


@pytest.mark.parametrize(("side", "unrealized"), [("LONG", 10), ("SHORT", -10)])
def test_marking_moves_the_equity_by_the_unrealized_pnl(desk: Desk, side: str, unrealized: int) -> None:
    engine = desk.engine()
    engine.open_position(3, "BTC/USD", side, Decimal("0.01"), 5)
    desk.prices["BTC/USD"] = Decimal(51_000)
    update_result = engine.update_all_accounts_equity()
    account = desk.account()
    [position] = engine.get_open_positions()
    assert (position["mark_price"], position["unrealized_pnl"]) == (Decimal(51_000), unrealized)
    assert position["unrealized_pnl_pct"] == unrealized  # of a margin of 100
    assert account.unrealized_pnl == unrealized
    assert account.total_equity == update_result["equity"][3] == Decimal("9999.8") + unrealized
    assert account.total_profit_loss == unrealized - Decimal("0.2")


def test_all_accounts_are_marked(desk: Desk) -> None:
    desk.engine().open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    usdm = FuturesTradingEngine(desk.database, prices=desk.prices.get)
    usdm.open_position(2, "BTC/USD", "SHORT", Decimal("0.01"), 5)
    desk.prices["BTC/USD"] = Decimal(51_000)
    assert usdm.update_all_accounts_equity()["marked"] == 2
    assert (desk.account(3).unrealized_pnl, desk.account(2).unrealized_pnl) == (10, -10)


def test_slices_go_round_all_positions_and_keep_the_equity_exact(desk: Desk) -> None:
    engine = _engine_with_five_positions(desk)
    marked = [engine.update_all_accounts_equity(limit=2)["marked"] for _ in range(3)]
    account = desk.account()
    assert marked == [2, 2, 1]
    assert {position["mark_price"] for position in engine.get_open_positions()} == {Decimal(11)}
    assert account.unrealized_pnl == 5
    assert account.total_equity == account.current_balance + account.frozen_balance + 5


def test_a_position_without_a_price_keeps_its_mark(desk: Desk) -> None:
    engine = _engine_with_five_positions(desk)
    del desk.prices["S0/USD"]
    result = engine.update_all_accounts_equity()
    assert (result["marked"], result["unpriced"]) == (4, 1)
    assert engine.get_open_positions()[0]["mark_price"] == Decimal(10)
    assert desk.account().unrealized_pnl == 4


@pytest.mark.parametrize("nonsense", ["NaN", "-1", "0", "Infinity"])
def test_a_nonsensical_price_counts_as_unknown(desk: Desk, nonsense: str) -> None:
    engine = _engine_with_five_positions(desk)
    desk.prices["S0/USD"] = Decimal(nonsense)
    assert engine.update_all_accounts_equity()["unpriced"] == 1


def test_marking_everything_heals_a_sum_that_was_changed_by_hand(desk: Desk) -> None:
    engine = _engine_with_five_positions(desk)
    with desk.database.begin() as connection:
        connection.execute(update(schema.accounts).values(unrealized_pnl=Decimal(123)))
    engine.update_all_accounts_equity()
    assert (desk.account(3).unrealized_pnl, desk.account(2).unrealized_pnl) == (5, 0)


def _engine_with_five_positions(desk: Desk) -> CoinFuturesTradingEngine:
    """Five longs of one unit, bought at 10, now worth 11."""
    engine = desk.engine()
    symbols = [f"S{number}/USD" for number in range(5)]
    desk.prices.update(dict.fromkeys(symbols, Decimal(10)))
    for symbol in symbols:
        engine.open_position(3, symbol, "LONG", Decimal(1))
    desk.prices.update(dict.fromkeys(symbols, Decimal(11)))
    return engine
