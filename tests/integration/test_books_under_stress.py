"""The books balance when engines share them, and when an engine dies in the middle of its work."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import Engine, func, select

from console import schema
from console.paper import CoinFuturesTradingEngine, open_database
from console.paper.store import writing
from console.paper.tickets import cancel_pending
from tests.integration.books_audit import audit
from tests.integration.books_trader import trade
from tests.waiting import DEADLINE, eventually


def test_two_engines_on_one_account_take_turns(database_url: str) -> None:
    database = open_database(database_url)
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(trade, database_url, seed, 40) for seed in (1, 2)]:
            done.result(timeout=4 * DEADLINE)
    audit(database)
    assert _count_of_trades(database) > 80
    database.dispose()


def test_an_order_that_is_cancelled_while_it_fills_stays_cancelled(database_url: str) -> None:
    database = open_database(database_url)
    engine = CoinFuturesTradingEngine(database, prices=lambda symbol: Decimal(50_000))
    engine.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5, limit_price=Decimal(50_000))
    with ThreadPoolExecutor(1) as threads:
        with writing(database) as connection:
            cancel_pending(connection, 3)
            filling = threads.submit(engine.fill_limit_orders)
            time.sleep(0.2)  # time enough to read the order as it was, and to reach its lock
        filled = filling.result(timeout=DEADLINE)
    assert not any(result["success"] for result in filled)
    assert engine.get_open_positions() == []
    audit(database)
    database.dispose()


@pytest.mark.parametrize("kills", [1, pytest.param(3, marks=pytest.mark.campaign)])
def test_an_engine_that_is_killed_leaves_books_that_balance(database_url: str, kills: int) -> None:
    database = open_database(database_url)
    for seed in range(kills):
        wanted = _count_of_trades(database) + 20
        with subprocess.Popen(
            [sys.executable, "-m", "tests.integration.books_trader", database_url, str(seed)]
        ) as trader:
            try:
                eventually(lambda wanted=wanted: _count_of_trades(database) >= wanted)  # type: ignore[misc]
            finally:
                trader.kill()
        audit(database)
    database.dispose()


def _count_of_trades(database: Engine) -> int:
    with database.connect() as connection:
        return connection.scalar(select(func.count()).select_from(schema.trades)) or 0
