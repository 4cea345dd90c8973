"""Since when the counter of an alert is known to stand still.

A rule over a rate looks back: it may begin to fire minutes after the last event. Who asks what has happened
since an instant has to know when the counter moved last, and that nothing was hidden in a gap.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from console.domain.alert_state import Phase, RuleAlert
from console.domain.metrics import Labels, Series
from console.promql.events import growths_in
from console.promql.query import Query
from console.promql.samples import SampleStore, Window
from console.promql.selecting import judged_by
from console.promql.tracks import Track
from console.promql.tree import (
    Aggregation,
    Call,
    Matching,
    Negation,
    Node,
    Number,
    Operation,
    Range,
    Selector,
    parts,
)
from console.promql.vectors import group, nameless

GAP = 90.0
"""Seconds between two scrapes in which a counter may have restarted unseen, and come to where it was."""
_ANSWERS = "opsconsole_up"
"""Whether a source answers: says only whether the rest can be trusted."""


class Counter(NamedTuple):
    """Series of a counter; `over` is the sum or such that makes one of several."""

    selector: Selector
    over: Aggregation | None = None

    def of(self, series: Series) -> Series:
        """What an alert calls this series of it."""
        alone = nameless(series)
        return alone if self.over is None else group(alone, self.over.labels, self.over.without)


class Steps(NamedTuple):
    """The only metric whose steps make a rule fire, as it looks at it, and the shortest time it looks back.

    That is in seconds.
    """

    name: str
    seconds: float
    counters: tuple[Counter, ...]


def steps_of(query: Query) -> Steps | None:
    """What a rule fires by that can fire only when a counter moves.

    None for one that may begin to fire while that stands still: because it does, by a gate that opens, by
    another time or metric; and for all that isn't known to be otherwise.
    """
    counters = tuple(dict.fromkeys(_risen(query.root)))
    names = {counter.selector.name or "" for counter in counters}
    seconds = [growth.seconds for growth in growths_in(query)]
    return Steps(names.pop(), min(seconds), counters) if seconds and len(names) == 1 else None


def _risen(node: Node) -> tuple[Counter, ...]:
    """The counters of which one has moved when this holds anew; none where it can do so by itself."""
    match node:
        case Operation(sign=">" | ">=", left=counted, right=bound, as_bool=False) if _is_fixed(bound):
            return _counters(counted)
        case Operation(sign="<" | "<=", left=bound, right=counted, as_bool=False) if _is_fixed(bound):
            return _counters(counted)
        case Operation(sign="and" | "unless" as sign, left=left, right=right) if _answers(right, sign):
            return _risen(left)
        case Operation(sign="unless", left=left, right=right, matching=matching) if matching == Matching():
            return _risen(left) if _is_earlier(left, right) else ()
        case Operation(sign="and" | "or", matching=matching) if matching == Matching():
            one, other = _risen(node.left), _risen(node.right)
            return one + other if one and other else ()
        case _:
            return ()


def _counters(node: Node, over: Aggregation | None = None) -> tuple[Counter, ...]:
    """The counters that have moved when this has become more; none where it may by itself."""
    match node:
        case Call(function="increase" | "rate", arguments=(Range(selector=selector),)):
            return _counters(selector, over)
        case Selector(name=str(), offset=0, pinned=None):
            return (Counter(node, over),)
        case Call(function="ceil" | "floor" | "round", arguments=(operand,)):
            return _counters(operand, over)
        case Aggregation(function="sum" | "max", operand=operand) if over is None:
            return _counters(operand, node)
        case (
            Operation(sign="*" | "/", left=operand, right=Number(value=factor))
            | Operation(sign="*", left=Number(value=factor), right=operand)
        ) if factor > 0:
            return _counters(operand, over)
        case _:
            return ()


def _is_fixed(node: Node) -> bool:
    """Whether it is a number that never changes."""
    match node:
        case Number():
            return True
        case Negation() | Operation():
            return all(map(_is_fixed, parts(node)))
        case _:
            return False


def _answers(node: Node, sign: str) -> bool:
    """Whether a gate behind `and` or `unless` asks only that a source answers."""
    match node:
        case Operation(sign="==", left=Selector(name=name), right=Number(value=value), as_bool=False):
            return name == _ANSWERS and value == (sign == "and")
        case _:
            return False


def _is_earlier(left: Node, right: Node) -> bool:
    """Whether `left unless right` asks for what has come, such as of `x > 0 unless x offset 5m`."""
    match left, right:
        case Operation(left=Selector() as now), Selector(offset=offset) if offset > 0:
            return right == now._replace(offset=offset)
        case _:
            return False


class Stillness:
    """What is known of the alerts of one rule, which asks `query`, from one evaluation to the next."""

    def __init__(self, query: Query) -> None:
        self._steps = steps_of(query)
        self._since: dict[Labels, float] = {}
        self._looked = 0.0

    def look(self, alerts: Mapping[Labels, RuleAlert], store: SampleStore, at: float) -> None:
        """Look at the counters of the alerts at `at`, seconds on the store's clock."""
        before, self._since = self._since, {}
        active = [one for one in alerts.values() if one.phase is not Phase.RESOLVED and not one.lost]
        if self._steps is None or not active:
            return
        length = self._steps.seconds
        watched = store.covered(at) >= length
        goes_on = at - self._looked < length
        moved = _moved(self._steps, store, at)
        self._looked = at
        if moved is None:
            return
        for one in active:
            last = moved.get(nameless(one.series), moved.get(_ANY))
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


_ANY = Series("", (("", ""),))
"""Stands for every series: in a gap all may have moved."""


def _moved(steps: Steps, store: SampleStore, at: float) -> Mapping[Series, float] | None:
    """When each moved last that did so in the range, as alerts call them.

    None where there was no scrape, or none of it.
    """
    name = steps.name
    window = None if store.records(name) else store.window(at, steps.seconds, name)
    if window is None:
        return None
    scrapes = store.scrapes(name)
    times = [time / 1000 for time in scrapes.times(window.first, window.last)]
    before = scrapes.time(window.first - 1) / 1000  # a gap may reach into the range
    gap = max(_gaps([before, *times, at]), default=None)
    found: dict[Series, float] = {} if gap is None else {_ANY: gap}
    counters = [(counter, judged_by(counter.selector)) for counter in steps.counters]
    for series, track in store.tracks(name).moved_after(window.first - 1):
        called = [counter.of(series) for counter, accepts in counters if accepts(series)]
        number = _changed(track, window) if called else None
        if number is not None:
            when = max(times[number - window.first], gap or 0.0)
            found |= {one: max(when, found.get(one, when)) for one in called}
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
