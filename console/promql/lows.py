"""The lowest value of each symbol over the last minutes, in little memory: by parts of that time."""

import math
from array import array
from collections.abc import Mapping, Sequence

from console.domain.metrics import Column, Vector


class Lows:
    """The lowest values of one metric in the last `seconds`, to the length of one of `parts` parts of them.

    What is no number is lower than nothing; a symbol that was nothing else is NaN.
    """

    def __init__(self, seconds: float, parts: int) -> None:
        self._part = seconds / parts
        self._kept = parts
        self._symbols: dict[str, int] = {}
        self._parts: dict[int, _Part] = {}
        self._older_are: list[int] = []  # the parts that grow no more, and what they come to
        self._older = _Part()
        self._noted: Vector = {}
        self._places: Sequence[int] = ()
        self._from = self._until = math.nan

    def note(self, at: float, vector: Vector, gap: float) -> None:
        """What the metric is at `at`; after more than `gap` seconds without it, watched only from then."""
        number = math.floor(at / self._part)
        for old in [one for one in self._parts if one <= number - self._kept]:
            del self._parts[old]
        if not vector:
            return
        if not at - self._until <= gap:
            self._from = at
        self._until = at
        places = self._placed(vector)
        self._parts.setdefault(number, _Part()).note(places, vector, len(self._symbols))

    def watched(self, at: float) -> float:
        """Seconds before `at` that are known, as far as they are looked back on; 0 if it isn't there now."""
        return min(at - self._from, self._part * self._kept) if self._until >= at else 0.0

    def lowest(self) -> Mapping[str, float]:
        """The lowest value of each symbol that was there, "" for what has none."""
        *older, newest = sorted(self._parts) or [0]
        if older != self._older_are:
            self._older_are, self._older = older, _merged([self._parts[number] for number in older])
        both = _merged([self._older, self._parts.get(newest, _Part())])
        known = zip(self._symbols, both.lows, strict=False)  # a symbol that has come since has no place there
        told = {symbol: low for symbol, low in known if low < math.inf}
        numberless = (symbol for symbol, place in self._symbols.items() if place in both.unread)
        return {**dict.fromkeys(numberless, math.nan), **told} if both.unread else told

    def _placed(self, vector: Vector) -> Sequence[int]:
        """The places of the vector's symbols; those of last time where its series are the same."""
        before, self._noted = self._noted, vector
        same = isinstance(before, Column) and isinstance(vector, Column) and before.lineup is vector.lineup
        if not same:
            symbols = (series.symbol or "" for series in vector)
            self._places = [self._symbols.setdefault(symbol, len(self._symbols)) for symbol in symbols]
        return self._places


class _Part:
    """One part of the time: the lowest values by place, and the places of what was no number."""

    __slots__ = ("lows", "unread")

    def __init__(self) -> None:
        self.lows = array("d")
        self.unread: set[int] = set()

    def note(self, places: Sequence[int], vector: Vector, symbols: int) -> None:
        lows = self.lows
        lows.extend([math.inf] * (symbols - len(lows)))
        for place, value in zip(places, vector.values(), strict=True):
            if value < lows[place]:
                lows[place] = value
            elif math.isnan(value):
                self.unread.add(place)


def _merged(parts: Sequence[_Part]) -> _Part:
    """The lowest of several parts."""
    merged = _Part()
    for part in parts:
        shorter, longer = sorted((merged.lows, part.lows), key=len)
        lower = [low if low < other else other for low, other in zip(shorter, longer, strict=False)]
        merged.lows = array("d", lower) + longer[len(shorter) :]
        merged.unread = merged.unread | part.unread
    return merged
