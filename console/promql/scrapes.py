"""When the scrapes of an engine were: their numbers and times, and since when without a gap."""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

LOOKBACK = 300.0
"""Seconds for which a sample stands for the present, as Prometheus has it."""


@dataclass(frozen=True, slots=True)
class Window:
    """The scrapes inside a range, from `first` to `last`, and the range's bounds in milliseconds."""

    first: int
    last: int
    start: int
    end: int


class Scrapes:
    """The scrapes that succeeded, numbered from 0 on; of those that are forgotten only the count is known.

    Of those that failed it is known when they were: there everything had ended. Times are in milliseconds, as
    Prometheus counts.
    """

    def __init__(self, times: Sequence[int] = (), offset: int = 0) -> None:
        """`offset` is the number of the first of the times. ValueError where they don't rise."""
        if list(times) != sorted(set(times)):
            raise ValueError("times that don't rise")
        self._times = array("q", times)
        self._failed = array("q")
        self._offset = offset
        gaps = (place for place, (one, next_) in enumerate(pairwise(times), 1) if _is_gap(one, next_))
        self._begun = array("q", [offset, *(offset + place for place in gaps)])

    @property
    def offset(self) -> int:
        """The number of the first that isn't forgotten."""
        return self._offset

    @property
    def next(self) -> int:
        """The number of the one to come."""
        return self._offset + len(self._times)

    def is_next(self, time: int) -> bool:
        """Whether `time` is later than that of the last one."""
        return time > self._last()

    def add(self, time: int) -> int:
        """Add a scrape of `time`; returns its number. ValueError where it isn't later than the last."""
        self._begin_after_gap(time)
        self._times.append(time)
        return self.next - 1

    def fail(self, time: int) -> None:
        """A scrape of `time` failed. ValueError as of `add`."""
        self._begin_after_gap(time)
        self._failed.append(time)

    def time(self, number: int) -> int:
        """When a scrape was; one that is forgotten was when the first that isn't was."""
        return self._times[max(0, number - self._offset)]

    def times(self, first: int, last: int) -> "array[int]":
        """When those from `first` to `last` were, both included, none of which is forgotten."""
        return self._times[first - self._offset : last - self._offset + 1]

    def kept(self) -> list[int]:
        """The times of all that aren't forgotten."""
        return self._times.tolist()

    def before(self, time: int) -> int:
        """The number of the last scrape before `time`, or of the first that isn't forgotten."""
        return self._offset + max(0, bisect_left(self._times, time) - 1)

    def after(self, time: int) -> int:
        """The number of the first scrape after `time`."""
        return self._offset + bisect_right(self._times, time)

    def at(self, time: int) -> int | None:
        """The number of the scrape that stands for the present at `time`; None after one that failed."""
        last = self.after(time) - 1
        if last < self._offset or self.time(last) <= time - LOOKBACK * 1000:
            return None
        return None if self._failure_before(time) > self.time(last) else last

    def window(self, start: int, end: int) -> Window | None:
        """The range after `start` and until `end`; None when no scrape is inside."""
        first, beyond = self.after(start), self.after(end)
        return None if first == beyond else Window(first, beyond - 1, start, end)

    def covered(self, time: int, since: int = 0) -> float:
        """Seconds before `time` that were watched without a gap longer than `LOOKBACK`, from `since` on."""
        last = self.after(time) - 1
        if last < self._offset or _is_gap(max(self.time(last), self._failure_before(time)), time):
            return 0.0
        begun = max(since, self._begun[bisect_right(self._begun, last) - 1])
        return (time - self.time(begun)) / 1000 if begun <= last else 0.0

    def forget(self, before: int) -> None:
        """Drop those from before the time `before`, once they are an eighth of what is kept."""
        del self._failed[: bisect_right(self._failed, before)]
        old = bisect_right(self._times, before)
        if old * 8 <= len(self._times):
            return
        del self._times[:old]
        self._offset += old
        del self._begun[: bisect_right(self._begun, self._offset) - 1]

    def _failure_before(self, time: int) -> int:
        """When a scrape failed last at `time`; before all times where none did."""
        failed = bisect_right(self._failed, time)
        return self._failed[failed - 1] if failed else -1

    def _begin_after_gap(self, time: int) -> None:
        """Note where scrapes begin again; ValueError for a time that isn't later than the last."""
        last = self._last()
        if time <= last:
            raise ValueError(f"a scrape of {time / 1000:.3f} comes after one of {last / 1000:.3f}")
        if self._times and _is_gap(last, time):
            self._begun.append(self.next)

    def _last(self) -> float:
        """When the last one was, whether it failed or not; before all times where there was none."""
        return max([*self._times[-1:], *self._failed[-1:]], default=-math.inf)


def _is_gap(one: float, next_: int) -> bool:
    return next_ - one > LOOKBACK * 1000
