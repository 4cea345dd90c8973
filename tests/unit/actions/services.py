"""Services that people are told through, on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


class Service(HTTPServer):
    """A service on loopback that keeps what it is sent; it answers with `status`."""

    def __init__(self) -> None:
        self.taken: list[dict[str, object]] = []
        self.status = 200
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.server_port}/key-8ef2c1"


@contextmanager
def running_service() -> Iterator[Service]:
    with Service() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass
