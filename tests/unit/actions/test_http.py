"""The engine's endpoint is asked once, on loopback, and believed only as far as it goes."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pytest_httpserver import HTTPServer

from console.actions.kill.actuator import Act, Answer, Order, Scope
from console.actions.kill.http import Http
from console.domain.clock import SystemClock

CLOCK = SystemClock()
ORDER = Order("margin call")


def http(server: HTTPServer, deadline: float = 2.0) -> Http:
    return Http(server.url_for("/control/kill"), CLOCK, deadline)


def test_reason_and_scope_are_posted_once(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/control/kill", method="POST").respond_with_json({"tripped": True})
    answer = http(httpserver).fire(ORDER)
    assert answer.act is Act.DONE
    assert answer.words == "HTTP 200"
    ((request, _),) = httpserver.log
    assert json.loads(request.data) == {"reason": "margin call", "scope": "all"}


def test_an_engine_that_says_it_did_not_follow_is_believed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/control/kill").respond_with_json({"tripped": False, "scope": "all"})
    answer = http(httpserver).fire(ORDER)
    assert answer.act is Act.FAILED
    assert answer.words.startswith("HTTP 200, but it did not follow: {")


def test_one_account_is_stopped_although_the_engine_is_not_tripped(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/control/kill").respond_with_json({"tripped": False, "stopped": True})
    assert http(httpserver).fire(Order("x", Scope.COIN)).act is Act.DONE


def test_an_answer_without_a_word_of_it_is_taken_as_done(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/control/kill").respond_with_data("", status=204)
    assert http(httpserver).fire(ORDER) == Answer(Act.DONE, "HTTP 204")


def test_an_error_is_told_inert(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/control/kill").respond_with_data("\x1b[2Jno", status=500)
    assert http(httpserver).fire(ORDER) == Answer(Act.FAILED, "HTTP 500: \\x1b[2Jno")


@pytest.mark.parametrize("url", ["http://192.0.2.1/kill", "http://example.invalid/kill", "nonsense"])
def test_another_machine_is_never_asked(url: str) -> None:
    assert Http(url, CLOCK).fire(ORDER) == Answer(Act.REFUSED, "its address is not on this machine")


def test_nobody_listening_is_a_failure() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    assert Http(url, CLOCK).fire(ORDER) == Answer(Act.FAILED, "connection refused")


def test_silence_may_mean_that_it_is_done() -> None:
    with _listener(b"") as url:
        answer = Http(url, CLOCK, deadline=0.2).fire(ORDER)
    assert answer == Answer(Act.TIMED_OUT, "no answer within 0.2 s")


def test_an_answer_that_breaks_off_may_mean_that_it_is_done() -> None:
    with _listener(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", close=True) as url:
        answer = Http(url, CLOCK).fire(ORDER)
    assert answer.act is Act.UNKNOWN
    assert answer.words.startswith("the answer broke off")


def test_an_answer_that_is_too_large_may_mean_that_it_is_done(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/control/kill").respond_with_data("x" * 100_000)
    answer = http(httpserver).fire(ORDER)
    assert answer.act is Act.UNKNOWN
    assert answer.words.startswith("body larger than ")


@contextmanager
def _listener(answer: bytes, *, close: bool = False) -> Iterator[str]:
    """Takes one connection, reads the request, says `answer`, and then keeps silent."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        over = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)
                if not close:
                    over.wait(10)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        over.set()
