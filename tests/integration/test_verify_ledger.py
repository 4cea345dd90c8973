"""Whatever is wrong with the books is found and named, and nothing in healthy books, on both databases."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from random import Random

import pytest
from _pytest.mark.structures import ParameterSet
from sqlalchemy import Engine

from console.domain import ledger_invariants as invariants
from console.domain.ledger import DEFAULT_LIMITS, CheckResult, Invariant, LedgerLimits, LedgerReport
from console.domain.severity import Severity
from console.paper import open_database
from console.runbooks.checks import exact
from console.runbooks.checks.books import BooksAt, snapshot
from console.runbooks.checks.fill_rules import order_rules
from console.runbooks.checks.glance import Sound, glance
from console.runbooks.checks.ledger import verify_ledger
from console.runbooks.checks.position_rules import mark_rules
from console.sources.books import columns_of
from console.sources.errors import SourceError
from tests.mariadb import Databases
from tests.unit.runbooks.checks.corruptions import CORRUPTIONS, STRAY_TRADE, Corruption
from tests.unit.runbooks.checks.habits import HABITS, UNTRADED_POSITION
from tests.unit.runbooks.checks.healthy_book import Desk, HealthyBook, healthy_book, walk


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def book(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HealthyBook]:
    """Healthy books, in which a test changes only what it rolls back."""
    if request.param == "sqlite":
        made = healthy_book(f"sqlite:///{tmp_path_factory.mktemp('books') / 'paper.db'}")
        yield made
        made.database.dispose()
        return
    databases: Databases = request.getfixturevalue("mariadb")
    name = databases.create_database()
    made = healthy_book(databases.url(name))
    yield made
    made.database.dispose()
    databases.drop_database(name)


def test_a_healthy_book_passes_every_check(book: HealthyBook) -> None:
    with book.database.connect() as connection:
        report = verify_ledger(connection, book.now)
    assert _amiss(report) == []
    assert len(report.results) >= 40


def on_both() -> Iterator[ParameterSet]:
    """Each on SQLite, then the first of each invariant on MariaDB, which the others ask nothing else."""
    first = {each.breaks: each for each in reversed(CORRUPTIONS)}
    for database, each in product(("sqlite", "mariadb"), CORRUPTIONS):
        later = database == "mariadb" and each is not first[each.breaks]
        marks = (pytest.mark.campaign,) if later else ()
        yield pytest.param(database, each, id=f"{database}-{each.name}", marks=marks)


@pytest.mark.parametrize(("book", "corruption"), list(on_both()), indirect=["book"])
def test_a_corruption_is_found_and_its_row_named(book: HealthyBook, corruption: Corruption) -> None:
    with book.database.connect() as connection:
        corruption.apply(connection, book)
        report = verify_ledger(connection, book.now)
        connection.rollback()
    result = _of(report, corruption.breaks)
    assert result.word == "failed"
    assert [each.row for each in result.differences] == [str(book.rows[corruption.names])]


@pytest.mark.parametrize("habit", HABITS)
def test_what_real_engines_do_is_no_finding(book: HealthyBook, habit: str) -> None:
    with book.database.connect() as connection:
        for statement in HABITS[habit]:
            connection.exec_driver_sql(statement.format(**book.rows))
        report = verify_ledger(connection, book.now)
        connection.rollback()
    assert _amiss(report) == []


def test_one_look_is_enough_for_a_healthy_book(book: HealthyBook) -> None:
    of_orders, of_marks = (rules(book.now, DEFAULT_LIMITS) for rules in (order_rules, mark_rules))
    with book.database.connect() as connection:
        exact.prepare(connection)
        sound = glance(connection, columns_of(connection), of_orders, of_marks)
    assert sound == Sound(*[True] * 6)


@pytest.mark.parametrize("side", ["open_long", "OPEN_LONG ", "OPEN", ""])
def test_a_side_that_an_order_and_its_trade_both_have_wrong_is_found_in_both(
    book: HealthyBook, side: str
) -> None:
    with book.database.connect() as connection:
        for table, row in (("orders", "order"), ("trades", "entry")):
            connection.exec_driver_sql(
                f"UPDATE futures_{table} SET side = '{side}' WHERE id = {book.rows[row]}"
            )
        report = verify_ledger(connection, book.now)
        connection.rollback()
    assert _named(report, invariants.ORDER_SIDE) == [str(book.rows["order"])]
    assert _named(report, invariants.TRADE_SIDE) == [str(book.rows["entry"])]


def test_a_symbol_that_an_order_and_its_trade_both_have_wrong_is_found(book: HealthyBook) -> None:
    """Though an earlier trade of their position has it right."""
    with book.database.connect() as connection:
        last, order = connection.exec_driver_sql(
            "SELECT id, order_id FROM futures_trades"
            f" WHERE position_id = {book.rows['long']} ORDER BY id DESC LIMIT 1"
        ).one()
        for table in ("orders", "trades"):
            connection.exec_driver_sql(
                f"UPDATE futures_{table} SET symbol = 'ETH/USD' WHERE order_id = '{order}'"
            )
        report = verify_ledger(connection, book.now)
        connection.rollback()
    assert last != book.rows["entry"]
    assert _named(report, invariants.TRADE_SYMBOL) == [str(last)]


@pytest.mark.parametrize("tables", [("orders", "trades"), ("orders", "trades", "positions")])
def test_an_account_that_there_is_not_is_found_wherever_it_is_named(
    book: HealthyBook, tables: tuple[str, ...]
) -> None:
    rows = {"orders": "order", "trades": "entry", "positions": "long"}
    with book.database.connect() as connection:
        of_long = {table: "id" if table == "positions" else "position_id" for table in tables}
        for table, key in of_long.items():
            connection.exec_driver_sql(
                f"UPDATE futures_{table} SET account_id = 77 WHERE {key} = {book.rows['long']}"
            )
        report = verify_ledger(connection, book.now)
        connection.rollback()
    of_accounts = (invariants.ORDER_ACCOUNT, invariants.TRADE_ACCOUNT, invariants.POSITION_ACCOUNT)
    for invariant, table in zip(of_accounts, tables, strict=False):
        assert str(book.rows[rows[table]]) in _named(report, invariant)


def test_a_trade_that_is_there_thrice_is_found(book: HealthyBook) -> None:
    with book.database.connect() as connection:
        for again in ("T-second", "T-third"):
            connection.exec_driver_sql(
                "INSERT INTO futures_trades (account_id, order_id, position_id, trade_id, symbol, side,"
                f" price, quantity, notional_value, fee) SELECT account_id, order_id, position_id, '{again}',"
                " symbol, side, price, quantity, notional_value, fee"
                f" FROM futures_trades WHERE id = {book.rows['entry']}"
            )
        report = verify_ledger(connection, book.now)
        connection.rollback()
    assert _named(report, invariants.ORDER_FILLS) == [str(book.rows["order"])]


def test_a_trade_that_belongs_to_nothing_is_found(book: HealthyBook) -> None:
    with book.database.connect() as connection:
        connection.exec_driver_sql(STRAY_TRADE)
        results = verify_ledger(connection, book.now).results
        connection.rollback()
    assert {result.invariant for result in results if result.count} == {
        invariants.TRADE_ACCOUNT,
        invariants.TRADE_POSITION,
        invariants.TRADE_ORDER,
    }


def test_a_trade_is_found_where_there_is_nothing_else(book: HealthyBook) -> None:
    with book.database.connect() as connection:
        for table in ("trading_accounts", "positions", "orders", "trades"):
            connection.exec_driver_sql(f"DELETE FROM futures_{table}")
        connection.exec_driver_sql(STRAY_TRADE)
        report = verify_ledger(connection, book.now)
        connection.rollback()
    assert _of(report, invariants.TRADE_POSITION).count == 1


@pytest.mark.parametrize("besides", [(), ("OPEN_LONG", "CLOSE_LONG")], ids=["", "others' trades"])
def test_a_position_without_trades_is_looked_at(book: HealthyBook, besides: tuple[str, ...]) -> None:
    """Though another position has trades of another symbol too, which come to the same."""
    with book.database.connect() as connection:
        connection.exec_driver_sql(UNTRADED_POSITION.replace("'LONG', 3", "'LONG', 0"))
        for side in besides:
            connection.exec_driver_sql(
                "INSERT INTO futures_trades (account_id, order_id, position_id, trade_id, symbol, side,"
                f" price, quantity, notional_value, realized_pnl) SELECT 3, 'FUT', id, 'T-{side}', 'ETH/USD',"
                f" '{side}', '1.00000000', '1.00000000', '1.00000000', CASE '{side}' WHEN 'CLOSE_LONG' THEN"
                f" realized_pnl END FROM futures_positions WHERE id = {book.rows['won']}"
            )
        report = verify_ledger(connection, book.now)
        connection.rollback()
    assert _of(report, invariants.LEVERAGE).count == 1


def test_every_invariant_has_a_corruption() -> None:
    every = {value for value in vars(invariants).values() if isinstance(value, Invariant)}
    of_ids = {invariants.ORDER_ID, invariants.TRADE_ID}  # which the schema has to be changed for
    assert {corruption.breaks for corruption in CORRUPTIONS} | of_ids == every


@pytest.mark.parametrize(
    "operations", [100, pytest.param(10_000, marks=pytest.mark.campaign)], ids=["short", "campaign"]
)
def test_nothing_is_found_after_a_random_walk(database_url: str, operations: int) -> None:
    desk, chance = Desk(_opened(database_url)), Random(20260102)
    for _ in range(operations // 25):
        walk(desk, chance, 25)
        with snapshot(BooksAt(database_url)) as connection:
            assert _amiss(verify_ledger(connection, desk.now)) == []
    desk.database.dispose()


def test_a_snapshot_does_not_see_what_is_written_after_it(database_url: str) -> None:
    book = healthy_book(database_url)
    with snapshot(BooksAt(database_url)) as connection:
        verify_ledger(connection, book.now)
        with book.database.begin() as writer:
            writer.exec_driver_sql("UPDATE futures_trading_accounts SET frozen_balance = '1.00000000'")
        report = verify_ledger(connection, book.now)
    book.database.dispose()
    assert _amiss(report) == []


def test_another_server_than_the_one_named_is_not_believed(mariadb_url: str) -> None:
    _opened(mariadb_url).dispose()
    elsewhere = snapshot(BooksAt(mariadb_url, server="elsewhere"))
    with pytest.raises(SourceError, match=r"another server answers: .*, not elsewhere"), elsewhere:
        pass


def test_a_row_that_says_nothing_is_unknown(book: HealthyBook) -> None:
    with book.database.connect() as connection:
        connection.exec_driver_sql(
            f"UPDATE futures_positions SET liquidation_price = NULL WHERE id = {book.rows['long']}"
        )
        result = _of(verify_ledger(connection, book.now), invariants.LIQUIDATION_PRICE)
        connection.rollback()
    assert (result.word, result.severity) == ("unknown", Severity.UNKNOWN)
    assert result.unknown.startswith(f"row {book.rows['long']}: ")


@pytest.mark.parametrize(
    ("table", "column", "costs"),
    [
        ("futures_positions", "coin_margin", invariants.COIN_MARGIN),
        ("futures_positions", "liquidation_price", invariants.LIQUIDATION_PRICE),
        ("futures_trades", "realized_pnl", invariants.ACCOUNT_REALIZED),
        ("futures_positions", "last_update_time", invariants.MARK_AGE),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_missing_column_makes_its_check_unknown(
    database_url: str, table: str, column: str, costs: Invariant
) -> None:
    book = healthy_book(database_url)
    with book.database.begin() as connection:
        if column == "coin_margin":
            on = " ON futures_positions" if connection.dialect.name != "sqlite" else ""
            connection.exec_driver_sql(f"DROP INDEX idx_coin_margin{on}")
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column}")
    with book.database.connect() as connection:
        report = verify_ledger(connection, book.now)
    book.database.dispose()
    assert (_of(report, costs).word, _of(report, costs).unknown) == ("unknown", f"no column {table}.{column}")
    assert _of(report, invariants.QUANTITY).word == "passed"


def test_a_missing_table_makes_its_checks_unknown(database_url: str) -> None:
    book = healthy_book(database_url)
    with book.database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE futures_trades")
    with book.database.connect() as connection:
        report = verify_ledger(connection, book.now)
    book.database.dispose()
    assert _of(report, invariants.TRADE_PRICE).unknown == "no table futures_trades"
    assert _of(report, invariants.COIN_MARGIN).word == "passed"
    assert report.passes is None


@pytest.mark.parametrize(
    ("table", "key", "breaks"),
    [
        ("futures_orders", "order_id", invariants.ORDER_ID),
        ("futures_trades", "trade_id", invariants.TRADE_ID),
    ],
)
def test_an_id_that_is_given_twice_is_found(
    database_url: str, table: str, key: str, breaks: Invariant
) -> None:
    book = healthy_book(database_url)
    with book.database.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE copy AS SELECT * FROM {table}")
        connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql(f"ALTER TABLE copy RENAME TO {table}")
        twice = connection.exec_driver_sql(f"SELECT MIN({key}) FROM {table}").scalar_one()
        connection.exec_driver_sql(f"UPDATE {table} SET {key} = '{twice}' WHERE id = 3")
    with book.database.connect() as connection:
        result = _of(verify_ledger(connection, book.now), breaks)
    book.database.dispose()
    assert [(each.row, each.observed) for each in result.differences] == [(twice, "2")]


def test_values_that_are_none_cost_no_more_than_their_checks(sqlite_url: str) -> None:
    book = healthy_book(sqlite_url)
    with book.database.begin() as connection:
        for column in (
            "margin",
            "quantity",
            "entry_price",
            "avg_entry_price",
            "last_update_time",
            "close_time",
        ):
            connection.exec_driver_sql(f"UPDATE futures_positions SET {column} = 'junk' || id")
        connection.exec_driver_sql("UPDATE futures_trades SET realized_pnl = x'ff', order_id = x'fffe'")
    with snapshot(BooksAt(sqlite_url)) as connection:
        report = verify_ledger(connection, book.now)
    book.database.dispose()
    assert report.severity is Severity.HIGH
    assert _of(report, invariants.MARGIN).word == "unknown"
    assert _of(report, invariants.FROZEN_BALANCE).word == "unknown"


def test_a_fee_that_is_no_number_makes_the_cash_unknown(sqlite_url: str) -> None:
    book = healthy_book(sqlite_url)
    with book.database.begin() as connection:
        connection.exec_driver_sql(f"UPDATE futures_trades SET fee = 'junk' WHERE id = {book.rows['entry']}")
    with snapshot(BooksAt(sqlite_url)) as connection:
        result = _of(verify_ledger(connection, book.now), invariants.CASH)
    book.database.dispose()
    assert result.word == "unknown"


def test_a_stop_that_is_no_number_is_unknown(sqlite_url: str) -> None:
    book = healthy_book(sqlite_url)
    with book.database.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE futures_positions SET stop_loss_price = 'junk' WHERE id = {book.rows['long']}"
        )
    with snapshot(BooksAt(sqlite_url)) as connection:
        result = _of(verify_ledger(connection, book.now), invariants.STOP_LOSS)
    book.database.dispose()
    assert result.word == "unknown"


def test_many_differences_are_counted_and_the_first_kept(sqlite_url: str) -> None:
    book = healthy_book(sqlite_url)
    with book.database.begin() as connection:
        connection.exec_driver_sql("UPDATE futures_trades SET price = '0'")
        count = connection.exec_driver_sql("SELECT COUNT(*) FROM futures_trades").scalar_one()
    with snapshot(BooksAt(sqlite_url)) as connection:
        report = verify_ledger(connection, book.now, LedgerLimits(listed=2))
    book.database.dispose()
    result = _of(report, invariants.TRADE_PRICE)
    assert (result.count, len(result.differences)) == (count, 2)


def test_the_amount_of_a_difference_is_exact(book: HealthyBook) -> None:
    with book.database.connect() as connection:
        connection.exec_driver_sql(
            "UPDATE futures_trading_accounts SET frozen_balance = '9999999999999999.99999999'"
        )
        report = verify_ledger(connection, book.now)
        frozen = connection.exec_driver_sql(
            "SELECT margin FROM futures_positions WHERE account_id = 2 AND status = 'open'"
        ).scalar_one()
        connection.rollback()
    amounts = {each.row: each.amount for each in _of(report, invariants.FROZEN_BALANCE).differences}
    assert amounts["2"] == Decimal("9999999999999999.99999999") - Decimal(frozen)


def test_a_further_entry_is_refused_that_leaves_a_stop_on_the_wrong_side(sqlite_url: str) -> None:
    desk = Desk(_opened(sqlite_url))
    coin = desk.engines[1]
    coin.open_position(3, "BTC/USD", "LONG", Decimal("0.1"), 5, stop_loss_pct=Decimal("2.5"))
    desk.prices["BTC/USD"] = Decimal(40_000)
    refused = coin.open_position(3, "BTC/USD", "LONG", Decimal("0.1"), 5)
    stopped_anew = coin.open_position(3, "BTC/USD", "LONG", Decimal("0.1"), 5, stop_loss_pct=Decimal("2.5"))
    desk.database.dispose()
    assert (
        refused["message"] == "the stop loss of a LONG is below its price 45000.00000000, not 48750.00000000"
    )
    assert stopped_anew["stop_loss_price"] == Decimal(43_875)


def _opened(url: str) -> Engine:
    return open_database(url, balances={2: Decimal(100_000), 3: Decimal(100_000)})


def _of(report: LedgerReport, invariant: Invariant) -> CheckResult:
    return next(result for result in report.results if result.invariant is invariant)


def _named(report: LedgerReport, invariant: Invariant) -> list[str]:
    return [each.row for each in _of(report, invariant).differences]


def _amiss(report: LedgerReport) -> list[CheckResult]:
    return [result for result in report.results if result.word != "passed"]
