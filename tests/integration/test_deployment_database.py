"""What a deployment needs of the database, and a test position's money, on SQLite and on MariaDB."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, insert

from console import schema
from console.paper import open_database
from console.runbooks.checks.books import BooksAt, snapshot
from console.runbooks.checks.deployment_database import COIN_INDEX, COIN_SYMBOLS, LOOKS
from console.runbooks.checks.deployment_run import coin_money, coin_round_trip
from console.runbooks.model import Found
from console.runbooks.run import Run, StepRun
from tests.examples import on_both
from tests.unit.runbooks.checks.healthy_book import Desk

NOW = datetime(2026, 1, 2, 3, 4, 5)
ONE = Decimal(1)


@dataclass
class Books:
    """A database with account 3 and the market's data up to now; `change` damages it."""

    url: str

    def __post_init__(self) -> None:
        self.engine = open_database(self.url, balances={2: Decimal(10_000), 3: Decimal(10_000)})
        with self.engine.begin() as connection:
            connection.execute(insert(schema.prices), [_price(symbol) for symbol in COIN_SYMBOLS])
            connection.execute(
                insert(schema.klines),
                [_candle(symbol, back) for symbol in COIN_SYMBOLS for back in range(26)],
            )
            connection.execute(insert(schema.positions), [_position(1)])

    def change(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def ask(self, name: str) -> Found:
        with snapshot(BooksAt(self.url)) as connection:
            return LOOKS[name](connection, NOW)


def _price(symbol: str) -> dict[str, object]:
    return {"symbol": symbol, "price": ONE, "timestamp": NOW - timedelta(seconds=3)}


def _candle(symbol: str, back: int) -> dict[str, object]:
    began = NOW - timedelta(minutes=15 * back + 4)
    figures = dict.fromkeys(("open_price", "high_price", "low_price", "close_price"), ONE)
    return {"symbol": symbol, "timeframe": "15m", "open_time": int(began.timestamp() * 1000), **figures}


def _position(coin_margin: int) -> dict[str, object]:
    figures = dict.fromkeys(("quantity", "notional_value", "margin", "entry_price"), ONE)
    place = {"account_id": 3, "symbol": "BTC/USD", "position_side": "LONG"}
    return {**place, **figures, "coin_margin": coin_margin}


@pytest.fixture
def books(database_url: str) -> Iterator[Books]:
    made = Books(database_url)
    yield made
    made.engine.dispose()


def test_a_database_that_is_ready_passes_every_check(books: Books) -> None:
    assert {name: books.ask(name).passes for name in LOOKS} == dict.fromkeys(LOOKS, True)


_NO_INDEX = "DROP INDEX idx_coin_margin"
_OLD = "2026-01-02 02:04:05.000000"
_COMING = "2026-01-02 04:04:05.000000"
LACKS = [
    ("account3", "DELETE FROM futures_trading_accounts WHERE id = 3", False, "account 3 not found"),
    (
        "account3",
        "UPDATE futures_trading_accounts SET user_id = 7 WHERE id = 3",
        False,
        "account 3 of user 7",
    ),
    ("account3", "DROP TABLE futures_trading_accounts", False, "no table futures_trading_accounts"),
    ("coin_marking", "UPDATE futures_positions SET coin_margin = 0", False, "1 of 1 aren't marked"),
    ("coin_marking", "UPDATE futures_positions SET coin_margin = NULL", False, "1 of 1 aren't marked"),
    ("coin_klines", "DELETE FROM kline_data WHERE symbol = 'BTC/USD'", False, "BTC/USD: none"),
    ("coin_klines", "DROP TABLE kline_data", False, "no table kline_data"),
    ("coin_prices", "DELETE FROM price_data WHERE symbol = 'BTC/USD'", False, "BTC/USD: no price data"),
    (
        "coin_prices",
        f"UPDATE price_data SET timestamp = '{_OLD}' WHERE symbol = 'XRP/USD'",
        False,
        "XRP/USD: 1h 00m old",
    ),
    (
        "coin_prices",
        f"UPDATE price_data SET timestamp = '{_COMING}' WHERE symbol = 'XRP/USD'",
        False,
        "XRP/USD: 1h 00m ahead of our clock",
    ),
]


@pytest.mark.parametrize(
    ("database_url", "name", "damage", "passes", "observed"), on_both(LACKS), indirect=["database_url"]
)
def test_what_lacks_is_named(books: Books, name: str, damage: str, passes: bool, observed: str) -> None:
    books.change(damage)
    found = books.ask(name)
    assert (found.passes, found.observed) == (passes, observed)


def test_an_older_schema_lacks_the_column_and_its_marking_cannot_be_told(books: Books) -> None:
    on_table = "" if books.url.startswith("sqlite") else " ON futures_positions"
    books.change(_NO_INDEX + on_table, "ALTER TABLE futures_positions DROP COLUMN coin_margin")
    column, index, marking = (books.ask(name) for name in ("coin_margin", "coin_index", "coin_marking"))
    assert (column.passes, column.observed) == (False, "no column futures_positions.coin_margin")
    assert (index.passes, index.observed) == (False, "no such index")
    assert marking.passes is None


def test_an_index_of_another_name_serves_as_well(books: Books) -> None:
    on_table = "" if books.url.startswith("sqlite") else " ON futures_positions"
    books.change(
        _NO_INDEX + on_table,
        f"CREATE INDEX by_margin ON futures_positions ({', '.join(COIN_INDEX)}, symbol)",
    )
    assert (books.ask("coin_index").passes, books.ask("coin_index").observed) == (True, "by_margin")


def test_candles_that_end_too_early_are_old(books: Books) -> None:
    books.change("UPDATE kline_data SET open_time = open_time - 36000000 WHERE symbol = 'SOL/USD'")
    assert books.ask("coin_klines").observed == "SOL/USD: the newest began 10h 04m ago"


@dataclass
class Trial:
    """A test position on books that trade: what was seen before it is kept with a run."""

    url: str
    run: Run = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(open_database(self.url, balances={2: Decimal(10_000), 3: Decimal(10_000)}))
        self.coin = self.desk.engines[1]
        self.trade()  # before, and nothing to do with the test
        evidence = json.dumps(asdict(self.look(coin_money)))
        kept = StepRun("before", evidence=evidence)
        self.run = Run("coin_test-1", "coin_test", "here", "", {}, 0.0, steps=(kept,))

    def look(self, check: Callable[[Connection], Found]) -> Found:
        with snapshot(BooksAt(self.url)) as connection:
            return check(connection)

    def trade(self, quantity: str = "0.001") -> None:
        opened = self.coin.open_position(3, "BTC/USD", "LONG", Decimal(quantity), source="test")
        assert self.coin.close_position(opened["position_id"], Decimal(quantity), "test_close")["success"]

    def found(self) -> Found:
        return self.look(lambda connection: coin_round_trip(connection, self.run, "before", "BTC/USD"))


@pytest.fixture
def trial(database_url: str) -> Iterator[Trial]:
    made = Trial(database_url)
    yield made
    made.desk.database.dispose()


def test_a_test_position_costs_its_fees_and_nothing_else(trial: Trial) -> None:
    trial.trade()
    found = trial.found()
    assert found.passes
    assert found.observed.startswith("it cost 0.04000000, of which fees 0.04000000; before 9,999.9600")
    assert len(found.details) == 2


def test_what_else_is_traded_meanwhile_is_accounted_for(trial: Trial) -> None:
    trial.coin.open_position(3, "ETH/USD", "SHORT", ONE, 5)
    trial.trade()
    trial.coin.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5)
    assert trial.found().passes


def test_a_cent_that_is_missing_fails(trial: Trial) -> None:
    trial.trade()
    with trial.desk.database.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE futures_trading_accounts SET current_balance = '9999.91000000' WHERE id = 3"
        )
    found = trial.found()
    assert found.passes is False
    assert found.observed.startswith("-0.0100 can't be accounted for; ")


def test_without_a_position_that_was_opened_and_closed_it_fails(trial: Trial) -> None:
    assert trial.found().passes is False
    trial.coin.open_position(3, "BTC/USD", "LONG", Decimal("0.001"))
    assert trial.found().observed.startswith("no position in BTC/USD was opened and closed since; ")


def test_a_position_that_the_exchange_has_liquidated_was_not_closed(trial: Trial) -> None:
    trial.trade()
    with trial.desk.database.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE futures_orders SET order_source = 'liquidation' WHERE order_source = 'test_close'"
        )
    assert trial.found().observed.startswith("no position in BTC/USD was opened and closed since; ")


def test_a_position_in_another_symbol_is_not_the_one(trial: Trial) -> None:
    opened = trial.coin.open_position(3, "ETH/USD", "LONG", Decimal("0.001"))
    trial.coin.close_position(opened["position_id"])
    assert trial.found().passes is False


def test_without_what_was_kept_before_nothing_is_told(trial: Trial) -> None:
    trial.trade()
    trial.run = Run("coin_test-1", "coin_test", "here", "", {}, 0.0, steps=(StepRun("before"),))
    found = trial.found()
    assert (found.passes, found.observed) == (None, "the step before of run coin_test-1 has kept no money")
