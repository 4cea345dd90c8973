"""One thing stands once: what an alert rule says of a metric, panels and key metrics needn't say again."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from console.domain.alert_rows import AlertRow, AlertState
from console.domain.severity import Severity
from console.domain.status import Alert

_ACTIVE = (AlertState.FIRING, AlertState.LOST)
_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")

Matter = tuple[str, str | None]
"""A metric and the symbol that it is of."""


def untold(alerts: Iterable[Alert], rows: Sequence[AlertRow], queries: Mapping[str, str]) -> Iterator[Alert]:
    """`alerts` without those that a rule tells of the same symbol and metric, at least as badly.

    `queries` are those of panels and key metrics, by name; an alert of something else stays. Only a rule over
    one metric tells of it: one over several may mean another. That something is unknown is told by a rule
    without data alone, and nothing else is.
    """
    active = _worst_of(row for row in rows if row.state in _ACTIVE)
    no_data = _worst_of(row for row in rows if row.state is AlertState.NO_DATA)
    named = {name: metrics_in(query) for name, query in queries.items()} if active or no_data else {}
    for alert in alerts:
        told = no_data if alert.severity is Severity.UNKNOWN else active
        metrics = named.get(alert.name, ())
        if not any(told.get((metric, alert.symbol), Severity.OK) >= alert.severity for metric in metrics):
            yield alert


def metrics_in(query: str) -> frozenset[str]:
    """The names in `query`: its metrics, and functions and labels, which no metric is called like."""
    return frozenset(_NAME.findall(query))


def _worst_of(rows: Iterable[AlertRow]) -> dict[Matter, Severity]:
    """How bad the rules say that it is, by metric and symbol."""
    told: dict[Matter, Severity] = {}
    for row in rows:
        if len(row.rule.metrics) == 1:
            matter = row.rule.metrics[0], row.symbol
            told[matter] = max(row.severity, told.get(matter, Severity.OK))
    return told
