"""`alerts`, and what mutes them: on an engine's own endpoint, by rules of the test's own."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pytest_httpserver import HTTPServer

from console.actions.alert_marks import marks_file, read_marks
from console.cli import cli
from console.domain.silences import Marks
from tests.unit.actions.alertmanager import alertmanager

RULES = """groups:
- name: futures
  rules:
  - alert: MarginCritical
    expr: futures_margin_ratio < 1.05
    labels: {severity: critical}
    annotations: {summary: 'Margin of {{ $labels.symbol }} is {{ $value }}'}
  - alert: HighSlippage
    expr: futures_slippage_bps > 10
    for: 5m
    labels: {severity: warning}
  - alert: SyncErrors
    expr: increase(futures_sync_errors_total[5m]) > 0
    labels: {severity: warning}
"""
EXPOSED = """# TYPE futures_margin_ratio gauge
futures_margin_ratio{symbol="BTC"} 1.01
futures_margin_ratio{symbol="ETH"} 1.02
futures_margin_ratio{symbol="SOL"} 2
# TYPE futures_slippage_bps gauge
futures_slippage_bps{symbol="BTC"} 12
# TYPE futures_sync_errors_total counter
futures_sync_errors_total{symbol="BTC"} 0
"""
BTC = 'MarginCritical{severity="critical", symbol="BTC"}'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer) -> Path:
    """A home folder of the test's own, with settings whose engine exposes the same at every scrape."""
    monkeypatch.setenv("HOME", str(tmp_path))
    httpserver.expect_request("/metrics").respond_with_data(EXPOSED, content_type="text/plain")
    (tmp_path / "rules.yaml").write_text(RULES)
    engine_at(tmp_path, httpserver.url_for("/metrics"))
    return tmp_path


def engine_at(home: Path, url: str, environment: str = "paper") -> None:
    context = f"{{environment: {environment}, colour: green, metrics_url: '{url}', rules: rules.yaml}}"
    polls = "poll: {metrics: {interval: 0.1s, timeout: 2s, stale_after: 5s}}"
    (home / "console.yaml").write_text(f"contexts: {{prod: {context}}}\n{polls}\n")


def run(home: Path, *words: str) -> Result:
    options = ["--config", str(home / "console.yaml"), "--state", str(home / "state")]
    return CliRunner().invoke(cli, [*options, "alerts", *words])


def marks_in(home: Path) -> Marks:
    return read_marks(marks_file(home / "state", "prod"))


def test_what_fires_is_a_line_with_its_value_and_the_exit_code_is_of_the_worst(home: Path) -> None:
    result = run(home)
    lines = result.stdout.splitlines()
    assert lines[0] == "CRITICAL - prod (paper): 2 alerts; MarginCritical BTC"
    assert lines[2].split() == [
        "state",
        "severity",
        "what",
        "symbol",
        "since",
        "value",
        "worst",
        "muted",
        "why",
    ]
    assert lines[3].split()[:4] == ["firing", "critical", "MarginCritical", "BTC"]
    assert lines[3].endswith("Z  1.01   1.01          Margin of BTC is 1.01")
    assert result.exit_code == 2


def test_what_is_pending_is_listed_and_a_rule_that_can_not_tell_yet_is_named(home: Path) -> None:
    told = run(home).stdout
    assert "pending  ok        HighSlippage    BTC" in told
    assert "not yet, because they look back further than was watched: SyncErrors" in told


def test_the_rollback_triggers_are_told_with_what_is_not_known(home: Path) -> None:
    told = run(home).stdout
    assert "rollback triggers" in told
    assert "unknown  Unexpected liquidation" in told


def test_json_has_every_row_with_fields_that_stay(home: Path) -> None:
    result = run(home, "--json")
    document = json.loads(result.stdout)
    assert (document["version"], document["context"], document["environment"]) == (1, "prod", "paper")
    assert (document["severity"], document["exit_code"], result.exit_code) == ("critical", 2, 2)
    assert [row["state"] for row in document["alerts"]] == ["firing", "firing", "pending", "not yet"]
    first = document["alerts"][0]
    assert set(document) == {
        "version",
        "context",
        "environment",
        "time",
        "severity",
        "exit_code",
        "doubt",
        "evaluated_by",
        "notes",
        "alerts",
        "triggers",
    }
    assert {key: first[key] for key in first if key not in ("key", "since")} == {
        "state": "firing",
        "severity": "critical",
        "name": "MarginCritical",
        "group": "futures",
        "label": "critical",
        "symbol": "BTC",
        "labels": {"alertname": "MarginCritical", "severity": "critical", "symbol": "BTC"},
        "value": 1.01,
        "worst": 1.01,
        "count": None,
        "sign": "<",
        "threshold": 1.05,
        "expression": "futures_margin_ratio < 1.05",
        "summary": "Margin of BTC is 1.01",
        "muted": False,
        "acknowledged": None,
        "silenced": None,
    }
    assert {trigger["key"] for trigger in document["triggers"]} == {
        "liquidation",
        "sync_errors",
        "slippage",
        "margin_calls",
        "crash",
    }


def test_rules_that_can_not_be_evaluated_are_unknown(home: Path) -> None:
    (home / "rules.yaml").write_text(RULES.replace("increase(", "no_such_function("))
    result = run(home)
    assert result.exit_code == 3
    first, second = result.stdout.splitlines()[:2]
    assert first == "UNKNOWN - prod (paper): no alerts"
    assert second.startswith("the alert rules are not evaluated: ")
    assert "no_such_function" in second


def test_an_engine_that_does_not_answer_makes_every_rule_unknown(home: Path) -> None:
    engine_at(home, "http://127.0.0.1:1/metrics")
    result = run(home)
    assert result.stdout.startswith("UNKNOWN - prod (paper): ")
    assert result.exit_code == 3


def test_an_acknowledged_alert_is_muted_and_still_critical(home: Path) -> None:
    done = run(home, "ack", "MarginCritical", "--symbol", "BTC", "--reason", "on it", "--for", "30m")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"OK: {BTC} acknowledged until ")
    result = run(home)
    assert result.stdout.startswith("CRITICAL - prod (paper): 2 alerts, 1 muted; ")
    assert "acknowledged by " in result.stdout
    assert result.exit_code == 2


def test_a_name_that_several_have_says_which_there_are(home: Path) -> None:
    result = run(home, "ack", "MarginCritical", "--reason", "on it")
    assert result.exit_code == 2
    assert result.stderr == (
        "opsconsole: 'MarginCritical' is any of 2; say which by --symbol, or wholly: "
        f"{BTC}, {BTC.replace('BTC', 'ETH')}\n"
    )
    assert marks_in(home) == Marks()


def test_all_that_a_name_means_are_acknowledged_at_once(home: Path) -> None:
    done = run(home, "ack", "MarginCritical", "--every", "--reason", "on it")
    assert (done.exit_code, done.stdout.count("OK: MarginCritical{")) == (0, 2)
    again = run(home, "ack", "MarginCritical", "--every", "--reason", "on it")
    assert again.exit_code == 2
    assert "there is no alert 'MarginCritical' that nobody has acknowledged" in again.stderr


def test_a_name_that_several_had_of_which_one_is_left_is_enough(home: Path, httpserver: HTTPServer) -> None:
    run(home)
    httpserver.clear()
    calm = EXPOSED.replace('"ETH"} 1.02', '"ETH"} 2')
    httpserver.expect_request("/metrics").respond_with_data(calm, content_type="text/plain")
    assert run(home, "ack", "MarginCritical", "--reason", "on it").exit_code == 0
    (mark,) = marks_in(home).acknowledgements
    assert dict(mark.labels)["symbol"] == "BTC"


def test_one_label_of_thousands_of_signs_pushes_no_other_away(home: Path, httpserver: HTTPServer) -> None:
    httpserver.clear()
    hostile = EXPOSED.replace("BTC", "\x1b[2J" + "x" * 5000)
    httpserver.expect_request("/metrics").respond_with_data(hostile, content_type="text/plain")
    lines = run(home).stdout.splitlines()
    (other,) = (line for line in lines if line.startswith("firing") and "ETH" in line)
    assert len(other) < 200
    assert all(line.isprintable() for line in lines)


def test_a_threshold_without_end_is_no_number_in_json(home: Path) -> None:
    (home / "rules.yaml").write_text(RULES.replace("< 1.05", "< +Inf"))
    thresholds = {alert["threshold"] for alert in json.loads(run(home, "--json").stdout)["alerts"]}
    assert thresholds == {None, 10.0, 0.0}


def test_an_alert_can_be_named_by_its_key(home: Path) -> None:
    key = json.loads(run(home, "--json").stdout)["alerts"][0]["key"]
    assert run(home, "ack", key, "--reason", "on it").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "mistake"),
    [
        (["ack", "Nothing", "--reason", "on it"], 2, "there is no alert 'Nothing'; `opsconsole alerts` and"),
        (
            ["ack", "MarginCritical", "--symbol", "DOGE", "--reason", "on it"],
            2,
            "there is no alert 'MarginCritical' of DOGE;",
        ),
        (
            ["ack", "SyncErrors", "--reason", "on it"],
            3,
            "SyncErrors is not yet: there is nothing to acknowledge",
        ),
        (["ack", "MarginCritical"], 2, "Missing option '--reason'."),
        (
            ["ack", "x", "--reason", "on it", "--for", "9d"],
            2,
            "--for: an alert is muted for a minute at least",
        ),
        (
            ["silence", "symbol", "--reason", "known"],
            2,
            "'symbol' is no matcher: write a label, one of = != =~",
        ),
        (["silence", "symbol!=x", "--reason", "known"], 3, "a silence needs a matcher that not every alert"),
        (["silence", "--reason", "known"], 2, "Missing argument 'MATCHER...'."),
        (["unsilence", "7K3QXM"], 3, "there is no silence 7K3QXM that holds"),
        (["unack", "MarginCritical"], 2, "there is no acknowledgement 'MarginCritical'"),
        (["--json", "silences"], 2, "write --json after `silences`"),
        (["nonsense"], 2, "No such command 'nonsense'."),
    ],
)
def test_bad_input_is_one_line(home: Path, words: list[str], code: int, mistake: str) -> None:
    result = run(home, *words)
    said = result.stderr.replace("Error: ", "opsconsole: ").splitlines()[-1]
    assert (result.exit_code, result.stdout) == (code, "")
    assert mistake in said


def test_a_viewer_can_not_mute_and_is_told_so(home: Path, httpserver: HTTPServer) -> None:
    engine_at(home, httpserver.url_for("/metrics"), "production")
    result = run(home, "silence", "symbol=BTC", "--reason", "known")
    assert result.exit_code == 3
    assert "an operator or an admin may mute alerts" in result.stderr


def test_what_is_muted_is_listed_and_can_be_taken_back(home: Path) -> None:
    run(home, "ack", "MarginCritical", "--symbol", "BTC", "--reason", "on it")
    key = json.loads(run(home, "silence", "symbol=~E.*", "--reason", "known", "--json").stdout)["key"]
    listed = json.loads(run(home, "silences", "--json").stdout)
    assert [one["key"] for one in listed["silences"]] == [key]
    assert [one["labels"]["symbol"] for one in listed["acknowledgements"]] == ["BTC"]
    told = run(home, "silences").stdout
    assert f'{key}  symbol=~"E.*"  ' in told
    assert f"{BTC}  " in told
    assert (
        run(home, "unack", "MarginCritical", "--symbol", "BTC").stdout
        == f"OK: {BTC} no longer acknowledged\n"
    )
    assert run(home, "unsilence", key).exit_code == 0
    assert run(home, "silences").stdout == "nothing is silenced or acknowledged\n"


def test_a_silence_of_a_context_with_an_alertmanager_is_made_there(
    home: Path, httpserver: HTTPServer
) -> None:
    with alertmanager() as server:
        asked = f"{{url: '{httpserver.url_for('')}', alertmanager: {{url: '{server.url}'}}}}"
        context = f"{{environment: paper, colour: green, prometheus: {asked}}}"
        (home / "console.yaml").write_text(f"contexts: {{prod: {context}}}\n")
        done = run(home, "silence", "symbol=BTC", "--reason", "known", "--json")
        (key,) = server.silences
        assert (json.loads(done.stdout)["key"], marks_in(home)) == (key, Marks())
        assert f'{key}  symbol="BTC"' in run(home, "silences").stdout
        assert run(home, "unsilence", key).exit_code == 0
        server.loses = {"POST", "GET"}
        lost = run(home, "silence", "symbol=BTC", "--reason", "known")
    assert lost.exit_code == 1
    assert lost.stderr.startswith("opsconsole: UNKNOWN: ")


def test_without_a_journal_it_is_made_loud_again_and_said_not_to_be_recorded(home: Path) -> None:
    key = json.loads(run(home, "silence", "symbol=BTC", "--reason", "known", "--json").stdout)["key"]
    (home / "state" / "audit").rename(home / "state" / "away")
    (home / "state" / "audit").write_text("")
    done = run(home, "unsilence", key)
    assert done.stdout.startswith("OK: ")
    assert (done.exit_code, "done, but not in the journal" in done.stderr) == (1, True)
