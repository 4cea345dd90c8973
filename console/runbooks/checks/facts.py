"""What can be asked of a row, as far as the engine's schema goes: its columns, and sums over what is its."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Table, null, select

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
        theirs = sums.prefixed(prefix)
        lacking = {**self._lacking, **theirs._lacking}
        try:
            source = self.source.outerjoin(sums.source, sums[on[1]] == self[on[0]])
        except LackingError as error:
            lacking |= dict.fromkeys(theirs._known, str(error))
            return Facts(self.source, self._known, lacking)
        return Facts(source, {**self._known, **theirs._known}, lacking)

    def prefixed(self, prefix: str) -> "Facts":
        """The same, with `prefix` before each name."""
        known = {prefix + name: column for name, column in self._known.items()}
        lacking = {prefix + name: why for name, why in self._lacking.items()}
        return Facts(self.source, known, lacking)


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


def by_column(name: str) -> Callable[[Facts], ColumnElement[Any]]:
    """What groups rows by a column; by no index, in whose order they would be fetched one by one."""
    return lambda row: row[name] + 0


def sums_of(
    rows: Facts,
    key: str,
    sums: Sums,
    by: Callable[[Facts], ColumnElement[Any]] | None = None,
    alike: Sums = MappingProxyType({}),
) -> Facts:
    """The `sums` over the rows for each value of `by`, called `key`: of the column `key` unless said.

    `alike` is what rows of a group have in common besides: rows of one key that differ there are two groups.
    A sum over what is lacking is lacking itself.
    """
    try:
        grouped = (by or by_column(key))(rows)
    except LackingError as error:
        return Facts(rows.source, {}, dict.fromkeys((key, *alike, *sums), str(error)))
    lacking: dict[str, str] = {}
    common, summed = (_known(rows, those, lacking) for those in (alike, sums))
    known = {**common, **summed}
    query = select(grouped.label(key), *(column.label(name) for name, column in known.items()))
    query = query.select_from(rows.source).group_by(grouped, *common.values())
    table = query.order_by(null()).subquery()  # unasked, the servers sort the groups by their key
    return Facts(table, {name: table.c[name] for name in (key, *known)}, lacking)


def _known(rows: Facts, asked: Sums, lacking: dict[str, str]) -> dict[str, ColumnElement[Any]]:
    """What can be told of the rows, by name; why the rest can't goes to `lacking`."""
    known = {}
    for name, question in asked.items():
        try:
            known[name] = question(rows)
        except LackingError as error:
            lacking[name] = str(error)
    return known
