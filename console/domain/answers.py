"""What the metrics answered to a query, and why there is nothing where they didn't."""

import functools
import re
from collections.abc import Set

from console.domain.metrics import Answer, Metrics
from console.domain.severity import Severity
from console.domain.status import NOT_EXPORTED, Judged


def answer_to(metrics: Metrics | None, query: str) -> Answer:
    """The answer to `query`, or the reason why there is none."""
    if metrics is None:
        return _NO_ANSWER
    return metrics.answers.get(query, _NOT_EVALUATED)


_NO_ANSWER = Answer({}, "no answer yet")
_NOT_EVALUATED = Answer({}, "not evaluated")


def absent(answer: Answer, query: str, metrics: Metrics | None, not_exported: Set[str]) -> Judged:
    """Why `query` has no value at all."""
    if answer.error is not None:
        return Judged(None, Severity.UNKNOWN, answer.error)
    asked = _asked_metrics(query)
    if not asked.isdisjoint(not_exported):
        return Judged(None, Severity.OK, NOT_EXPORTED)
    if metrics is not None and not asked.isdisjoint(metrics.samples):
        return Judged(None, Severity.UNKNOWN, "no value yet")
    return Judged(None, Severity.UNKNOWN, NOT_EXPORTED)


@functools.cache
def _asked_metrics(query: str) -> Set[str]:
    """Every name in `query` that may be a metric's, and a histogram's own name beside its parts."""
    names = set(re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*", query))
    return names | {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}
