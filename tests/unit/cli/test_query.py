"""`query`: on an engine's own endpoint, on what was recorded of it, and on a Prometheus server."""

import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner, Result
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from console.cli.query import query
from console.domain.clock import SystemClock
from console.domain.metrics import Metrics
from console.domain.snapshot import Snapshot
from tests.unit.domain.worlds import NOW, healthy, of
from tests.unit.history.records import recorded, with_metrics

MARGIN = "futures_margin_ratio"
EXPOSED = """# TYPE futures_margin_ratio gauge
futures_margin_ratio{symbol="SOL"} 1.25
futures_margin_ratio{symbol="BTC"} 2
futures_odd NaN
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder of the test's own: what was valid is remembered there."""
    monkeypatch.setenv("HOME", str(tmp_path))


def ask(folder: Path, surface: str, *words: str) -> Result:
    settings = folder / "console.yaml"
    context = f"{{environment: paper, colour: green, {surface}}}"
    polls = "poll: {metrics: {interval: 0.05s, timeout: 2s, stale_after: 1s}}"
    settings.write_text(f"contexts: {{prod: {context}}}\n{polls}\n")
    return CliRunner().invoke(query, [*words, "--config", str(settings), "--state", str(folder)])


@pytest.fixture
def engine(httpserver: HTTPServer) -> str:
    """An engine that exposes the same at every scrape, as a context's surface."""
    httpserver.expect_request("/metrics").respond_with_data(EXPOSED, content_type="text/plain")
    return f"metrics_url: '{httpserver.url_for('/metrics')}'"


def falling_margin(seconds: int, begin: float = NOW) -> list[Snapshot]:
    """A step a second, in which BTC's margin ratio goes from 2 to 1."""
    return [
        with_metrics(healthy(), begin + second, Metrics({MARGIN: of(MARGIN, BTC=2 - second / (seconds - 1))}))
        for second in range(seconds)
    ]


def served(server: HTTPServer, said: object, status: int = 200) -> list[dict[str, list[str]]]:
    """Have a Prometheus server answer so; the parameters of each request."""
    asked: list[dict[str, list[str]]] = []

    def handle(request: Request) -> Response:
        asked.append(parse_qs(request.get_data(as_text=True)))
        return Response(said if isinstance(said, str) else json.dumps(said), status)

    server.expect_request("/api/v1/query", method="POST").respond_with_handler(handle)
    return asked


def prometheus(server: HTTPServer) -> str:
    return f"prometheus: {{url: '{server.url_for('')}'}}"


def success(kind: str, result: object, **more: object) -> dict[str, object]:
    return {"status": "success", "data": {"resultType": kind, "result": result}, **more}


def test_a_vector_is_a_line_for_each_series_in_their_order(tmp_path: Path, engine: str) -> None:
    result = ask(tmp_path, engine, "futures_margin_ratio")
    assert (result.exit_code, result.stdout.splitlines(), result.stderr) == (
        0,
        ['futures_margin_ratio{symbol="BTC"}  2', 'futures_margin_ratio{symbol="SOL"}  1.25'],
        "",
    )


def test_an_expression_that_sorts_keeps_its_order(tmp_path: Path, engine: str) -> None:
    result = ask(tmp_path, engine, "sort(futures_margin_ratio)")
    assert [line.split()[-1] for line in result.stdout.splitlines()] == ["1.25", "2"]


@pytest.mark.parametrize(
    ("expression", "told"),
    [("1 + 1", "2"), ("'a text'", "a text"), ("futures_odd * 1", "{}  NaN"), ("vector(-1) / 0", "{}  -Inf")],
)
def test_what_is_no_series_is_told_as_it_is(tmp_path: Path, engine: str, expression: str, told: str) -> None:
    assert ask(tmp_path, engine, expression).stdout == f"{told}\n"


def test_an_empty_answer_says_so(tmp_path: Path, engine: str) -> None:
    result = ask(tmp_path, engine, "futures_margin_ratio > 5")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "opsconsole: no series: the answer is empty\n"


def test_json_is_what_prometheus_answers(tmp_path: Path, engine: str) -> None:
    said = json.loads(ask(tmp_path, engine, "futures_odd", "--json").stdout)
    (row,) = said["result"]
    assert (said["context"], said["by"], said["resultType"]) == ("prod", "console", "vector")
    assert (row["metric"], row["value"][1]) == ({"__name__": "futures_odd"}, "NaN")


def test_a_past_that_was_not_seen_is_told(tmp_path: Path, engine: str) -> None:
    result = ask(tmp_path, engine, "rate(futures_margin_ratio[5m])")
    assert result.stderr.splitlines()[0] == (
        "opsconsole: the expression looks back 300 s, of which only the last 0 s were seen"
    )


def test_watching_sees_the_past_that_is_looked_back_on(tmp_path: Path, engine: str) -> None:
    result = ask(tmp_path, engine, "count_over_time(futures_margin_ratio[200ms])", "--watch", "0.3")
    assert (result.exit_code, len(result.stdout.splitlines()), result.stderr) == (0, 2, "")


def test_the_record_is_looked_back_on(tmp_path: Path, engine: str) -> None:
    begin = SystemClock().now() - 21
    recorded(tmp_path / "history" / "prod", falling_margin(21, begin))
    result = ask(tmp_path, engine, f"min_over_time({MARGIN}{{symbol='BTC'}}[15s])")
    assert (result.stdout, result.stderr) == ('{symbol="BTC"}  1\n', "")


def test_a_scrape_that_fails_while_watching_is_only_missing(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request("/metrics").respond_with_data("", status=503)
    for _ in range(3):
        httpserver.expect_ordered_request("/metrics").respond_with_data("x 1\n", content_type="text/plain")
    surface = f"metrics_url: '{httpserver.url_for('/metrics')}'"
    result = ask(tmp_path, surface, "count_over_time(x[100ms])", "--watch", "0.11")
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_engine_is_found_by_its_file(tmp_path: Path, engine: str) -> None:
    url = engine.partition(": ")[2].strip("'")
    file = tmp_path / "engine.json"
    file.write_text(json.dumps({"pid": 1, "start_time": 0, "metrics_url": url}))
    assert ask(tmp_path, f"engine_file: {file}", "futures_odd").stdout == "futures_odd  NaN\n"


def test_an_engine_that_does_not_run_is_one(tmp_path: Path) -> None:
    result = ask(tmp_path, "engine_file: engine.json", "futures_odd")
    assert (result.exit_code, result.stderr.startswith("opsconsole: no engine runs: ")) == (1, True)


def test_an_engine_that_does_not_answer_is_one(tmp_path: Path) -> None:
    result = ask(tmp_path, "metrics_url: 'http://127.0.0.1:9/metrics'", "futures_margin_ratio")
    assert (result.exit_code, result.stderr) == (1, "opsconsole: connection refused\n")


def test_a_context_without_metrics_is_two(tmp_path: Path) -> None:
    result = ask(tmp_path, "quiet_after: 15s", "futures_margin_ratio")
    assert result.exit_code == 2
    assert "names neither" in result.stderr


@pytest.mark.parametrize("expression", ["rate(x[5m]", "no_such_function(x)", "x and 1", ""])
def test_an_expression_that_is_refused_is_two_in_one_line(
    tmp_path: Path, engine: str, expression: str
) -> None:
    result = ask(tmp_path, engine, expression)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)


def test_series_that_can_not_be_told_apart_are_one(tmp_path: Path, engine: str) -> None:
    result = ask(tmp_path, engine, "label_replace(futures_margin_ratio, 'symbol', '', '', '')")
    assert (result.exit_code, "same labelset" in result.stderr) == (1, True)


def test_at_a_time_what_was_recorded_is_told(tmp_path: Path) -> None:
    recorded(tmp_path / "history" / "prod", falling_margin(21))
    result = ask(tmp_path, "metrics_url: 'http://127.0.0.1:9/'", MARGIN, "--at", "-10s")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f'{MARGIN}{{symbol="BTC"}}  1.5\n', "")


def test_at_a_time_the_record_is_looked_back_on(tmp_path: Path) -> None:
    recorded(tmp_path / "history" / "prod", falling_margin(21))
    asked = 'max_over_time(futures_margin_ratio{symbol="BTC"}[5s])'
    result = ask(tmp_path, "metrics_url: 'http://127.0.0.1:9/'", asked, "--at", "-10s")
    assert (result.stdout, result.stderr) == ('{symbol="BTC"}  1.7\n', "")


def test_a_time_that_was_not_recorded_is_refused(tmp_path: Path, engine: str) -> None:
    result = ask(tmp_path, engine, "futures_margin_ratio", "--at", "-10s")
    assert result.exit_code == 2
    assert result.stderr.startswith("opsconsole: --at: without a Prometheus server there is only what was")


def test_a_gap_in_the_record_is_one(tmp_path: Path, engine: str) -> None:
    recorded(tmp_path / "history" / "prod", [*falling_margin(3), *falling_margin(3, NOW + 1000)])
    result = ask(tmp_path, engine, MARGIN, "--at", "-500s")
    assert (result.exit_code, result.stderr) == (
        1,
        "opsconsole: --at: '-500s': nothing was recorded of the metrics then\n",
    )


@pytest.mark.parametrize("told", ["yesterday", "2020-01-01", "-1h"])
def test_a_time_outside_of_the_record_is_two(tmp_path: Path, engine: str, told: str) -> None:
    recorded(tmp_path / "history" / "prod", falling_margin(3))
    result = ask(tmp_path, engine, "futures_margin_ratio", "--at", told)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"opsconsole: --at: {told!r}")


def test_a_server_is_asked_for_the_time(tmp_path: Path, httpserver: HTTPServer) -> None:
    row = {"metric": {"__name__": "futures_a", "symbol": "BTC"}, "value": [NOW, "3"]}
    asked = served(httpserver, success("vector", [row]))
    result = ask(tmp_path, prometheus(httpserver), "futures_a", "--at", "2026-01-02T03:04:05")
    assert (result.exit_code, result.stdout) == (0, 'futures_a{symbol="BTC"}  3\n')
    assert asked == [{"query": ["futures_a"], "time": ["1767323045.000"]}]


def test_samples_of_a_range_are_told_with_their_times(tmp_path: Path, httpserver: HTTPServer) -> None:
    served(httpserver, success("matrix", [{"metric": {"a": "b"}, "values": [[1.5, "3"], [2.5, "4"]]}]))
    result = ask(tmp_path, prometheus(httpserver), "x[5s]")
    assert result.stdout.splitlines() == ['{a="b"}  3 @1.500', '{a="b"}  4 @2.500']


def test_what_a_server_warns_of_is_told(tmp_path: Path, httpserver: HTTPServer) -> None:
    served(httpserver, success("scalar", [NOW, "3"], warnings=["a store did not answer"]))
    result = ask(tmp_path, prometheus(httpserver), "3")
    assert (result.stdout, result.stderr) == ("3\n", "opsconsole: a store did not answer\n")


@pytest.mark.parametrize(("kind", "code"), [("bad_data", 2), ("execution", 1), ("timeout", 1)])
def test_what_a_server_refuses_is_one_line(
    tmp_path: Path, httpserver: HTTPServer, kind: str, code: int
) -> None:
    served(httpserver, {"status": "error", "errorType": kind, "error": "1:3:\nwhy"}, 422)
    result = ask(tmp_path, prometheus(httpserver), "x[")
    assert (result.exit_code, result.stderr) == (code, f"opsconsole: {kind}: 1:3: why\n")


@pytest.mark.parametrize(
    ("said", "status", "why"),
    [
        ("<html>", 200, "the answer is not a Prometheus server's"),
        ("no", 503, "HTTP 503"),
        ([], 200, "the answer is not a Prometheus server's"),
        (success("vector", [{"value": 3}]), 200, "the answer is not a Prometheus server's"),
        (
            success("vector", [{"metric": {}, "histogram": [NOW, {}]}]),
            200,
            "the answer holds native histograms, which can't be shown here",
        ),
    ],
)
def test_an_answer_that_can_not_be_read_is_one(
    tmp_path: Path, httpserver: HTTPServer, said: object, status: int, why: str
) -> None:
    served(httpserver, said, status)
    result = ask(tmp_path, prometheus(httpserver), "x")
    assert (result.exit_code, result.stderr) == (1, f"opsconsole: {why}\n")


def test_what_others_write_is_only_shown(tmp_path: Path, httpserver: HTTPServer) -> None:
    served(httpserver, success("vector", [{"metric": {"a": "\x1b[2J\u202e"}, "value": [NOW, "\x1b[2J"]}]))
    result = ask(tmp_path, prometheus(httpserver), "x")
    assert not {"\x1b", "\u202e"} & set(result.stdout)


def test_watching_is_for_the_engine_only(tmp_path: Path, httpserver: HTTPServer) -> None:
    result = ask(tmp_path, prometheus(httpserver), "x", "--watch", "1")
    assert (result.exit_code, result.stderr.startswith("opsconsole: --watch ")) == (2, True)
