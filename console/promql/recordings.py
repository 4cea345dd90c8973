"""Samples of a metric that come one by one, and not with a scrape: what rules record.

Between two of them a series isn't over: it is as it was, for as long as a sample stands for the present.
"""

from array import array
from bisect import bisect_right
from collections.abc import Hashable, Iterator, Set
from typing import NamedTuple

from console.domain.metrics import Series, Vector
from console.promql.vectors import Stretch

FORGET_EVERY = 60.0
"""Seconds of samples that are dropped at once."""


class Recording:
    """The samples of one metric; times are in milliseconds."""

    def __init__(self) -> None:
        self._samples: dict[Series, _Samples] = {}
        self._said: dict[Hashable, _Said] = {}
        self._begun: int | None = None
        self._kept_from = 0

    @property
    def size(self) -> int:
        """Bytes that its samples take."""
        return sum(17 * len(samples.times) for samples in self._samples.values())

    def covered(self, time: int) -> float:
        """Seconds before `time` since something was said first."""
        return 0.0 if self._begun is None else max(0, time - self._begun) / 1000

    def say(self, time: int, vector: Vector, *, by: Hashable = None) -> None:
        """What `by` says that the metric is at `time`, after all times before.

        A series has ended that isn't in what anybody has said last. Of what several say of one at the same
        time the first counts.
        """
        before = self._said.get(by, _Said(-1, frozenset()))
        if time <= before.time:
            raise ValueError(f"a sample of {time / 1000:.3f} comes after one of {before.time / 1000:.3f}")
        self._said[by] = _Said(time, vector.keys())
        self._begun = time if self._begun is None else self._begun
        for series in before.series - vector.keys():
            if not any(series in said.series for said in self._said.values()):
                self._samples.setdefault(series, _Samples()).merge(time, None)
        for series, value in vector.items():
            self._samples.setdefault(series, _Samples()).merge(time, value)

    def add(self, time: int, series: Series, value: float | None) -> None:
        """One sample, after all others of its series; None says that the series has ended."""
        samples = self._samples.setdefault(series, _Samples())
        if samples.times and time <= samples.times[-1]:
            raise ValueError(
                f"a sample of {time / 1000:.3f} comes after one of {samples.times[-1] / 1000:.3f}"
            )
        samples.append(time, value)

    def at(self, time: int, lookback: int) -> Iterator[tuple[Series, int, float]]:
        """Each series' last sample that isn't later than `time` nor `lookback` before it: when, and what."""
        for series, samples in self._samples.items():
            place = bisect_right(samples.times, time) - 1
            if place >= 0 and samples.there[place] and samples.times[place] > time - lookback:
                yield series, samples.times[place], samples.values[place]

    def within(self, start: int, end: int) -> Iterator[tuple[Series, Stretch]]:
        """The samples after `start` and until `end` of each series that has any."""
        for series, samples in self._samples.items():
            first, beyond = bisect_right(samples.times, start), bisect_right(samples.times, end)
            places = [place for place in range(first, beyond) if samples.there[place]]
            if places:
                times, values = samples.times, samples.values
                yield series, Stretch([times[place] for place in places], [values[place] for place in places])

    def forget(self, before: int) -> None:
        """Drop the samples from before `before`, if there are some minutes of them."""
        if before < self._kept_from + FORGET_EVERY * 1000:
            return
        self._kept_from = before
        for series, samples in list(self._samples.items()):
            samples.forget(before)
            if not samples.times:
                del self._samples[series]


class _Said(NamedTuple):
    """What somebody said last: when, and of which series."""

    time: int
    series: Set[Series]


class _Samples:
    __slots__ = ("there", "times", "values")

    def __init__(self) -> None:
        self.times = array("q")
        self.values = array("d")
        self.there = array("b")

    def append(self, time: int, value: float | None) -> None:
        self.times.append(time)
        self.values.append(0.0 if value is None else value)
        self.there.append(value is not None)

    def merge(self, time: int, value: float | None) -> None:
        """Add a sample, unless there is one of that time or later, which an end at that time isn't."""
        if self.times and time == self.times[-1] and value is not None and not self.there[-1]:
            self.values[-1], self.there[-1] = value, True
        elif not self.times or time > self.times[-1]:
            self.append(time, value)

    def forget(self, before: int) -> None:
        old = bisect_right(self.times, before - 1)
        del self.times[:old], self.values[:old], self.there[:old]
