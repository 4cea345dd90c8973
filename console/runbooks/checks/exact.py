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
    name: str
    form: str

    def __init_subclass__(cls, *, name: str, form: str = "") -> None:
        super().__init_subclass__()
        cls.name, cls.form, cls.inherit_cache = name, form, True


@compiles(_Exact)
def _by_server(element: _Exact, compiler: SQLCompiler, **more: Any) -> str:
    return element.form.format(*(compiler.process(part, **more) for part in element.clauses))


@compiles(_Exact, "sqlite")
def _by_function(element: _Exact, compiler: SQLCompiler, **more: Any) -> str:
    return f"{element.name}({', '.join(compiler.process(part, **more) for part in element.clauses)})"


class plus(_Exact, name="exact_plus", form="({0} + {1})"):  # noqa: N801 (reads as the operator that it is)
    """A sum."""


class minus(_Exact, name="exact_minus", form="({0} - {1})"):  # noqa: N801
    """A difference."""


class times(_Exact, name="exact_times", form="({0} * {1})"):  # noqa: N801
    """A product."""


class over(_Exact, name="exact_over", form="({0} / {1})"):  # noqa: N801
    """A quotient; NULL where the divisor is 0."""


class total(_Exact, name="exact_total", form="COALESCE(SUM({0}), 0)"):  # noqa: N801
    """The sum over the rows of a group, NULL left out: 0 where all are NULL."""


class lowest(_Exact, name="exact_lowest", form="MIN({0})"):  # noqa: N801
    """The least amount of a group; NULL of nothing."""


class highest(_Exact, name="exact_highest", form="MAX({0})"):  # noqa: N801
    """The greatest amount of a group; NULL of nothing."""


class near(_Exact, name="exact_near", form="({0} = {1} OR ABS({0} - {1}) <= {2})"):  # noqa: N801
    """Whether two amounts are no further apart than a third; that they are equal is sooner told."""

    type = Boolean()


class same(_Exact, name="exact_same", form="({0} = {1})"):  # noqa: N801
    """Whether two amounts are equal."""

    type = Boolean()


class less(_Exact, name="exact_less", form="({0} < {1})"):  # noqa: N801
    """Whether the first is less than the second."""

    type = Boolean()


class fingerprint(_Exact, name="exact_fingerprint"):  # noqa: N801
    """A number of 32 bits for what values say, NULL left out: other values share it once in four billion."""


@compiles(fingerprint, "mysql", "mariadb")
def _checksum(element: fingerprint, compiler: SQLCompiler, **more: Any) -> str:
    return f"CRC32(CONCAT_WS(',', {', '.join(compiler.process(part, **more) for part in element.clauses)}))"


class mixed(_Exact, name="exact_mixed", form="BIT_XOR({0})"):  # noqa: N801
    """What a group's fingerprints come to in whatever order, 0 of nothing. An equal pair leaves no trace."""


class initial(_Exact, name="unicode", form="ASCII({0})"):  # noqa: N801
    """The number of a text's first letter, which is sooner told than the text from others."""


class spelled(_Exact, name="exact_spelled", form="CAST({0} AS BINARY)"):  # noqa: N801
    """A text as it is spelled: MySQL and MariaDB take `long` and `LONG ` for `LONG`."""


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


def _near(one: object, other: object, tolerance: object) -> str | int | None:
    return _same(one, other) or _within(one, other, tolerance)


def _is_within(one: Decimal, other: Decimal, tolerance: Decimal) -> bool:
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


_same, _within = _reckoned(_is_same), _reckoned(_is_within)
_FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("exact_plus", 2, _reckoned(_WIDE.add)),
    ("exact_minus", 2, _reckoned(_WIDE.subtract)),
    ("exact_times", 2, _reckoned(_WIDE.multiply)),
    ("exact_over", 2, _reckoned(_WIDE.divide)),
    ("exact_near", 3, _near),
    ("exact_same", 2, _same),
    ("exact_less", 2, _reckoned(_is_less)),
    ("exact_fingerprint", -1, _fingerprint),
    ("exact_spelled", 1, _spelled),
)


class _Gathered:
    """What a group's amounts come to `together`: `nothing` of none, None where something is no number."""

    def __init__(
        self, together: Callable[[Decimal, Decimal], Decimal], nothing: Decimal | None = None
    ) -> None:
        self._together = together
        self._said = nothing
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


class _Mixed:
    """What a group's fingerprints come to."""

    def __init__(self) -> None:
        self._said = 0

    def step(self, fingerprint: int | None, /) -> None:
        self._said ^= fingerprint or 0

    def finalize(self) -> int:
        return self._said


_AGGREGATES: Mapping[str, Callable[[], _Gathered | _Mixed]] = {
    "exact_mixed": _Mixed,
    "exact_total": partial(_Gathered, _WIDE.add, Decimal(0)),
    "exact_lowest": partial(_Gathered, min),
    "exact_highest": partial(_Gathered, max),
}
