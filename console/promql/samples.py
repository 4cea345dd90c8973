"""The recent past of the metrics that queries look back on, and the present of all of them.

Samples of one scrape share their time, so times are kept once for all, and of a series only the scrapes at
which its value changed (`tracks`).
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypedDict

from console.domain.metrics import Series, Vector
from console.promql.tracks import Told, Track, Tracks
from console.promql.tree import Matcher
from console.promql.vectors import EvaluationError, Stretch

if TYPE_CHECKING:
    from console.promql.recordings import Recording

LOOKBACK = 300.0
"""Seconds for which a sample stands for the present, as Prometheus has it."""
FORGET_EVERY = 60.0
"""Seconds between two times that what nobody looks back on is looked for."""


@dataclass(frozen=True, slots=True)
class Window:
    """The scrapes inside a range, from `first` to `last`, and the range's bounds in milliseconds."""

    first: int
    last: int
    start: int
    end: int


class Past(TypedDict):
    """A store's past in plain lists, to be kept between two runs."""

    times: list[int]
    offset: int
    metrics: dict[str, Told]


class SampleStore:
    """What the scrapes of one engine said: everything of the last one, and of `ranged` metrics the past.

    So, too, of those whose names `ranged_like` accepts. `retention` is in seconds, as is the shorter one that
    `look_back` may set for a metric. Memory is bounded by them, and by how often series change; one that has
    vanished is forgotten when that is as long ago.
    """

    def __init__(
        self,
        ranged: Collection[str] = (),
        retention: float = 3900.0,
        ranged_like: Collection[Collection[Matcher]] = (),
    ) -> None:
        self._retention = round(retention * 1000)
        self._spans = dict.fromkeys(ranged, self._retention)
        self._times = array("q")  # milliseconds, as Prometheus counts
        self._offset = 0  # the scrape number of the first of the times
        self._begun = array("q", [0])  # the scrape numbers after a gap longer than `LOOKBACK`
        self._forgotten = 0  # when that was last looked for
        self._tracks = {name: Tracks() for name in self._spans}
        self._latest: dict[str, Vector] = {}
        self._like = ranged_like
        self._recordings: dict[str, Recording] = {}

    def look_back(self, seconds: Mapping[str, float]) -> None:
        """Keep the past of these metrics for so long only, if that is less than the retention."""
        for name in self._spans.keys() & seconds.keys():
            self._spans[name] = round(min(self._retention, max(seconds[name], LOOKBACK) * 1000))

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
        self._keep(name for name in samples if name not in self._tracks)
        for name, tracks in self._tracks.items():
            tracks.add(scrape, samples.get(name, {}))
        self._latest = dict(samples)
        self._forget_changes(time)
        self._forget_times(time - self._retention)

    def covered(self, at: float) -> float:
        """Seconds before `at` that were watched without a gap longer than `LOOKBACK`."""
        time = round(at * 1000)
        scrapes = bisect_right(self._times, time)
        if scrapes == 0 or time - self._times[scrapes - 1] > LOOKBACK * 1000:
            return 0.0
        begun = self._begun[bisect_right(self._begun, self._offset + scrapes - 1) - 1]
        return (time - self._times[max(0, begun - self._offset)]) / 1000

    def names(self) -> Collection[str]:
        """The metrics of the last scrape, those whose past is kept, and those that are recorded."""
        return self._latest.keys() | self._tracks.keys() | self._recordings.keys()

    def recording(self, name: str) -> "Recording":
        """The metric of this name that isn't scraped, but whose samples come one by one."""
        from console.promql.recordings import Recording  # noqa: PLC0415 - few rule files record anything

        return self._recordings.setdefault(name, Recording())

    def records(self, name: str) -> bool:
        """Whether a metric's samples come one by one, and not with the scrapes."""
        return name in self._recordings

    def instant(self, name: str, at: float) -> Vector:
        """The series of a metric as they were at `at`, which before the last scrape needs its past.

        EvaluationError where that isn't kept.
        """
        time = round(at * 1000)
        if name in self._recordings:
            found = self._recordings[name].at(time, round(LOOKBACK * 1000))
            return {series: value for series, _, value in found}
        scrapes = bisect_right(self._times, time)
        if scrapes == 0 or self._times[scrapes - 1] <= time - LOOKBACK * 1000:
            return {}
        if scrapes == len(self._times):
            return self._latest.get(name, {})
        values = ((s, track.at(self._offset + scrapes - 1)) for s, track in self.tracks(name).items())
        return {series: value for series, value in values if value is not None}

    def taken(self, name: str, at: float) -> Vector:
        """When the samples that `instant` finds were taken, in seconds. EvaluationError as there."""
        time = round(at * 1000)
        if name in self._recordings:
            found = self._recordings[name].at(time, round(LOOKBACK * 1000))
            return {series: when / 1000 for series, when, _ in found}
        vector = self.instant(name, at)
        when = self._times[bisect_right(self._times, time) - 1] / 1000 if vector else 0.0
        return dict.fromkeys(vector, when)

    def ranges(self, name: str, start: int, end: int) -> Iterator[tuple[Series, Stretch]]:
        """The samples after `start` and until `end`, both in milliseconds, of each series that has any.

        EvaluationError where the metric's past isn't kept.
        """
        if name in self._recordings:
            yield from self._recordings[name].within(start, end)
            return
        window = self.window(end / 1000, (end - start) / 1000)
        if window is None:
            return
        times = self._times[window.first - self._offset : window.last - self._offset + 1]
        for series, track in self.tracks(name).items():
            places, values = track.samples(window.first, window.last)
            if len(values) == len(times):
                yield series, Stretch(times, values)
            elif values:
                yield series, Stretch([times[place - window.first] for place in places], values)

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
        """The past of a metric, what changed last at the end. EvaluationError where that isn't kept."""
        if name not in self._tracks:
            raise EvaluationError(f"the past of {name} is not kept")
        return self._tracks[name]

    def changed_after(self, name: str, scrape: int) -> Iterator[tuple[Series, Track]]:
        """The series of a metric that changed, came or went after `scrape`, and so are not steady since."""
        return self._tracks[name].changed_after(scrape)

    def past(self) -> Past:
        """What `continue_from` takes, in plain lists."""
        metrics = {name: tracks.told() for name, tracks in self._tracks.items()}
        return {"times": self._times.tolist(), "offset": self._offset, "metrics": metrics}

    def continue_from(self, past: Past) -> None:
        """Take up a past that another store told, in place of one's own, of the metrics that are ranged here.

        ValueError, TypeError or KeyError when it isn't one; then this store is unchanged.
        """
        times, offset, told = array("q", past["times"]), int(past["offset"]), past["metrics"]
        if list(times) != sorted(set(times)):
            raise ValueError("times that don't rise")
        spans = {**dict.fromkeys(filter(self._is_like, told), self._retention), **self._spans}
        tracks = {name: Tracks.of(name, told[name]) if name in told else Tracks() for name in spans}
        gaps = (
            place for place, (one, next_) in enumerate(pairwise(times), 1) if next_ - one > LOOKBACK * 1000
        )
        self._begun = array("q", [offset, *(offset + place for place in gaps)])
        self._latest = {name: past.latest for name, past in tracks.items()}
        self._times, self._offset, self._tracks, self._spans = times, offset, tracks, spans

    def _keep(self, names: Iterator[str]) -> None:
        """Begin to keep the past of those that are to be kept by what their names are like."""
        for name in filter(self._is_like, names):
            self._spans[name], self._tracks[name] = self._retention, Tracks()

    def _is_like(self, name: str) -> bool:
        return any(all(one.accepts(name) for one in like) for like in self._like)

    def _forget_changes(self, time: int) -> None:
        """Now and then, drop the changes that at `time`, in milliseconds, nobody looks back on any more."""
        if time < self._forgotten + FORGET_EVERY * 1000:
            return
        self._forgotten = time
        for name, tracks in self._tracks.items():
            seen_from_there = bisect_left(self._times, time - self._spans[name]) - 1
            tracks.forget(self._offset + max(0, seen_from_there))
        for recording in self._recordings.values():
            recording.forget(time - self._retention)

    def _forget_times(self, before: int) -> None:
        """Drop scrapes from before `before`, in milliseconds, once they are an eighth of what is kept."""
        old = bisect_right(self._times, before)
        if old * 8 <= len(self._times):
            return
        del self._times[:old]
        self._offset += old
        del self._begun[: bisect_right(self._begun, self._offset) - 1]
