"""The recent past of the metrics that queries look back on, and the present of all of them.

They come from the scrapes of an engine, from what the console measures itself, and from what rules record.
"""

import threading
from array import array
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from console.domain.metrics import Series, Vector
from console.promql.frames import Frames
from console.promql.scrapes import LOOKBACK, Scrapes, Window
from console.promql.target import FORGET_EVERY, Target, TargetPast, Wishes
from console.promql.tracks import Track, Tracks
from console.promql.tree import Matcher
from console.promql.vectors import Stretch

if TYPE_CHECKING:
    from console.promql.query import Query
    from console.promql.recordings import Recording

__all__ = ["FORGET_EVERY", "LOOKBACK", "Past", "SampleStore", "Window", "as_json"]


class Past(TargetPast):
    """A store's past, to be kept between two runs: the engine's, and what the console measured itself."""

    own: TargetPast


def as_json(past: Past) -> bytes:
    """The past in writing: `continue_from` takes it once it is read again.

    Its arrays become lists one after the other. All at once these would take some five times as much as the
    store itself: megabytes that come and go, and more of them with each minute of its first hour.
    """
    return orjson.dumps(past, default=_listed)


def _listed(numbers: "array[float]") -> list[float]:
    return numbers.tolist()


_COUNTER = "_total"
"""How the names of counters end."""


class SampleStore:
    """What the scrapes of one engine said: everything of the last one, and of `ranged` metrics the past.

    So, too, of those whose names `ranged_like` accepts. `retention` is in seconds, as are the shorter spans
    that `look_back` and `keep` may set for a metric. Memory is bounded by them, and by how often series
    change; one that has vanished is forgotten when that is as long ago.

    One thread may append while others ask. Who asks for more than one thing holds `lock` meanwhile, as
    `evaluate` and `Round` do. `ahead` is how many seconds the time of day is ahead of the store's clock,
    which never steps.
    """

    def __init__(
        self,
        ranged: Collection[str] = (),
        retention: float = 3900.0,
        ranged_like: Iterable[Collection[Matcher]] = (),
    ) -> None:
        self.lock = threading.RLock()
        self.retention = retention
        self.ahead = 0.0
        longest = round(retention * 1000)
        self._wishes = Wishes(longest, dict.fromkeys(ranged, longest), tuple(ranged_like))
        self._wishes_are_all = False  # `keep` has said what is wanted
        self._engine, self._own = Target(self._wishes), Target(self._wishes)
        self._own_names: set[str] = set()
        self._recordings: dict[str, Recording] = {}

    @property
    def begun(self) -> bool:
        """Whether there has been a scrape."""
        return self._engine.scrapes.next > self._engine.scrapes.offset

    @property
    def size(self) -> int:
        """Bytes that the samples of the past take, without the objects around them."""
        with self.lock:
            recorded = sum(recording.size for recording in self._recordings.values())
            return self._engine.size + self._own.size + recorded

    def look_back(self, seconds: Mapping[str, float]) -> None:
        """Keep the past of these metrics for so long only, if that is less than the retention."""
        spans = self._wishes.spans
        shorter = {name: self._wishes.span(seconds[name]) for name in spans.keys() & seconds.keys()}
        self._wish(replace(self._wishes, spans={**spans, **shorter}))

    def keep(self, queries: Iterable["Query"]) -> None:
        """From now on keep the past that these queries look back on, as far as they do, and no other."""
        spans: dict[str, int] = {}
        like: list[Collection[Matcher]] = []
        for query in queries:
            like += query.ranged_like
            span = self._wishes.span(query.window)
            spans |= {name: max(spans.get(name, 0), span) for name in query.ranged}
        self._wishes_are_all = True
        self._wish(replace(self._wishes, spans=spans, like=like))

    def append(self, at: float, samples: Mapping[str, Vector]) -> None:
        """Add a scrape of `at`, seconds on the console's clock, later than the one before.

        A series that isn't in it has ended there.
        """
        with self.lock:
            self._engine.append(round(at * 1000), samples)

    def fail(self, at: float) -> None:
        """A scrape of `at` failed: all series have ended, but for what the console measures itself."""
        with self.lock:
            self._engine.scrapes.fail(round(at * 1000))

    def measure(self, at: float, own: Mapping[str, Vector]) -> None:
        """Add what the console measures itself at `at`, if that is later than the last time."""
        time = round(at * 1000)
        with self.lock:
            if self._own.scrapes.is_next(time):
                self._own.append(time, own)
                self._own_names |= own.keys()

    def covered(self, at: float) -> float:
        """Seconds before `at` that were watched without a gap longer than `LOOKBACK`."""
        with self.lock:
            return self._engine.scrapes.covered(round(at * 1000))

    def covered_by(self, query: "Query", at: float) -> float:
        """Of the seconds before `at` that the query looks back on, how many were watched.

        A metric that wasn't kept at first counts from when it was. One that is missing in the scrapes, or
        whose scrapes fail, has been watched all the same.
        """
        time = round(at * 1000)
        with self.lock:
            names = query.ranged | ({""} if query.ranged_like else frozenset())
            covered = [
                self._recordings[name].covered(time)
                if name in self._recordings
                else self._target(name).covered(name, time)
                for name in names
            ]
        return min([query.window, *covered])

    def names(self) -> Collection[str]:
        """The metrics of the last scrape, those whose past is kept, and those that are recorded."""
        return {*self._engine.names(), *self._own.names(), *self._recordings}

    def recording(self, name: str) -> "Recording":
        """The metric of this name that isn't scraped, but whose samples come one by one."""
        from console.promql.recordings import Recording  # noqa: PLC0415 - few rule files record anything

        return self._recordings.setdefault(name, Recording())

    def record(self, name: str, at: float, vector: Vector, *, by: Hashable) -> None:
        """What `by`, such as a rule, says that a metric is at `at`, seconds on the console's clock."""
        time = round(at * 1000)
        with self.lock:
            recording = self.recording(name)
            recording.say(time, vector, by=by)
            recording.forget(time - self._wishes.longest)

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
        return self._target(name).instant(name, time)

    def taken(self, name: str, at: float) -> Vector:
        """When the samples that `instant` finds were taken, in seconds. EvaluationError as there."""
        time = round(at * 1000)
        if name in self._recordings:
            found = self._recordings[name].at(time, round(LOOKBACK * 1000))
            return {series: when / 1000 for series, when, _ in found}
        scrapes = self.scrapes(name)
        scrape = scrapes.at(time)
        return {} if scrape is None else dict.fromkeys(self.instant(name, at), scrapes.time(scrape) / 1000)

    def ranges(self, name: str, start: int, end: int) -> Iterator[tuple[Series, Stretch]]:
        """The samples after `start` and until `end`, both in milliseconds, of each series that has any.

        EvaluationError where the metric's past isn't kept.
        """
        if name in self._recordings:
            return self._recordings[name].within(start, end)
        return self._target(name).ranges(name, start, end)

    def scrapes(self, name: str) -> Scrapes:
        """The scrapes among which those are counted that have a metric."""
        return self._target(name).scrapes

    def window(self, at: float, seconds: float, name: str = "") -> Window | None:
        """The scrapes of a metric in the range of `seconds` that ends at `at`: without its left bound.

        None when there is none.
        """
        end = round(at * 1000)
        return self.scrapes(name).window(end - round(seconds * 1000), end)

    def tracks(self, name: str) -> Tracks | Frames:
        """The past of a metric. EvaluationError where that isn't kept."""
        return self._target(name).tracks(name)

    def changed_after(self, name: str, scrape: int) -> Iterator[tuple[Series, Track]]:
        """The series of a metric that changed, came or went after `scrape`, and so are not steady since.

        Their tracks go back to `scrape` at least.
        """
        return self._target(name).changed_after(name, scrape)

    def past(self) -> Past:
        """What `continue_from` takes, in arrays and lists.

        The console's own counters aren't in it: the next console's begin at 0, which is no event.
        """
        with self.lock:
            own = self._own.told(lambda name: name in self._own_names and not name.endswith(_COUNTER))
            return {**self._engine.told(lambda name: name not in self._own_names), "own": own}

    def continue_from(self, past: Past) -> None:
        """Take up a past that another store told, in place of one's own.

        Of all its metrics, until `keep` has said which are wanted. ValueError, TypeError or KeyError when it
        isn't one; then this store is unchanged.
        """
        engine, own = Target(self._wishes), Target(self._wishes)
        engine.continue_from(past, all_of_it=not self._wishes_are_all)
        own.continue_from(past["own"], all_of_it=not self._wishes_are_all)
        with self.lock:
            self._engine, self._own = engine, own
            self._own_names |= past["own"]["metrics"].keys()

    def _target(self, name: str) -> Target:
        return self._own if name in self._own_names else self._engine

    def _wish(self, wishes: Wishes) -> None:
        with self.lock:
            self._wishes = wishes
            self._engine.keep(wishes)
            self._own.keep(wishes)
