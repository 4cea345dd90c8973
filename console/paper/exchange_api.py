"""The paper exchange's HTTP face: Binance's paths, signatures, weights and error codes.

While the exchange is down every path answers 503 as Binance does, and every fourth request gets no answer
at all until the outage ends (at most `_MOST_HANGING` at a time): an operator's tools must bear both.
"""

import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol
from urllib.parse import parse_qsl

from console.paper.exchange import Exchange
from console.paper.loopback import Request, Response, json_response
from console.paper.universe import Venue

MOST_WEIGHT = 2400
"""Request weight that is allowed in one minute."""

_RECV_WINDOW_MS = 5000
_MOST_RECV_WINDOW_MS = 60_000
_MOST_HANGING = 32
_VENUES = {"fapi": Venue.USDM, "dapi": Venue.COIN}


@dataclass(frozen=True, slots=True)
class ExchangeKeys:
    """The one key pair that the exchange accepts. The secret is never shown."""

    api_key: str
    api_secret: str

    def __repr__(self) -> str:
        return "ExchangeKeys(...)"


@dataclass(frozen=True, slots=True)
class _Route:
    """A path's answer, and its weight with and without `symbol=`."""

    answer: Callable[[Exchange, Venue, str | None], object]
    signed: bool
    weight: int
    weight_of_all: int


class Reach(Protocol):
    """Whether the exchange can be reached, and what makes an outage."""

    @property
    def down(self) -> bool: ...

    def set_down(self, down: bool) -> None: ...


class _BinanceError(Exception):
    """An answer of Binance's kind: {"code": -1022, "msg": ...}."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.document = {"code": code, "msg": message}


class ExchangeApi:
    """Answers the exchange's requests, from several threads."""

    def __init__(self, exchange: Exchange, keys: ExchangeKeys, clock: Callable[[], float]) -> None:
        self._exchange = exchange
        self._keys = keys
        self._clock = clock
        self._lock = threading.Lock()
        self._minute = 0
        self._weight = 0
        self._down = False
        self._back = threading.Event()
        self._hanging = 0
        self._requests_while_down = 0

    @property
    def down(self) -> bool:
        """Whether there is an outage."""
        return self._down

    def set_down(self, down: bool) -> None:
        """Begin or end an outage; hanging requests are answered when it ends."""
        if down and not self._down:
            self._back = threading.Event()
        self._down = down
        if not down:
            self._back.set()

    def answer(self, request: Request) -> Response:
        """Serve one request."""
        if self._down:
            return self._unavailable()
        _, _, rest = request.path.partition("/")
        prefix, _, path = rest.partition("/")
        venue = _VENUES.get(prefix)
        route = _ROUTES.get((prefix, path))
        if venue is None or route is None or request.method != "GET":
            return json_response(
                404, {"code": -5000, "msg": f"Path {request.path}, Method {request.method} is invalid"}
            )
        parameters = dict(parse_qsl(request.query, keep_blank_values=True))
        symbol = parameters.get("symbol")
        used = self._spend(route.weight if symbol else route.weight_of_all)
        used_header = ("X-MBX-USED-WEIGHT-1M", str(used))
        if used > MOST_WEIGHT:
            wait = 60 - int(self._clock()) % 60
            limit = {
                "code": -1003,
                "msg": f"Too many requests; current limit is {MOST_WEIGHT} request weight per 1 MINUTE.",
            }
            return json_response(429, limit, used_header, ("Retry-After", str(wait)))
        try:
            if route.signed:
                self._check_signature(request, parameters)
            if symbol is not None and not self._exchange.lists(venue, symbol):
                raise _BinanceError(400, -1121, "Invalid symbol.")
            return json_response(200, route.answer(self._exchange, venue, symbol), used_header)
        except _BinanceError as error:
            return json_response(error.status, error.document, used_header)

    def _unavailable(self) -> Response:
        with self._lock:
            self._requests_while_down += 1
            hangs = self._requests_while_down % 4 == 0 and self._hanging < _MOST_HANGING
            self._hanging += hangs
        if hangs:
            self._back.wait()
            with self._lock:
                self._hanging -= 1
        return json_response(
            503, {"code": -1001, "msg": "Internal error; unable to process your request. Please try again."}
        )

    def _spend(self, weight: int) -> int:
        minute = int(self._clock() // 60)
        with self._lock:
            if minute != self._minute:
                self._minute, self._weight = minute, 0
            self._weight += weight
            return self._weight

    def _check_signature(self, request: Request, parameters: dict[str, str]) -> None:
        """As Binance: the key first, then what is mandatory, the clock, and the signature last."""
        key = request.headers.get("x-mbx-apikey")
        if not key:
            raise _BinanceError(401, -2014, "API-key format invalid.")
        if not hmac.compare_digest(key.encode(), self._keys.api_key.encode()):
            raise _BinanceError(401, -2015, "Invalid API-key, IP, or permissions for action.")
        signed, found, signature = request.query.rpartition("&signature=")
        if not found:
            raise _BinanceError(
                400, -1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed."
            )
        timestamp = _milliseconds(parameters, "timestamp", None)
        window = _milliseconds(parameters, "recvWindow", _RECV_WINDOW_MS)
        if window > _MOST_RECV_WINDOW_MS:
            raise _BinanceError(400, -1131, "recvWindow must be less than 60000.")
        now = int(self._clock() * 1000)
        if not now - window <= timestamp < now + 1000:
            raise _BinanceError(400, -1021, "Timestamp for this request is outside of the recvWindow.")
        expected = hmac.new(self._keys.api_secret.encode(), signed.encode(), sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise _BinanceError(400, -1022, "Signature for this request is not valid.")


def _milliseconds(parameters: dict[str, str], name: str, default: int | None) -> int:
    text = parameters.get(name, "" if default is None else str(default))
    if not (text.isascii() and text.isdecimal()):
        raise _BinanceError(
            400, -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
        )
    return int(text)


def _ping(_exchange: Exchange, _venue: Venue, _symbol: str | None) -> object:
    return {}


def _routes() -> dict[tuple[str, str], _Route]:
    routes: dict[tuple[str, str], _Route] = {}
    for prefix, version in (("fapi", "v3"), ("dapi", "v1")):
        routes |= {
            (prefix, "v1/ping"): _Route(_ping, False, 1, 1),
            (prefix, "v1/time"): _Route(lambda e, _v, _s: {"serverTime": e.now_ms()}, False, 1, 1),
            (prefix, "v1/exchangeInfo"): _Route(lambda e, v, _s: e.exchange_info(v), False, 1, 1),
            (prefix, "v1/premiumIndex"): _Route(Exchange.premium_index, False, 1, 10),
            (prefix, f"{version}/positionRisk"): _Route(Exchange.position_risk, True, 5, 5),
            (prefix, f"{version}/balance"): _Route(lambda e, v, _s: e.balance(v), True, 5, 5),
            (prefix, f"{version}/account"): _Route(lambda e, v, _s: e.account(v), True, 5, 5),
            (prefix, "v1/openOrders"): _Route(Exchange.open_orders, True, 1, 40),
        }
    return routes


_ROUTES = _routes()
