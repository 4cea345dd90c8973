"""Evaluates a query at one instant over what the store holds, as Prometheus 3 would.

What panels need is here or near; operators, aggregations and functions are imported when a query has them.
"""

from collections.abc import Iterator, Mapping
from typing import cast

from console.domain.metrics import Labels, Series, Vector
from console.promql import selecting
from console.promql.functions import function
from console.promql.query import Query
from console.promql.samples import SampleStore
from console.promql.tree import (
    Aggregation,
    Call,
    Missing,
    Negation,
    Node,
    Number,
    Operation,
    Range,
    Selector,
    Subquery,
    Text,
)
from console.promql.vectors import NOTHING, EvaluationError, Moment, Ranges, Stretch, Value, mapped

__all__ = ["EvaluationError", "evaluate", "evaluate_any", "evaluate_steps", "vector_of"]


def evaluate(query: Query, store: SampleStore, at: float) -> Vector:
    """The query's series with their values at `at`, seconds on the store's clock.

    A plain number comes as one series without name and labels. EvaluationError where two series of the
    result could not be told apart, where series match that may not, where a metric's past is needed and not
    kept, and where the answer is no vector but a text or a range.
    """
    time = round(at * 1000)
    with store.lock:
        return vector_of(query, Moment(store, time, time, time))


def evaluate_any(query: Query, store: SampleStore, at: float) -> Value:
    """As `evaluate`, of whatever kind the answer is."""
    time = round(at * 1000)
    with store.lock:
        return evaluate_node(query.root, Moment(store, time, time, time))


def evaluate_steps(
    query: Query, store: SampleStore, start: float, end: float, step: float
) -> Iterator[tuple[float, Vector]]:
    """The query's answers from `start` to `end`, every `step`, all in seconds. Raises as `evaluate` does."""
    first, last = round(start * 1000), round(end * 1000)
    for time in range(first, last + 1, round(step * 1000)):
        with store.lock:
            vector = vector_of(query, Moment(store, time, first, last))
        yield time / 1000, vector


def vector_of(query: Query, moment: Moment) -> Vector:
    """As `evaluate`, for who holds the store's lock."""
    answer = evaluate_node(query.root, moment)
    if isinstance(answer, float):
        return {NOTHING: answer}
    if isinstance(answer, Mapping):
        return answer
    raise EvaluationError(
        f"the query answers a {'text' if isinstance(answer, str) else 'range'}, not a vector"
    )


def evaluate_node(node: Node, moment: Moment) -> Value:
    """The value of a part of a query, which is looked up where the moment knows it. Raises as `evaluate`."""
    if moment.known is None:
        return _evaluated(node, moment)
    value = moment.known.get(node)
    if value is None:
        value = moment.known[node] = _evaluated(node, moment)
    return value


def _evaluated(node: Node, moment: Moment) -> Value:
    value: Value
    match node:
        case Selector():
            value = selecting.select(node, moment)
        case Call():
            value = _call(node, moment)
        case Operation():
            value = _operate(node, moment)
        case Aggregation():
            value = _aggregate(node, moment)
        case Number() | Text():
            value = node.value
        case Range():
            value = selecting.ranges(node, moment)
        case Negation(operand=operand):
            value = _negative(evaluate_node(operand, moment))
        case Missing(operand=operand, labels=labels):
            value = _missing(evaluate_node(operand, moment), labels)
        case Subquery():
            value = _subquery(node, moment)
    return value


def _call(node: Call, moment: Moment) -> Value:
    call = function(node.function)
    match node:
        case Call(function="rate" | "increase", arguments=(Range() as counters,)):
            return call(moment, counters)
        case Call(function="timestamp", arguments=(Selector() as selector,)):
            return mapped(selecting.taken(selector, moment), lambda taken: taken + moment.store.ahead)
        case _:
            return call(moment, *[evaluate_node(argument, moment) for argument in node.arguments])


def _operate(node: Operation, moment: Moment) -> Value:
    from console.promql.operators import operate  # noqa: PLC0415 (as said above)

    return operate(node, evaluate_node(node.left, moment), evaluate_node(node.right, moment))


def _aggregate(node: Aggregation, moment: Moment) -> Vector:
    from console.promql.aggregations import aggregate  # noqa: PLC0415 (as said above)

    parameter = 0.0 if node.parameter is None else evaluate_node(node.parameter, moment)
    vector = cast("Vector", evaluate_node(node.operand, moment))
    return aggregate(node, vector, cast("float | str", parameter))


def _negative(value: Value) -> float | Vector:
    return -value if isinstance(value, float) else mapped(cast("Vector", value), float.__neg__)


def _missing(value: Value, labels: Labels) -> Vector:
    found = value.samples if isinstance(value, Ranges) else cast("Vector", value)
    return {} if found else {Series("", labels): 1.0}


def _subquery(node: Subquery, moment: Moment) -> Ranges:
    """What the operand was at the multiples of the step after the start of the range, up to its end."""
    end = selecting.moved(moment, node.offset, node.pinned)
    start = end - node.length
    found: dict[Series, tuple[list[int], list[float]]] = {}
    for time in range((start // node.step + 1) * node.step, end + 1, node.step):
        value = evaluate_node(node.operand, moment._replace(time=time, known=None))
        vector = {NOTHING: value} if isinstance(value, float) else cast("Vector", value)
        for series, one in vector.items():
            times, values = found.setdefault(series, ([], []))
            times.append(time)
            values.append(one)
    return Ranges(start, end, {series: Stretch(*samples) for series, samples in found.items()})
