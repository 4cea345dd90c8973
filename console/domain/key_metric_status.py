"""What the key metrics come to: each one's value, how bad it is, and the symbol that it is of."""

import math
from collections.abc import Iterable, Set
from dataclasses import replace

from console.domain.answers import absent, answer_to
from console.domain.metrics import Answer, Metrics
from console.domain.reading import SourceState
from console.domain.severity import Severity
from console.domain.status import Judged, KeyMetricStatus
from console.domain.symbols import SymbolRows
from console.domain.thresholds import KeyMetric
from console.domain.worst import worst_of_metric


def key_metric_statuses(
    metrics: Iterable[KeyMetric],
    state: SourceState[Metrics],
    now: float,
    not_exported: Set[str],
    symbols: SymbolRows,
) -> tuple[KeyMetricStatus, ...]:
    """Each of `metrics` at the instant `now`; the engine is known not to have those `not_exported`."""
    values = (_key_metric(metric, state, now, not_exported) for metric in metrics)
    return tuple(_with_its_symbol(value, symbols) for value in values)


def _key_metric(
    metric: KeyMetric, state: SourceState[Metrics], now: float, not_exported: Set[str]
) -> KeyMetricStatus:
    number = _worst(metric, answer_to(state.value, metric.query))
    rests_on = ""
    if metric.lifetime is not None and (number is None or math.isnan(number)):
        number = _worst(metric, answer_to(state.value, metric.lifetime))
        rests_on = "since the engine's start"
    if not state.usable(now):
        return KeyMetricStatus(metric, Judged(number, Severity.UNKNOWN, state.doubt(now)))
    if number is None:
        answer = answer_to(state.value, metric.query)
        return KeyMetricStatus(metric, absent(answer, metric.query, state.value, not_exported))
    severity = metric.judge(number)
    reasons = {Severity.UNKNOWN: "no value yet", Severity.WARNING: "off its target", Severity.HIGH: "alert"}
    return KeyMetricStatus(metric, Judged(number, severity, reasons.get(severity, rests_on)))


def _worst(metric: KeyMetric, answer: Answer) -> float | None:
    """The answer's value; of several, the one that is judged worst."""
    return max(answer.vector.values(), key=metric.judge, default=None)


def _with_its_symbol(key: KeyMetricStatus, symbols: SymbolRows) -> KeyMetricStatus:
    """The same with the symbol whose value it is, where there is anything to say of it."""
    if key.value.severity is Severity.OK:
        return key
    return replace(key, symbol=worst_of_metric(key.metric, symbols))
