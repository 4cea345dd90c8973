"""Functions of time: of the moment of a query, and of values that are seconds since 1970, in UTC."""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from console.domain.metrics import Vector
from console.promql.vectors import NOTHING, Moment, mapped

_DAY = 86_400
_400_YEARS = 146_097
"""Days in as many years, after which the calendar repeats itself."""


class _Date(NamedTuple):
    year: int
    month: int
    day: int


def _time(moment: Moment) -> float:
    """The time of day, which is what metrics tell of, too."""
    return moment.time / 1000 + moment.store.ahead


def _timestamp(moment: Moment, vector: Vector) -> Vector:
    """Of anything but a plain selector: a value that was computed is of the moment of the query."""
    return mapped(vector, lambda _: _time(moment))


def _part(moment: Moment, vector: Vector | None = None, *, of: Callable[[int], int]) -> Vector:
    """A part of each value's date, or of that of the query; NaN of what is no time."""
    times = {NOTHING: _time(moment)} if vector is None else vector
    return mapped(times, lambda value: float(of(math.trunc(value))) if math.isfinite(value) else math.nan)


def _date(seconds: int) -> _Date:
    """The civil date. Years are counted from March, so that the leap day is a year's last."""
    cycle, day = divmod(seconds // _DAY + 719_468, _400_YEARS)
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    of_year = day - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    first = month >= 10
    return _Date(
        cycle * 400 + year + first, month - 9 if first else month + 3, of_year - (153 * month + 2) // 5 + 1
    )


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_before(date: _Date) -> int:
    """The days of the date's year before its month."""
    days = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)[date.month - 1]
    return days + (date.month > 2 and _leap(date.year))


def _days_in_month(seconds: int) -> int:
    date = _date(seconds)
    if date.month == 2:
        return 29 if _leap(date.year) else 28
    return 30 if date.month in (4, 6, 9, 11) else 31


def _day_of_year(seconds: int) -> int:
    date = _date(seconds)
    return _days_before(date) + date.day


_PARTS: dict[str, Callable[[int], int]] = {
    "day_of_month": lambda seconds: _date(seconds).day,
    "day_of_week": lambda seconds: (seconds // _DAY + 4) % 7,
    "day_of_year": _day_of_year,
    "days_in_month": _days_in_month,
    "hour": lambda seconds: seconds // 3600 % 24,
    "minute": lambda seconds: seconds // 60 % 60,
    "month": lambda seconds: _date(seconds).month,
    "year": lambda seconds: _date(seconds).year,
}
FUNCTIONS: dict[str, Callable[..., float | Vector]] = {
    **{name: partial(_part, of=part) for name, part in _PARTS.items()},
    "time": _time,
    "timestamp": _timestamp,
}
