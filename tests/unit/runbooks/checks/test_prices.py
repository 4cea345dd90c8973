"""Whether market data is fresh, on a real SQLite file; and whether the tables of the contract are there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, Table, create_engine, delete, insert, text, update

from console import schema
from console.runbooks.checks.contract import tables_and_columns
from console.runbooks.checks.prices import MarketData, market_data, prices
from console.schema import klines, metadata, positions, prepare_sqlite
from console.schema import prices as price_data
from console.sources.books import columns_of
from console.sources.errors import SourceError

NOW = datetime(2026, 11, 21, 9, 0)
CANDLE_OLD = "the newest 5m candle began 12 m ago"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'books.db'}")
    prepare_sqlite(engine)
    fill(engine)
    yield engine
    engine.dispose()


def fill(engine: Engine) -> None:
    """One open position, with a mark, a price and candles of this minute."""
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            insert(positions).values(
                account_id=3, symbol="BTC/USD", position_side="LONG", quantity=Decimal(1),
                notional_value=Decimal(1), margin=Decimal(1), entry_price=Decimal(1), last_update_time=NOW,
            )
        )  # fmt: skip
        connection.execute(insert(price_data).values(symbol="BTC/USD", price=Decimal(1), timestamp=NOW))
        candle = dict.fromkeys(("open_price", "high_price", "low_price", "close_price"), Decimal(1))
        opened = int(NOW.timestamp() * 1000)
        for frame in ("5m", "15m", "1h"):
            said = insert(klines).values(symbol="BTC/USD", timeframe=frame, open_time=opened, **candle)
            connection.execute(said)


@contextmanager
def later(database: Engine, **by: float) -> Iterator[MarketData]:
    """What is seen `by` so much later."""
    with database.connect() as connection:
        yield market_data(connection, (NOW + timedelta(**by)).timestamp())


def verdict(database: Engine, **by: float) -> tuple[bool | None, str]:
    with later(database, **by) as seen:
        found = prices(lambda: seen)
    return found.passes, found.observed


@pytest.mark.parametrize(
    ("by", "passes", "words"),
    [
        (59, True, "of 1 symbols they are"),
        (61, False, "BTC/USD's price is 61 s old"),
        (301, False, "BTC/USD's price is 5 m old; BTC/USD's mark is 5 m old"),
    ],
)
def test_what_is_too_old_fails_and_is_named(database: Engine, by: float, passes: bool, words: str) -> None:
    assert verdict(database, seconds=by) == (passes, words)


def test_a_candle_may_be_as_old_as_two_time_frames(database: Engine) -> None:
    for minutes, answer in ((10, (True, "of 1 symbols they are")), (12, (False, CANDLE_OLD))):
        with database.begin() as connection:
            connection.execute(update(price_data).values(timestamp=NOW + timedelta(minutes=minutes)))
            connection.execute(update(positions).values(last_update_time=NOW + timedelta(minutes=minutes)))
        assert verdict(database, minutes=minutes) == answer


@pytest.mark.parametrize(("table", "what"), [(price_data, "price"), (positions, "mark")])
def test_what_is_of_the_future_may_be_of_any_age(database: Engine, table: Table, what: str) -> None:
    """As where an engine writes another zone's time than ours: what stands still for hours looks new."""
    time = "timestamp" if table is price_data else "last_update_time"
    with database.begin() as connection:
        connection.execute(update(table).values({time: NOW + timedelta(seconds=59)}))
    assert verdict(database)[0] is True
    with database.begin() as connection:
        connection.execute(update(table).values({time: NOW + timedelta(hours=8)}))
    assert verdict(database) == (None, f"BTC/USD's {what} is 8 h ahead of our clock")


def test_without_open_positions_what_has_prices_is_looked_at(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(delete(positions))
    assert verdict(database) == (True, "of 1 symbols they are")


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DELETE FROM price_data", "BTC/USD has no price"),
        ("DELETE FROM kline_data WHERE timeframe = '15m'", "no 15m candle"),
        ("DROP TABLE price_data", "price_data: no such table; BTC/USD has no price"),
        ("UPDATE futures_positions SET last_update_time = NULL", "BTC/USD's mark has no time"),
        ("UPDATE price_data SET timestamp = '0000-00-00'", "is not a time"),
    ],
)
def test_what_is_missing_is_unknown(database: Engine, statement: str, why: str) -> None:
    with database.begin() as connection:
        connection.execute(text(statement))
    passes, words = verdict(database)
    assert passes is None
    assert why in words


def test_an_empty_database_has_no_fresh_price(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(delete(positions))
        connection.execute(delete(price_data))
    assert verdict(database)[0] is None


def test_what_can_not_be_read_is_unknown() -> None:
    def unreadable() -> MarketData:
        raise SourceError("connection refused")

    assert prices(unreadable).passes is None


def test_every_table_and_column_of_the_contract_has_to_be_there(database: Engine) -> None:
    def columns() -> dict[str, frozenset[str]]:
        with database.connect() as connection:
            return columns_of(connection)

    assert tables_and_columns(columns).passes
    with database.begin() as connection:
        _drop(connection)
    found = tables_and_columns(columns)
    assert (found.passes, found.observed) == (
        False,
        "futures_orders lacks fee_rate, notes; no table system_settings",
    )


def _drop(connection: Connection) -> None:
    for column in ("fee_rate", "notes"):
        connection.execute(text(f"ALTER TABLE futures_orders DROP COLUMN {column}"))
    connection.execute(text(f"DROP TABLE {schema.settings.name}"))


def test_a_schema_that_can_not_be_read_is_unknown() -> None:
    def unreadable() -> dict[str, frozenset[str]]:
        raise SourceError("connection refused")

    assert tables_and_columns(unreadable).passes is None
