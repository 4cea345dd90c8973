"""The books on SQLite: what is read of odd tables, and which database is asked at all."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, text

from console import schema
from console.domain.surfaces import Books
from console.paper.store import open_database
from console.sources.database import DatabaseSource
from console.sources.errors import SourceError
from tests.tui.fake import HandClock

NOON = datetime(2026, 1, 2, 12, 0).timestamp()
POSITION = {
    "account_id": 2,
    "symbol": "BTCUSDT",
    "position_side": "LONG",
    "quantity": 1,
    "notional_value": 1,
    "margin": 1,
    "entry_price": 1,
    "status": "open",
}


@pytest.fixture
def engine(sqlite_url: str) -> Engine:
    return open_database(sqlite_url)


@pytest.fixture
def source(sqlite_url: str, engine: Engine) -> DatabaseSource:
    return DatabaseSource(sqlite_url, clock=HandClock(NOON), timeout=5)


def execute(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def add_position(engine: Engine, **more: object) -> None:
    with engine.begin() as connection:
        connection.execute(insert(schema.positions).values(**(POSITION | more)))


def read(source: DatabaseSource) -> Books:
    return source.read().value


@pytest.mark.parametrize("value", ["abc", "NaN", "Infinity", ""])
def test_money_that_is_no_number_is_none_and_named(
    engine: Engine, source: DatabaseSource, value: str
) -> None:
    add_position(engine)
    execute(engine, f"UPDATE futures_positions SET margin = '{value}'")
    books = read(source)
    assert books.positions is not None
    assert (books.positions[0].margin, books.positions[0].quantity) == (None, Decimal(1))
    assert books.missing == (f"futures_positions.margin: {value!r} is not a number",)


def test_a_time_that_is_none_is_none_and_named(engine: Engine, source: DatabaseSource) -> None:
    add_position(engine)
    execute(
        engine,
        "UPDATE futures_positions SET last_update_time = '0000-00-00 00:00:00'",
        "INSERT INTO price_data (symbol, price, timestamp) VALUES ('BTCUSDT', '1', '0000-00-00 00:00:00')",
        "UPDATE futures_trading_accounts SET updated_at = '2026-01-02 11:59:00'",
    )
    books = read(source)
    assert (books.price_age, books.quiet_for) == (None, 60)
    assert books.missing == (
        "futures_positions.last_update_time: '0000-00-00 00:00:00' is not a time",
        "price_data.timestamp: '0000-00-00 00:00:00' is not a time",
    )


def test_a_leverage_that_is_no_number_is_none_and_named(engine: Engine, source: DatabaseSource) -> None:
    add_position(engine)
    execute(engine, "UPDATE futures_positions SET leverage = 'ten'")
    books = read(source)
    assert books.positions is not None and books.positions[0].leverage is None
    assert books.missing == ("futures_positions.leverage: 'ten' is not a whole number",)


def test_a_position_with_a_value_not_of_its_kind_is_gone_when_it_was_closed(
    engine: Engine, source: DatabaseSource
) -> None:
    add_position(engine)
    execute(engine, "UPDATE futures_positions SET leverage = 'ten'")
    read(source)
    execute(engine, "UPDATE futures_positions SET status = 'closed'")
    assert read(source).positions == ()


def test_a_value_that_is_not_of_its_kind_is_named_at_each_look(
    engine: Engine, source: DatabaseSource
) -> None:
    add_position(engine)
    execute(
        engine,
        "UPDATE futures_positions SET margin = 'abc'",
        "INSERT INTO futures_trades"
        " (account_id, order_id, trade_id, symbol, side, price, quantity, notional_value)"
        " VALUES (2, 'FUT-1', 'T-1', 'BTCUSDT', 'OPEN_LONG', 'abc', 1, 1)",
    )
    named = ("futures_positions.margin: 'abc' is not a number", "futures_trades.price: 'abc' is not a number")
    assert [read(source).missing, read(source).missing] == [named, named]


def test_text_that_is_no_text_costs_its_own_part(engine: Engine, source: DatabaseSource) -> None:
    add_position(engine)
    execute(engine, "UPDATE futures_positions SET symbol = CAST(x'ff' AS TEXT)")
    books = read(source)
    assert (books.positions, books.orders) == (None, ())
    assert books.missing[0].startswith("futures_positions: Could not decode")


@pytest.mark.parametrize(
    ("newest", "quiet_for"),
    [
        ("UPDATE futures_trading_accounts SET updated_at = '2026-01-02 11:59:50' WHERE id = 2", 10),
        ("UPDATE futures_positions SET last_update_time = '2026-01-02 11:59:40' WHERE status = 'open'", 20),
        (
            "INSERT INTO price_data (symbol, price, timestamp) VALUES ('BTCUSDT', 1, '2026-01-02 11:59:30')",
            30,
        ),
        (
            "UPDATE futures_positions SET last_update_time = '2026-01-02 11:59:59' WHERE status = 'closed'",
            3600,
        ),
        ("UPDATE futures_trading_accounts SET updated_at = '2026-01-02 12:00:05'", 0),
    ],
)
def test_the_engine_is_quiet_since_its_newest_write(
    engine: Engine, source: DatabaseSource, newest: str, quiet_for: float
) -> None:
    add_position(engine)
    add_position(engine, status="closed")
    execute(engine, "UPDATE futures_trading_accounts SET updated_at = '2026-01-02 11:00:00'", newest)
    assert read(source).quiet_for == quiet_for


def test_tables_that_tell_no_time_leave_it_unknown(engine: Engine, source: DatabaseSource) -> None:
    execute(
        engine,
        "ALTER TABLE futures_trading_accounts DROP COLUMN updated_at",
        "ALTER TABLE futures_positions DROP COLUMN last_update_time",
        "DROP TABLE price_data",
    )
    books = read(source)
    assert books.quiet_for is None
    assert "futures_positions.last_update_time: no such column" in books.missing


def test_a_file_that_is_replaced_is_read_anew(engine: Engine, source: DatabaseSource, tmp_path: Path) -> None:
    add_position(engine)
    engine.dispose()
    assert len(read(source).positions or ()) == 1
    open_database(f"sqlite:///{tmp_path / 'new.db'}").dispose()
    for old in tmp_path.glob("paper.db-*"):
        old.unlink()
    (tmp_path / "new.db").replace(tmp_path / "paper.db")
    assert read(source).positions == ()


def test_a_file_that_is_deleted_is_gone_until_it_is_back(source: DatabaseSource, tmp_path: Path) -> None:
    read(source)
    (tmp_path / "paper.db").rename(tmp_path / "elsewhere.db")
    with pytest.raises(SourceError, match=r"paper\.db: no such database file"):
        source.read()
    (tmp_path / "elsewhere.db").rename(tmp_path / "paper.db")
    assert read(source).accounts is not None


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("mysql://root@127.0.0.1/x?host=10.0.0.9", "takes no parameters"),
        ("sqlite:////tmp/x.db?mode=rwc", "takes no parameters"),
        ("postgresql://127.0.0.1/x", "MySQL, MariaDB or SQLite, not postgresql"),
        ("mysql+mysqldb://127.0.0.1/x", "MySQL, MariaDB or SQLite"),
        ("s3cret", "the database's URL is none"),
        ("mysql://u:s3cret@host:port/x", "the database's URL is none"),
    ],
)
def test_a_url_that_is_more_or_less_than_one_is_refused(url: str, cause: str) -> None:
    with pytest.raises(SourceError, match=cause) as caught:
        DatabaseSource(url, clock=HandClock(), timeout=1)
    assert "s3cret" not in str(caught.value)
