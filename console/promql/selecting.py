"""What a selector finds in the store: series as they are at a time, and their samples of a range."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TypeVar

from console.domain.metrics import Column, Lineup, Series, Vector
from console.promql.tree import Pinned, Range, Selector
from console.promql.vectors import Moment, Ranges, Stretch

T = TypeVar("T")


def moved(moment: Moment, offset: int, pinned: Pinned) -> int:
    """The time that `@` and `offset` mean, in milliseconds."""
    if pinned is None:
        return moment.time - offset
    if isinstance(pinned, int):
        return pinned - round(moment.store.ahead * 1000) - offset
    return (moment.start if pinned == "start" else moment.end) - offset


def select(selector: Selector, moment: Moment) -> Vector:
    """The series that a selector finds, with their values."""
    return _found(selector, moment, moment.store.instant)


def taken(selector: Selector, moment: Moment) -> Vector:
    """The series that a selector finds, with when their samples were taken, in seconds."""
    return _found(selector, moment, moment.store.taken)


def ranges(node: Range, moment: Moment) -> Ranges:
    """The samples of the series that a range's selector finds. A series without any isn't among them."""
    end = moved(moment, node.selector.offset, node.selector.pinned)
    start = end - node.length
    samples: dict[Series, Stretch] = {}
    for name in _names(node.selector, moment):
        samples.update(_chosen(node.selector, moment.store.ranges(name, start, end)))
    return Ranges(start, end, samples)


def accepted(selector: Selector, lineup: Lineup) -> bytes:
    """For each series whether a selector finds it, 1 or 0."""
    if not selector.matchers:
        return b"\1" * len(lineup.series)
    return lineup.judged(selector.matchers, selector.accepts)


@lru_cache(maxsize=64)
def judged_by(selector: Selector) -> Callable[[Series], bool]:
    """What a selector thinks of each series, found out once."""
    return lru_cache(maxsize=1 << 16)(selector.accepts)


def _found(selector: Selector, moment: Moment, look: Callable[[str, float], Vector]) -> Vector:
    at = moved(moment, selector.offset, selector.pinned) / 1000
    names = _names(selector, moment)
    if len(names) == 1:
        vector = look(names[0], at)
        if isinstance(vector, Column):
            return vector.where(accepted(selector, vector.lineup)) if selector.matchers else vector
    return {series: one for name in names for series, one in _chosen(selector, look(name, at).items())}


def _names(selector: Selector, moment: Moment) -> list[str]:
    if selector.name is not None and not selector.names:
        return [selector.name]
    return [name for name in moment.store.names() if selector.names_metric(name)]


def _chosen(selector: Selector, found: Iterable[tuple[Series, T]]) -> Iterator[tuple[Series, T]]:
    if not selector.matchers:
        return iter(found)
    accepts = judged_by(selector)
    return (pair for pair in found if accepts(pair[0]))
