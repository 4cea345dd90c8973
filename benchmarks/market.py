"""A metrics endpoint whose every value moves: `python -m benchmarks.market URL` says where it listens.

It stands before a paper engine's own endpoint and serves the same series, but no symbol's margin ratio,
funding rate, slippage or mark price is the same in two scrapes: the worst case for whoever shows them.
Counters of errors and liquidations stay: a symbol where they rise is one alert each, and 5,000 of these
are no market any more.
"""

import random
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_MOVING = tuple(
    f"futures_{name}{{" for name in ("margin_ratio", "funding_rate", "slippage_bps", "mark_price")
)
"""How the lines begin that move. They are told apart cheaply: a console waits for this answer."""
_NEXT_TO_NOTHING = 1e-5
"""In place of 0, which no factor moves."""


class Market(ThreadingHTTPServer):
    """Serves what `url` does, every gauge of a symbol moved by up to 5 %."""

    daemon_threads = True

    def __init__(self, url: str, chance: random.Random) -> None:
        super().__init__(("127.0.0.1", 0), _Scrape)
        self._url = url
        self._chance = chance

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/metrics"

    def handle_error(self, request: object, client_address: object) -> None:
        """A console that has been ended breaks its connection off."""

    def body(self) -> bytes:
        with urllib.request.urlopen(self._url, timeout=10) as answer:
            text: str = answer.read().decode()
        lines = text.split("\n")
        return "\n".join([self._moved(line) if line.startswith(_MOVING) else line for line in lines]).encode()

    def _moved(self, line: str) -> str:
        series, _, value = line.rpartition(" ")
        return f"{series} {(float(value) or _NEXT_TO_NOTHING) * (0.95 + self._chance.random() / 10)!r}"


class _Scrape(BaseHTTPRequestHandler):
    server: Market
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.server.body()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nobody reads it."""


def main() -> None:
    market = Market(sys.argv[1], random.Random(1))
    print(market.url, flush=True)
    market.serve_forever()


if __name__ == "__main__":
    main()
