"""Samples of a metric that come one by one, and not with a scrape: what rules record.

Between two of them a series isn't over: it is as it was, for as long as a sample stands for the present.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator

from console.domain.metrics import Series, Vector
from console.promql.vectors import Stretch


class Recording:
    """The samples of one metric; times are in milliseconds."""

    def __init__(self) -> None:
        self._samples: dict[Series, _Samples] = {}
        self._latest: set[Series] = set()

    def say(self, time: int, vector: Vector) -> None:
        """What the metric is at `time`, after all times before. A series that isn't in it has ended."""
        for series in self._latest - vector.keys():
            self.add(time, series, None)
        for series, value in vector.items():
            self.add(time, series, value)
        self._latest = set(vector)

    def add(self, time: int, series: Series, value: float | None) -> None:
        """One sample, after all others of its series; None says that the series has ended."""
        samples = self._samples.setdefault(series, _Samples())
        if samples.times and time <= samples.times[-1]:
            raise ValueError(
                f"a sample of {time / 1000:.3f} comes after one of {samples.times[-1] / 1000:.3f}"
            )
        samples.times.append(time)
        samples.values.append(0.0 if value is None else value)
        samples.there.append(value is not None)

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
        """Drop the samples from before `before`."""
        for series, samples in list(self._samples.items()):
            samples.forget(before)
            if not samples.times:
                del self._samples[series]


class _Samples:
    __slots__ = ("there", "times", "values")

    def __init__(self) -> None:
        self.times = array("q")
        self.values = array("d")
        self.there = array("b")

    def forget(self, before: int) -> None:
        old = bisect_right(self.times, before - 1)
        del self.times[:old], self.values[:old], self.there[:old]
