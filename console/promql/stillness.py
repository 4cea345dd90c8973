"""Since when the counter of an alert is known to stand still.

A rule over a rate looks back: it may begin to fire minutes after the last event. Who asks what has happened
since an instant has to know when the counter moved last, and that nothing was hidden in a gap.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from console.domain.alert_state import Phase, RuleAlert
from console.domain.metrics import Labels, Series
from console.promql.events import Growth
from console.promql.samples import SampleStore, Window
from console.promql.selecting import judged_by
from console.promql.tracks import Track
from console.promql.vectors import nameless

GAP = 90.0
"""Seconds between two scrapes in which a counter may have restarted unseen, and come to where it was."""


class Stillness:
    """What is known of one rule's alerts, from one evaluation to the next.

    `growths` are the counters whose growth it asks for, `metrics` all that it compares: of a rule that
    compares anything else nothing is known.
    """

    def __init__(self, growths: Sequence[Growth], metrics: Sequence[str]) -> None:
        names = {growth.selector.name for growth in growths}
        self._growths = growths if names == set(metrics) and len(names) == 1 else ()
        self._since: dict[Labels, float] = {}
        self._looked = 0.0

    def look(self, alerts: Mapping[Labels, RuleAlert], store: SampleStore, at: float) -> None:
        """Look at the counters of the alerts at `at`, seconds on the store's clock."""
        before, self._since = self._since, {}
        active = [one for one in alerts.values() if one.phase is not Phase.RESOLVED and not one.lost]
        if not self._growths or not active:
            return
        length = min(growth.seconds for growth in self._growths)
        watched = store.covered(at) >= length
        goes_on = at - self._looked < length
        moved = _moved(self._growths, store, at)
        self._looked = at
        if moved is None:
            return
        for one in active:
            last = _last(moved, one.series)
            known = before.get(one.labels) if goes_on else None
            if last is not None:
                self._since[one.labels] = last
            elif known is not None:
                self._since[one.labels] = known
            elif watched:
                self._since[one.labels] = at - length

    def since(self, labels: Labels) -> float | None:
        """Since when, on the store's clock: no earlier than it moved; None where that isn't known."""
        return self._since.get(labels)


def _last(moved: Mapping[Series, float], series: Series) -> float | None:
    """When the counter of these labels moved last; of a sum over all of them the one that moved last."""
    if not series.labels:
        return max(moved.values(), default=None)
    return moved.get(nameless(series), moved.get(_ANY))


_ANY = Series("", (("", ""),))
"""Stands for every series: in a gap all may have moved."""


def _moved(growths: Sequence[Growth], store: SampleStore, at: float) -> Mapping[Series, float] | None:
    """When each series moved last that did so in the range; None where there was no scrape, or none of it."""
    found: dict[Series, float] = {}
    for growth in growths:
        name = growth.selector.name or ""
        window = None if store.records(name) else store.window(at, growth.seconds, name)
        if window is None:
            return None
        scrapes, accepts = store.scrapes(name), judged_by(growth.selector)
        times = [time / 1000 for time in scrapes.times(window.first, window.last)]
        gap = max(_gaps([*times, at]), default=None)
        if gap is not None:
            found[_ANY] = max(gap, found.get(_ANY, gap))
        for series, track in store.tracks(name).moved_after(window.first - 1):
            number = _changed(track, window) if accepts(series) else None
            if number is not None:
                when = max(times[number - window.first], gap or 0.0)
                found[nameless(series)] = max(when, found.get(nameless(series), when))
    return found


def _gaps(times: Sequence[float]) -> Iterator[float]:
    """The ends of the gaps between them."""
    return (late for early, late in pairwise(times) if late - early > GAP)


def _changed(track: Track, window: Window) -> int | None:
    """The scrape of the window at which the value was last another than before, came or went."""
    runs = track.runs(window.first, window.last)
    if not runs:
        return window.last
    last = track.at(window.first - 1)
    if last is None and runs[0][0] == window.first:
        last = runs[0][2]  # it was there already: since when is not known
    changed, end = None, window.first - 1
    for first, until, value in runs:
        if value != last or first != end + 1:
            changed = first
        last, end = value, until
    return changed if end == window.last else window.last
