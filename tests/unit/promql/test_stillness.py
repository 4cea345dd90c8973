"""Which rules can begin to fire only when their counter moves."""

from pathlib import Path

import pytest

from console.promql.query import parse_query
from console.promql.rule_file import AlertRule, rules_of
from console.promql.stillness import steps_of
from console.yaml_file import parse_document

CONFIGS = Path(__file__).parents[3] / "configs"
UP = 'opsconsole_up{source="metrics"}'


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("alert_rules.yaml", {"FuturesSyncError"}),
        ("alert_rules_hardened.yaml", {"FuturesSyncError", "FuturesLiquidated"}),
    ],
)
def test_the_rules_that_count_events_fire_by_their_counter_alone(file: str, names: set[str]) -> None:
    rules = rules_of(parse_document((CONFIGS / file).read_text(), file)).rules
    found = {rule.name for _, rule in rules if isinstance(rule, AlertRule) and steps_of(rule.query)}
    assert found == names


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("rate(x_total[5m]) > 0", 300),
        ("5 / 60 <= rate(x_total[5m])", 300),
        ("increase(x_total[5m]) > -1", 300),
        ("60 * sum by (symbol) (rate(x_total[5m])) / 2 > 1", 300),
        ("round(max(increase(x_total[5m]))) >= 3", 300),
        ("rate(x_total[1h]) > 1 and rate(x_total[5m]) > 2", 300),
        ("increase(x_total[1m]) > 0 or x_total > 9", 60),
        (f"increase(x_total[5m]) > 0 and on () ({UP} == 1)", 300),
        (f"increase(x_total[5m]) > 0 unless on () ({UP} offset 1m == 0)", 300),
    ],
)
def test_more_than_a_number_is_only_reached_by_a_step(text: str, seconds: float) -> None:
    steps = steps_of(parse_query(text))
    assert steps is not None
    assert (steps.name, steps.seconds) == ("x_total", seconds)


@pytest.mark.parametrize(
    "text",
    [
        "increase(x_total[1m]) == 0",
        "increase(x_total[1m]) < 1",
        "1 > sum(increase(x_total[1m]))",
        "increase(x_total[1m]) != 3",
        "increase(x_total[1m]) > bool 3",
        "-increase(x_total[1m]) > -1",
        "1 - increase(x_total[1m]) > 0",
        "increase(x_total[1m]) * -1 > -2",
        "x_total - increase(x_total[1m]) > 5",
        "count(increase(x_total[1m]) == 0) > 3",
        "avg(increase(x_total[1m])) > 3",  # as when one of few events goes
        "sum(sum by (symbol) (increase(x_total[1m]))) > 0",
        'increase(x_total{a="1"}[5m]) / ignoring (a) increase(x_total{a="2"}[5m]) > 0.5',
        'label_replace(increase(x_total[5m]), "to", "$1", "from", "(.*)") > 0',
        "rate(x_total[5m]) > rate(x_total[1h])",
        "increase(x_total[5m]) > 0 and increase(x_total[1m]) < 1",
        "increase(x_total[5m]) > 0 unless increase(x_total[1m]) > 0",
        "increase(x_total[5m]) > 0 and on () increase(x_total[5m]) > 0",
        "increase(x_total[5m]) > 0 or increase(x_total[5m] offset 1h) > 0",
        "increase(x_total[5m]) > 0 or increase(y_total[5m]) > 0",
        "increase(x_total[5m]) > 0 and on () (pos > 0)",
        "increase(x_total[5m]) > 0 unless on () (pos == 0)",
        "increase(x_total[5m]) > 0 and on () (hour() > 8)",
        f"increase(x_total[5m]) > 0 and on () ({UP} == 0)",
        "increase(x_total[5m]) > 0 or (x_total > 0 unless y_total offset 5m)",
        "x_total > 0",
        "increase(x_total[5m])",
    ],
)
def test_what_may_begin_to_fire_by_itself_is_told_from_it(text: str) -> None:
    assert steps_of(parse_query(text)) is None
