"""The values of the domain as tables of columns, and back: what a record holds instead of objects.

A dataclass becomes a table of one row, a tuple or mapping of simple dataclasses a table of a row each, a
metric's vector a table of series and numbers; what nests deeper becomes tables of its own, under longer
paths. The type hints say how, so that a field which the domain gains is recorded without a word here, and a
record without it is read with the field's default. Reading trusts nothing: a value that its hint forbids
raises RecordError.
"""

import dataclasses
import functools
import typing
from array import array
from collections.abc import Callable, Mapping
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
    if origin is tuple and arguments[1:] == (...,):
        return (
            _Rows(arguments[0], mapped=False)
            if _is_simple(arguments[0])
            else _Many(arguments[0], mapped=False)
        )
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if arguments == (Series, float):
            return _Vector()
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
        self._plain = {
            name: reader for name, hint in fields.items() if (reader := reader_of(hint)) is not None
        }
        self._parts = {name: shape_of(hint) for name, hint in fields.items() if name not in self._plain}
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
            if part is not None or name in self._required:
                given[name] = part
        _check(self._required, given, path)
        return self._cls(**given)


class _Rows:
    """Many simple dataclasses: a row each, a column for each of their fields."""

    def __init__(self, cls: type, *, mapped: bool) -> None:
        self._cls = cls
        self._mapped = mapped
        self._columns: dict[str, Reader] = {
            name: reader for name, hint in _fields(cls).items() if (reader := reader_of(hint)) is not None
        }
        self._getters = {name: attrgetter(name) for name in self._columns}
        self._required = _required(cls)

    def flatten(self, value: Any, path: str, into: Flat) -> None:
        if value is None:
            return
        rows = list(value.values()) if self._mapped else value
        columns: dict[str, Cells] = {KEYS: list(value)} if self._mapped else {}
        columns.update((name, list(map(get, rows))) for name, get in self._getters.items())
        into[path] = columns

    def build(self, path: str, flat: Tables) -> Any:
        return flat.built(path, lambda table: self._build(path, flat, table))

    def _build(self, path: str, flat: Tables, table: Table) -> Any:
        _check(self._required, table, path)
        names = [name for name in self._columns if name in table]
        columns = [flat.built_column(path, name, self._columns[name]) for name in names]
        rows: tuple[Any, ...]
        if len(names) == len(self._columns):
            rows = tuple(map(self._cls, *columns))
        else:
            rows = tuple(
                self._cls(**dict(zip(names, cells, strict=True))) for cells in zip(*columns, strict=True)
            )
        return dict(zip(flat.built_column(path, KEYS, TEXT), rows, strict=True)) if self._mapped else rows


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
        numbers, lineup = table.get(_NUMBERS), flat.built_column(path, KEYS, read_lineup)
        if not isinstance(numbers, array) or len(numbers) != len(lineup.series):
            raise RecordError(f"{path}: not a number for each series")
        return Column(lineup, numbers)


def _one_row(cells: Cells, path: str) -> Cells:
    if len(cells) != 1:
        raise RecordError(f"{path or 'value'}: {len(cells)} rows where one belongs")
    return cells


def _check(required: frozenset[str], given: Mapping[str, Any], path: str) -> None:
    if not required <= given.keys():
        raise RecordError(f"{path or 'value'}: no {', '.join(sorted(required - given.keys()))}")


def _is_simple(hint: Any) -> bool:
    """Whether each value is a dataclass that fits into one row."""
    cls = hint if isinstance(hint, type) and dataclasses.is_dataclass(hint) else None
    return cls is not None and all(reader_of(field) is not None for field in _fields(cls).values())


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
