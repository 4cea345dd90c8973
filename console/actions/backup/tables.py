"""The tables of a book, as a backup sees them: their columns, how many rows, and a checksum of these.

A checksum is made of each row's MD5, added up in two halves, so that it doesn't depend on the rows' order.
It finds what went wrong; that nobody has edited a backup, the digest of its copy tells.
"""

import hashlib
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from console import schema
from console.domain.backup import TableSum

BOOK = tuple(
    table.name for table in (schema.accounts, schema.positions, schema.orders, schema.trades, schema.settings)
)
"""The tables that are backed up. Candles and prices aren't: they come from the market again."""

_ROWS_AT_ONCE = 1000
_HALVES = ((1, 15), (17, 15))
"""Two parts of an MD5 in hexadecimal, 60 bits each: where each begins, and its digits."""


def columns_in(connection: Connection) -> Mapping[str, tuple[str, ...]]:
    """The columns of each table of the book that is there, as `name type`, in the order of the table."""
    if connection.dialect.name == "sqlite":
        query = (
            "SELECT m.name, p.name, p.type FROM sqlite_master m, pragma_table_info(m.name) p"
            " WHERE m.type = 'table' ORDER BY p.cid"
        )
    else:
        query = (
            "SELECT table_name, column_name, column_type FROM information_schema.columns"
            " WHERE table_schema = DATABASE() ORDER BY ordinal_position"
        )
    found: dict[str, list[str]] = {name: [] for name in BOOK}
    for table, column, kind in connection.exec_driver_sql(query):
        if str(table) in found:
            found[str(table)].append(f"{column} {_text(kind).lower()}")
    return {table: tuple(columns) for table, columns in found.items() if columns}


def sums_in(connection: Connection, columns: Mapping[str, Sequence[str]]) -> Mapping[str, TableSum]:
    """What each of the tables holds; `columns` is what `columns_in` said. Raises SQLAlchemyError."""
    sum_of = _sum_on_sqlite
    if connection.dialect.name != "sqlite":
        sum_of = _sum_on_server
        connection.exec_driver_sql("SET SESSION time_zone = '+00:00'")  # for TIMESTAMP columns
    return {
        table: sum_of(connection, table, [told.partition(" ")[0] for told in told_of])
        for table, told_of in columns.items()
    }


def _sum_on_server(connection: Connection, table: str, columns: Sequence[str]) -> TableSum:
    """The server adds up, so that a book of any size is one row here."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    values = ", ".join(f"IFNULL(CONCAT('=', {quote(column)}), '-')" for column in columns)
    row = f"MD5(CONCAT_WS(CHAR(0), {values}))"
    halves = ", ".join(
        f"SUM(CAST(CONV(SUBSTRING({row}, {begin}, {digits}), 16, 10) AS UNSIGNED))"
        for begin, digits in _HALVES
    )
    found = connection.exec_driver_sql(
        f"SELECT COUNT(*), {halves} FROM {quote(table)}"  # noqa: S608 (names, quoted)
    ).one()
    return TableSum(int(found[0]), _written([int(half or 0) for half in found[1:]]))


def _sum_on_sqlite(connection: Connection, table: str, columns: Sequence[str]) -> TableSum:
    quote = connection.dialect.identifier_preparer.quote_identifier
    wanted = ", ".join(f"CAST({quote(column)} AS BLOB)" for column in columns)
    rows, halves = 0, [0, 0]
    answer = connection.exec_driver_sql(f"SELECT {wanted} FROM {quote(table)}")  # noqa: S608 (as above)
    for part in answer.partitions(_ROWS_AT_ONCE):
        rows += len(part)
        for row in part:
            text = b"\0".join(b"-" if value is None else b"=" + value for value in row)
            digest = hashlib.md5(text, usedforsecurity=False).hexdigest()
            for at, (begin, digits) in enumerate(_HALVES):
                halves[at] += int(digest[begin - 1 : begin - 1 + digits], 16)
    return TableSum(rows, _written(halves))


def _written(halves: Sequence[int]) -> str:
    return "-".join(f"{half:x}" for half in halves)


def _text(value: object) -> str:
    """Some servers answer with bytes for what they describe."""
    return value.decode() if isinstance(value, bytes) else str(value)
