"""When a row was written, by a column whose engine may have kept a date or a number, whole seconds or parts.

Engines write local time; numbers are seconds or milliseconds since 1970.
"""

import math
import re
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Numeric, Text, and_, func, or_, type_coerce

from console.actions.backup.tables import columns_in
from console.domain.backup import column_parts

_NUMBER = re.compile(r"(?:\w*int|decimal|numeric|float|double|real|number)")
_MILLISECONDS_FROM = 100_000_000_000
"""From here on a number counts milliseconds: in seconds it would be in the year 5138."""


def since_then(books: Connection, column: Column[Any], since: float) -> ColumnElement[bool]:
    """Whether a row is from `since` (seconds since 1970) or later.

    One of which only the whole second was kept counts from that second on: its part isn't known.
    """
    if _NUMBER.match(_kind(books, column)):
        number = type_coerce(column, Numeric())
        in_seconds = and_(number >= math.floor(since), number < _MILLISECONDS_FROM)
        return or_(in_seconds, number >= math.floor(since * 1000))
    exact = datetime.fromtimestamp(since)
    second = exact.replace(microsecond=0)
    if books.dialect.name != "sqlite":
        return or_(column >= exact, and_(column >= second, func.microsecond(column) == 0))
    text = type_coerce(column, Text())
    whole = func.rtrim(func.substr(text, 20), ".0") == ""
    return or_(text >= exact.isoformat(" "), and_(func.substr(text, 1, 19) >= second.isoformat(" "), whole))


def _kind(books: Connection, column: Column[Any]) -> str:
    """The column's type as the database has it; empty for one that isn't there."""
    told = dict(map(column_parts, columns_in(books).get(column.table.name, ())))
    return told.get(column.name, "")
