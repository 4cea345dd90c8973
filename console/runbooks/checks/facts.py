"""What can be asked of a row, as far as the engine's schema goes: its columns, and sums over what is its."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Table, select

Columns = Mapping[str, frozenset[str]]
"""The columns of each table that there is."""


class LackingError(Exception):
    """The schema lacks what was asked for; the message names it."""


class Facts:
    """The columns of `source` by name. Asking for one that the schema lacks raises LackingError."""

    def __init__(
        self, source: FromClause, known: Mapping[str, ColumnElement[Any]], lacking: Mapping[str, str]
    ) -> None:
        self.source = source
        self._known = known
        self._lacking = lacking

    def __getitem__(self, name: str) -> ColumnElement[Any]:
        known = self._known.get(name)
        if known is None:
            raise LackingError(self._lacking[name])
        return known

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def joined(self, sums: "Facts", on: tuple[str, str], prefix: str) -> "Facts":
        """With the one row of `sums`, if any, whose column `on[1]` is our `on[0]`.

        Its columns are ours with `prefix` before their names; they are lacking when the two can't be joined.
        """
        theirs = {prefix + name: column for name, column in sums._known.items()}
        lacking = {prefix + name: why for name, why in sums._lacking.items()}
        try:
            source = self.source.outerjoin(sums.source, sums[on[1]] == self[on[0]])
        except LackingError as error:
            lacking |= dict.fromkeys(theirs, str(error))
            return Facts(self.source, self._known, {**self._lacking, **lacking})
        return Facts(source, {**self._known, **theirs}, {**self._lacking, **lacking})


Sums = Mapping[str, Callable[[Facts], ColumnElement[Any]]]
"""What is summed over the rows of a group, by name."""


def facts_of(table: Table, columns: Columns) -> Facts:
    """The rows of a table."""
    there = columns.get(table.name)
    if there is None:
        return Facts(table, {}, {column.name: f"no table {table.name}" for column in table.columns})
    known = {column.name: column for column in table.columns if column.name in there}
    lacking = {
        column.name: f"no column {table.name}.{column.name}"
        for column in table.columns
        if column.name not in there
    }
    return Facts(table, known, lacking)


def sums_of(rows: Facts, key: str, sums: Sums) -> Facts:
    """The `sums` over the rows for each value of the column `key`, one row each.

    A sum over what is lacking is lacking itself.
    """
    try:
        grouped = rows[key] + 0  # by no index: rows in its order would be fetched one by one
    except LackingError as error:
        return Facts(rows.source, {}, dict.fromkeys((key, *sums), str(error)))
    known, lacking = {}, {}
    for name, total in sums.items():
        try:
            known[name] = total(rows).label(name)
        except LackingError as error:
            lacking[name] = str(error)
    query = select(grouped.label(key), *known.values()).select_from(rows.source).group_by(grouped)
    table = query.subquery()
    return Facts(table, {name: table.c[name] for name in (key, *known)}, lacking)
