"""How many events a counter stands for, exactly: what `increase` extrapolates to a fraction, as a number."""

from collections.abc import Iterator
from typing import NamedTuple

from console.domain.metrics import Vector
from console.promql.query import Query
from console.promql.samples import SampleStore, Window
from console.promql.selecting import judged_by
from console.promql.tracks import Track
from console.promql.tree import Call, Node, Range, Selector, parts
from console.promql.vectors import nameless


class Growth(NamedTuple):
    """A counter whose growth over the last `seconds` a query looks at."""

    selector: Selector
    seconds: float


def growths_in(query: Query) -> tuple[Growth, ...]:
    """The counters whose `increase` or `rate` up to the present the query asks for."""
    return tuple(dict.fromkeys(_growths(query.root)))


def events(growth: Growth, store: SampleStore, at: float) -> Vector:
    """The events of each series that has any, without its metric's name.

    They are the steps between samples of which the later one is in the range. One that is smaller than the
    one before is a counter's restart from 0; a series that came while its metric was watched began at 0.
    """
    name = growth.selector.name
    window = None if name is None else store.window(at, growth.seconds, name)
    if name is None or window is None or store.records(name):
        return {}
    accepts = judged_by(growth.selector)
    counted = (
        (series, _counted(track, window))
        for series, track in store.tracks(name).moved_after(window.first - 1)
        if accepts(series)
    )
    return {nameless(series): count for series, count in counted if count > 0}


def _growths(node: Node) -> Iterator[Growth]:
    match node:
        case Call(function="increase" | "rate", arguments=(Range(selector=selector, length=length),)):
            if selector.name is not None and not selector.offset and selector.pinned is None:
                yield Growth(selector, length / 1000)
        case _:
            for part in parts(node):
                yield from _growths(part)


def _counted(track: Track, window: Window) -> float:
    before = track.at(window.first - 1)
    runs = track.runs(window.first, window.last)
    if before is None and runs and runs[0][0] == window.first:
        before = runs[0][2]  # it was there already: since when is not known
    count, last = 0.0, before or 0.0
    for _, _, value in runs:
        count += value - last if value >= last else value
        last = value
    return count
