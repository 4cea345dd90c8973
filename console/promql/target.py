"""What the scrapes of one target said: everything of the last one, and of some metrics the past.

Samples of one scrape share their time, so times are kept once for all, and of a series only the scrapes at
which its value changed (`tracks`). Where most of thousands move, their columns are kept instead, thinned with
age (`frames`): no metric takes more than some hundred of these.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from console.domain.metrics import Column, Series, Vector, column_of
from console.promql.frames import RECENT, Frames
from console.promql.scrapes import LOOKBACK, Scrapes
from console.promql.tracks import NOTHING_SAID, Told, Track, Tracks
from console.promql.tree import Matcher
from console.promql.vectors import EvaluationError, Stretch

FORGET_EVERY = 60.0
"""Seconds between two times that what nobody looks back on is looked for."""


class TargetPast(TypedDict):
    """A target's past in plain lists."""

    times: list[int]
    offset: int
    metrics: dict[str, Told]


@dataclass(frozen=True, slots=True)
class Wishes:
    """Of which metrics the past is kept, in milliseconds: for how long of each, and of those like these.

    `longest` is for how long at most.
    """

    longest: int
    spans: Mapping[str, int] = field(default_factory=dict)
    like: Sequence[Collection[Matcher]] = ()

    def span(self, seconds: float) -> int:
        """For how long what is looked back on so far is kept."""
        return min(self.longest, round(max(seconds, LOOKBACK) * 1000))

    def like_name(self, name: str) -> bool:
        return any(all(one.accepts(name) for one in like) for like in self.like)


class Target:
    """One target's samples. Times are in milliseconds on the console's clock."""

    def __init__(self, wishes: Wishes) -> None:
        self.scrapes = Scrapes()
        self._wishes = wishes
        self._like_since = 0  # the scrape from which on metrics are kept by what their names are like
        self._spans = dict(wishes.spans)
        self._pasts: dict[str, Tracks | Frames] = {name: Tracks() for name in self._spans}
        self._latest: dict[str, Column] = {}
        self._forgotten = 0  # when that was last looked for

    @property
    def size(self) -> int:
        """Bytes that the samples of the past take, without the objects around them."""
        return sum(past.size for past in self._pasts.values())

    def keep(self, wishes: Wishes) -> None:
        """From now on keep what is wished, and of the past nothing else."""
        if any(one not in self._wishes.like for one in wishes.like):
            self._like_since = self.scrapes.next
        self._wishes = wishes
        like = filter(wishes.like_name, self._pasts)
        self._spans = dict.fromkeys(like, wishes.longest) | dict(wishes.spans)
        new = {name: Tracks(self.scrapes.next) for name in self._spans if name not in self._pasts}
        self._pasts = {name: new[name] if name in new else self._pasts[name] for name in self._spans}

    def append(self, time: int, samples: Mapping[str, Vector]) -> None:
        """Add a scrape, later than the one before. A series that isn't in it has ended there."""
        scrape, before = self.scrapes.add(time), self._latest
        self._latest = {
            name: column_of(one, before[name].lineup if name in before else None)
            for name, one in samples.items()
        }
        for name in filter(self._wishes.like_name, samples.keys() - self._pasts.keys()):
            self._spans[name], self._pasts[name] = self._wishes.longest, Tracks(self._like_since)
        for name, past in self._pasts.items():
            self._pasts[name] = _with(past, scrape, self._latest.get(name, NOTHING_SAID))
        self._forget_changes(time)
        recent = self.scrapes.after(time - round(RECENT * 1000))
        for past in self._pasts.values():
            if isinstance(past, Frames):
                past.thin(recent, self.scrapes.time)
        self.scrapes.forget(time - self._wishes.longest)

    def names(self) -> Collection[str]:
        """The metrics of the last scrape, and those whose past is kept."""
        return self._latest.keys() | self._pasts.keys()

    def covered(self, name: str, time: int) -> float:
        """Seconds before `time` that a metric was watched, whether the scrapes had it or not."""
        past = self._pasts.get(name)
        return self.scrapes.covered(time, self._like_since if past is None else past.watched_from)

    def instant(self, name: str, time: int) -> Vector:
        """The series of a metric as they were at `time`, which before the last scrape needs its past.

        EvaluationError where that isn't kept.
        """
        scrape = self.scrapes.at(time)
        if scrape is None:
            return {}
        if scrape == self.scrapes.next - 1:
            return self._latest.get(name, {})
        return self.tracks(name).at(scrape)

    def ranges(self, name: str, start: int, end: int) -> Iterator[tuple[Series, Stretch]]:
        """The samples after `start` and until `end` of each series that has any. EvaluationError as above."""
        window = self.scrapes.window(start, end)
        if window is None:
            return
        times = self.scrapes.times(window.first, window.last)
        for series, track in self.tracks(name).since(window.first):
            places, values = track.samples(window.first, window.last)
            if len(values) == len(times):
                yield series, Stretch(times, values)
            elif values:
                yield series, Stretch([times[place - window.first] for place in places], values)

    def tracks(self, name: str) -> Tracks | Frames:
        """The past of a metric. EvaluationError where that isn't kept."""
        if name not in self._pasts:
            raise EvaluationError(f"the past of {name} is not kept")
        return self._pasts[name]

    def changed_after(self, name: str, scrape: int) -> Iterator[tuple[Series, Track]]:
        """The series of a metric that changed, came or went after `scrape`, and so are not steady since."""
        return self._pasts[name].changed_after(scrape)

    def told(self, names: Callable[[str], bool]) -> TargetPast:
        """What `continue_from` takes, of the metrics with such names."""
        metrics = {name: past.told() for name, past in self._pasts.items() if names(name)}
        return {"times": self.scrapes.kept(), "offset": self.scrapes.offset, "metrics": metrics}

    def continue_from(self, past: TargetPast, *, all_of_it: bool) -> None:
        """Take up a past in place of one's own: of the metrics that are kept, or of all that it tells of.

        ValueError, TypeError or KeyError when it isn't one; then this target is unchanged.
        """
        scrapes, told = Scrapes(past["times"], int(past["offset"])), past["metrics"]
        pasts: dict[str, Tracks | Frames] = {name: Tracks(scrapes.next) for name in self._wishes.spans}
        wanted = (name for name in told if all_of_it or name in pasts or self._wishes.like_name(name))
        pasts.update({name: Tracks.of(name, told[name]) for name in wanted})
        self.scrapes, self._pasts = scrapes, pasts
        self._latest = {name: past.latest for name, past in pasts.items()}
        self._spans = {name: self._spans.get(name, self._wishes.longest) for name in pasts}

    def _forget_changes(self, time: int) -> None:
        """Now and then, drop the changes that at `time` nobody looks back on any more."""
        if time < self._forgotten + FORGET_EVERY * 1000:
            return
        self._forgotten = time
        for name, past in self._pasts.items():
            past.forget(self.scrapes.before(time - self._spans[name]))
            if isinstance(past, Frames) and past.calm:
                self._pasts[name] = past.tracks()


def _with(past: Tracks | Frames, scrape: int, said: Column) -> Tracks | Frames:
    """The past with a scrape more, in columns from where these take less room."""
    if isinstance(past, Tracks):
        if past.add(scrape, said):
            return past
        past = Frames.of(past)
    past.add(scrape, said)
    return past
