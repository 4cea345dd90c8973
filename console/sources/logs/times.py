"""Times in a log: what an operator types for one, and where in the log it is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.sources.logs.chain import LogChain
from console.sources.logs.lines import Place, times

ALLOWED = "allowed: 14:05, 14:05:30, 2026-01-02 03:04 or -10m"
_AGO = re.compile(r"-\s*(\d{1,6})\s*([smhd])", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?", re.ASCII)
_DATED = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NEAR = 64 * 1024
"""Bytes that are read line by line once the place is known as nearly."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A local time in seconds since 1970; `yesterday` is meant by it where the log goes back that far.

    Only a time that was typed without a date, and is still to come today, may be yesterday's.
    """

    at: float
    yesterday: float | None = None

    def within(self, oldest: float | None) -> float:
        """The instant that is meant in a log whose first line was written at `oldest`."""
        if self.yesterday is None or oldest is None or self.yesterday < oldest:
            return self.at
        return self.yesterday


def parse_moment(text: str, now: float) -> Moment:
    """The time that is meant; raises ValueError with what is allowed."""
    text = text.strip()
    try:
        if (ago := _AGO.fullmatch(text)) is not None:
            return Moment(now - int(ago[1]) * _UNITS[ago[2]])
        if (clock := _CLOCK.fullmatch(text)) is not None:
            hour, minute, second = (int(part or 0) for part in clock.groups())
            today = datetime.fromtimestamp(now).replace(
                hour=hour, minute=minute, second=second, microsecond=0
            )
            yesterday = today - timedelta(days=1) if today.timestamp() > now else None
            return Moment(today.timestamp(), None if yesterday is None else yesterday.timestamp())
        if _DATED.fullmatch(text):
            return Moment(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):  # such as 25:00
        raise ValueError(ALLOWED) from None
    raise ValueError(ALLOWED)


def first_since(chain: LogChain, at: float) -> Place:
    """Where the first line begins that was written at `at` or later; the log's end when there is none.

    Found by halving, as lines stand in the order of their times. Lines that say no time belong to the one
    above them.
    """
    generation = chain.end.generation
    while chain.has(generation - 1) and _begins_later(chain, generation, at):
        generation -= 1
    low, high = 0, chain.extent(generation)
    while high - low > _NEAR:
        middle = (low + high) // 2
        begin = chain.line_from(Place(generation, middle))
        dated = next(_times(chain, begin, Place(generation, high)), None)
        if dated is None or dated[1] >= at:
            high = middle
        else:
            low = dated[0].offset
    lines = _times(chain, Place(generation, low), chain.end)
    return next((place for place, written in lines if written >= at), chain.end)


def oldest_time(chain: LogChain) -> float | None:
    """When the log's first line was written; None where its first block says no time."""
    chunk = chain.after(chain.begin)
    return None if chunk is None else next((at for _, at in times(chunk)), None)


def in_words(at: float, now: float) -> str:
    """Local time to the second, with its date where that isn't today's."""
    told, today = datetime.fromtimestamp(at), datetime.fromtimestamp(now).date()
    return told.strftime("%H:%M:%S" if told.date() == today else "%Y-%m-%d %H:%M:%S")


def _begins_later(chain: LogChain, generation: int, at: float) -> bool:
    """Whether the file begins later than `at`, or says no time at all."""
    end = Place(generation, chain.extent(generation))
    dated = next(_times(chain, Place(generation, 0), end), None)
    return dated is None or dated[1] > at


def _times(chain: LogChain, place: Place, end: Place) -> Iterator[tuple[Place, float]]:
    """The lines from `place` to `end` that say when they were written, and when."""
    while place < end and (chunk := chain.after(place)) is not None:
        yield from (dated for dated in times(chunk) if dated[0] < end)
        place = chunk.end
