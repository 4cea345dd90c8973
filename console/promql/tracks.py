"""The past of one metric: the scrapes at which its series changed.

That loses nothing: how many samples a range has, and when the first and the last of them was taken, is
arithmetic on scrape numbers. Of thousands of counters hardly one moves, and those that don't cost nothing
but the value that they have now.
"""

import itertools
import math
import operator
from array import array
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypedDict, cast, overload

from console.domain.metrics import Column, Labels, LateSeries, Lineup, Series, column_of

MANY_CHANGES, CHANGES_EACH = 100_000, 8
"""Changes of a metric that are kept one by one, and so many more for each of its series."""
MANY_SERIES = 256
"""Series from which on they are not kept one by one if most change at once."""
NOTHING_SAID = Column(Lineup(()), array("d"))
"""What a scrape says of a metric that isn't in it."""

Changes = tuple[Sequence[int], Sequence[float], Sequence[int]]
"""Scrape numbers, the values from each on, and whether the series was there at all."""


class Told(TypedDict):
    """A metric's past in arrays and lists: the series that are there now, their values, and what changed."""

    watched_from: int
    begun: int
    labels: Sequence[Labels]
    values: Sequence[float]
    changes: list[tuple[Labels, Changes]]


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
        track._values = array("d", map(_number, values))
        track._there = array("b", there)
        if not 0 < len(since) == len(values) == len(there) or list(since) != sorted(set(since)):
            raise ValueError("changes that don't fit together")
        return track

    @property
    def changed_at(self) -> int:
        """The scrape at which the value last changed."""
        return self._since[-1]

    def changes(self) -> Changes:
        return self._since[:], self._values[:], self._there[:]

    @property
    def length(self) -> int:
        """How many changes it holds."""
        return len(self._since)

    def set(self, scrape: int, value: float | None) -> None:
        """The value from `scrape` on; None while the series isn't there."""
        self._since.append(scrape)
        self._values.append(0.0 if value is None else value)
        self._there.append(value is not None)

    def befores(self) -> Iterator[tuple[int, float | None]]:
        """The scrapes at which the value changed, and what it was before; None where it wasn't there."""
        values = (v if there else None for v, there in zip(self._values, self._there, strict=True))
        return zip(self._since, itertools.chain([None], values), strict=False)

    def extend(self, scrapes: Sequence[int], values: Sequence[float]) -> None:
        """The values from each of the scrapes on."""
        self._since.extend(scrapes)
        self._values.extend(values)
        self._there.frombytes(b"\1" * len(scrapes))

    def end(self, scrape: int) -> None:
        """The series isn't there from `scrape` on."""
        if self._there[-1]:
            self.set(scrape, None)

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

    def samples(self, first: int, last: int) -> tuple[Sequence[int], Sequence[float]]:
        """The scrapes from `first` to `last`, both included, that have a value, and the values."""
        runs = self.runs(first, last)
        places = itertools.chain.from_iterable(range(start, end + 1) for start, end, _ in runs)
        values = itertools.chain.from_iterable(itertools.repeat(v, end - start + 1) for start, end, v in runs)
        return list(places), array("d", values)

    def forget(self, before: int) -> bool:
        """Drop what was over before the scrape `before`; True when nothing has changed after it."""
        over = max(0, bisect_right(self._since, before) - 1)
        del self._since[:over], self._values[:over], self._there[:over]
        return self.changed_at <= before


class Tracks(Mapping[Series, Track]):
    """The tracks of a metric's series, what changed last at the end.

    A track is kept of what has changed since the scrape `begun`. A series of the latest scrape that has none
    has had its value since then. `watched_from` is the first scrape of which it is known what it said.
    """

    def __init__(self, watched_from: int = 0) -> None:
        self.watched_from = watched_from
        self._begun = watched_from
        self._latest = NOTHING_SAID
        self._moved: dict[Series, Track] = {}
        self._changes = 0

    @classmethod
    def of(cls, name: str, told: Told) -> "Tracks":
        """The past that `told` tells of a metric; ValueError, TypeError or KeyError when it isn't one."""
        tracks = cls(int(told["watched_from"]))
        tracks._begun = int(told["begun"])
        labels, values = _checked(told["labels"]), map(_number, told["values"])
        numbers = array("d", values)
        if not len(set(labels)) == len(labels) == len(numbers):
            raise ValueError("series and values that don't fit together")
        tracks._latest = Column(Lineup(_Told(name, labels)), numbers)
        changed = told["changes"]
        series = map(Series, itertools.repeat(name), _checked([labels for labels, _ in changed]))
        moved = zip(series, [Track.of(*changes) for _, changes in changed], strict=True)
        tracks._moved = dict(sorted(moved, key=lambda pair: pair[1].changed_at))
        tracks._changes = sum(track.length for track in tracks._moved.values())
        return tracks

    @property
    def latest(self) -> Column:
        """The series of the last scrape, as it said them."""
        return self._latest

    @property
    def size(self) -> int:
        """Bytes that its samples take."""
        return 17 * self._changes + 8 * len(self._latest)

    def told(self) -> Told:
        """What `of` takes."""
        return {
            "watched_from": self.watched_from,
            "begun": self._begun,
            "labels": self._latest.lineup.labels,
            "values": self._latest.numbers,
            "changes": [(series.labels, track.changes()) for series, track in self._moved.items()],
        }

    def add(self, scrape: int, new: Column) -> bool:
        """What the scrape with this number says; a series that isn't in it has ended there.

        Where so much has changed that whole columns would take less room, nothing is done but to say False.
        """
        if self._latest or self._moved:
            differences = _differences(self._latest, new)
            changes = self._changes + len(differences or ())
            if differences is None or changes > MANY_CHANGES + CHANGES_EACH * len(new):
                return False
            for series, before, value in differences:
                track = self._moved.pop(series, None) or self._steady(before)
                track.set(scrape, value)
                self._moved[series] = track
            self._changes = changes
        else:
            self._begun = scrape
        self._latest = new
        return True

    def columns(self) -> list[tuple[int, Column]]:
        """What the scrapes said at which anything changed, in their order."""
        undone: dict[int, list[tuple[Series, float | None]]] = {}
        for series, track in self._moved.items():
            for scrape, before in track.befores():
                if scrape > self._begun:
                    undone.setdefault(scrape, []).append((series, before))
        columns, column = [], self._latest
        for scrape in sorted(undone, reverse=True):
            columns.append((scrape, column))
            column = _with(column, undone[scrape])
        return [(self._begun, column), *reversed(columns)]

    def at(self, scrape: int) -> Column:
        """The series as they were at `scrape`: what has changed since is put back."""
        latest = self._latest if scrape >= self._begun else NOTHING_SAID
        return _with(latest, ((series, track.at(scrape)) for series, track in self.moved_after(scrape)))

    def since(self, scrape: int) -> Iterator[tuple[Series, Track]]:
        """Each series with its track from `scrape` on, or from before."""
        return iter(self.items())

    def changed_after(self, scrape: int) -> Iterator[tuple[Series, Track]]:
        """The series that changed, came or went after `scrape`, and so are not steady since."""
        yield from self.moved_after(scrape)
        if self._begun > scrape:
            yield from ((s, self._steady(value)) for s, value in self._latest.items() if s not in self._moved)

    def forget(self, before: int) -> None:
        """Drop what was over before the scrape `before`."""
        for series in [one for one, track in self._moved.items() if track.forget(before)]:
            del self._moved[series]
        self._begun = max(self._begun, before)
        self._changes = sum(track.length for track in self._moved.values())

    def __getitem__(self, series: Series) -> Track:
        track = self._moved.get(series)
        return self._steady(self._latest[series]) if track is None else track

    def __iter__(self) -> Iterator[Series]:
        yield from (series for series in self._latest if series not in self._moved)
        yield from self._moved

    def __len__(self) -> int:
        return len(self._latest) + sum(series not in self._latest for series in self._moved)

    def moved_after(self, scrape: int) -> Iterator[tuple[Series, Track]]:
        """The series that changed, came or went after `scrape`, without those that are as first seen."""
        latest_first = reversed(self._moved.items())
        return itertools.takewhile(lambda moved: moved[1].changed_at > scrape, latest_first)

    def _steady(self, value: float | None) -> Track:
        track = Track()
        if value is not None:
            track.set(self._begun, value)
        return track


def _checked(told: Iterable[Labels]) -> list[Labels]:
    """Labels as they were told, in lists perhaps; ValueError or TypeError for anything else."""
    labels = [tuple(map(tuple, one)) for one in told]
    pairs = list(itertools.chain.from_iterable(labels))
    if set(map(len, pairs)) - {2} or set(map(type, itertools.chain.from_iterable(pairs))) - {str}:
        raise ValueError("labels that are not names with values")
    return cast("list[Labels]", labels)


def _number(told: float | None) -> float:
    """JSON has no word for what isn't a number."""
    return math.nan if told is None else told


class _Told(LateSeries):
    """A metric's series with labels that were told."""

    def __init__(self, name: str, labels: Sequence[Labels]) -> None:
        self._name = name
        self._labels = labels

    @property
    def symbols(self) -> Sequence[str | None]:
        return [dict(labels).get("symbol") for labels in self._labels]

    @property
    def labels(self) -> Sequence[Labels]:
        return self._labels

    @property
    def keys(self) -> Sequence[Hashable]:
        return self._labels

    def __len__(self) -> int:
        return len(self._labels)

    @overload
    def __getitem__(self, place: int) -> Series: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Series]: ...
    def __getitem__(self, place: int | slice) -> Series | Sequence[Series]:
        if isinstance(place, slice):
            return [Series(self._name, labels) for labels in self._labels[place]]
        return Series(self._name, self._labels[place])


def _differences(old: Column, new: Column) -> Sequence[tuple[Series, float | None, float | None]] | None:
    """The series with a new value, from which to which, None where they are new or gone.

    None instead of them all where they are most series.
    """
    if new is old or new.says_the_same(old):
        return ()
    if alike(old.lineup, new.lineup):
        before, now, series = old.numbers, new.numbers, new.lineup.series
        places = list(itertools.compress(range(len(now)), map(operator.ne, before, now)))
        if most(len(places), len(now)):
            return None
        return [(series[place], before[place], now[place]) for place in places]
    changed: list[tuple[Series, float | None, float | None]] = [
        (one, value, said) for one, said in new.items() if (value := old.get(one)) != said
    ]
    changed += [(one, old[one], None) for one in old.keys() - new.keys()]
    return None if most(len(changed), len(new)) else changed


def most(changed: int, series: int) -> bool:
    """Whether of so many series, which are many, most have changed."""
    return changed > max(MANY_SERIES, series) // 2


def _with(column: Column, values: Iterable[tuple[Series, float | None]]) -> Column:
    """The column with these values in place of its own; without the series that have none."""
    numbers, there = column.numbers[:], bytearray(b"\1") * len(column)
    others: dict[Series, float] = {}
    for series, value in values:
        place = column.lineup.place(series)
        if place is None:
            others |= {} if value is None else {series: value}
        elif value is None:
            there[place] = 0
        else:
            numbers[place] = value
    known = Column(column.lineup, numbers).where(there)
    return column_of({**known, **others}) if others else known


def alike(one: Lineup, other: Lineup) -> bool:
    """Whether these, of the same metric, hold the same series in the same order, without making any."""
    return one is other or (len(one.series) == len(other.series) and one.labels == other.labels)
