"""The past of a metric of which most series move at once: its columns, thinned with age.

What thousands of series said at a scrape is one array, which the scrape has made anyway. Those that are
older than `RECENT` are kept `APART` from each other: of what was between them the value of the one before
is told.
"""

import itertools
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import lt, ne, sub
from typing import NamedTuple

from console.domain.metrics import Column, Lineup, Series
from console.promql.tracks import MANY_CHANGES, NOTHING_SAID, Told, Track, Tracks, alike, most

RECENT = 310.0
"""Seconds in which every scrape is kept: a range of five minutes, and what an evaluation may be late."""
APART = 60.0
"""Seconds between two older ones."""


class Grown(NamedTuple):
    """How much each of some counters grew, and from which value on.

    They were there in so many `scrapes` from `first` to `last`.
    """

    initial: Column
    numbers: "array[float]"
    first: int
    last: int
    scrapes: int


class Frames(Mapping[Series, Track]):
    """The columns of a metric, each from the scrape on at which it was new; `watched_from` as of `Tracks`."""

    def __init__(self, watched_from: int = 0) -> None:
        self.watched_from = watched_from
        self._since = array("q")
        self._columns: list[Column] = []
        self._changed: list[Sequence[int] | None] = []  # where each differs from the one before; None: mostly
        self._fallen: list[Sequence[int] | None] = []  # where it is smaller; None: nobody has asked yet
        self._thinned = 0  # the last one of those that have been thinned
        self._renewed: tuple[Lineup, Lineup] | None = None  # one with the series of the one before it

    @classmethod
    def of(cls, tracks: Tracks) -> "Frames":
        """What the tracks hold."""
        frames = cls(tracks.watched_from)
        for scrape, column in tracks.columns():
            frames.add(scrape, column)
        return frames

    def tracks(self) -> Tracks:
        """The same, series by series."""
        tracks = Tracks(self.watched_from)
        for scrape, column in zip(self._since, self._columns, strict=True):
            tracks.add(scrape, column)
        return tracks

    @property
    def calm(self) -> bool:
        """Whether tracks would take less room: few changes, and at no scrape most series at once."""
        changed = self._changed[1:]
        return None not in changed and 2 * sum(len(places or ()) for places in changed) < MANY_CHANGES

    @property
    def latest(self) -> Column:
        """The series of the last scrape, as it said them."""
        return self._columns[-1]

    @property
    def size(self) -> int:
        """Bytes that its samples take."""
        return 8 * sum(map(len, self._columns))

    def told(self) -> Told:
        """What `Tracks.of` takes: the values of the last scrape, since when they have been the same."""
        return {
            "watched_from": self._since[-1],
            "begun": self._since[-1],
            "labels": self.latest.lineup.labels,
            "values": self.latest.numbers,
            "changes": [],
        }

    def add(self, scrape: int, new: Column) -> None:
        """What the scrape with this number says; a series that isn't in it has ended there."""
        changed: Sequence[int] | None = ()
        if self._columns:
            last, new = self._columns[-1], self._of_known_series(new)
            if new.says_the_same(last):
                return
            changed = _changed(last, new)
            if new.lineup is not last.lineup:  # what others found out about its series isn't to be kept
                self._columns[-1] = Column(last.lineup.bare(), last.numbers)
        self._since.append(scrape)
        self._columns.append(new)
        self._changed.append(changed)
        self._fallen.append(None)

    def thin(self, recent: int, time: Callable[[int], int]) -> None:
        """Drop what is too near to the one before, of what was over before the scrape `recent`.

        `time` says when a scrape was, in milliseconds.
        """
        since, place = self._since, self._thinned
        while place + 2 < len(since) and since[place + 2] <= recent:
            if time(since[place + 1]) - time(since[place]) < APART * 1000:
                del since[place + 1], self._columns[place + 1]
                one, next_ = self._changed.pop(place + 1), self._changed[place + 1]
                self._changed[place + 1] = None if one is None or next_ is None else sorted({*one, *next_})
                del self._fallen[place + 1]
                self._fallen[place + 1] = None
            else:
                place += 1
        self._thinned = place

    def at(self, scrape: int) -> Column:
        """The series as they were at `scrape`."""
        place = bisect_right(self._since, scrape) - 1
        return self._columns[place] if place >= 0 else NOTHING_SAID

    def grown(self, first: int, last: int) -> Grown | None:
        """How much counters grew from `first` to `last`, where a smaller value is a restart from 0.

        None where some series were not there in all scrapes that had any.
        """
        begin, end = (bisect_right(self._since, scrape) - 1 for scrape in (first, last))
        places = [place for place in range(max(0, begin), end + 1) if self._columns[place]]
        columns = [self._columns[place] for place in places]
        if not columns or any(column.lineup.identity != columns[0].lineup.identity for column in columns):
            return None
        grown = array("d", map(sub, columns[-1].numbers, columns[0].numbers))
        for place, before in zip(places[1:], columns, strict=False):
            for fallen in self._falls(place, before):
                grown[fallen] += before.numbers[fallen]
        ends = [since - 1 for since in self._since[places[0] + 1 : end + 1]] + [last]
        spans = [(max(first, self._since[place]), ends[place - places[0]]) for place in places]
        count = sum(last - first + 1 for first, last in spans)
        return Grown(columns[0], grown, spans[0][0], spans[-1][1], count) if count > 1 else None

    def since(self, scrape: int) -> Iterator[tuple[Series, Track]]:
        """Each series with its track from `scrape` on."""
        first = self._first(scrape)
        tracks: dict[Series, Track] = {}
        frames = zip(self._since[first:], self._columns[first:], strict=True)
        for _, run in itertools.groupby(frames, key=lambda frame: frame[1].lineup.identity):
            scrapes, columns = zip(*run, strict=True)
            lineup = columns[0].lineup
            for series in tracks.keys() - set(lineup.series) if tracks else ():
                tracks[series].end(scrapes[0])
            values = zip(*(column.numbers for column in columns), strict=True)
            for series, said in zip(lineup.series, values, strict=True):
                tracks.setdefault(series, Track()).extend(scrapes, said)
        return iter(tracks.items())

    def changed_after(self, scrape: int) -> Iterator[tuple[Series, Track]]:
        """The series that changed, came or went after `scrape`; all where most did."""
        first = self._first(scrape)
        places: set[int] = set()
        for changed in self._changed[first + 1 :]:
            if changed is None:
                yield from self.since(scrape)
                return
            places.update(changed)
        if not self._columns or self._since[first] > scrape:
            yield from self.since(scrape)
            return
        scrapes, columns = self._since[first:], self._columns[first:]
        for place in places:
            track = Track()
            track.extend(scrapes, [column.numbers[place] for column in columns])
            yield columns[0].lineup.series[place], track

    def moved_after(self, scrape: int) -> Iterator[tuple[Series, Track]]:
        """As `changed_after`; those that are as they were first seen may be among them."""
        return self.changed_after(scrape)

    def forget(self, before: int) -> None:
        """Drop what was over before the scrape `before`."""
        over = self._first(before)
        del self._since[:over], self._columns[:over], self._changed[:over], self._fallen[:over]
        self._thinned = max(0, self._thinned - over)

    def _of_known_series(self, new: Column) -> Column:
        """The column, in the lineup of the one before it if the same series have come again."""
        if self._renewed is None or new.lineup is not self._renewed[0]:
            before = next((column.lineup for column in reversed(self._columns) if column), new.lineup)
            if before.identity == new.lineup.identity or not alike(before, new.lineup):
                return new
            self._renewed = new.lineup, before
        return Column(self._renewed[1], new.numbers)

    def _first(self, scrape: int) -> int:
        """Which column was there at `scrape`, or else came first."""
        return max(0, bisect_right(self._since, scrape) - 1)

    def _falls(self, place: int, before: Column) -> Sequence[int]:
        """Where a column's values are smaller than `before`, the last one that wasn't empty."""
        fallen = self._fallen[place]
        if fallen is None:
            after = self._columns[place].numbers
            fallen = array("I", itertools.compress(range(len(after)), map(lt, after, before.numbers)))
            self._fallen[place] = fallen
        return fallen

    def __getitem__(self, series: Series) -> Track:
        return dict(self.since(0))[series]

    def __iter__(self) -> Iterator[Series]:
        return iter(dict(self.since(0)))

    def __len__(self) -> int:
        return len(dict(self.since(0)))


def _changed(before: Column, after: Column) -> Sequence[int] | None:
    """The places of the series that changed; None where most did, or where some came or went."""
    if before.lineup.identity != after.lineup.identity:
        return None
    numbers = after.numbers
    changed = array("I", itertools.compress(range(len(numbers)), map(ne, numbers, before.numbers)))
    return None if most(len(changed), len(numbers)) else changed
