"""One column of a table: values of one kind, as the domain has them and as JSON has them.

Reading trusts nothing: a value that its type hint forbids raises RecordError.
"""

import functools
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from console.domain.metrics import Labels, Lineup, Series
from console.history.frames import RecordError

Cells = Sequence[Any]
"""A list, or the floats of a vector, which are many, in an array."""
Read = Callable[[Cells], Cells]
"""From what JSON holds to values."""


def as_json(value: object) -> object:
    """A value as JSON has it, where JSON doesn't know it: for `json.dumps`."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Series):
        return [value.name, value.labels]
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} can't be recorded")


def reader_of(hint: Any) -> "Reader | None":
    """How values of a type are read that fit into a cell; None for what needs tables of its own."""
    inner = without_none(hint)
    read = _READERS.get(inner) or _compound(inner) or _enum(inner)
    return read if read is None or inner is hint else replace(read, kinds=read.kinds | {types.NoneType})


def without_none(hint: Any) -> Any:
    """The type that `hint` allows besides None."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = tuple(choice for choice in typing.get_args(hint) if choice is not types.NoneType)
        return rest[0] if len(rest) == 1 else hint
    return hint


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the cells of one column: `kinds` are JSON's types that may stand there, `words` say so."""

    words: str
    kinds: frozenset[type]
    convert: Callable[[Any], Any] | None = None

    def __call__(self, cells: Cells) -> Cells:
        found = set(map(type, cells))
        if not found <= self.kinds:
            wrong = ", ".join(sorted(kind.__name__ for kind in found - self.kinds))
            raise RecordError(f"{wrong} where {self.words} belongs")
        convert = self.convert
        if convert is None:
            return cells
        if types.NoneType in found:
            return [None if cell is None else convert(cell) for cell in cells]
        return list(map(convert, cells))


def read_lineup(cells: Cells) -> Lineup:
    """The series that a column of keys names."""
    lineup = Lineup(map(_series, cells))
    if len(lineup.places) != len(lineup.series):
        raise RecordError("a series stands twice")
    return lineup


def _compound(hint: Any) -> Reader | None:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and arguments[1:] == (...,):
        item = reader_of(arguments[0])
        return item and Reader("a list", frozenset({list}), functools.partial(_tuple, item))
    if isinstance(origin, type) and issubclass(origin, Mapping) and arguments[0] is str:
        item = reader_of(arguments[1])
        return item and Reader("a mapping", frozenset({dict}), functools.partial(_mapping, item))
    return None


def _enum(hint: Any) -> Reader | None:
    """The words of an enumeration, which are texts."""
    if not (isinstance(hint, type) and issubclass(hint, Enum)):
        return None
    members = {member.value: member for member in hint}
    words = f"one of {', '.join(members)}"
    return Reader(words, frozenset({str}), functools.partial(_member, members, words))


def _member(members: Mapping[str, Enum], words: str, raw: str) -> Enum:
    if raw not in members:
        raise RecordError(f"{raw[:40]!r} where {words} belongs")
    return members[raw]


def _tuple(item: Reader, raw: list[Any]) -> tuple[Any, ...]:
    return tuple(item(raw))


def _mapping(item: Reader, raw: dict[str, Any]) -> dict[str, Any]:
    return dict(zip(raw, item(list(raw.values())), strict=True))


def _amount(raw: str) -> Decimal:
    try:
        return Decimal(raw)
    except InvalidOperation:
        raise RecordError(f"{raw[:40]!r} is not an amount") from None


def _series(raw: Any) -> Series:
    match raw:
        case [str(name), list(labels)]:
            return Series(name, _labels(labels))
    raise RecordError("a series is its name and its labels")


def _labels(raw: list[Any]) -> Labels:
    if not all(map(_is_label, raw)):
        raise RecordError("a label is its name and its value")
    return tuple((name, value) for name, value in raw)


def _is_label(raw: Any) -> bool:
    match raw:
        case [str(), str()]:
            return True
    return False


TEXT = Reader("text", frozenset({str}))
WHOLE_NUMBER = Reader("a whole number", frozenset({int}))
_READERS: dict[Any, Reader] = {
    str: TEXT,
    int: WHOLE_NUMBER,
    bool: Reader("true or false", frozenset({bool})),
    float: Reader("a number", frozenset({int, float})),
    Decimal: Reader("an amount as text", frozenset({str}), _amount),
    Labels: Reader("labels", frozenset({list}), _labels),
}
