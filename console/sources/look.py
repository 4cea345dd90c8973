"""One look at the engine's tables: raw rows in, our values out, and a note of everything that isn't there.

A column that is missing is None in every row, and so is a value that isn't what its column is for, such as
the time 0000-00-00; both are named in `missing`. What came back exactly as it was is not read again.
"""

import contextlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from types import NoneType
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, DateTime, Integer, Select, Table, null, select
from sqlalchemy import type_coerce as coerce
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType

from console import schema

T = TypeVar("T")
Narrow = Callable[[Select[Any]], Select[Any]]
"""Adds to a selection which rows, in which order, and how many; one function for each question."""
Columns = tuple[Column[Any] | None, ...]
"""The columns that were asked for; None where there is none."""
Memory = dict[object, tuple[dict[tuple[Any, ...], Any], tuple[Any, ...]]]
"""Of each question, the records by the rows that they were last made of, and all of them in their order."""


class UnreadableError(Exception):
    """A table's answer can't be made sense of: it costs its own part."""


class Look:
    """One look at the tables, inside the caller's transaction.

    `columns` are those of each table that exists; `memory` outlives the look. As parts are read, `missing`
    grows, and `faults`, which counts the values that aren't of their kind, and `written_at`: when the engine
    last wrote something that says when.
    """

    def __init__(
        self, connection: Connection, columns: Mapping[str, frozenset[str]], memory: Memory | None = None
    ) -> None:
        self.connection = connection
        self._columns = columns
        self._memory: Memory = {} if memory is None else memory
        self._missing: dict[str, str] = {}
        self.written_at: float | None = None
        self.faults = 0

    @property
    def missing(self) -> Iterable[str]:
        return (f"{what}: {why}" for what, why in self._missing.items())

    def part(self, table: Table, read: "Callable[[Look], T]", absent: T | None = None) -> T | None:
        """What `read` returns; with a line in `missing`, `absent` without the table, None when it refuses."""
        if table.name not in self._columns:
            self._missing[table.name] = "no such table"
            return absent
        try:
            return read(self)
        except UnreadableError as error:
            self._missing[table.name] = str(error)
            return None
        except DBAPIError as error:
            if error.connection_invalidated or not _concerns_one_table(error):
                raise
            self._missing[table.name] = " ".join(str(error.orig).split())[:120]
            return None

    def has(self, table: Table, *names: str) -> bool:
        """Whether all of these columns exist; those that don't are noted."""
        gone = [name for name in names if name not in self._columns[table.name]]
        self._missing.update(dict.fromkeys((f"{table.name}.{name}" for name in gone), "no such column"))
        return not gone

    def columns(self, table: Table, names: Iterable[str | None]) -> Columns:
        """The columns of these names; None for those that don't exist, and for a name that is None."""
        return tuple(table.c[name] if name is not None and self.has(table, name) else None for name in names)

    def records(
        self,
        make: Callable[..., T],
        table: Table,
        names: Sequence[str | None],
        narrow: Narrow,
        parameters: Mapping[str, object] | None = None,
    ) -> tuple[T, ...]:
        """What `make` makes of each row's values under `names`; the same tuple for the same rows.

        A row that says what one said last time is the same record. One with a value that isn't of its kind is
        made anew each time, so that this is named each time.
        """
        columns = self.columns(table, names)
        known, before = self._memory.get((make, narrow), ({}, ()))
        records, sound = [], {}
        for row in self.all(_selection(table, columns, narrow), parameters):
            faults, record = self.faults, known.get(row)
            if record is None:
                record = make(*self.values(columns, row))
            if self.faults == faults:
                sound[row] = record
            records.append(record)
        made = before if before == tuple(records) else tuple(records)
        self._memory[make, narrow] = sound, made
        return made

    def values(self, columns: Columns, raw: Iterable[object]) -> list[Any]:
        """A row's values: `value` of each, in a loop that thousands of rows can be put through."""
        values = list(raw)
        for place, read in _readers(columns):
            said = values[place]
            if said is not None:
                values[place] = value = read(said)
                if value is None:
                    self.value(columns[place], said)
        return values

    def cells(self, column: Column[Any] | None, raw: Sequence[Any]) -> Sequence[Any]:
        """`value` of each of a column's cells, quickest where they are all alike."""
        kinds = set(map(type, raw))
        if column is None or kinds == {NoneType}:
            return raw
        read, _ = _reader(column)
        if read is _decimal and kinds <= {str, Decimal}:
            with contextlib.suppress(InvalidOperation):
                numbers = list(map(Decimal, raw))
                if all(map(Decimal.is_finite, numbers)):
                    return numbers
        return [None if said is None else read(said) or self.value(column, said) for said in raw]

    def value(self, column: Column[Any] | None, raw: object) -> Any:
        """What the database said of a column, as our values are; None, and noted, when it is not of its kind.

        Money is Decimal, a time is in seconds since 1970.
        """
        if column is None or raw is None:
            return None
        read, kind = _reader(column)
        value = read(raw)
        if value is None:
            self.faults += 1
            self._missing[f"{column.table.name}.{column.name}"] = f"{str(raw)[:40]!r} is not {kind}"
        return value

    def wrote(self, at: float | None) -> None:
        """Note an instant at which the engine wrote."""
        if at is not None:
            self.written_at = at if self.written_at is None else max(at, self.written_at)

    def all(
        self, statement: Select[Any], parameters: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.connection.execute(statement, parameters)]


def as_is(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """What the driver says of a column, before SQLAlchemy makes a value of it, and raises where it can't."""
    return coerce(column, NullType())


@lru_cache(maxsize=128)
def _selection(table: Table, columns: Columns, narrow: Narrow) -> Select[Any]:
    """Built once, as building costs more than asking."""
    chosen = [
        null().label(f"absent{at}") if column is None else as_is(column).label(column.name)
        for at, column in enumerate(columns)
    ]
    return narrow(select(*chosen).select_from(table))


@lru_cache(maxsize=128)
def _readers(columns: Columns) -> tuple[tuple[int, Callable[[object], object]], ...]:
    return tuple((at, _reader(column)[0]) for at, column in enumerate(columns) if column is not None)


@cache
def _reader(column: Column[Any]) -> tuple[Callable[[object], object], str]:
    """How to read a column's raw values, None when one isn't of its kind; and what that kind is."""
    if isinstance(column.type, schema.Money):
        return _decimal, "a number"
    if isinstance(column.type, DateTime):
        return _seconds, "a time"
    if isinstance(column.type, Integer):
        return _whole, "a whole number"
    return str if column.name in _OF_ONE_ROW else _text, "text"


_OF_ONE_ROW = frozenset({"order_id", "trade_id", "notes"})
"""Columns that say something else in each row: interned, they would make Python's own table of names grow."""
_EXACT = (str, Decimal)


def _decimal(value: object) -> Decimal | None:
    try:
        number = Decimal(value if isinstance(value, _EXACT) else str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


@lru_cache(maxsize=512)
def _seconds(value: object) -> float | None:
    """Engines write local time without a zone: seconds since 1970 as this host's zone has it."""
    try:
        return (value if isinstance(value, datetime) else datetime.fromisoformat(str(value))).timestamp()
    except (ValueError, OverflowError):
        return None


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int) else None


def _text(value: object) -> str:
    """Interned: other names and words are the same few in thousands of rows."""
    return sys.intern(str(value))


_TABLE_ERRORS = (1054, 1142, 1143, 1146, 1305)
"""MySQL's unknown column, denied table, denied column, unknown table, unknown function."""
_SQLITE_ERRORS = (
    "no such column",
    "no such table",
    "no such function",
    "Could not decode",
    "JSON cannot hold",
)


def _concerns_one_table(error: DBAPIError) -> bool:
    cause = error.orig
    if cause is None or not cause.args:
        return False
    return cause.args[0] in _TABLE_ERRORS or str(cause.args[0]).startswith(_SQLITE_ERRORS)
