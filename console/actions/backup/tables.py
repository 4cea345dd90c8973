"""The tables of a book, as a backup sees them, and their columns."""

from collections.abc import Mapping

from sqlalchemy import Connection

from console import schema
from console.domain.backup import told_column

BOOK = tuple(
    table.name for table in (schema.accounts, schema.positions, schema.orders, schema.trades, schema.settings)
)
"""The tables that are backed up, in the order of their copy. Candles and prices aren't: they come from the
market again.
"""


def columns_in(connection: Connection) -> Mapping[str, tuple[str, ...]]:
    """The columns of each table of the book that is there, as `told_column`s, in the order of the table."""
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
            found[str(table)].append(told_column(str(column), _text(kind).lower()))
    return {table: tuple(columns) for table, columns in found.items() if columns}


def _text(value: object) -> str:
    """Some servers answer with bytes for what they describe."""
    return value.decode() if isinstance(value, bytes) else str(value)
