"""What a panel says too, once a rule has said it; and what it alone says."""

from dataclasses import replace

import pytest

from console.domain.alert_book import AlertingRule
from console.domain.alert_rows import AlertRow, AlertState
from console.domain.severity import Severity
from console.domain.status import Alert
from console.domain.told_by_rules import untold

QUERIES = {
    "Margin Ratio": "futures_margin_ratio{symbol=~'.*'}",
    "Sync": "rate(futures_sync_errors_total[5m])",
}
RULE = AlertingRule(
    "g", "Critical", "futures_margin_ratio < 1.05", 60, 0, 15, "critical", metrics=("futures_margin_ratio",)
)
FIRING = AlertRow("k", AlertState.FIRING, Severity.CRITICAL, RULE, (("symbol", "BTC"),))
PANEL = Alert("Margin Ratio", Severity.CRITICAL, "1.01 below 1.05", "BTC")


def left(alert: Alert, *rows: AlertRow) -> bool:
    return list(untold([alert], rows, QUERIES)) == [alert]


def test_a_panel_says_nothing_that_a_firing_rule_says_of_the_same_symbol() -> None:
    assert not left(PANEL, FIRING)


@pytest.mark.parametrize(
    ("alert", "row"),
    [
        (PANEL, replace(FIRING, labels=(("symbol", "ETH"),))),
        (PANEL, replace(FIRING, severity=Severity.WARNING)),
        (PANEL, replace(FIRING, state=AlertState.PENDING, severity=Severity.OK)),
        (PANEL, replace(FIRING, state=AlertState.RESOLVED, severity=Severity.OK)),
        (PANEL, replace(FIRING, rule=replace(RULE, metrics=("other",)))),
        (PANEL, replace(FIRING, rule=replace(RULE, metrics=(*RULE.metrics, "other")))),
        (replace(PANEL, severity=Severity.UNKNOWN), FIRING),
        (replace(PANEL, name="database"), FIRING),
    ],
    ids=["symbol", "milder", "pending", "resolved", "metric", "several metrics", "unknown", "a source"],
)
def test_what_the_rule_does_not_say_is_left(alert: Alert, row: AlertRow) -> None:
    assert left(alert, row)


def test_that_a_metric_is_missing_is_said_once() -> None:
    missing = AlertRow(
        "k", AlertState.NO_DATA, Severity.UNKNOWN, replace(RULE, metrics=("futures_sync_errors_total",))
    )
    assert not left(Alert("Sync", Severity.UNKNOWN, "not exported"), missing)


def test_a_lost_alert_still_tells_what_its_panel_says() -> None:
    assert not left(PANEL, replace(FIRING, state=AlertState.LOST))
