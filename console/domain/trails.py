"""The last minutes of a figure that many things have: one column of values for each instant, cheap to add to.

A trail is bounded: what is recent is kept at a fine step, what is older at a coarse one, and what is older
than that goes. Values are kept as 32-bit floats, exact to seven digits: enough for a plot and a slope.
"""

import itertools
import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from console.domain.reading import Reading

FINE_STEP, FINE_SPAN = 5.0, 600.0
"""Seconds between columns, and how far these reach back."""
COARSE_STEP, COARSE_SPAN = 60.0, 3 * 3600.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Everybody's value at one instant; `places` says where in `values` whose stands. NaN: none."""

    at: float
    places: Mapping[str, int]
    values: "array[float]"

    def of(self, name: str) -> float:
        place = self.places.get(name)
        return math.nan if place is None else self.values[place]


@dataclass(frozen=True, slots=True)
class Step(Moment):
    """Several moments as one, at the newest of them: of each name the lowest value that any has.

    `runs` are the values of all of them, with their places; most often these are the same throughout.
    """

    runs: "tuple[tuple[Mapping[str, int], tuple[array[float], ...]], ...]" = ()

    def of(self, name: str) -> float:
        values = [
            column[place]
            for places, columns in self.runs
            if (place := places.get(name)) is not None
            for column in columns
        ]
        lowest = min(values, default=math.nan)
        if math.isnan(lowest):  # which min() lets stand when it comes first
            return min((value for value in values if not math.isnan(value)), default=math.nan)
        return lowest


def step_of(newest: Moment, *earlier: Moment) -> Step:
    """These moments as one."""
    runs = itertools.groupby((newest, *earlier), key=lambda moment: id(moment.places))
    together = [list(run) for _, run in runs]
    columns = ((run[0].places, tuple(moment.values for moment in run)) for run in together)
    return Step(newest.at, newest.places, newest.values, tuple(columns))


@dataclass(frozen=True, slots=True)
class Trails:
    """Moments, the oldest first: coarse ones, then fine ones, then the newest of all, which may be replaced.

    `names` are those of the newest moment.
    """

    coarse: tuple[Moment, ...] = ()
    fine: tuple[Moment, ...] = ()
    newest: Moment | None = None
    names: Sequence[str] = ()

    def of(self, name: str, since: float = -math.inf) -> list[tuple[float, float]]:
        """`(instant, value)` of one name from `since` on, the oldest first, where it has any."""
        found = ((moment.at, moment.of(name)) for moment in self.moments(since))
        return [(at, value) for at, value in found if not math.isnan(value)]

    def moments(self, since: float = -math.inf) -> Iterator[Moment]:
        for part in (self.coarse, self.fine, () if self.newest is None else (self.newest,)):
            yield from part[bisect_left(part, since, key=_at) :]

    def steps(self, seconds: float) -> tuple[Moment, ...]:
        """The moments of the last `seconds` that are a fine step apart at least.

        The newest is among them only once it is that late: what rests on them stands still until then.
        """
        if self.newest is None:
            return ()
        fine = self.fine[bisect_left(self.fine, self.newest.at - seconds, key=_at) :]
        late = not self.fine or self.newest.at >= self.fine[-1].at + FINE_STEP
        return (*fine, self.newest) if late else fine

    def with_moment(
        self,
        at: float,
        names: Sequence[str],
        values: Iterable[float],
        places: Mapping[str, int] | None = None,
    ) -> "Trails":
        """These, and everybody's value at `at`; an instant that is not after the newest is left out.

        Quickest with the same `names` object as before. `places` says where each name stands, if that is
        known: there may be thousands.
        """
        newest = self.newest
        if newest is not None and at <= newest.at:
            return self
        moment = Moment(at, self._places(names, places), self._values(values))
        if newest is None or (self.fine and newest.at < self.fine[-1].at + FINE_STEP):
            return Trails(self.coarse, self.fine, moment, names)
        coarse, fine = list(self.coarse), [*self.fine, newest]
        while fine and fine[0].at < at - FINE_SPAN:
            oldest = fine.pop(0)
            if not coarse or oldest.at >= coarse[-1].at + COARSE_STEP:
                coarse.append(oldest)
        while coarse and coarse[0].at < at - COARSE_SPAN:
            del coarse[0]
        return Trails(tuple(coarse), tuple(fine), moment, names)

    def _places(self, names: Sequence[str], places: Mapping[str, int] | None) -> Mapping[str, int]:
        if self.newest is not None and (names is self.names or list(names) == list(self.names)):
            return self.newest.places
        return {name: place for place, name in enumerate(names)} if places is None else places

    def _values(self, values: Iterable[float]) -> "array[float]":
        """The column of the newest moment where nobody's value has changed since: hours of them are kept."""
        column = array("f", values)
        before = None if self.newest is None else self.newest.values
        return column if before is None or before.tobytes() != column.tobytes() else before


def instant_of(reading: Reading[object]) -> float:
    """The instant that a reading's value is put down for: the one it speaks of, or else its arrival."""
    return reading.fetched_at if reading.data_at is None else reading.data_at


_at = attrgetter("at")
