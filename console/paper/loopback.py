"""A small HTTP server for loopback: what the control endpoint and the paper exchange have in common.

It binds 127.0.0.1 on a free port. Requests of web pages are refused: those whose Host header is not a
loopback name (rebound DNS) and those with an Origin. Request bodies are bounded.
"""

import json
import logging
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Protocol
from urllib.parse import urlsplit

log = logging.getLogger(__name__)

MOST_BODY_BYTES = 4096

_LOOPBACK_NAMES = {"127.0.0.1", "localhost", "::1"}
_IDLE_SECONDS = 15  # a connection without a request is closed after this time


@dataclass(frozen=True, slots=True)
class Request:
    """A request: path and raw query are apart, header names are lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """A response; `headers` come besides the content's type and length."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class Answer(Protocol):
    """What serves requests: any callable from a request to a response, called from several threads."""

    def __call__(self, request: Request) -> Response: ...


def json_response(status: int, document: object, *headers: tuple[str, str]) -> Response:
    """A document as compact JSON."""
    return Response(status, json.dumps(document, separators=(",", ":")).encode(), headers=headers)


class LoopbackServer:
    """A running server. `url` has no slash at the end."""

    def __init__(self, answer: Answer, name: str) -> None:
        handler = type("_BoundHandler", (_Handler,), {"answer": staticmethod(answer)})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name=name, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop accepting and free the port; requests in flight are left to their daemon threads."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked may go without the answer; anything else is a defect, and told in the log."""
        if not isinstance(sys.exception(), ConnectionError):
            log.exception("a request could not be answered")


class _Handler(BaseHTTPRequestHandler):
    answer: ClassVar[Answer]
    protocol_version = "HTTP/1.1"
    server_version = "opsconsole-paper"
    sys_version = ""
    timeout = _IDLE_SECONDS
    wbufsize = -1  # head and body leave in one packet

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the engine's log is for trading, not for requests."""

    def _serve(self) -> None:
        response = self._refusal()
        if response is None:
            target = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            response = type(self).answer(Request(self.command, target.path, target.query, headers, body))
        else:
            self.close_connection = True  # the body was not read
        self.send_response(response.status)
        for name, value in (
            ("Content-Type", response.content_type),
            ("Content-Length", str(len(response.body))),
            *response.headers,
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)

    def _refusal(self) -> Response | None:
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        if host not in _LOOPBACK_NAMES:
            return json_response(403, {"error": "the Host header is not a loopback name"})
        if "Origin" in self.headers:
            return json_response(403, {"error": "requests of web pages are refused"})
        if "Transfer-Encoding" in self.headers:
            return json_response(411, {"error": "a Content-Length is needed"})
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal():
            return json_response(400, {"error": "Content-Length is not a number"})
        if int(length) > MOST_BODY_BYTES:
            return json_response(413, {"error": f"at most {MOST_BODY_BYTES} bytes are allowed"})
        return None
