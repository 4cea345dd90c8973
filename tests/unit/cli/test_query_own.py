"""`query` of what the console measures itself, and of what rules record: it looks as `alerts` does."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pytest_httpserver import HTTPServer

from console.cli.query import query
from tests.unit.cli.test_query import engine, home, prometheus, served, success

__all__ = ["engine", "home"]
RULES = """groups:
- name: recorded
  rules:
  - alert: MarginCritical
    expr: futures_margin_ratio < 1.05
  - record: source:opsconsole_up:sum
    expr: sum by (source) (opsconsole_up)
  - record: margin:hour_ago
    expr: futures_margin_ratio offset 1h
"""


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Result]:
    def asked(surface: str, *words: str, rules: str = RULES) -> Result:
        (tmp_path / "rules.yaml").write_text(rules)
        context = f"{{environment: paper, colour: green, rules: rules.yaml, {surface}}}"
        polls = "poll: {metrics: {interval: 0.05s, timeout: 2s, stale_after: 1s}}"
        (tmp_path / "console.yaml").write_text(f"contexts: {{prod: {context}}}\n{polls}\n")
        options = ["--config", str(tmp_path / "console.yaml"), "--state", str(tmp_path / "state")]
        return CliRunner().invoke(query, [*words, *options])

    return asked


Ask = Callable[..., Result]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("opsconsole_up", 'opsconsole_up{source="metrics"}  1\n'),
        ("source:opsconsole_up:sum", 'source:opsconsole_up:sum{source="metrics"}  1\n'),
        ('{__name__=~"opsconsole_u.*"}', 'opsconsole_up{source="metrics"}  1\n'),
        ("count(futures_margin_ratio and on () opsconsole_up == 1)", "{}  2\n"),
    ],
)
def test_what_only_the_console_knows_is_told(ask: Ask, engine: str, expression: str, told: str) -> None:
    result = ask(engine, expression)
    assert (result.exit_code, result.stdout, result.stderr) == (0, told, "")


def test_a_source_that_does_not_answer_is_told_beside(ask: Ask) -> None:
    result = ask("metrics_url: 'http://127.0.0.1:9/metrics'", "opsconsole_up")
    assert (result.exit_code, result.stdout) == (0, 'opsconsole_up{source="metrics"}  0\n')
    assert result.stderr == "opsconsole: metrics: connection refused\n"


def test_without_the_engine_what_also_needs_it_is_one(ask: Ask) -> None:
    result = ask("metrics_url: 'http://127.0.0.1:9/metrics'", "x and on () opsconsole_up")
    assert (result.exit_code, result.stderr) == (1, "opsconsole: connection refused\n")


def test_a_rule_that_looks_back_further_than_was_seen_is_told(ask: Ask, engine: str) -> None:
    result = ask(engine, "margin:hour_ago")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines() == [
        "opsconsole: margin:hour_ago looks back 3600 s, of which only the last 0 s were seen",
        "opsconsole: no series: the answer is empty",
    ]


def test_watching_goes_on_for_as_long(ask: Ask, engine: str) -> None:
    result = ask(engine, "last_over_time(opsconsole_answers_total[5s]) > 1", "--watch", "0.5")
    assert result.exit_code == 0
    assert result.stdout.startswith('opsconsole_answers_total{source="metrics"}  ')


@pytest.mark.parametrize("expression", ["opsconsole_up", "source:opsconsole_up:sum"])
def test_the_past_can_not_be_told(ask: Ask, engine: str, expression: str) -> None:
    result = ask(engine, expression, "--at", "-1m")
    assert (result.exit_code, result.stderr) == (
        1,
        "opsconsole: --at: what the console measures, and rules record, can only be told of now\n",
    )


def test_rules_with_a_mistake_do_not_stand_in_the_way_of_what_is_measured(ask: Ask, engine: str) -> None:
    result = ask(engine, "opsconsole_up", rules="groups: 3\n")
    assert (result.exit_code, result.stdout) == (0, 'opsconsole_up{source="metrics"}  1\n')


def test_a_mistake_in_rules_that_may_record_it_is_told(ask: Ask, engine: str) -> None:
    result = ask(engine, "margin:hour_ago", rules=RULES.replace("offset 1h", "offset"))
    assert result.exit_code == 0
    assert result.stderr.startswith("opsconsole: what rules record isn't known: ")


def test_a_mistake_in_rules_is_told_beside_a_server_too(ask: Ask, httpserver: HTTPServer) -> None:
    served(httpserver, success("vector", []))
    result = ask(prometheus(httpserver), "source:opsconsole_up:sum", rules=RULES.replace("1h", "1 hour"))
    assert result.stderr.startswith("opsconsole: what rules record isn't known: ")


def test_rules_that_can_not_be_evaluated_are_one(ask: Ask, engine: str) -> None:
    result = ask(engine, "margin:hour_ago", rules=RULES.replace("1h", "1w"))
    assert result.exit_code == 1
    assert result.stderr.startswith("opsconsole: the rules that record it are not evaluated: ")


def test_what_is_recorded_needs_metrics(ask: Ask) -> None:
    result = ask("quiet_after: 15s", "source:opsconsole_up:sum")
    assert (result.exit_code, result.stderr) == (
        2,
        "opsconsole: the context prod has no metrics, and so no rules on them\n",
    )


@pytest.mark.parametrize(
    "expression", ["futures_margin_ratio", "{symbol='BTC'}", '{__name__!~"opsconsole_.+", symbol="BTC"}']
)
def test_for_what_the_engine_tells_nothing_else_is_looked_at(
    ask: Ask, engine: str, httpserver: HTTPServer, expression: str
) -> None:
    ask(engine, expression)
    assert len(httpserver.log) == 1


def test_beside_a_server_the_console_tells_its_own(ask: Ask, httpserver: HTTPServer) -> None:
    served(httpserver, success("vector", []))
    result = ask(prometheus(httpserver), "source:opsconsole_up:sum", "--json")
    said = json.loads(result.stdout)
    assert (said["by"], [row["metric"]["source"] for row in said["result"]]) == ("console", ["metrics"])


@pytest.mark.parametrize("expression", ["margin:hour_ago", "futures_margin_ratio"])
def test_beside_a_server_it_tells_what_is_recorded_of_the_engine(
    ask: Ask, httpserver: HTTPServer, expression: str
) -> None:
    asked = served(httpserver, success("vector", []))
    ask(prometheus(httpserver), expression)
    assert [each["query"] for each in asked] == [[expression]]


def test_the_server_and_the_console_are_not_asked_at_once(ask: Ask, httpserver: HTTPServer) -> None:
    result = ask(prometheus(httpserver), "futures_margin_ratio and on () opsconsole_up")
    assert (result.exit_code, result.stderr) == (
        2,
        "opsconsole: the console tells of one part, the Prometheus server of the other: "
        "ask for each by itself\n",
    )


def test_beside_a_server_what_is_measured_can_be_watched(ask: Ask, httpserver: HTTPServer) -> None:
    served(httpserver, success("vector", []))
    assert ask(prometheus(httpserver), "opsconsole_up", "--watch", "0.1").exit_code == 0
