"""Whoever names the worst symbol names the same one."""

from dataclasses import replace

import pytest

from console.domain.assessment import Assessment, Rules, assess
from console.domain.metrics import column_of
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.status import Alert
from console.domain.thresholds import KEY_METRICS, KeyMetric
from console.domain.worst import worst_of_metric, worst_of_panel, worst_symbol
from tests.unit.domain.worlds import (
    HEALTHY_KEY_METRICS,
    LIMIT,
    MARGIN,
    NOW,
    PANELS,
    answered,
    healthy,
    metrics,
    of,
)

FILLS, SLIPPAGE, RATIO = KEY_METRICS[:3]


def world(margins: dict[str, float], slippages: dict[str, float] | None = None) -> Snapshot:
    """Symbols with these margin ratios, and the key metrics that come of them."""
    slipped = slippages or dict.fromkeys(margins, 1.0)
    whole = metrics(
        margin=of("", **margins),
        funding=of("", **dict.fromkeys(margins, 0.0)),
        sync=of("", **dict.fromkeys(margins, 0.0)),
        key_metrics=(0.99, max(slipped.values()), min(margins.values()), *HEALTHY_KEY_METRICS[3:]),
    )
    name = "futures_slippage_bps"
    samples = {**whole.samples, name: column_of(of(name, **slipped))}
    return replace(healthy(), metrics=answered("metrics", replace(whole, samples=samples)))


def judged(taken: Snapshot, later: float = 0.0) -> Assessment:
    return assess(replace(taken, at=NOW + later), Rules(PANELS, KEY_METRICS))


def alert_of(metric: KeyMetric, assessment: Assessment) -> Alert:
    return next(alert for alert in assessment.alerts if alert.name == metric.name)


@pytest.mark.parametrize("better", ["BTC", "SOL"])
def test_of_ratios_that_are_written_alike_panel_and_key_metric_name_the_same_symbol(better: str) -> None:
    margins = {"BTC": 1.03, "SOL": 1.03} | {better: 1.0300001}
    assessment = judged(world(margins))
    symbols = assessment.symbols
    assert symbols.names[worst_of_panel(MARGIN, (0, 1), symbols)] == "BTC"
    assert worst_symbol(symbols) == (MARGIN, "BTC")
    assert worst_of_metric(RATIO, symbols) == "BTC"


def test_of_values_that_are_written_alike_the_one_of_the_worse_row_is_named() -> None:
    assessment = judged(world({"BTC": 1.4, "SOL": 1.1}, {"BTC": 12.04, "SOL": 12.0}))
    assert worst_of_metric(SLIPPAGE, assessment.symbols) == "SOL"


def test_values_that_are_written_differently_are_not_alike_however_near_they_are() -> None:
    assessment = judged(world({"BTC": 1.4, "SOL": 1.1}, {"BTC": 12.06, "SOL": 12.04}))
    assert worst_of_metric(SLIPPAGE, assessment.symbols) == "BTC"


def test_a_key_metric_of_the_engine_as_a_whole_is_no_symbol_s() -> None:
    assert worst_of_metric(FILLS, judged(world({"BTC": 1.0})).symbols) is None


def test_the_alert_of_a_key_metric_names_the_symbol_whose_value_it_is() -> None:
    assessment = judged(world({"BTC": 1.8, "SOL": 1.1}, {"BTC": 12.0, "SOL": 3.0}))
    assert alert_of(RATIO, assessment).symbol == "SOL"
    assert alert_of(SLIPPAGE, assessment).symbol == "BTC"


def test_the_alert_still_names_it_once_the_metrics_have_grown_old() -> None:
    alert = alert_of(RATIO, judged(world({"BTC": 1.8, "SOL": 1.1}), LIMIT + 1))
    assert (alert.symbol, alert.severity) == ("SOL", Severity.UNKNOWN)
    assert alert.summary.startswith("last seen high")
