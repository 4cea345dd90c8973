"""A backup as values: what differs from a manifest, and which backups may go."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from console.domain.backup import (
    Copy,
    Held,
    Manifest,
    TableSum,
    changed_columns,
    differences,
    pruned,
)
from console.domain.surfaces import ServerIdentity

DAY = 86_400.0
NOW = 1_000 * DAY
TABLES = {"futures_orders": TableSum(3, "a-b"), "futures_trades": TableSum(5, "c-d")}
MANIFEST = Manifest(
    context="paper",
    made=NOW,
    by="dana",
    server=ServerIdentity("MariaDB", "11", "db-1", None, False),
    database="binance-data",
    columns={"futures_orders": ("id int", "symbol text")},
    tables=TABLES,
    copy=Copy("20260101T000000Z.sql.gz", 12, "00"),
    seconds=1.0,
    held=0.01,
)


def test_the_same_tables_differ_in_nothing() -> None:
    assert differences(TABLES, dict(TABLES)) == ()
    assert MANIFEST.rows == 8


def test_each_table_that_is_otherwise_is_named_with_how() -> None:
    found = {"futures_trades": TableSum(5, "c-e"), "futures_positions": TableSum(0, "0-0")}
    assert differences(TABLES, found) == (
        "futures_orders: missing, 3 rows were wanted",
        "futures_trades: 5 rows, but not the same ones",
        "futures_positions: wasn't wanted",
    )
    assert differences(TABLES, TABLES | {"futures_orders": TableSum(4, "a-b")}) == (
        "futures_orders: 4 rows, 3 were wanted",
    )


def test_columns_are_compared_whatever_their_order() -> None:
    assert changed_columns(MANIFEST, {"futures_orders": ("symbol text", "id int")}) == ()
    assert changed_columns(MANIFEST, {}) == ("futures_orders: the database has no such table",)
    assert changed_columns(MANIFEST, {"futures_orders": ("id bigint", "symbol text")}) == (
        "futures_orders: the database lacks id int and has also id bigint",
    )


def test_a_position_s_quantity_is_exact() -> None:
    held = Held("usdm", "BTCUSDT", Decimal("0.1"))
    assert replace(held, quantity=Decimal("0.10")) == held


def test_the_newest_stay_and_the_newest_of_each_day() -> None:
    hourly = [NOW - hour * 3600 for hour in range(72)]
    stay = set(hourly) - pruned(hourly, NOW, keep=3, days=2)
    assert stay == {NOW, NOW - 3600, NOW - 7200, NOW - DAY}


@given(
    st.lists(st.floats(0, NOW), unique=True),
    st.integers(1, 10),
    st.integers(0, 10),
)
def test_so_many_stay_at_least_and_never_all_go(made: list[float], keep: int, days: int) -> None:
    goes = pruned(made, NOW, keep=keep, days=days)
    assert goes <= set(made)
    assert len(made) - len(goes) >= min(keep, len(made))
    assert max(made, default=-1.0) not in goes
