"""What keeps a feature from going further though its file, its time and who asks are as they should be."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from console.domain.metrics import Answer, Metrics
from console.domain.snapshot import Snapshot
from console.domain.thresholds import KEY_METRICS
from tests.unit.domain.worlds import MARGIN, of, series

Spoil = Callable[[Snapshot], Snapshot]


def stale(taken: Snapshot) -> Snapshot:
    """The metrics were answered a minute ago, and not since."""
    return _with_metrics(taken, lambda source: replace(source, fetched_at=source.fetched_at - 60))


def absent(taken: Snapshot) -> Snapshot:
    """The engine exports none of the key metrics."""
    asked = {metric.query for metric in KEY_METRICS}
    return _saying(taken, lambda said: {query: said[query] for query in said if query not in asked})


def not_a_number(taken: Snapshot) -> Snapshot:
    """The first key metric is NaN."""
    first = KEY_METRICS[0]
    return _saying(taken, lambda said: {**said, first.query: Answer({series(first.name): float("nan")})})


def firing(taken: Snapshot) -> Snapshot:
    """The margin of a symbol is critical."""
    return _saying(taken, lambda said: {**said, MARGIN.query: Answer(of("", BTC=1.0, SOL=1.8))})


AMISS: Mapping[str, tuple[Spoil, str, str]] = {
    "stale data": (stale, "acknowledged", "what the engine has loaded isn't known: stale for "),
    "absent metrics": (absent, "targets", f"not known: {KEY_METRICS[0].name}, "),
    "NaN": (not_a_number, "targets", f"not known: {KEY_METRICS[0].name}"),
    "a firing alert": (firing, "alerts", "critical: Margin Ratio BTC"),
}
"""What is wrong, and which gate says so in which words."""


def _saying(taken: Snapshot, said: Callable[[Mapping[str, Answer]], Mapping[str, Answer]]) -> Snapshot:
    def other(source: Any) -> Any:
        metrics: Metrics = source.value
        return replace(source, value=replace(metrics, answers=said(metrics.answers)))

    return _with_metrics(taken, other)


def _with_metrics(taken: Snapshot, other: Callable[[Any], Any]) -> Snapshot:
    good = taken.metrics.good
    reading = other(good)
    return replace(taken, metrics=replace(taken.metrics, good=reading, last=reading))
