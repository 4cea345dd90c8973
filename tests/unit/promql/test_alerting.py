import pytest

from console.domain.alert_state import NEVER_EVALUATED, Terms, evaluated
from console.domain.metrics import Series
from console.promql.alerting import annotations_of, outcome_at
from console.promql.evaluate import EvaluationError
from console.promql.round import Round
from console.promql.rule_file import AlertRule, rules_of
from console.promql.samples import SampleStore
from console.yaml_file import parse_document

BTC, ETH = (Series("ratio", (("symbol", symbol), ("venue", "usdm"))) for symbol in ("BTCUSDT", "ETHUSDT"))

LOW = """\
groups:
  - name: g
    rules:
      - alert: Low
        expr: ratio < 1.05
        labels: {severity: page, venue: "", team: "{{ $labels.symbol | toLower }}"}
        annotations: {summary: "{{ $labels.__name__ }} of {{ $labels.symbol }} is {{ $value }}"}
"""


def rule_of(text: str) -> AlertRule:
    (rule,) = rules_of(parse_document(text, "rules.yaml")).groups[0].rules
    assert isinstance(rule, AlertRule)
    return rule


def at_1000(**ratios: float) -> Round:
    store = SampleStore()
    store.append(1000, {"ratio": {one: ratios[one.symbol or ""] for one in (BTC, ETH)}})
    return Round(store, 1000)


def test_an_alert_has_the_series_labels_the_rules_and_its_name() -> None:
    outcome = outcome_at(rule_of(LOW), at_1000(BTCUSDT=1.01, ETHUSDT=2))
    assert list(outcome.active) == [
        (("alertname", "Low"), ("severity", "page"), ("symbol", "BTCUSDT"), ("team", "btcusdt"))
    ]
    assert [(found.series, found.value) for found in outcome.active.values()] == [(BTC, 1.01)]


def test_what_is_watched_are_the_harmless_series_too() -> None:
    outcome = outcome_at(rule_of(LOW), at_1000(BTCUSDT=1.01, ETHUSDT=2))
    assert outcome.present is not None
    assert set(outcome.present) == {BTC, ETH}


def test_a_rule_that_compares_nothing_watches_nothing() -> None:
    rule = rule_of(LOW.replace("ratio <", "ratio < bool"))
    assert outcome_at(rule, at_1000(BTCUSDT=1, ETHUSDT=1)).present is None


def test_the_texts_beside_an_alert_speak_of_its_last_value() -> None:
    rule = rule_of(LOW)
    state = evaluated(NEVER_EVALUATED, Terms(), outcome_at(rule, at_1000(BTCUSDT=1.01, ETHUSDT=2)), 1000)
    (alert,) = state.alerts.values()
    assert annotations_of(rule, alert) == {"summary": "ratio of BTCUSDT is 1.01"}


def test_two_series_that_are_the_same_alert_are_no_answer() -> None:
    rule = rule_of(LOW.replace('"{{ $labels.symbol | toLower }}"', "x, symbol: all"))
    with pytest.raises(EvaluationError, match="two series of the result are the same alert"):
        outcome_at(rule, at_1000(BTCUSDT=1, ETHUSDT=1))
