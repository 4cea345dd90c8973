"""Whether a row is new, whatever an engine keeps of its time: a date or a number, whole seconds or parts."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy import Connection, create_engine, select

from console import schema
from console.runbooks.checks.row_times import since_then

SINCE = 1_800_000_000.5
BEFORE, SAME, AFTER = SINCE - 1.2, SINCE - 0.2, SINCE + 0.3
"""A second before, in the same second but before, and in the same second after."""


def in_parts(at: float) -> str:
    return datetime.fromtimestamp(at).isoformat(" ", "microseconds")


def in_milliseconds(at: float) -> str:
    return datetime.fromtimestamp(at).isoformat(" ", "milliseconds")


def in_seconds(at: float) -> str:
    return datetime.fromtimestamp(at).isoformat(" ", "seconds")


CASES: list[tuple[str, Callable[[float], object], list[bool]]] = [
    ("DATETIME(6)", in_parts, [False, False, True]),
    ("DATETIME(3)", in_milliseconds, [False, False, True]),
    ("DATETIME", in_seconds, [False, True, True]),
    ("DATETIME(6)", in_seconds, [False, True, True]),  # a server's NOW() has no parts
    ("BIGINT", lambda at: int(at * 1000), [False, False, True]),
    ("INTEGER", int, [False, True, True]),
    ("DECIMAL(16,3)", lambda at: str(Decimal(f"{at:.3f}")), [False, True, True]),
]


def seen(books: Connection, kind: str, rows: list[object]) -> list[bool]:
    """Which of the rows, written into a column of that kind, are seen as written since then."""
    column, name = schema.trades.c.trade_time, schema.trades.name
    books.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    books.exec_driver_sql(f"CREATE TABLE {name} (id INTEGER, trade_time {kind})")
    text = ", ".join(f"({place}, {row!r})" for place, row in enumerate(rows))
    books.exec_driver_sql(f"INSERT INTO {name} VALUES {text}")
    found = set(books.scalars(select(column.table.c.id).where(since_then(books, column, SINCE))))
    return [place in found for place in range(len(rows))]


@pytest.fixture
def sqlite() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def mariadb(mariadb_url: str) -> Iterator[Connection]:
    engine = create_engine(mariadb_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize("server", ["sqlite", "mariadb"])
def test_a_row_counts_from_its_instant_and_a_whole_second_from_its_begin(
    server: str, request: pytest.FixtureRequest
) -> None:
    books: Connection = request.getfixturevalue(server)
    for kind, kept, new in CASES:
        assert seen(books, kind, [kept(at) for at in (BEFORE, SAME, AFTER)]) == new, (kind, kept)
