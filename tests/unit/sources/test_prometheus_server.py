"""Asking a server; what its answers to queries may be is in the tests of the source and of `query`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from console.domain.clock import SystemClock
from console.sources.credentials import Credentials
from console.sources.errors import SourceError
from console.sources.prometheus_server import PrometheusServer, RefusedQuery, ServerClock
from tests.tui.fake import HandClock

SUCCESS = '{"status": "success", "data": 3}'
PATH = "/prometheus/api/v1/x"


def server(http: HTTPServer, credentials: Credentials | None = None) -> PrometheusServer:
    url = http.url_for("/prometheus/")
    return PrometheusServer(url, clock=SystemClock(), timeout=2, credentials=credentials)


def test_a_path_is_asked_below_the_base_url_with_its_parameters(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH, query_string="type=alert").respond_with_data(SUCCESS)
    assert server(httpserver).asking().get("/api/v1/x", type="alert") == 3


def test_credentials_go_with_every_request(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH, headers={"Authorization": "Bearer secret"}).respond_with_data(SUCCESS)
    credentials = Credentials(bearer_env="TOKEN", environment={"TOKEN": "secret"})
    assert server(httpserver, credentials).asking().get("/api/v1/x") == 3


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ("<html>", 200, "the answer is not a Prometheus server's"),
        ("[]", 200, "the answer is not a Prometheus server's"),
        ('{"status": "success"}', 200, "the answer is not a Prometheus server's"),
        ("<html>", 502, "HTTP 502"),
        (SUCCESS, 503, "HTTP 503"),
        ("{" * 100_000, 200, "the answer is not a Prometheus server's"),
    ],
)
def test_what_is_no_answer_is_one_sentence(httpserver: HTTPServer, body: str, status: int, why: str) -> None:
    httpserver.expect_request(PATH).respond_with_data(body, status)
    with pytest.raises(SourceError, match=f"^{why}$"):
        server(httpserver).asking().get("/api/v1/x")


def test_a_refusal_says_of_which_kind_it_is(httpserver: HTTPServer) -> None:
    refusal = '{"status": "error", "errorType": "bad_data", "error": "1:3:\\n why"}'
    httpserver.expect_request(PATH).respond_with_data(refusal, 400)
    with pytest.raises(RefusedQuery, match=r"^bad_data: 1:3: why$") as caught:
        server(httpserver).asking().get("/api/v1/x")
    assert caught.value.kind == "bad_data"


def test_warnings_are_kept_once_each(httpserver: HTTPServer) -> None:
    warned = '{"status": "success", "data": 3, "warnings": ["a store\\n is missing"]}'
    httpserver.expect_request(PATH).respond_with_data(warned)
    asking = server(httpserver).asking()
    for _ in range(2):
        asking.get("/api/v1/x")
    assert asking.warnings == ["a store is missing"]


def test_all_requests_of_one_asking_share_a_deadline(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH).respond_with_data(SUCCESS)
    clock = HandClock()
    asking = PrometheusServer(httpserver.url_for("/prometheus"), clock=clock, timeout=2).asking()
    asking.get("/api/v1/x")
    clock.at += 2.1
    with pytest.raises(SourceError, match=r"^no answer within 2 s$"):
        asking.get("/api/v1/x")


latencies = st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5)), min_size=1, max_size=20)


@given(st.floats(-1e6, 1e6), latencies)
def test_a_servers_instant_is_told_to_within_the_shortest_answer(
    ahead: float, answers: list[tuple[float, float]]
) -> None:
    clock, now = ServerClock(), 1e9
    for until, after in answers:
        clock.note(now + until + ahead, now, now + until + after)
        now += 10
    shortest = min(until + after for until, after in answers)
    assert abs(clock.here(1e9 + ahead) - 1e9) <= shortest + 1e-5


def test_an_instant_is_told_as_the_same_at_every_poll() -> None:
    clock = ServerClock()
    clock.note(1000, 10, 11)
    told = clock.here(1000)
    clock.note(1100.2, 110, 111)
    assert clock.here(1000) == told


def test_a_servers_clock_that_was_set_is_followed() -> None:
    clock = ServerClock()
    clock.note(1000, 10, 11)
    clock.note(1700, 110, 111)
    assert 110 <= clock.here(1700) <= 111
