"""A dump in lanes: each client is given its tables whole, and no other's."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from console.actions.backup.lanes import LARGE, lanes_of, only, stands_apart
from console.domain.backup import TableSum
from tests.unit.domain.test_backup import MANIFEST

KNOWN = ("accounts", "orders", "trades")
BEGIN = b"-- MariaDB dump\n\nSET NAMES utf8mb4;\n\n--"
ACCOUNTS = b"\n-- Table structure for table `accounts`\n--\nCREATE TABLE `accounts`;\n--"
ORDERS = (
    b"\n-- Table structure for table `orders`\n--\nCREATE TABLE `orders`;\nINSERT INTO `orders` VALUES\n"
    b"(1,'\\n-- Table structure for table `trades`\\n'),\n-- Table structure for table `others`\n--"
)
TRADES = b'\n-- Table structure for table "trades"\n--\nCREATE TABLE `trades`;\n-- Dump completed\n'
DUMP = BEGIN + ACCOUNTS + ORDERS + TRADES


def in_parts(size: int) -> Iterator[bytes]:
    return (DUMP[at : at + size] for at in range(0, len(DUMP), size))


@pytest.mark.parametrize("size", [1, 7, 64, len(DUMP)])
@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        (("orders",), BEGIN + ORDERS),
        (("accounts", "trades"), BEGIN + ACCOUNTS + TRADES),
        (("accounts", "orders"), BEGIN + ACCOUNTS + ORDERS),
        (KNOWN, DUMP),
    ],
)
def test_a_client_is_given_its_tables_whole_and_how_the_dump_begins(
    size: int, wanted: tuple[str, ...], given: bytes
) -> None:
    assert b"".join(only(in_parts(size), wanted, KNOWN)) == given


def test_a_dump_without_comments_can_not_be_taken_apart() -> None:
    assert stands_apart(DUMP)
    assert not stands_apart(BEGIN + b"\nCREATE TABLE `accounts`;\n")


def test_nothing_is_read_behind_the_last_table_that_is_wanted() -> None:
    parts = in_parts(64)
    assert b"".join(only(parts, ("accounts",), KNOWN)) == BEGIN + ACCOUNTS
    assert next(parts)


def test_the_largest_tables_are_loaded_apart_and_each_once_in_the_order_of_the_dump() -> None:
    columns = {"accounts": ("id int",), "orders": ("id int", "note text"), "trades": ("id int",), "late": ()}
    tables = {
        "accounts": TableSum(3, ""), "orders": TableSum(90, ""), "trades": TableSum(100, ""),
    }  # fmt: skip
    large = replace(MANIFEST, columns=columns, tables=tables, length=LARGE)
    assert lanes_of(large) == [["orders"], ["accounts", "trades", "late"]]
    for small in (replace(large, length=LARGE - 1), replace(large, length=None)):
        assert lanes_of(small) == [list(columns)]
    alone = replace(large, columns={"orders": ("id int",)})
    assert lanes_of(alone) == [["orders"]]
