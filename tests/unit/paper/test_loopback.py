"""The paper engine's HTTP server: what goes wrong with one request is neither printed nor anybody else's."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from console.paper.loopback import LoopbackServer, Request, Response

LARGE = b" " * (8 << 20)
"""More than the buffers of a connection hold."""
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: closing breaks the connection off."""


def answer(request: Request) -> Response:
    if request.path == "/defect":
        raise ZeroDivisionError
    return Response(200, LARGE if request.path == "/large" else b"here")


@pytest.fixture
def url() -> Iterator[str]:
    server = LoopbackServer(answer, "test")
    yield server.url
    server.close()


def break_off(url: str, path: str) -> None:
    """Ask, read the first bytes of the answer, and be gone."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert connection.recv(100)


def test_a_client_that_goes_without_its_answer_is_no_news(
    url: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    idle = threading.active_count()
    break_off(url, "/large")
    deadline = time.monotonic() + 10
    while threading.active_count() > idle and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (capfd.readouterr().err, caplog.text) == ("", "")
    assert httpx.get(f"{url}/").text == "here"


def test_a_defect_is_told_in_the_log_and_ends_one_request_only(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{url}/defect")
    assert httpx.get(f"{url}/").text == "here"
    assert "ZeroDivisionError" in caplog.text
