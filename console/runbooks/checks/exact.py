"""Exact arithmetic over money in SQL: the same expression for MySQL, MariaDB and SQLite.

MySQL and MariaDB reckon with DECIMAL themselves; a quotient has at least four more places than its
dividend. On SQLite money is text, and `prepare` gives the connection functions that reckon with Decimal.
What is no number there is NULL, and so is what comes of it.
"""

import sqlite3
import zlib
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean, NullType, TypeEngine

Amount = ColumnElement[Any]

_DIGITS = 65
_WIDE = Context(prec=60, traps=[InvalidOperation, DivisionByZero, Overflow])


def prepare(connection: Connection) -> None:
    """Give a connection what it lacks: the functions below, on SQLite."""
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        for name, places, function in _FUNCTIONS:
            driver.create_function(name, places, function, deterministic=True)
        for name, aggregate in _AGGREGATES.items():
            driver.create_aggregate(name, 1, aggregate)  # type: ignore[arg-type]


class _Exact(FunctionElement[Any]):
    """`name` is the function on SQLite, `form` the expression elsewhere."""

    type: TypeEngine[Any] = NullType()
    inherit_cache = True
    form: str


@compiles(_Exact)
def _by_server(element: _Exact, compiler: SQLCompiler, **more: Any) -> str:
    return element.form.format(*(compiler.process(part, **more) for part in element.clauses))


@compiles(_Exact, "sqlite")
def _by_function(element: _Exact, compiler: SQLCompiler, **more: Any) -> str:
    return f"{element.name}({', '.join(compiler.process(part, **more) for part in element.clauses)})"


class plus(_Exact):  # noqa: N801 (reads as the operator that it is)
    name = "exact_plus"
    form = "({0} + {1})"
    inherit_cache = True


class minus(_Exact):  # noqa: N801
    name = "exact_minus"
    form = "({0} - {1})"
    inherit_cache = True


class times(_Exact):  # noqa: N801
    name = "exact_times"
    form = "({0} * {1})"
    inherit_cache = True


class over(_Exact):  # noqa: N801
    """A quotient; NULL where the divisor is 0."""

    name = "exact_over"
    form = "({0} / {1})"
    inherit_cache = True


class total(_Exact):  # noqa: N801
    """The sum over a group; NULL of nothing."""

    name = "exact_total"
    form = "SUM({0})"
    inherit_cache = True


class lowest(_Exact):  # noqa: N801
    """The least amount of a group; NULL of nothing."""

    name = "exact_lowest"
    form = "MIN({0})"
    inherit_cache = True


class highest(_Exact):  # noqa: N801
    """The greatest amount of a group; NULL of nothing."""

    name = "exact_highest"
    form = "MAX({0})"
    inherit_cache = True


class near(_Exact):  # noqa: N801
    """Whether two amounts are no further apart than a third."""

    name = "exact_near"
    form = "(ABS({0} - {1}) <= {2})"
    type = Boolean()
    inherit_cache = True


class same(_Exact):  # noqa: N801
    """Whether two amounts are equal."""

    name = "exact_same"
    form = "({0} = {1})"
    type = Boolean()
    inherit_cache = True


class less(_Exact):  # noqa: N801
    """Whether the first is less than the second."""

    name = "exact_less"
    form = "({0} < {1})"
    type = Boolean()
    inherit_cache = True


class fingerprint(_Exact):  # noqa: N801
    """A number of 32 bits for what values say, NULL left out: other values share it once in four billion."""

    name = "exact_fingerprint"
    inherit_cache = True


@compiles(fingerprint, "mysql", "mariadb")
def _checksum(element: fingerprint, compiler: SQLCompiler, **more: Any) -> str:
    return f"CRC32(CONCAT_WS(',', {', '.join(compiler.process(part, **more) for part in element.clauses)}))"


class spelled(_Exact):  # noqa: N801
    """A text as it is spelled: MySQL and MariaDB take `long` and `LONG ` for `LONG`."""

    name = "exact_spelled"
    form = "CAST({0} AS BINARY)"
    inherit_cache = True


def number(written: str) -> Amount:
    """A constant of few digits. SQLite takes it for a float, whose shortest form says exactly that."""
    return literal_column(written, NullType())


def decimal_of(value: object) -> Decimal | None:
    """The number that a value is, or is written as; None where it is none, or none that DECIMAL holds."""
    try:
        number = Decimal(value if isinstance(value, str | int | Decimal) else repr(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and -_DIGITS < number.adjusted() < _DIGITS else None


def _reckoned(operation: Callable[..., Decimal | bool]) -> Callable[..., str | int | None]:
    """`operation` on what SQLite hands over; None where that is no number, or there is no result."""

    def function(*said: object) -> str | int | None:
        values = [decimal_of(value) for value in said]
        if None in values:
            return None
        try:
            result = operation(*values)
        except ArithmeticError:
            return None
        return format(result, "f") if isinstance(result, Decimal) else result

    return function


def _is_near(one: Decimal, other: Decimal, tolerance: Decimal) -> bool:
    return abs(_WIDE.subtract(one, other)) <= tolerance


def _is_same(one: Decimal, other: Decimal) -> bool:
    return one == other


def _is_less(one: Decimal, other: Decimal) -> bool:
    return one < other


def _fingerprint(*said: object) -> int:
    words = (repr(value) if isinstance(value, bytes) else str(value) for value in said if value is not None)
    return zlib.crc32(",".join(words).encode("utf-8", "surrogateescape"))


def _spelled(text: object) -> object:
    return text


_FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("exact_plus", 2, _reckoned(_WIDE.add)),
    ("exact_minus", 2, _reckoned(_WIDE.subtract)),
    ("exact_times", 2, _reckoned(_WIDE.multiply)),
    ("exact_over", 2, _reckoned(_WIDE.divide)),
    ("exact_near", 3, _reckoned(_is_near)),
    ("exact_same", 2, _reckoned(_is_same)),
    ("exact_less", 2, _reckoned(_is_less)),
    ("exact_fingerprint", -1, _fingerprint),
    ("exact_spelled", 1, _spelled),
)


class _Gathered:
    """What a group's amounts come to `together`: None of nothing, and where something in it is no number."""

    def __init__(self, together: Callable[[Decimal, Decimal], Decimal]) -> None:
        self._together = together
        self._said: Decimal | None = None
        self._sound = True

    def step(self, value: object, /) -> None:
        if value is None:
            return
        number = decimal_of(value)
        if number is None:
            self._sound = False
        else:
            self._said = number if self._said is None else self._together(self._said, number)

    def finalize(self) -> str | None:
        return None if self._said is None or not self._sound else format(self._said, "f")


_AGGREGATES: Mapping[str, Callable[[], _Gathered]] = {
    "exact_total": partial(_Gathered, _WIDE.add),
    "exact_lowest": partial(_Gathered, min),
    "exact_highest": partial(_Gathered, max),
}
