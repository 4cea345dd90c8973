"""How much counters and gauges grew in a range: `rate` and its kin, as Prometheus 3 defines them."""

import math
from array import array
from functools import partial
from itertools import pairwise
from operator import sub

from console.domain.metrics import Column, Series, Vector
from console.promql.frames import Frames, Grown
from console.promql.scrapes import Scrapes, Window
from console.promql.selecting import accepted, moved, ranges
from console.promql.tracks import Track, Tracks
from console.promql.tree import Range, Selector
from console.promql.vectors import Moment, Ranges, Stretch, distinct, nameless


def _counted(moment: Moment, counters: Range | Ranges, *, per_second: bool) -> Vector:
    """How much counters grew. Of a scraped metric only the series that changed in the range are looked at."""
    if isinstance(counters, Range):
        name = counters.selector.name
        if name is not None and not counters.selector.names and not moment.store.records(name):
            return _of_scrapes(name, counters, moment, per_second=per_second)
        counters = ranges(counters, moment)
    divisor = (counters.end - counters.start) / 1000 if per_second else 1.0
    grown = ((series, _extrapolated(one, counters, resets=True)) for series, one in counters.samples.items())
    return distinct((nameless(series), one / divisor) for series, one in grown if one is not None)


def _delta(_: Moment, gauges: Ranges) -> Vector:
    grown = ((series, _extrapolated(one, gauges, resets=False)) for series, one in gauges.samples.items())
    return distinct((nameless(series), one) for series, one in grown if one is not None)


def _last_growth(_: Moment, found: Ranges, *, per_second: bool) -> Vector:
    """`irate`, of counters and per second, and `idelta`, of gauges: between the last two samples."""
    result: list[tuple[Series, float]] = []
    for series, (times, values) in found.samples.items():
        if len(times) > 1:
            reset = per_second and values[-1] < values[-2]
            grown = values[-1] if reset else values[-1] - values[-2]
            seconds = (times[-1] - times[-2]) / 1000
            result.append((nameless(series), grown / seconds if per_second else grown))
    return distinct(result)


def _of_scrapes(name: str, node: Range, moment: Moment, *, per_second: bool) -> Vector:
    store, selector = moment.store, node.selector
    end, scrapes = moved(moment, selector.offset, selector.pinned), store.scrapes(name)
    window = scrapes.window(end - node.length, end)
    if window is None or window.first == window.last:
        return {}
    divisor = node.length / 1000 if per_second else 1.0
    past = store.tracks(name)
    grown = past.grown(window.first, window.last) if isinstance(past, Frames) else None
    if grown is None:
        return _mostly_steady(past, selector, window, scrapes, divisor)
    column = _all_moving(grown, window, scrapes, divisor)
    return column.where(accepted(selector, column.lineup)) if selector.matchers else column


def _all_moving(grown: Grown, window: Window, scrapes: Scrapes, divisor: float) -> Column:
    """How series grew that were all there at the same scrapes of the window."""
    seen = scrapes.time(grown.first), scrapes.time(grown.last), grown.scrapes
    pairs = zip(grown.numbers, grown.initial.numbers, strict=True)
    numbers = array("d", (_extended(one, begun, seen, window) / divisor for one, begun in pairs))
    return Column(grown.initial.lineup.nameless, numbers)


def _mostly_steady(
    past: Tracks | Frames, selector: Selector, window: Window, scrapes: Scrapes, divisor: float
) -> Vector:
    """How series grew: those that are there at the end not at all, but for what changed in the window."""
    latest = past.at(window.last)
    numbers = _steady(latest.numbers)
    known = bytearray(accepted(selector, latest.lineup))
    gone: dict[Series, float] = {}
    for series, track in past.changed_after(window.first):
        place = latest.lineup.place(series)
        if not (selector.accepts(series) if place is None else known[place]):
            continue
        grown = _increase(track, window, scrapes)
        if place is None:
            gone |= {} if grown is None else {nameless(series): grown / divisor}
        elif grown is None:
            known[place] = 0
        else:
            numbers[place] = grown / divisor
    column = Column(latest.lineup.nameless, numbers)
    column = column.where(known) if 0 in known else column
    return {**column, **gone} if gone else column


def _steady(numbers: "array[float]") -> "array[float]":
    """How much each has grown that stayed as it is: 0, but NaN of what is not finite."""
    if math.isfinite(sum(numbers)):
        return array("d", bytes(numbers.itemsize * len(numbers)))
    return array("d", map(sub, numbers, numbers))


def _increase(track: Track, window: Window, scrapes: Scrapes) -> float | None:
    """How much a counter grew in the window, by its stretches of equal value."""
    runs = track.runs(window.first, window.last)
    if not runs:
        return None
    initial = previous = runs[0][2]
    grown, count = runs[-1][2] - initial, 0
    for start, end, value in runs:
        count += end - start + 1
        if value < previous:
            grown += previous
        previous = value
    if count < 2:
        return None
    seen = scrapes.time(runs[0][0]), scrapes.time(runs[-1][1]), count
    return _extended(grown, initial, seen, window)


def _extrapolated(stretch: Stretch, over: Ranges, *, resets: bool) -> float | None:
    """How much a series grew in the range. With `resets`, a smaller value is a counter's restart from 0."""
    times, values = stretch
    if len(times) < 2:
        return None
    grown = values[-1] - values[0]
    if resets:
        grown += sum(before for before, after in pairwise(values) if after < before)
    initial = values[0] if resets else -1.0  # a gauge didn't begin at 0
    return _extended(grown, initial, (times[0], times[-1], len(times)), over)


def _extended(grown: float, initial: float, seen: tuple[int, int, int], over: Window | Ranges) -> float:
    """The growth of the whole range, where samples show only that from the first to the last of them.

    Prometheus' rule: towards each bound it goes on at the same pace, as far as the bound if that is no
    further than 1.1 sample intervals, half an interval otherwise; and at the start no further than to where
    a counter, which isn't below 0 with its first sample, would have been 0. `seen` is when the first and the
    last sample were taken, in milliseconds, and how many there are.
    """
    first, last, count = seen
    sampled, before, after = float(last - first), float(first - over.start), float(over.end - last)
    interval = sampled / (count - 1)
    if before >= interval * 1.1:
        before = interval / 2
    if grown > 0 and initial >= 0:
        before = min(before, sampled * (initial / grown))
    if after >= interval * 1.1:
        after = interval / 2
    return grown * ((sampled + before + after) / sampled)


FUNCTIONS = {
    "rate": partial(_counted, per_second=True),
    "increase": partial(_counted, per_second=False),
    "delta": _delta,
    "irate": partial(_last_growth, per_second=True),
    "idelta": partial(_last_growth, per_second=False),
}
