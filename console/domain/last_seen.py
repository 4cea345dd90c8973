"""What was wrong when the metrics could last be believed: that they fell silent makes nothing better."""

import math
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

from console.domain.alerts import key_metric_alerts
from console.domain.metrics import Metrics
from console.domain.panel_column import PanelColumn, panel_column
from console.domain.severity import Severity
from console.domain.status import Alert, Judged, KeyMetricStatus
from console.domain.symbols import SymbolRows
from console.domain.trails import Trails


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The symbols as the newest metrics were once judged, and the alerts that these gave, unknown by now."""

    symbols: SymbolRows = field(compare=False)
    keys: tuple[KeyMetricStatus, ...]
    alerts: tuple[Alert, ...]


def last_seen(
    stale: SymbolRows,
    keys: Iterable[KeyMetricStatus],
    metrics: Metrics | None,
    not_exported: Set[str],
    before: LastSeen | None,
) -> LastSeen:
    """Judge by their values alone the rows and key metrics that are `stale`.

    What was found `before` is returned where the values are still the same.
    """
    known = {} if before is None else before.symbols.columns
    columns = {
        key: _believed(stale.columns[key], metrics, not_exported, known.get(key)) for key in stale.columns
    }
    judged = tuple(_at_its_value(key) for key in keys)
    if before is not None and judged == before.keys and _are_the_same(columns, known):
        return before
    symbols = SymbolRows(stale.known, columns, stale.facts, Trails())
    return LastSeen(symbols, judged, tuple(unknown_by_now((*symbols.alerts, *key_metric_alerts(judged)))))


def unknown_by_now(alerts: Iterable[Alert]) -> Iterator[Alert]:
    """Alerts of values that have grown too old; of what was unknown even then, nothing is said."""
    for alert in alerts:
        if alert.severity is not Severity.UNKNOWN:
            summary = f"last seen {alert.severity.word}, {alert.summary}"
            yield replace(alert, severity=Severity.UNKNOWN, summary=summary)


def _believed(
    stale: PanelColumn, metrics: Metrics | None, not_exported: Set[str], before: PanelColumn | None
) -> PanelColumn:
    return panel_column(stale.panel, replace(stale.ground, doubt=""), metrics, not_exported, before)


def _at_its_value(key: KeyMetricStatus) -> KeyMetricStatus:
    number = key.value.number
    if number is None or math.isnan(number):
        return replace(key, value=Judged(None, Severity.UNKNOWN))
    return replace(key, value=Judged(number, key.metric.judge(number)))


def _are_the_same(columns: Mapping[str, PanelColumn], others: Mapping[str, PanelColumn]) -> bool:
    return columns.keys() == others.keys() and all(column is others[key] for key, column in columns.items())
