"""How far a book has come: what its tables hold of each account, and what is open."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import Connection

from console import schema
from console.domain.backup import column_parts
from console.domain.book_marks import AccountMark, Balance, BookMarks, OpenHolding, TableMark

MARKED = (schema.positions.name, schema.orders.name, schema.trades.name)
MOST_HOLDINGS = 5_000
"""What a manifest names at most: an exchange lists some hundred symbols."""
_SUMS = ("realized_pnl", "fee", "margin")
_BALANCES = ("current_balance", "frozen_balance", "total_equity")
_OPEN = "status <> 'closed'"


def marks_in(
    connection: Connection, columns: Mapping[str, Sequence[str]], beyond: Mapping[str, int] | None = None
) -> BookMarks:
    """The marks of a book, whose `columns` are what `columns_in` said. Raises SQLAlchemyError.

    What lies beyond the ids of `beyond` counts as newer. Tables that lack the columns for it are left out.
    """
    tables, holdings = {}, None
    accounts = {column_parts(told)[0] for told in columns.get(schema.accounts.name, ())}
    balances = _balances(connection, accounts) if "id" in accounts else None
    for table in MARKED:
        names = {column_parts(told)[0] for told in columns.get(table, ())}
        if {"id", "account_id"} <= names:
            tables[table] = _mark(connection, table, names, (beyond or {}).get(table, 0))
        if table == schema.positions.name and {"symbol", "position_side", "quantity", "status"} <= names:
            holdings = _holdings(connection, names)
    return BookMarks(tables, holdings, balances)


def _mark(connection: Connection, table: str, names: Iterable[str], beyond: int) -> TableMark:
    has_state = table == schema.positions.name and "status" in names
    asked = ["account_id", "COUNT(*)", "MAX(id)", f"SUM(id > {beyond})"]
    asked += [f"SUM({_OPEN})", f"SUM({_OPEN} AND id <= {beyond})"] if has_state else ["0", "0"]
    there = [name for name in _SUMS if name in names]
    for name in there:
        of_open = has_state and name == "margin"
        asked.append(_sum(connection, f"CASE WHEN {_OPEN} THEN {name} END" if of_open else name))
    rows = connection.exec_driver_sql(f"SELECT {', '.join(asked)} FROM {table} GROUP BY account_id").all()  # noqa: S608
    accounts = {}
    for account, count, _last, newer, is_open, before, *sums in rows:
        amounts = {name: Decimal(str(told or 0)) for name, told in zip(there, sums, strict=True)}
        accounts[int(account)] = AccountMark(
            rows=int(count),
            newer=int(newer or 0),
            open=int(is_open or 0),
            open_before=int(before or 0),
            realized_pnl=amounts.get("realized_pnl"),
            fee=amounts.get("fee"),
            margin=amounts.get("margin"),
        )
    return TableMark(max((int(row[2]) for row in rows), default=0), accounts)


def _balances(connection: Connection, names: Iterable[str]) -> Mapping[int, Balance] | None:
    asked = ["id", *(name if name in names else "NULL" for name in _BALANCES)]
    query = f"SELECT {', '.join(asked)} FROM {schema.accounts.name} LIMIT {MOST_HOLDINGS + 1}"  # noqa: S608 (as above)
    rows = connection.exec_driver_sql(query).all()
    if len(rows) > MOST_HOLDINGS:
        return None
    return {
        int(account): Balance(*(None if told is None else Decimal(str(told)) for told in amounts))
        for account, *amounts in rows
    }


def _sum(connection: Connection, what: str) -> str:
    return f"decimal_sum({what})" if connection.dialect.name == "sqlite" else f"SUM({what})"


def _holdings(connection: Connection, names: Iterable[str]) -> tuple[OpenHolding, ...] | None:
    asked = ["symbol", "position_side", "coin_margin" if "coin_margin" in names else "0"]
    asked += ["entry_price" if "entry_price" in names else "NULL"]
    asked += [_sum(connection, "quantity"), "COUNT(*) - COUNT(quantity)"]
    rows = connection.exec_driver_sql(
        f"SELECT {', '.join(asked)} FROM {schema.positions.name} WHERE {_OPEN}"  # noqa: S608 (names of our own)
        f" GROUP BY 1, 2, 3, 4 LIMIT {MOST_HOLDINGS + 1}"
    ).all()
    if len(rows) > MOST_HOLDINGS:
        return None
    return tuple(
        OpenHolding(
            str(symbol),
            str(side),
            bool(coin_margin),
            None if lacking else Decimal(str(quantity)),
            None if entry is None else Decimal(str(entry)),
        )
        for symbol, side, coin_margin, entry, quantity, lacking in rows
    )
