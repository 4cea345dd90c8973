"""Opening the paper engine's database, new and existing, and the calls of the coin document on it."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, insert, inspect, make_url, select, text, update
from sqlalchemy.exc import OperationalError

from console import schema
from console.paper import (
    CoinFuturesTradingEngine,
    DatabaseUnusableError,
    FuturesTradingEngine,
    open_database,
)
from console.paper.store import reading, writing


def _pymysql_arguments(url: str) -> dict[str, object]:
    parts = make_url(url)
    return {
        "host": parts.host,
        "port": parts.port,
        "user": parts.username,
        "password": parts.password,
        "database": parts.database,
        "charset": "utf8mb4",
        "cursorclass": dict,
        "autocommit": True,
        "connect_timeout": 3,
    }


def test_a_new_database_gets_tables_accounts_and_switches(database_url: str) -> None:
    database = open_database(database_url, balances={2: Decimal(500), 3: Decimal(10_000)})
    with reading(database) as connection:
        columns = schema.accounts.c
        accounts = connection.execute(
            select(columns.id, columns.user_id, columns.current_balance, columns.total_equity).order_by(
                columns.id
            )
        ).all()
        rows = connection.execute(select(schema.settings.c.setting_key, schema.settings.c.setting_value))
        switches = dict(tuple(row) for row in rows)
    assert [tuple(row) for row in accounts] == [(2, 1, 500, 500), (3, 1000, 10_000, 10_000)]
    assert switches == dict.fromkeys(schema.TRADING_SWITCHES, "1")
    assert set(schema.metadata.tables) <= set(inspect(database).get_table_names())


def test_opening_again_resets_nothing(database_url: str) -> None:
    first = open_database(database_url)
    with writing(first) as connection:
        connection.execute(update(schema.accounts).values(current_balance=Decimal("1.5")))
        connection.execute(update(schema.settings).values(setting_value="0"))
    second = open_database(database_url)
    with reading(second) as connection:
        assert set(connection.scalars(select(schema.accounts.c.current_balance))) == {Decimal("1.5")}
        assert set(connection.scalars(select(schema.settings.c.setting_value))) == {"0"}


def test_without_create_a_missing_table_is_named(database_url: str) -> None:
    with pytest.raises(DatabaseUnusableError, match=r"table \w+ is missing"):
        open_database(database_url, create=False)


def test_a_table_without_coin_margin_is_named_and_left_alone(database_url: str) -> None:
    database = open_database(database_url)
    with database.begin() as connection:
        connection.execute(text("DROP INDEX idx_coin_margin" + _on_table(database_url)))
        connection.execute(text("ALTER TABLE futures_positions DROP COLUMN coin_margin"))
    with pytest.raises(DatabaseUnusableError, match="table futures_positions lacks the column coin_margin"):
        open_database(database_url)


@pytest.mark.parametrize(
    "config",
    [
        "not a url",
        "postgresql://user:hush@127.0.0.1/x",
        "mysql+pymysql://user:hush@127.0.0.1:1/x",
        {"host": "127.0.0.1", "port": 1, "user": "user", "password": "hush", "database": "x"},
        {"url": "mysql+pymysql://user:hush@127.0.0.1:1/x"},
        "sqlite:////no/such/folder/paper.db",
    ],
)
def test_a_database_that_can_t_be_opened_is_said_in_one_line_without_the_password(config: str) -> None:
    with pytest.raises(DatabaseUnusableError) as caught:
        open_database(config)
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_failed_write_leaves_nothing_behind(database_url: str) -> None:
    database = open_database(database_url)

    def fail_half_way() -> None:
        with writing(database) as connection:
            connection.execute(update(schema.accounts).values(current_balance=Decimal(1)))
            raise KeyError("half-way")

    with pytest.raises(KeyError):
        fail_half_way()
    with reading(database) as connection:
        assert set(connection.scalars(select(schema.accounts.c.current_balance))) == {Decimal(10_000)}


def test_on_sqlite_readers_wait_for_no_writer(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with writing(database) as writer, reading(database) as reader:
        writer.execute(update(schema.accounts).values(current_balance=Decimal(1)))
        assert set(reader.scalars(select(schema.accounts.c.current_balance))) == {Decimal(10_000)}


def test_on_sqlite_a_writer_holds_the_lock_from_its_beginning(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    impatient = create_engine(sqlite_url, connect_args={"timeout": 0})
    with writing(database), impatient.connect() as other, pytest.raises(OperationalError, match="locked"):
        other.exec_driver_sql("BEGIN IMMEDIATE")


def test_the_calls_of_the_document_run_with_a_url(sqlite_url: str) -> None:
    _run_the_document(sqlite_url)


@pytest.mark.parametrize("shape", [lambda url: url, lambda url: {"url": url}, _pymysql_arguments])
def test_the_calls_of_the_document_run_on_mariadb(mariadb_url: str, shape: Callable[[str], object]) -> None:
    _run_the_document(shape(mariadb_url))


@pytest.mark.usefixtures("only_mariadb")
def test_the_calls_of_the_document_run_with_mariadbs_own_scheme(mariadb_url: str) -> None:
    _run_the_document(mariadb_url.replace("mysql+pymysql:", "mariadb:"))


def _run_the_document(db_config: object) -> None:
    """Code Integration and Steps 4 and 5 of the coin engine's deployment guide, in short."""
    for name in ("open_position", "close_position", "get_open_positions"):
        assert hasattr(CoinFuturesTradingEngine, name)
    usdt_engine = FuturesTradingEngine(db_config)  # type: ignore[arg-type]
    engine = CoinFuturesTradingEngine(db_config)  # type: ignore[arg-type]
    assert (usdt_engine.account_id, engine.account_id) == (2, 3)
    _quote(engine)
    assert engine.get_open_positions(3) == []
    assert engine.get_current_price("BTC/USD") == Decimal(50_000)
    result = engine.open_position(
        account_id=3,
        symbol="BTC/USD",
        position_side="LONG",
        quantity=Decimal("0.001"),
        leverage=1,
        source="test",
    )
    assert result["success"], result["message"]
    close_result = engine.close_position(result["position_id"], reason="test_close")
    assert close_result["success"], close_result["message"]
    assert close_result["realized_pnl"] == Decimal("-0.02")


def _quote(engine: FuturesTradingEngine) -> None:
    row = {"symbol": "BTC/USD", "price": Decimal(50_000), "timestamp": datetime(2026, 1, 2)}
    with engine.database.begin() as connection:
        connection.execute(insert(schema.prices), row)


def _on_table(url: str) -> str:
    """MySQL wants to be told which table an index is on."""
    return "" if url.startswith("sqlite") else " ON futures_positions"
