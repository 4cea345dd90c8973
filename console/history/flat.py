"""The values of the domain as tables of columns, and back: what a record holds instead of objects.

A dataclass becomes a table of one row, a tuple or mapping of simple dataclasses a table of a row each, a
metric's vector a table of series and numbers, a mapping of numbers one of texts and numbers; what nests
deeper becomes tables of its own, under longer paths. One of several types lies under its type's name. The
type hints say how, so that a field which the domain gains is recorded without a word here, and a record
without it is read with the field's default. Reading trusts nothing: a value that its hint or its class
forbids raises RecordError.
"""

import contextlib
import dataclasses
import functools
import types
import typing
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Protocol

from console.domain.metrics import Column, Series, column_of
from console.history.cells import TEXT, WHOLE_NUMBER, Cells, Reader, read_lineup, reader_of, without_none
from console.history.frames import RecordError

Table = Mapping[str, Cells]
"""Columns of the same length, by name. The first one tells rows apart."""
Flat = dict[str, Table]
"""A value's tables, by path."""

KEYS = "@"
"""The column of a mapping's keys, or of a tuple's numbers."""
_NUMBERS = "value"
_FIGURES = Mapping[str, float]
"""Numbers by text, which may be thousands. One that may be None is a cell, as in the first records."""


class Shape(Protocol):
    """How values of one type are laid out."""

    def flatten(self, value: Any, path: str, into: Flat) -> None: ...

    def build(self, path: str, flat: "Tables") -> Any: ...


class Tables:
    """Tables that were read, in the form JSON has given them, and what was already built from them.

    Whoever changes a table puts another in its place, so that what was built from one stays true of it.
    """

    def __init__(self, flat: Flat) -> None:
        self.flat = flat
        self._built: dict[tuple[str, str], tuple[object, Any]] = {}

    def built(self, path: str, make: Callable[[Table], Any]) -> Any:
        """What `make` makes of the table at `path`; None without one."""
        table = self.flat.get(path)
        return None if table is None else self._remembered((path, ""), table, lambda: make(table))

    def built_column(self, path: str, name: str, make: Callable[[Cells], Any]) -> Any:
        """What `make` makes of one column."""
        column = self.flat[path].get(name)
        if column is None:
            raise RecordError(f"{path or 'value'}: no column {name!r}")
        return self._remembered((path, name), column, lambda: make(column))

    def _remembered(self, at: tuple[str, str], whole: object, make: Callable[[], Any]) -> Any:
        known = self._built.get(at)
        if known is None or known[0] is not whole:
            known = self._built[at] = whole, make()
        return known[1]


@functools.cache
def shape_of(hint: Any) -> Shape:
    """The layout of a type. TypeError for one that can't be recorded: a defect of ours."""
    hint = without_none(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _Record(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _OneOf(arguments)
    if origin is tuple and arguments[1:] == (...,):
        return (
            _Rows(arguments[0], mapped=False)
            if _is_simple(arguments[0])
            else _Many(arguments[0], mapped=False)
        )
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if arguments == (Series, float):
            return _Vector()
        if hint == _FIGURES:
            return _Figures()
        if arguments[0] is str:
            return (
                _Rows(arguments[1], mapped=True)
                if _is_simple(arguments[1])
                else _Many(arguments[1], mapped=True)
            )
    raise TypeError(f"{hint} can't be recorded")


class _Record:
    """A dataclass: its simple fields in a table of one row, each other field under a path of its own."""

    def __init__(self, cls: type) -> None:
        self._cls = cls
        fields = _fields(cls)
        self._plain = {name: read for name, hint in fields.items() if (read := _cell_of(hint)) is not None}
        parts = {name: hint for name, hint in fields.items() if name not in self._plain}
        self._parts = {name: shape_of(hint) for name, hint in parts.items()}
        self._may_be_none = {name for name, hint in parts.items() if types.NoneType in typing.get_args(hint)}
        self._required = _required(cls)

    def flatten(self, value: Any, path: str, into: Flat) -> None:
        if value is None:
            return
        into[path] = {name: [getattr(value, name)] for name in self._plain}
        for name, shape in self._parts.items():
            shape.flatten(getattr(value, name), f"{path}/{name}", into)

    def build(self, path: str, flat: Tables) -> Any:
        table = flat.flat.get(path)
        if table is None:
            return None
        given: dict[str, Any] = {}
        for name, read in self._plain.items():
            if name in table:
                (given[name],) = _one_row(read(table[name]), path)
        for name, shape in self._parts.items():
            part = shape.build(f"{path}/{name}", flat)
            if part is not None or name in self._may_be_none:
                given[name] = part
        _check(self._required, given, path)
        with _rules_of_the_domain(path):
            return self._cls(**given)


class _OneOf:
    """A value of one of several dataclasses."""

    def __init__(self, choices: Sequence[type]) -> None:
        self._shapes = {cls.__name__: shape_of(cls) for cls in choices if cls is not types.NoneType}

    def flatten(self, value: Any, path: str, into: Flat) -> None:
        if value is not None:
            name = type(value).__name__
            self._shapes[name].flatten(value, f"{path}/{name}", into)

    def build(self, path: str, flat: Tables) -> Any:
        built = (shape.build(f"{path}/{name}", flat) for name, shape in self._shapes.items())
        return next((value for value in built if value is not None), None)


class _Rows:
    """Many simple dataclasses: a row each."""

    def __init__(self, cls: type, *, mapped: bool) -> None:
        self._row = _Row(cls)
        self._mapped = mapped

    def flatten(self, value: Any, path: str, into: Flat) -> None:
        if value is None:
            return
        rows = list(value.values()) if self._mapped else value
        columns: dict[str, Cells] = {KEYS: list(value)} if self._mapped else {}
        columns.update(self._row.columns(rows))
        into[path] = columns

    def build(self, path: str, flat: Tables) -> Any:
        return flat.built(path, lambda table: self._build(path, flat, table))

    def _build(self, path: str, flat: Tables, table: Table) -> Any:
        rows = self._row.built(path, flat, table)
        return dict(zip(flat.built_column(path, KEYS, TEXT), rows, strict=True)) if self._mapped else rows


class _Row:
    """A simple dataclass in a row: a column for each field, and for each field of one that is inside."""

    def __init__(self, cls: type, prefix: str = "") -> None:
        """`prefix` is what the columns' names begin with."""
        self._cls = cls
        self._prefix = prefix
        self._fields: dict[str, Reader | _Row] = {
            name: reader_of(hint) or _Row(hint, f"{prefix}{name}.") for name, hint in _fields(cls).items()
        }
        self._getters = {name: attrgetter(name) for name in self._fields}
        self._numbers = {name for name, hint in _fields(cls).items() if hint is float}
        self._required = _required(cls)

    def columns(self, rows: Sequence[Any]) -> Iterator[tuple[str, Cells]]:
        """The columns of `rows`; numbers, which may be many and mostly move, in an array."""
        for name, field in self._fields.items():
            cells = list(map(self._getters[name], rows))
            if isinstance(field, _Row):
                yield from field.columns(cells)
            else:
                yield f"{self._prefix}{name}", array("d", cells) if name in self._numbers else cells

    def built(self, path: str, flat: Tables, table: Table) -> tuple[Any, ...]:
        """The rows that the columns of `table` tell of."""
        columns: dict[str, Cells] = {}
        for name, field in self._fields.items():
            column = f"{self._prefix}{name}"
            if isinstance(field, _Row):
                columns[name] = field.built(path, flat, table)
            elif column in table:
                columns[name] = flat.built_column(path, column, field)
        _check(self._required, columns, path)
        with _rules_of_the_domain(path):
            if len(columns) == len(self._fields):
                return tuple(map(self._cls, *columns.values()))
            rows = zip(*columns.values(), strict=True)
            return tuple(self._cls(**dict(zip(columns, cells, strict=True))) for cells in rows)


class _Many:
    """Values with parts of their own: a table of keys, and each under its number."""

    def __init__(self, item: Any, *, mapped: bool) -> None:
        self._item = shape_of(item)
        self._mapped = mapped

    def flatten(self, value: Any, path: str, into: Flat) -> None:
        if value is None:
            return
        items = value.values() if self._mapped else value
        into[path] = {KEYS: list(value) if self._mapped else list(range(len(value)))}
        for number, item in enumerate(items):
            self._item.flatten(item, f"{path}/{number}", into)

    def build(self, path: str, flat: Tables) -> Any:
        if path not in flat.flat:
            return None
        keys = flat.built_column(path, KEYS, TEXT if self._mapped else WHOLE_NUMBER)
        items = [self._item.build(f"{path}/{number}", flat) for number in range(len(keys))]
        if any(item is None for item in items):
            raise RecordError(f"{path}: a part is missing")
        return dict(zip(keys, items, strict=True)) if self._mapped else tuple(items)


class _Vector:
    """A metric's series with their values."""

    def flatten(self, value: Any, path: str, into: Flat) -> None:
        if value is not None:
            column = column_of(value)
            into[path] = {KEYS: column.lineup.series, _NUMBERS: column.numbers}

    def build(self, path: str, flat: Tables) -> Any:
        return flat.built(path, lambda table: self._build(path, flat, table))

    @staticmethod
    def _build(path: str, flat: Tables, table: Table) -> Column:
        lineup = flat.built_column(path, KEYS, read_lineup)
        return Column(lineup, _numbers_of(table, len(lineup.series), path))


class _Figures:
    """Numbers by text."""

    def flatten(self, value: Any, path: str, into: Flat) -> None:
        into[path] = {KEYS: list(value), _NUMBERS: array("d", value.values())}

    def build(self, path: str, flat: Tables) -> Any:
        return flat.built(path, lambda table: self._build(path, flat, table))

    @staticmethod
    def _build(path: str, flat: Tables, table: Table) -> Mapping[str, float]:
        keys = flat.built_column(path, KEYS, TEXT)
        return dict(zip(keys, _numbers_of(table, len(keys), path), strict=True))


def _numbers_of(table: Table, count: int, path: str) -> "array[float]":
    numbers = table.get(_NUMBERS)
    if not isinstance(numbers, array) or len(numbers) != count:
        raise RecordError(f"{path}: not {count} numbers")
    return numbers


@contextlib.contextmanager
def _rules_of_the_domain(path: str) -> Iterator[None]:
    """Values that a dataclass refuses are none that a console writes."""
    try:
        yield
    except ValueError as error:
        raise RecordError(f"{path or 'value'}: {error}") from None


def _one_row(cells: Cells, path: str) -> Cells:
    if len(cells) != 1:
        raise RecordError(f"{path or 'value'}: {len(cells)} rows where one belongs")
    return cells


def _check(required: frozenset[str], given: Mapping[str, Any], path: str) -> None:
    if not required <= given.keys():
        raise RecordError(f"{path or 'value'}: no {', '.join(sorted(required - given.keys()))}")


def _cell_of(hint: Any) -> Reader | None:
    return None if hint == _FIGURES else reader_of(hint)


def _is_simple(hint: Any) -> bool:
    """Whether each value is a dataclass that fits into one row."""
    if not (isinstance(hint, type) and dataclasses.is_dataclass(hint)):
        return False
    return all(reader_of(field) is not None or _is_simple(field) for field in _fields(hint).values())


def _fields(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls) if field.init}


def _required(cls: type) -> frozenset[str]:
    """The fields without a default."""
    missing = dataclasses.MISSING
    return frozenset(
        field.name
        for field in dataclasses.fields(cls)
        if field.init and field.default is missing and field.default_factory is missing
    )
