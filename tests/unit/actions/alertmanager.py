"""An Alertmanager on loopback, as far as silences go, whose answers can be lost."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FakeAlertmanager(ThreadingHTTPServer):
    """Its silences by id, and what it was asked for. `loses` are methods whose answers never come.

    What `refuses` is set is what every change is answered with: a status and words.
    """

    def __init__(self) -> None:
        self.silences: dict[str, dict[str, object]] = {}
        self.asked: list[tuple[str, str]] = []
        self.loses: set[str] = set()
        self.forgets = False
        self.refuses: tuple[int, str] | None = None
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def alertmanager() -> Iterator[FakeAlertmanager]:
    with FakeAlertmanager() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: FakeAlertmanager

    def do_GET(self) -> None:
        if self._lost():
            return
        silences = self.server.silences
        if self.path.startswith("/api/v2/silence/"):
            self._answer(200, silences.get(self.path.rpartition("/")[2]))
        else:
            self._answer(200, list(silences.values()))

    def do_POST(self) -> None:
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = f"00000000-0000-0000-0000-{len(self.server.silences):012}"
        if self.server.refuses is None and not self.server.forgets:
            self.server.silences[key] = {"id": key, "status": {"state": "active"}, **wanted}
        self._changed({"silenceID": key})

    def do_DELETE(self) -> None:
        if self.server.refuses is None and not self.server.forgets:
            self.server.silences[self.path.rpartition("/")[2]]["status"] = {"state": "expired"}
        self._changed({})

    def _changed(self, answer: object) -> None:
        if self._lost():
            return
        if self.server.refuses is None:
            self._answer(200, answer)
        else:
            self._answer(*self.server.refuses)

    def _lost(self) -> bool:
        self.server.asked.append((self.command, self.path))
        if self.command in self.server.loses:
            self.close_connection = True
            return True
        return False

    def _answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode() if document is not None else b"silence not found"
        self.send_response(404 if document is None else status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
