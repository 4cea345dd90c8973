"""A `/metrics` endpoint on loopback that answers in every wrong way there is."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

GOOD = b'futures_margin_ratio{symbol="BTCUSDT"} 2.5\nfutures_kill_switch_tripped 0\n'
MALFORMED = b'futures_margin_ratio{symbol="BTCUSDT" 2.5\n'
ENDLESS = b"endless"
SILENT = b"silent"


@dataclass(slots=True)
class Endpoint:
    """`body` is what is answered; it can be changed while the endpoint runs."""

    url: str = ""
    body: bytes = GOOD
    stopped: threading.Event = field(default_factory=threading.Event)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    endpoint: Endpoint


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while self.rfile.readline().strip():
            pass
        endpoint = cast(_Server, self.server).endpoint
        body = endpoint.body
        if body == SILENT:
            endpoint.stopped.wait()
        elif body == ENDLESS:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
            while not endpoint.stopped.wait(0.05):
                self.wfile.write(b"# and so on\n")
        else:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.endpoint = Endpoint(f"http://127.0.0.1:{server.server_address[1]}/metrics")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.endpoint
        finally:
            server.endpoint.stopped.set()
            server.shutdown()
