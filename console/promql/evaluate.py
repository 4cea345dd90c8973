"""Evaluates a query at one instant over what the store holds, as Prometheus 3 would."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from console.domain.metrics import Column, Labels, Series, Vector
from console.promql.functions import AGGREGATE, ARITHMETIC, COMPARISON, histogram_quantile, increase
from console.promql.query import (
    Aggregation,
    HistogramQuantile,
    Negation,
    Node,
    Number,
    Operation,
    OverRange,
    Query,
    Selector,
    is_scalar,
)
from console.promql.samples import SampleStore, Window

_NOTHING = Series("", ())


class EvaluationError(Exception):
    """A query that has no answer over these samples, with the reason."""


def evaluate(query: Query, store: SampleStore, at: float) -> Vector:
    """The query's series with their values at `at`, seconds on the store's clock.

    A plain number comes as one series without name and labels. EvaluationError where two series of the
    result could not be told apart, or where a metric's past is needed and not kept.
    """
    try:
        if is_scalar(query.root):
            return {_NOTHING: _scalar(query.root)}
        return _vector(query.root, store, at)
    except LookupError as error:
        raise EvaluationError(str(error.args[0])) from error


def _vector(node: Node, store: SampleStore, at: float) -> Vector:
    match node:
        case Selector():
            return _select(node, store, at)
        case OverRange():
            return _over_range(node, store, at)
        case Aggregation():
            return _aggregate(node, _vector(node.operand, store, at))
        case HistogramQuantile():
            return _quantile(_scalar(node.quantile), _vector(node.buckets, store, at))
        case Negation():
            vector = _vector(node.operand, store, at)
            return _unnamed((series, -value) for series, value in vector.items())
        case Operation():
            return _operate(node, store, at)
        case Number():
            raise EvaluationError("a number where a vector is needed")


def _scalar(node: Node) -> float:
    match node:
        case Number():
            return node.value
        case Negation():
            return -_scalar(node.operand)
        case Operation():
            left, right = _scalar(node.left), _scalar(node.right)
            if node.sign in COMPARISON:
                return float(COMPARISON[node.sign](left, right))
            return ARITHMETIC[node.sign](left, right)
        case _:
            raise EvaluationError("a vector where a number is needed")


def _select(selector: Selector, store: SampleStore, at: float) -> Vector:
    if selector.name is not None and not selector.names:
        return _chosen(selector, store.instant(selector.name, at))
    chosen: dict[Series, float] = {}
    for name in store.names():
        if selector.name in (None, name) and all(matcher.accepts(name) for matcher in selector.names):
            chosen.update(_chosen(selector, store.instant(name, at)))
    return chosen


def _chosen(selector: Selector, vector: Vector) -> Vector:
    if not selector.matchers:
        return vector
    accepts = _remembered(selector)
    return {series: value for series, value in vector.items() if accepts(series)}


@lru_cache(maxsize=64)
def _remembered(selector: Selector) -> Callable[[Series], bool]:
    """What a selector thinks of each series, found out once."""
    return lru_cache(maxsize=1 << 16)(selector.accepts)


def _over_range(node: OverRange, store: SampleStore, at: float) -> Vector:
    window = store.window(at, node.seconds)
    selector = node.selector
    if window is None or selector.name is None:
        return {}
    divisor = node.seconds if node.function == "rate" else 1.0
    if not selector.matchers and window.first < window.last:
        column = _mostly_steady(selector.name, window, divisor, store, at)
        if column is not None:
            return column
    result: dict[Series, float] = {}
    accepts = _remembered(selector)
    for series, track in store.tracks(selector.name).items():
        if selector.matchers and not accepts(series):
            continue
        grown = increase(track, window, store)
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
        place, grown = latest.lineup.place(series), increase(track, window, store)
        if place is not None and grown is not None:
            numbers[place] = grown / divisor
        elif place is not None or grown is not None:
            return None
    return Column(latest.lineup.nameless, numbers)


@lru_cache(maxsize=1 << 16)
def nameless(series: Series) -> Series:
    """The same series without its metric's name, as every function leaves it."""
    return Series("", series.labels)


def _unnamed(samples: Iterable[tuple[Series, float]]) -> Vector:
    result: dict[Series, float] = {}
    for series, value in samples:
        bare = nameless(series)
        if bare in result:
            raise EvaluationError("vector cannot contain metrics with the same labelset")
        result[bare] = value
    return result


def _aggregate(node: Aggregation, vector: Vector) -> Vector:
    function = AGGREGATE[node.function]
    if not node.labels and not node.without:
        return {_NOTHING: function(_values(vector))} if vector else {}
    groups: dict[Series, list[float]] = {}
    for series, value in vector.items():
        groups.setdefault(_group(series, node.labels, node.without), []).append(value)
    return {group: function(values) for group, values in groups.items()}


def _values(vector: Vector) -> Sequence[float]:
    return vector.numbers if isinstance(vector, Column) else list(vector.values())


@lru_cache(maxsize=1 << 16)
def _group(series: Series, labels: tuple[str, ...], without: bool) -> Series:
    kept: Labels = tuple(pair for pair in series.labels if (pair[0] in labels) != without)
    named = "__name__" in labels and not without
    return Series(series.name if named else "", kept)


def _quantile(quantile: float, vector: Vector) -> Vector:
    histograms: dict[Series, list[tuple[float, float]]] = {}
    for series, count in vector.items():
        try:
            bound = float(series.label("le") or "")
        except ValueError:  # not a bucket
            continue
        histograms.setdefault(_group(series, ("le",), without=True), []).append((bound, count))
    return {series: histogram_quantile(quantile, buckets) for series, buckets in histograms.items()}


def _operate(node: Operation, store: SampleStore, at: float) -> Vector:
    scalar_first = is_scalar(node.left)
    vector = _vector(node.right if scalar_first else node.left, store, at)
    scalar = _scalar(node.left if scalar_first else node.right)
    if node.sign in ARITHMETIC:
        compute = ARITHMETIC[node.sign]
        return _unnamed(
            (series, compute(scalar, value) if scalar_first else compute(value, scalar))
            for series, value in vector.items()
        )
    holds = COMPARISON[node.sign]
    judged = (
        (series, value, holds(scalar, value) if scalar_first else holds(value, scalar))
        for series, value in vector.items()
    )
    if node.as_bool:
        return _unnamed((series, float(held)) for series, _, held in judged)
    return {series: value for series, value, held in judged if held}
