"""The record as a sequence of instants: what was known at any of them."""

from bisect import bisect_right
from collections.abc import Container, Iterator, Sequence
from operator import attrgetter
from pathlib import Path

from console.history.frames import Kind, RecordError
from console.history.header import Header
from console.history.payload import unpack
from console.history.segment import Segment, content
from console.history.steps import StepReader

_now = attrgetter("now")


class Reel:
    """Stands at one step of its segments, of which there is at least one.

    A step that can't be understood, and those that build upon it, are passed over: what was known before
    stays, and grows old.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        """Stand at the first step. RecordError when that can't be understood."""
        self._segments = segments
        self._segment = segments[0]
        self._data = content(self._segment.path)
        self._step = 0
        self._reader = StepReader()
        self._passed_over: set[tuple[Path, int]] = set()
        first = self._segment.steps[0]
        try:
            self._reader.read(first.payload(self._data), whole=True)
            self.snapshot = self._reader.snapshot()
        except RecordError as error:
            raise RecordError(f"{self._segment.path}: byte {first.offset}: {error}") from None

    @property
    def begin(self) -> float:
        return self._segments[0].begin

    @property
    def end(self) -> float:
        return self._segments[-1].end

    @property
    def header(self) -> Header:
        return self._segment.header

    @property
    def damaged(self) -> int:
        """In how many places what was read so far isn't what was written."""
        return sum(segment.damaged for segment in self._segments) + len(self._passed_over)

    @property
    def every(self) -> float:
        """Seconds after which the next step was meant to come."""
        return self._reader.every

    @property
    def next_at(self) -> float | None:
        """The instant of the next step; None after the last."""
        if self._step + 1 < len(self._segment.steps):
            return self._segment.steps[self._step + 1].now
        following = self._segments.index(self._segment) + 1
        return self._segments[following].begin if following < len(self._segments) else None

    @property
    def wall_ahead(self) -> float:
        """Seconds by which the time of day was ahead of the console's own clock."""
        step = self._segment.steps[self._step]
        return step.wall - step.now

    def go_to(self, at: float) -> None:
        """Take up what was known at the instant `at`."""
        segment = self._segments[max(0, bisect_right(self._segments, at, key=_begin) - 1)]
        is_new = segment is not self._segment
        if is_new:
            self._segment, self._data = segment, content(segment.path)
        target = max(0, bisect_right(segment.steps, at, key=_now) - 1)
        whole = next(place for place in range(target, -1, -1) if segment.steps[place].kind is Kind.WHOLE)
        goes_on = not is_new and whole <= self._step <= target
        if goes_on and self._step == target:
            return
        for place in range(self._step + 1 if goes_on else whole, target + 1):
            self._read(place)
        self._step = target
        self._look()

    def instants(self, since: float, until: float, kinds: Container[Kind]) -> list[float]:
        """The instants of the steps of these kinds that are after `since` and before `until`."""
        return [
            step.now
            for segment in self._segments
            if segment.end > since and segment.begin < until
            for step in segment.steps
            if since < step.now < until and step.kind in kinds
        ]

    def keys(self, since: float, until: float) -> Iterator[tuple[float, str]]:
        """The operator's keys after `since` and up to `until`, each with its instant."""
        for segment in self._segments:
            data = None
            for key in segment.keys:
                if since < key.now <= until:
                    data = data or (self._data if segment is self._segment else content(segment.path))
                    yield key.now, _key(key.payload(data))

    def _read(self, place: int) -> None:
        step = self._segment.steps[place]
        try:
            self._reader.read(step.payload(self._data), whole=step.kind is Kind.WHOLE)
        except RecordError:
            self._passed_over.add((self._segment.path, place))

    def _look(self) -> None:
        try:
            self.snapshot = self._reader.snapshot()
        except RecordError:
            self._passed_over.add((self._segment.path, self._step))


_begin = attrgetter("begin")


def _key(payload: bytes) -> str:
    try:
        name = unpack(payload)[0].get("key")
    except RecordError:
        name = None
    return name if isinstance(name, str) else "?"
