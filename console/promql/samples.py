"""The recent past of the metrics that queries look back on, and the present of all of them.

Samples of one scrape share their time, so times are kept once for all, and a series only the scrapes at
which its value changed. That loses nothing: how many samples a range has, and when the first and the last
of them was taken, is arithmetic on scrape numbers. A counter that rarely moves costs next to nothing.
"""

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypedDict

from console.domain.metrics import Column, Labels, Series, Vector

LOOKBACK = 300.0
"""Seconds for which a sample stands for the present, as Prometheus has it."""


@dataclass(frozen=True, slots=True)
class Window:
    """The scrapes inside a range, from `first` to `last`, and the range's bounds in milliseconds."""

    first: int
    last: int
    start: int
    end: int


Kept = tuple[Labels, list[int], list[float], list[int]]
"""A series' labels, and then what `Track.changes` says of it."""


class Past(TypedDict):
    """A store's past in plain lists, to be kept between two runs."""

    times: list[int]
    offset: int
    metrics: dict[str, list[Kept]]


class Track:
    """One series' values by scrape number; a scrape without the series holds no value of it."""

    __slots__ = ("_since", "_there", "_values")

    def __init__(self) -> None:
        self._since = array("q")
        self._values = array("d")
        self._there = array("b")

    @classmethod
    def of(cls, since: Sequence[int], values: Sequence[float], there: Sequence[int]) -> "Track":
        """The track that `changes` told of; ValueError or TypeError when it isn't one."""
        track = cls()
        track._since = array("q", since)
        track._values = array("d", values)
        track._there = array("b", there)
        if not len(since) == len(values) == len(there) or list(since) != sorted(set(since)):
            raise ValueError("changes that don't fit together")
        return track

    @property
    def changed_at(self) -> int:
        """The scrape at which the value last changed."""
        return self._since[-1]

    def changes(self) -> tuple[list[int], list[float], list[int]]:
        """Scrape numbers, the values from each on, and whether the series was there at all."""
        return self._since.tolist(), self._values.tolist(), self._there.tolist()

    def set(self, scrape: int, value: float | None) -> None:
        """The value from `scrape` on; None while the series isn't there."""
        self._since.append(scrape)
        self._values.append(0.0 if value is None else value)
        self._there.append(value is not None)

    def at(self, scrape: int) -> float | None:
        """The value at `scrape`; None when the series was not there."""
        run = bisect_right(self._since, scrape) - 1
        if run < 0 or not self._there[run]:
            return None
        return self._values[run]

    def runs(self, first: int, last: int) -> list[tuple[int, int, float]]:
        """Stretches of equal value from `first` to `last`, both included: (first, last, value) each."""
        low, high = max(0, bisect_right(self._since, first) - 1), bisect_right(self._since, last)
        if low == high:
            return []
        starts = self._since[low:high].tolist()
        ends = [start - 1 for start in starts[1:]]
        ends.append(last)
        starts[0] = max(first, starts[0])
        stretches = zip(starts, ends, self._values[low:high], self._there[low:high], strict=True)
        return [(start, end, value) for start, end, value, there in stretches if there]

    def steady(self, first: int, last: int) -> bool:
        """Whether one and the same value was there from `first` to `last`."""
        return bool(self._since and self._since[-1] <= first <= last and self._there[-1])

    def forget(self, before: int) -> bool:
        """Drop what was over before the scrape `before`; True when nothing is left."""
        over = max(0, bisect_right(self._since, before) - 1)
        del self._since[:over], self._values[:over], self._there[:over]
        return len(self._since) == 1 and self._since[0] <= before and not self._there[0]


class SampleStore:
    """What the scrapes of one engine said: everything of the last one, and of `ranged` metrics the past.

    `retention` is in seconds. Memory is bounded by it, by the number of series and by how often they
    change; a series that has vanished is forgotten when its last sample is older than that.
    """

    def __init__(self, ranged: Collection[str] = (), retention: float = 3900.0) -> None:
        self._ranged = frozenset(ranged)
        self._retention = round(retention * 1000)
        self._times = array("q")  # milliseconds, as Prometheus counts
        self._offset = 0  # the scrape number of the first of the times
        self._begun = array("q", [0])  # the scrape numbers after a gap longer than `LOOKBACK`
        self._tracks: dict[str, dict[Series, Track]] = {name: {} for name in self._ranged}
        self._latest: dict[str, Vector] = {}

    def append(self, at: float, samples: Mapping[str, Vector]) -> None:
        """Add a scrape of `at`, seconds on the console's clock, later than the one before.

        A series that isn't in it has ended there. A scrape that failed is one without samples: it ends all.
        """
        time = round(at * 1000)
        if self._times and time <= self._times[-1]:
            raise ValueError(f"a scrape of {at:.3f} comes after one of {self._times[-1] / 1000:.3f}")
        scrape = self._offset + len(self._times)
        if self._times and time - self._times[-1] > LOOKBACK * 1000:
            self._begun.append(scrape)
        self._times.append(time)
        for name in self._ranged:
            self._change(name, scrape, self._latest.get(name, {}), samples.get(name, {}))
        self._latest = dict(samples)
        self._forget(time - self._retention)

    def covered(self, at: float) -> float:
        """Seconds before `at` that were watched without a gap longer than `LOOKBACK`."""
        time = round(at * 1000)
        scrapes = bisect_right(self._times, time)
        if scrapes == 0 or time - self._times[scrapes - 1] > LOOKBACK * 1000:
            return 0.0
        begun = self._begun[bisect_right(self._begun, self._offset + scrapes - 1) - 1]
        return (time - self._times[max(0, begun - self._offset)]) / 1000

    def names(self) -> Collection[str]:
        """The metrics of the last scrape, and those whose past is kept."""
        return self._latest.keys() | self._tracks.keys()

    def instant(self, name: str, at: float) -> Vector:
        """The series of a metric as they were at `at`, which before the last scrape needs its past.

        LookupError where that isn't kept.
        """
        time = round(at * 1000)
        scrapes = bisect_right(self._times, time)
        if scrapes == 0 or self._times[scrapes - 1] <= time - LOOKBACK * 1000:
            return {}
        if scrapes == len(self._times):
            return self._latest.get(name, {})
        if name not in self._ranged:
            raise LookupError(f"the past of {name} is not kept")
        values = ((s, track.at(self._offset + scrapes - 1)) for s, track in self._tracks[name].items())
        return {series: value for series, value in values if value is not None}

    def window(self, at: float, seconds: float) -> Window | None:
        """The range of `seconds` that ends at `at`: without its left bound, with its right one.

        None when no scrape is inside.
        """
        end = round(at * 1000)
        start = end - round(seconds * 1000)
        first, beyond = bisect_right(self._times, start), bisect_right(self._times, end)
        if first == beyond:
            return None
        return Window(self._offset + first, self._offset + beyond - 1, start, end)

    def time(self, scrape: int) -> int:
        """When a scrape was, in milliseconds on the console's clock."""
        return self._times[scrape - self._offset]

    def tracks(self, name: str) -> Mapping[Series, Track]:
        """The past of a metric, what changed last at the end. LookupError where that isn't kept."""
        if name not in self._ranged:
            raise LookupError(f"the past of {name} is not kept")
        return self._tracks[name]

    def changed_after(self, name: str, scrape: int) -> Iterator[tuple[Series, Track]]:
        """The series of a metric that changed, came or went after `scrape`, and so are not steady since."""
        for series, track in reversed(self._tracks[name].items()):
            if track.changed_at <= scrape:
                return
            yield series, track

    def past(self) -> Past:
        """What `continue_from` takes, in plain lists: times, and per metric and series the changes."""
        return {
            "times": self._times.tolist(),
            "offset": self._offset,
            "metrics": {
                name: [(series.labels, *track.changes()) for series, track in tracks.items()]
                for name, tracks in self._tracks.items()
            },
        }

    def continue_from(self, past: Past) -> None:
        """Take up a past that another store told, in place of one's own, of the metrics that are ranged here.

        ValueError, TypeError or KeyError when it isn't one; then this store is unchanged.
        """
        times, offset = array("q", past["times"]), int(past["offset"])
        if list(times) != sorted(set(times)):
            raise ValueError("times that don't rise")
        tracks: dict[str, dict[Series, Track]] = {name: {} for name in self._ranged}
        latest: dict[str, Vector] = {}
        for name in self._ranged & past["metrics"].keys():
            for labels, since, values, there in past["metrics"][name]:
                series = Series(name, tuple((str(key), str(value)) for key, value in labels))
                tracks[name][series] = Track.of(since, values, there)
            tracks[name] = dict(sorted(tracks[name].items(), key=lambda pair: pair[1].changed_at))
            now = ((series, track.at(offset + len(times) - 1)) for series, track in tracks[name].items())
            latest[name] = {series: value for series, value in now if value is not None}
        gaps = (
            place for place, (one, next_) in enumerate(pairwise(times), 1) if next_ - one > LOOKBACK * 1000
        )
        self._begun = array("q", [offset, *(offset + place for place in gaps)])
        self._times, self._offset, self._tracks, self._latest = times, offset, tracks, latest

    def _change(self, name: str, scrape: int, old: Vector, new: Vector) -> None:
        tracks = self._tracks[name]
        for series, value in _differences(old, new):
            track = tracks.pop(series, None) or Track()
            track.set(scrape, value)
            tracks[series] = track

    def _forget(self, before: int) -> None:
        """Drop scrapes from before `before`, in milliseconds, once they are an eighth of what is kept."""
        old = bisect_right(self._times, before)
        if old * 8 <= len(self._times):
            return
        del self._times[:old]
        self._offset += old
        del self._begun[: bisect_right(self._begun, self._offset) - 1]
        for tracks in self._tracks.values():
            for series in [one for one, track in tracks.items() if track.forget(self._offset)]:
                del tracks[series]


def _differences(old: Vector, new: Vector) -> Iterable[tuple[Series, float | None]]:
    """The series with a new value, None where they are gone. NaN is a new value each time it is said."""
    if new is old:
        return ()
    if isinstance(old, Column) and isinstance(new, Column) and old.lineup is new.lineup:
        triples = zip(new.lineup.series, old.numbers, new.numbers, strict=True)
        return [(series, value) for series, before, value in triples if before != value]
    changed: list[tuple[Series, float | None]] = [
        (series, value) for series, value in new.items() if old.get(series) != value
    ]
    return changed + [(series, None) for series in old.keys() - new.keys()]
