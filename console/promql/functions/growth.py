"""How much counters and gauges grew in a range: `rate` and its kin, as Prometheus 3 defines them."""

from array import array
from functools import partial
from itertools import pairwise

from console.domain.metrics import Column, Series, Vector
from console.promql.samples import SampleStore, Window
from console.promql.selecting import judged_by, moved, ranges
from console.promql.tracks import Track
from console.promql.tree import Range
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
    at = moved(moment, selector.offset, selector.pinned) / 1000
    window = store.window(at, node.length / 1000)
    if window is None:
        return {}
    divisor = node.length / 1000 if per_second else 1.0
    if not selector.matchers and window.first < window.last:
        column = _mostly_steady(name, window, divisor, store, at)
        if column is not None:
            return column
    result: dict[Series, float] = {}
    accepts = judged_by(selector)
    for series, track in store.tracks(name).items():
        if selector.matchers and not accepts(series):
            continue
        grown = _increase(track, window, store)
        if grown is not None:
            result[nameless(series)] = grown / divisor
    return result


def _mostly_steady(name: str, window: Window, divisor: float, store: SampleStore, at: float) -> Column | None:
    """How the series of the last scrape grew: 0 but for those that changed in the window.

    None where series came or went, so that others have an answer than those.
    """
    latest = store.instant(name, at)
    if not isinstance(latest, Column):
        return None
    numbers = array("d", bytes(8 * len(latest)))
    for series, track in store.changed_after(name, window.first):
        place, grown = latest.lineup.place(series), _increase(track, window, store)
        if place is not None and grown is not None:
            numbers[place] = grown / divisor
        elif place is not None or grown is not None:
            return None
    return Column(latest.lineup.nameless, numbers)


def _increase(track: Track, window: Window, store: SampleStore) -> float | None:
    """How much a counter grew in the window, by its stretches of equal value."""
    if track.steady(window.first, window.last) and window.first < window.last:
        return 0.0
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
    seen = store.time(runs[0][0]), store.time(runs[-1][1]), count
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
