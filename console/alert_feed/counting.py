"""Events of a server's counters, counted exactly from their samples.

`increase()` extrapolates: of one liquidation it makes 1.003, and of five sync errors in a minute 6.7.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from console.domain.metrics import Labels
from console.promql.stillness import GAP
from console.sources.errors import SourceError
from console.sources.prometheus_server import Asking, Row

BEFORE = 300.0
"""Seconds before a window in which its first step may begin: as long as a sample stands for the present."""


class Counted(NamedTuple):
    """A series' events in a window; since `still_since` its counter is known not to have moved."""

    labels: Mapping[str, str]
    events: float
    still_since: float


def selector(name: str, labels: Labels) -> str:
    """The series of this metric that have these labels."""
    return f"{name}{{{','.join(f'{label}={quoted(value)}' for label, value in labels)}}}"


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def counted(asking: Asking, selected: str, seconds: float, at: float, watched: float) -> Iterator[Counted]:
    """Each series that is `selected`, with its events in the `seconds` before `at`.

    Times are by the server's clock. For `watched` seconds before `at` there have been samples: a series that
    came after their beginning began at 0. SourceError where the server doesn't answer.
    """
    rows = asking.rows(f"{selected}[{seconds + BEFORE:.0f}s]", at).rows
    for row in rows:
        samples = list(_numbers(row))
        found = events(samples, at - seconds, born=watched >= seconds)
        yield Counted(row.labels, found, still_since(samples, at - seconds, at))


def events(samples: Iterable[tuple[float, float]], start: float, *, born: bool) -> float:
    """The steps of a counter between samples of which the later one comes after `start`.

    One that is smaller than the one before is a restart from 0. A counter without a sample until `start` had
    been 0 before if it was `born` after that; else what it stood at is not known to be new.
    """
    count, last = 0.0, None
    for at, value in samples:
        if last is None:
            last = 0.0 if born and at > start else value
        if at > start:
            count += value - last if value >= last else value
        last = value
    return count


def still_since(samples: Sequence[tuple[float, float]], start: float, at: float) -> float:
    """No earlier than the counter moved last before `at`, and no later than that but for what a gap may hide.

    It is `start` where all its samples since then, and the one before, are the same.
    """
    if not samples or at - samples[-1][0] > GAP:
        return at
    late = (
        time
        for (before, value), (time, after) in pairwise(samples)
        if time > start and (value != after or time - before > GAP)
    )
    return max(late, default=max(start, samples[0][0]))


def _numbers(row: Row) -> Iterator[tuple[float, float]]:
    """A counter's samples without those that no counter can have."""
    for at, text in row.samples:
        try:
            value = float(text)
        except ValueError:
            raise SourceError("a sample's value is no number") from None
        if math.isfinite(value):
            yield at, value
