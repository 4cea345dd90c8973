"""Money is reckoned exactly in SQLite, and what is no number is nothing."""

import zlib
from collections.abc import Iterator
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, column, create_engine, literal_column, select, text
from sqlalchemy.dialects import mysql
from sqlalchemy.types import NullType

from console.runbooks.checks import exact

_money = st.decimals(min_value="-9999999999999999", max_value="9999999999999999", places=8)


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        exact.prepare(connection)
        yield connection


@given(one=_money, other=_money)
def test_operations_are_those_of_decimal(connection: Connection, one: Decimal, other: Decimal) -> None:
    a, b = _text(one), _text(other)
    asked = select(exact.plus(a, b), exact.minus(a, b), exact.times(a, b), exact.less(a, b))
    said = connection.execute(asked).one()
    assert [Decimal(said[0]), Decimal(said[1]), Decimal(said[2])] == [
        one + other,
        one - other,
        _product(one, other),
    ]
    assert said[3] == (one < other)


@given(amount=_money, step=st.sampled_from(["0.00000001", "0.005", "0.01", "1"]))
def test_two_amounts_are_near_up_to_the_tolerance(connection: Connection, amount: Decimal, step: str) -> None:
    off = amount + Decimal(step)
    farther = off + Decimal("0.000000001")
    near = [exact.near(_text(amount), _text(other), exact.number(step)) for other in (off, farther)]
    assert tuple(connection.execute(select(*near)).one()) == (True, False)


def test_equal_amounts_are_near_whatever_the_tolerance(connection: Connection) -> None:
    one, none = exact.number("1"), exact.number("NULL")
    asked = select(exact.near(one, exact.number("1.0"), none), exact.near(one, exact.number("2"), none))
    assert tuple(connection.execute(asked).one()) == (True, None)


@pytest.mark.parametrize("said", ["'junk'", "''", "x'ff'", "'NaN'", "'Infinity'", "'1e999'", "NULL"])
def test_what_is_no_number_comes_to_nothing(connection: Connection, said: str) -> None:
    value, one = exact.number(said), exact.number("1")
    asked = select(exact.plus(value, one), exact.near(one, value, one), exact.less(value, one))
    assert tuple(connection.execute(asked).one()) == (None, None, None)


@pytest.mark.parametrize(("said", "comes_to"), [("'junk'", None), ("NULL", "0"), ("'0.10'", "0.10")])
def test_a_sum_of_what_is_no_number_comes_to_nothing(
    connection: Connection, said: str, comes_to: str | None
) -> None:
    assert connection.scalar(select(exact.total(exact.number(said)))) == comes_to


def test_what_is_mixed_twice_leaves_no_trace(connection: Connection) -> None:
    table = text("SELECT 6 AS said UNION ALL SELECT 3 UNION ALL SELECT NULL UNION ALL SELECT 6")
    said = table.columns(column("said", NullType())).subquery()
    assert connection.scalar(select(exact.mixed(said.c.said))) == 3


def test_dividing_by_nothing_comes_to_nothing(connection: Connection) -> None:
    quotient = exact.over(exact.number("1"), exact.number("0"))
    assert connection.scalar(select(quotient)) is None


def test_a_sum_is_exact_and_leaves_out_what_is_empty(connection: Connection) -> None:
    table = text("SELECT '0.1' AS amount UNION ALL SELECT '0.2' UNION ALL SELECT NULL")
    amounts = table.columns(column("amount", NullType())).subquery()
    assert connection.scalar(select(exact.total(amounts.c.amount))) == "0.3"


def test_the_other_servers_reckon_themselves() -> None:
    asked = exact.near(
        exact.plus(_text(Decimal(1)), exact.number("2")), exact.number("3"), exact.number("0.1")
    )
    assert str(asked.compile(dialect=mysql.dialect())) == "(('1' + 2) = 3 OR ABS(('1' + 2) - 3) <= 0.1)"


def test_a_fingerprint_is_that_of_mysql(connection: Connection) -> None:
    said = exact.fingerprint(literal_column("'My'"), literal_column("NULL"), literal_column("'SQL'"))
    assert connection.scalar(select(said)) == zlib.crc32(b"My,SQL")
    assert str(said.compile(dialect=mysql.dialect())) == "CRC32(CONCAT_WS(',', 'My', NULL, 'SQL'))"


def _text(amount: Decimal) -> exact.Amount:
    return literal_column(f"'{amount:f}'")


def _product(one: Decimal, other: Decimal) -> Decimal:
    with localcontext(prec=60):
        return one * other
