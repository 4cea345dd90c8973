"""Money columns are exact on every database, and refuse what wouldn't come back equal."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, Integer, MetaData, Table, create_engine, delete, func, insert, select
from sqlalchemy.exc import StatementError

from console.paper.store import open_database
from console.schema import Money
from tests.examples import examples
from tests.mariadb import Databases

_metadata = MetaData()
_amounts = Table("amounts", _metadata, Column("id", Integer, primary_key=True), Column("amount", Money()))

_money = st.decimals(min_value="-9999999999999999", max_value="9999999999999999", places=8)


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A table for amounts, which is empty at first."""
    if request.param == "sqlite":
        engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('amounts') / 'paper.db'}")
    else:
        databases: Databases = request.getfixturevalue("mariadb")
        engine = open_database(databases.url(databases.create_database()))
    _metadata.create_all(engine)
    yield engine
    engine.dispose()


@settings(
    max_examples=examples(15, 40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(amounts=st.lists(_money, min_size=1, max_size=8))
def test_money_comes_back_exactly_and_in_numeric_order(database: Engine, amounts: list[Decimal]) -> None:
    with database.begin() as connection:
        connection.execute(delete(_amounts))
        connection.execute(insert(_amounts), [{"amount": amount} for amount in amounts])
        stored = list(connection.scalars(select(_amounts.c.amount).order_by(_amounts.c.id)))
        ordered = list(connection.scalars(select(_amounts.c.amount).order_by(_amounts.c.amount)))
        pivot = amounts[0]
        above = set(connection.scalars(select(_amounts.c.amount).where(_amounts.c.amount > pivot)))
    assert stored == amounts
    assert all(amount.as_tuple().exponent == -8 for amount in stored)
    assert ordered == sorted(amounts)
    assert above == {amount for amount in amounts if amount > pivot}


@pytest.mark.parametrize(
    "amount",
    [
        "0",
        "-0",
        "1E+3",
        "9999999999999999.99999999",
        "-9999999999999999.99999999",
        "0.00000001",
        "1.5000000000",
    ],
)
def test_the_edges_of_a_column_come_back_exactly(database: Engine, amount: str) -> None:
    assert _round_trip(database, Decimal(amount)) == Decimal(amount)


@pytest.mark.parametrize("amount", [7, -3, None])
def test_whole_numbers_and_null_are_allowed(database: Engine, amount: int | None) -> None:
    assert _round_trip(database, amount) == amount


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        (1.5, "money is Decimal or int, not float"),
        (True, "money is Decimal or int, not bool"),
        ("1.5", "money is Decimal or int, not str"),
        (Decimal("NaN"), "money is finite"),
        (Decimal("-Infinity"), "money is finite"),
        (Decimal("0.000000001"), "more than 8 decimal places"),
        (Decimal("1E16"), "more than 24 digits"),
        (Decimal("1E99"), "more than 24 digits"),
    ],
)
def test_what_would_not_come_back_equal_is_refused(database: Engine, amount: object, message: str) -> None:
    with pytest.raises(StatementError, match=message):
        _round_trip(database, amount)


def test_a_search_by_value_finds_equal_numbers(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(delete(_amounts))
    _round_trip(database, Decimal("10.50"))
    with database.connect() as connection:
        found = connection.scalar(
            select(func.count()).select_from(_amounts).where(_amounts.c.amount == Decimal("10.5"))
        )
    assert found == 1


def test_the_sum_of_a_column_is_exact_on_sqlite(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    _metadata.create_all(database)
    with database.begin() as connection:
        connection.execute(insert(_amounts), [{"amount": Decimal("0.1")}] * 10)
        assert connection.scalar(select(func.decimal_sum(_amounts.c.amount))) == "1.00000000"


def test_sqlite_stores_money_as_text_that_other_programs_read_exactly(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    _metadata.create_all(database)
    _round_trip(database, Decimal("9999999999999999.00000001"))
    with create_engine(sqlite_url).connect() as other:
        row = other.exec_driver_sql("SELECT amount, typeof(amount) FROM amounts").one()
    assert tuple(row) == ("9999999999999999.00000001", "text")


def _round_trip(database: Engine, amount: object) -> Any:
    with database.begin() as connection:
        connection.execute(insert(_amounts).values(amount=amount))
        return connection.scalar(select(_amounts.c.amount).order_by(_amounts.c.id.desc()).limit(1))
