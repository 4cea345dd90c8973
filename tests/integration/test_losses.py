"""What a restore would lose, of real books on SQLite and MariaDB, and against what an exchange holds."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from console.actions.backup.create import Around, Means, create
from console.actions.backup.folder import Backup
from console.actions.backup.losses import COMPARED_STANDS, Comparisons, lost_since
from console.actions.database import Login, connected
from console.domain.amounts import quantity
from console.domain.backup import FORMAT
from console.domain.clock import SystemClock
from console.domain.losses import Compared, ContractGap, Losses, TableLoss, lines_of
from console.domain.surfaces import Contract, Exchange, ExchangePosition, Venue
from tests.mariadb_programs import environment, programs
from tests.unit.runbooks.checks.healthy_book import Desk, HealthyBook, healthy_book

AT = 1_800_000_000.0
SIZES = {
    name: Contract(name, "TRADING", None, None, None, Decimal(size))
    for name, size in (("BTCUSD_PERP", 100), ("ETHUSD_PERP", 10))
}


@pytest.fixture
def book(database_url: str) -> Iterator[HealthyBook]:
    book = healthy_book(database_url)
    yield book
    book.database.dispose()


@pytest.fixture
def login(book: HealthyBook, database_url: str) -> Login:
    return Login(database_url, timeout=10)


@pytest.fixture
def made(login: Login, tmp_path: Path) -> Backup:
    return create(
        login, tmp_path / "backups", Around("paper", "dana"), Means(SystemClock(), programs, environment())
    )


def later(book: HealthyBook) -> Desk:
    """Both engines, which go on after the book was made."""
    return Desk(book.database, now=book.now)


def sum_of(login: Login, table: str, column: str, which: str = "1 = 1") -> Decimal:
    with connected(login) as connection:
        query = f"SELECT {column} FROM {table} WHERE account_id = 3 AND {which}"
        found = connection.exec_driver_sql(query).scalars().all()
    return sum((Decimal(str(each)) for each in found if each is not None), Decimal(0))


def exchange(login: Login) -> Exchange:
    """One that holds what the book says now."""
    with connected(login) as connection:
        rows = connection.exec_driver_sql(
            "SELECT symbol, position_side, quantity, entry_price FROM futures_positions"
            " WHERE status <> 'closed'"
        ).all()
    held: dict[str, Decimal] = {}
    for symbol, side, amount, entry in rows:
        name = f"{symbol.replace('/', '')}_PERP"
        coins = Decimal(str(amount)) * (1 if side == "LONG" else -1)
        held[name] = held.get(name, Decimal(0)) + coins * Decimal(str(entry)) / (
            SIZES[name].contract_size or 1
        )
    positions = tuple(
        ExchangePosition(name, round(contracts), None, None, None)  # type: ignore[arg-type]
        for name, contracts in held.items()
    )
    return Exchange((Venue("coinm", 0.0, SIZES, AT, positions=positions),))


def lost(made: Backup, login: Login) -> Losses:
    return lost_since(made, login, AT, exchange(login), "")


def test_nothing_is_lost_while_nothing_has_happened(made: Backup, login: Login) -> None:
    told = lost(made, login)
    assert (told.tables, told.contracts, told.unknown) == ((), (), ())
    assert told.nothing is True
    assert told.agree == 2
    blind = lost_since(made, login, AT, Exchange(()), "")
    assert (blind.nothing, blind.unknown) == (None, ("what coinm holds: the exchange isn't asked for it",))


def test_what_was_traded_since_is_told_by_table_account_and_contract(
    made: Backup, login: Login, book: HealthyBook
) -> None:
    tables = ("futures_positions", "futures_orders", "futures_trades")
    before = {table: sum_of(login, table, "realized_pnl") for table in tables}
    margin = sum_of(login, "futures_positions", "margin", "status <> 'closed'")
    desk = later(book)
    coin = desk.engines[1]
    coin.close_position(book.rows["short"])
    coin.open_position(3, "ETH/USD", "LONG", Decimal(2), 5)
    told = lost(made, login)
    by_table = {each.table: each for each in told.tables}
    assert [each.account for each in told.tables] == [3, 3, 3]
    assert (by_table["futures_positions"].rows, by_table["futures_positions"].reopened) == (1, 1)
    assert (by_table["futures_orders"].rows, by_table["futures_trades"].rows) == (2, 2)
    for table in tables:
        assert by_table[table].realized_pnl == sum_of(login, table, "realized_pnl") - before[table]
    assert by_table["futures_trades"].fee == sum_of(login, "futures_trades", "fee") - made_fee(made)
    now = sum_of(login, "futures_positions", "margin", "status <> 'closed'")
    assert by_table["futures_positions"].margin == now - margin
    (gap,) = told.contracts
    assert (gap.market, gap.symbol) == ("coinm", "ETHUSD_PERP")
    assert gap.exchange > 0 > (gap.restored or 0)
    assert told.agree == 1
    assert told.nothing is False


def made_fee(made: Backup) -> Decimal:
    assert made.manifest.marks is not None
    return made.manifest.marks.tables["futures_trades"].accounts[3].fee or Decimal(0)


def test_rows_that_are_gone_since_would_be_there_again(made: Backup, login: Login) -> None:
    with connected(login) as connection:
        last = connection.exec_driver_sql("SELECT MAX(id) FROM futures_trades").scalar()
        connection.exec_driver_sql(f"DELETE FROM futures_trades WHERE id = {last}")
    (loss,) = lost(made, login).tables
    assert (loss.table, loss.rows, loss.back) == ("futures_trades", 0, 1)


def test_rows_that_were_changed_are_told_though_every_sum_is_the_same(made: Backup, login: Login) -> None:
    with connected(login) as connection:
        connection.exec_driver_sql("UPDATE futures_orders SET notes = 'edited' WHERE id = 1")
        connection.exec_driver_sql("UPDATE futures_trading_accounts SET account_name = 'other' WHERE id = 3")
    told = lost(made, login)
    assert (told.tables, told.balances, told.unknown) == ((), (), ())
    assert told.changed == ("futures_trading_accounts", "futures_orders")
    assert told.nothing is False
    assert told.in_brief == "2 tables would be as before in rows that can't be named"
    assert list(lines_of(told))[1] == (
        "futures_orders: rows from before the backup aren't as they were; which, and how, can't be told"
    )


def test_what_is_newer_is_no_change_of_what_was_there(made: Backup, login: Login, book: HealthyBook) -> None:
    later(book).engines[1].open_position(3, "ETH/USD", "LONG", Decimal(2), 5)
    assert lost(made, login).changed == ()


def test_an_account_s_balances_are_told_then_and_now(made: Backup, login: Login) -> None:
    with connected(login) as connection:
        connection.exec_driver_sql(
            "UPDATE futures_trading_accounts SET current_balance = 9950.5, frozen_balance = 20 WHERE id = 3"
        )
    told = lost(made, login)
    (loss,) = told.balances
    assert loss.then is not None
    assert (loss.account, told.changed, told.nothing) == (3, (), False)
    change = Decimal("9950.5") - (loss.then.current or 0)
    line = next(iter(lines_of(told)))
    assert line.startswith(f"account 3: balance {quantity(loss.then.current or 0)} then, 9,950.5 now (")
    assert f"({quantity(change)})" in line.replace("+", "")
    assert "equity" not in line


def test_a_backup_of_an_older_console_tells_of_balances_what_its_checksum_does(
    made: Backup, login: Login
) -> None:
    assert made.manifest.marks is not None
    old = replace(made, manifest=replace(made.manifest, marks=replace(made.manifest.marks, balances=None)))
    assert lost(old, login).nothing is True
    with connected(login) as connection:
        connection.exec_driver_sql("UPDATE futures_trading_accounts SET current_balance = 1 WHERE id = 3")
    assert (lost(old, login).changed, lost(old, login).balances) == (("futures_trading_accounts",), ())


def test_a_comparison_is_kept_for_a_while_and_says_how_old_it_is(made: Backup, login: Login) -> None:
    kept = Comparisons()
    lost_since(made, login, AT, None, "", compared=kept)
    with connected(login) as connection:
        connection.exec_driver_sql("UPDATE futures_orders SET notes = 'edited' WHERE id = 1")
    held = lost_since(made, login, AT + COMPARED_STANDS, None, "", compared=kept)
    assert held.changed == ()
    assert "whether rows from before were changed was looked at 5 m ago: not so now, perhaps" in lines_of(
        held
    )
    for at in (AT + COMPARED_STANDS + 1, AT - 1):
        anew = lost_since(made, login, at, None, "", compared=kept)
        assert (anew.changed, anew.compared) == (("futures_orders",), Compared(at, ("futures_orders",)))


def test_a_backup_that_kept_no_marks_tells_rows_and_says_so(
    made: Backup, login: Login, book: HealthyBook
) -> None:
    old = replace(made, manifest=replace(made.manifest, marks=None, format=FORMAT - 1))
    later(book).engines[1].open_position(3, "ETH/USD", "LONG", Decimal(2), 5)
    told = lost(old, login)
    assert [(each.table, each.account, each.rows) for each in told.tables] == [
        ("futures_positions", 0, 1), ("futures_orders", 0, 1), ("futures_trades", 0, 1),
    ]  # fmt: skip
    assert told.unknown == ("amounts and positions: the backup is of a version that kept none",)
    assert all(gap.restored is None and gap.book is not None for gap in told.contracts)


def test_a_book_or_an_exchange_that_does_not_answer_is_named(
    made: Backup, tmp_path: Path, login: Login
) -> None:
    nowhere = Login(f"sqlite:///{tmp_path / 'none.db'}", 1)
    told = lost_since(made, nowhere, AT, None, "the exchange: no answer")
    assert told.unknown == (
        f"the book: {tmp_path / 'none.db'}: no such database file",
        "the exchange: no answer",
    )
    assert told.nothing is None
    assert lost_since(made, login, AT, None, "the exchange: no answer").nothing is None
    keyless = Exchange((replace(exchange(login).venues[0], positions=None),))
    assert lost_since(made, login, AT, keyless, "").unknown == ("what coinm holds: no keys for it",)


def test_lines_are_inert_and_exact() -> None:
    told = Losses(
        "20261121T081500Z", AT, AT,
        (TableLoss("futures_trades", 2, 1_234, realized_pnl=Decimal("12.50"), fee=Decimal("-1")),),
        (ContractGap("usdm", "BTC\x1bUSDT", Decimal(3), Decimal(3), Decimal(1)),), 2, ("x",),
    )  # fmt: skip
    assert list(lines_of(told)) == [
        "futures_trades of account 2: 1,234 rows lost, realized PnL +12.5 undone, fees -1 undone",
        "usdm BTC\\x1bUSDT: the exchange holds 3, the restored book 1: it lacks 2",
        "2 contracts would agree with the exchange",
        "can't be told: x",
    ]
