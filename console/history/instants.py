"""The instant that `--at` asks for, as operators write one. Times are UTC, as in the names of the files."""

import re
from datetime import UTC, datetime, timedelta

_BACK = re.compile(r"-(\d+(?:\.\d+)?)(s|m|h)")
_TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_ALLOWED = "14:05, 14:05:30, 2026-01-02T14:05 or -10m before the end"


class InstantError(ValueError):
    """A time that can't be shown, and which can, in one line."""


def instant(text: str, begin: float, end: float) -> float:
    """Seconds since 1970 of what `text` says, which lies from `begin` to `end`.

    A time of day is the last one that the record holds.
    """
    at = _said(text.strip(), begin, end)
    if not int(begin) <= at <= end:
        raise InstantError(f"{text!r}: outside of the record, which holds {span(begin, end)}")
    return max(at, begin)


def span(begin: float, end: float) -> str:
    """`2026-11-20 13:15:00 to 14:02:10 UTC`."""
    first, last = (datetime.fromtimestamp(int(at), UTC) for at in (begin, end))
    day = "" if first.date() == last.date() else f"{last:%Y-%m-%d} "
    return f"{first:%Y-%m-%d %H:%M:%S} to {day}{last:%H:%M:%S} UTC"


def _said(text: str, begin: float, end: float) -> float:
    back = _BACK.fullmatch(text)
    if back is not None:
        return end - float(back[1]) * _SECONDS[back[2]]
    time_of_day = _TIME_OF_DAY.fullmatch(text)
    if time_of_day is not None:
        return _last_at(time_of_day, begin, end)
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise InstantError(f"{text!r} is not a time: write {_ALLOWED}") from None
    return (said if said.tzinfo is not None else said.replace(tzinfo=UTC)).timestamp()


def _last_at(time_of_day: "re.Match[str]", begin: float, end: float) -> float:
    """The last such time of day that isn't after `end`; the first day's, where the record has none."""
    hour, minute, second = (int(part or 0) for part in time_of_day.groups())
    day = datetime.fromtimestamp(end, UTC).replace(hour=hour, minute=minute, second=second, microsecond=0)
    if day.timestamp() > end and (day - timedelta(days=1)).timestamp() >= int(begin):
        day -= timedelta(days=1)
    return day.timestamp()
