"""A real Prometheus server for tests, on loopback and with its data in a folder of the test's.

It is looked for in this order: an installed `prometheus`, and the one unpacked from the distribution's
package into `.cache/` of the checkout. `python -m tests.prometheus` does the unpacking alone and prints
the path of the binary.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn

import pytest

from console.domain.metrics import Series
from tests.debian import NoServerError, find, free_port

_START_SECONDS = 60.0
_TO_INSTALL = "apt-get install prometheus"


class Prometheus:
    """A running server. It begins to scrape about five seconds after its start."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **parameters: str) -> dict[str, Any]:
        """The answer of an API path; an error of the server's is an answer, too."""
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=30) as response:
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            answer = json.load(error)
        return answer

    def query(self, text: str, at: float) -> list[dict[str, Any]]:
        """The result of an instant query at `at`, seconds since 1970."""
        answer = self.get("query", query=text, time=f"{at:.3f}")
        assert answer["status"] == "success", answer
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def ready(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/-/ready", timeout=1).close()
        except OSError:
            return False
        return True


@contextlib.contextmanager
def server(
    folder: Path, target: str, interval: str = "200ms", *, rules: Sequence[Path] = (), evaluation: str = "1m"
) -> Iterator[Prometheus]:
    """A server that scrapes `target` (host:port) and keeps all in `folder`. Raises NoServerError.

    It evaluates the rule files `rules`, each group every `evaluation` where it has no interval of its own.
    """
    binary = find_binary()
    port = free_port()
    config, log = folder / "prometheus.yml", folder / "prometheus.log"
    config.write_text(
        f"global: {{scrape_interval: {interval}, scrape_timeout: {interval},"
        f" evaluation_interval: {evaluation}}}\n"
        f"rule_files: {json.dumps(list(map(str, rules)))}\n"
        f"scrape_configs: [{{job_name: engine, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    command = [
        str(binary),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    try:
        running = Prometheus(f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + _START_SECONDS
        while not running.ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise NoServerError(f"prometheus did not start: {log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield running
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def serving(page: Callable[[], str | None]) -> Iterator[str]:
    """A target (host:port) that answers each scrape with the next page, and with 503 where there is none."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = page()
            body = (text or "").encode()
            self.send_response(503 if text is None else 200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{http.server_port}"
        http.shutdown()


def series_of(metric: dict[str, str]) -> Series:
    """The series that an answer of the server's names."""
    labels = tuple(sorted(pair for pair in metric.items() if pair[0] != "__name__"))
    return Series(metric.get("__name__", ""), labels)


def do_without(error: NoServerError) -> NoReturn:
    """Skip the test that has no server; in CI it fails."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"CI needs Prometheus: {error}")
    pytest.skip(str(error))


def find_binary() -> Path:
    """The installed `prometheus`, else the unpacked one, unpacking it first. Raises NoServerError."""
    return find("prometheus", "prometheus", "usr/bin/prometheus", _TO_INSTALL)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_binary()}\n")
    except NoServerError as error:
        sys.exit(str(error))
