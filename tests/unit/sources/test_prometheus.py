"""The Prometheus source against answers of every shape; a real server's are in the integration tests."""

import json
from base64 import b64encode
from urllib.parse import parse_qs

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from console.domain.clock import SystemClock
from console.sources.credentials import Credentials
from console.sources.errors import SourceError
from console.sources.prometheus import PrometheusSource
from tests.tui.fake import HandClock

SERVER_TIME = 1_000_000.0
EVERYTHING = '{__name__=~"futures_.+"}'

Row = tuple[dict[str, str], str]


def vector(*rows: Row, **more: object) -> dict[str, object]:
    result = [{"metric": metric, "value": [SERVER_TIME, value]} for metric, value in rows]
    return {"status": "success", "data": {"resultType": "vector", "result": result}, **more}


def series(name: str, value: str = "1", **labels: str) -> Row:
    return {"__name__": name, **labels}, value


def answer(server: HTTPServer, answers: dict[str, object], otherwise: object = None) -> None:
    """Have the server answer queries by their text; a str is sent as it is, an int is a bare status."""

    def handle(request: Request) -> Response:
        query = parse_qs(request.get_data(as_text=True))["query"][0]
        found = answers.get(query, otherwise if otherwise is not None else vector())
        if isinstance(found, int):
            return Response(status=found)
        text = found if isinstance(found, str) else json.dumps(found)
        refused = isinstance(found, dict) and found.get("status") == "error"
        return Response(text, status=422 if refused else 200)

    server.expect_request("/api/v1/query", method="POST").respond_with_handler(handle)


def source(server: HTTPServer, *queries: str, credentials: Credentials | None = None) -> PrometheusSource:
    return PrometheusSource(
        server.url_for("/"), queries, clock=SystemClock(), timeout=2, credentials=credentials
    )


def failure(server: HTTPServer) -> str:
    with pytest.raises(SourceError) as caught:
        source(server).read()
    return str(caught.value)


def test_series_are_grouped_by_their_metric(httpserver: HTTPServer) -> None:
    answer(httpserver, {EVERYTHING: vector(series("futures_a", symbol="X"), series("futures_b", "NaN"))})
    samples = source(httpserver).read().samples
    assert {name: len(found) for name, found in samples.items()} == {"futures_a": 1, "futures_b": 1}


def test_numbers_come_as_text(httpserver: HTTPServer) -> None:
    answer(
        httpserver,
        {EVERYTHING: vector(*(series("futures_a", n, n=n) for n in ("NaN", "+Inf", "-Inf", "1e-3")))},
    )
    values = source(httpserver).read().samples["futures_a"].values()
    assert [str(value) for value in values] == ["nan", "inf", "-inf", "0.001"]


def test_an_unchanged_series_is_the_same_object_in_the_next_poll(httpserver: HTTPServer) -> None:
    answer(httpserver, {EVERYTHING: vector(series("futures_a", symbol="X"))})
    one = source(httpserver)
    (first,), (second,) = (one.read().samples["futures_a"] for _ in range(2))
    assert first is second


def test_the_data_is_as_old_as_the_newest_sample(httpserver: HTTPServer) -> None:
    newest = vector(({}, str(SERVER_TIME - 40)))
    answer(httpserver, {EVERYTHING: vector(series("futures_a"))}, otherwise=newest)
    data_at = source(httpserver).read().data_at
    assert data_at is not None
    assert SystemClock().now() - data_at == pytest.approx(40, abs=1)


def test_the_data_is_as_old_as_an_older_heartbeat(httpserver: HTTPServer) -> None:
    beat = series("futures_heartbeat_timestamp_seconds", str(SERVER_TIME - 90))
    answer(httpserver, {EVERYTHING: vector(beat)}, otherwise=vector(({}, str(SERVER_TIME - 5))))
    data_at = source(httpserver).read().data_at
    assert data_at is not None
    assert SystemClock().now() - data_at == pytest.approx(90, abs=1)


def test_the_data_ages_from_before_the_first_answer(httpserver: HTTPServer) -> None:
    clock = HandClock()
    rows = vector(series("futures_a"))

    def slow(request: Request) -> Response:
        clock.at += 10
        query = parse_qs(request.get_data(as_text=True))["query"][0]
        newest = vector(({}, str(SERVER_TIME - 40)))
        return Response(json.dumps(rows if query == EVERYTHING else newest))

    httpserver.expect_request("/api/v1/query", method="POST").respond_with_handler(slow)
    scraped = PrometheusSource(httpserver.url_for("/"), ["futures_a"], clock=clock, timeout=100).read()
    assert scraped.data_at == clock.at - 30 - 40


def test_a_heartbeat_in_the_future_that_stands_still_grows_old(httpserver: HTTPServer) -> None:
    clock = HandClock()
    beat = series("futures_heartbeat_timestamp_seconds", str(SERVER_TIME + 3600))
    answer(httpserver, {EVERYTHING: vector(beat)}, otherwise=vector(({}, str(SERVER_TIME))))
    one = PrometheusSource(httpserver.url_for("/"), [], clock=clock, timeout=5)
    first = one.read()
    clock.at += 50
    second = one.read()
    assert (first.data_at, second.data_at) == (clock.at - 50, clock.at - 50)
    assert second.notes == ("the engine's clock is 3600.0 s ahead",)


def test_samples_without_a_time_are_an_error(httpserver: HTTPServer) -> None:
    answer(httpserver, {EVERYTHING: vector(series("futures_a"))}, otherwise=vector(({}, "NaN")))
    assert failure(httpserver) == "the newest sample's time is no time"


def test_a_server_without_such_series_is_no_error(httpserver: HTTPServer) -> None:
    answer(httpserver, {})
    scraped = source(httpserver, "futures_a").read()
    assert (scraped.samples, scraped.data_at) == ({}, None)
    assert scraped.answers["futures_a"].error is None


def test_a_refused_query_is_its_own_error_only(httpserver: HTTPServer) -> None:
    refused = {"status": "error", "errorType": "execution", "error": "too\nmany   samples"}
    answer(
        httpserver,
        {EVERYTHING: vector(series("futures_a")), "bad": refused, "good": vector(({}, "1"))},
        vector(),
    )
    answers = source(httpserver, "bad", "good").read().answers
    assert answers["bad"].error == "execution: too many samples"
    assert list(answers["good"].vector.values()) == [1.0]


def test_warnings_are_notes(httpserver: HTTPServer) -> None:
    answer(httpserver, {}, otherwise=vector(warnings=["a store is missing"]))
    assert source(httpserver, "futures_a").read().notes == ("a store is missing",)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<html>login</html>", "the answer is not a Prometheus server's"),
        ("[]", "the answer is not a Prometheus server's"),
        ("{}", "the answer is not a Prometheus server's"),
        (
            '{"status":"success","data":{"resultType":"vector","result":[{}]}',
            "the answer is not a Prometheus server's",
        ),
        (
            '{"status":"success","data":{"resultType":"vector","result":[3]}}',
            "the answer is not a Prometheus server's",
        ),
        ("[" * 100_000, "the answer is not a Prometheus server's"),
        (vector(({"a": 1}, "1")), "the answer is not a Prometheus server's"),  # type: ignore[dict-item]
        (
            '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[NaN,"1"]}]}}',
            "the answer is not a Prometheus server's",
        ),
        (503, "HTTP 503"),
        (401, "HTTP 401"),
        ({"status": "error", "errorType": "unavailable", "error": "starting"}, "unavailable: starting"),
    ],
)
def test_a_server_that_makes_no_sense_is_one_line(httpserver: HTTPServer, body: object, message: str) -> None:
    answer(httpserver, {EVERYTHING: body})
    assert failure(httpserver) == message


def test_user_and_password_are_sent_from_the_environment(httpserver: HTTPServer) -> None:
    answer(httpserver, {})
    who = Credentials(
        user_env="USER_NAME", password_env="SECRET", environment={"USER_NAME": "ops", "SECRET": "s"}
    )
    source(httpserver, credentials=who).read()
    request, _ = httpserver.log[0]
    assert request.headers["Authorization"] == f"Basic {b64encode(b'ops:s').decode()}"


def test_a_password_is_not_sent_where_others_can_read_it() -> None:
    who = Credentials(user_env="U", password_env="P", environment={"U": "ops", "P": "s"})
    one = PrometheusSource("http://192.0.2.1", [], clock=HandClock(), timeout=0.01, credentials=who)
    with pytest.raises(SourceError, match="credentials are only sent over https"):
        one.read()
