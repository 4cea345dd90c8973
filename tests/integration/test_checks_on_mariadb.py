"""What checks ask of the database themselves, on a real server."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import Engine, create_engine, delete, insert

from console.runbooks.checks.contract import tables_and_columns
from console.runbooks.checks.exchange import pending_orders
from console.runbooks.checks.prices import market_data
from console.schema import orders, positions
from console.sources.books import columns_of
from tests.unit.runbooks.checks.test_prices import NOW, fill


@pytest.fixture
def server(mariadb_url: str) -> Iterator[Engine]:
    engine = create_engine(mariadb_url)
    fill(engine)
    yield engine
    engine.dispose()


def test_ages_are_those_of_the_rows(server: Engine) -> None:
    with server.begin() as connection:
        seen = market_data(connection, NOW.timestamp() + 30)
        assert (seen.prices, seen.marks, seen.missing) == ({"BTC/USD": 30.0}, {"BTC/USD": 30.0}, ())
        assert seen.candles == {"5m": 30.0, "15m": 30.0, "1h": 30.0}
        connection.execute(delete(positions))
        assert market_data(connection, NOW.timestamp() + 30).prices == {"BTC/USD": 30.0}


def test_pending_orders_are_counted_by_market(server: Engine) -> None:
    resting = [("1", "BTC/USD", "PENDING"), ("2", "BTCUSDT", "PENDING"), ("3", "BTCUSDT", "FILLED")]
    with server.begin() as connection:
        for ticket, symbol, status in resting:
            order = {"account_id": 2, "side": "OPEN_LONG", "quantity": Decimal(1)}
            connection.execute(insert(orders).values(order_id=ticket, symbol=symbol, status=status, **order))
        assert pending_orders(connection) == {"coinm": 1, "usdm": 1}


def test_the_contract_is_all_there(server: Engine) -> None:
    with server.connect() as connection:
        assert tables_and_columns(lambda: columns_of(connection)).passes
