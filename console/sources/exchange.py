"""The exchange as a source: Binance USD-M (`fapi`) and COIN-M (`dapi`), read-only.

The request weight of this address is shared with the engine on the same host, so what costs much of it is
asked for less often than the rest. A refusal for weight is respected for as long as the exchange says.
"""

import hashlib
import hmac
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from urllib.parse import urlencode

import orjson

from console.domain.clock import Clock
from console.domain.loopback import keeps_secrets
from console.domain.reading import Dated
from console.domain.surfaces import Contract, Exchange, ExchangePosition, Venue
from console.sources.errors import SourceError
from console.sources.http import HttpClient, Response

MarketName = Literal["usdm", "coinm"]

CONTRACTS_EVERY = 15.0
ORDERS_EVERY = 30.0
STATUS_EVERY = 600.0
"""Seconds between calls of premiumIndex, openOrders and exchangeInfo: weights 10 and 40, and megabytes."""
_RECV_WINDOW = 5000
_PAUSE = 60.0
"""Seconds without a call after a refusal that doesn't say how long it holds."""
_MAX_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Keys:
    """Credentials with read permission only. They never appear in an error or a log."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


class ExchangeSource:
    """Reads `Exchange` from one or both markets."""

    def __init__(
        self, bases: Mapping[MarketName, str], *, clock: Clock, timeout: float, keys: Keys | None = None
    ) -> None:
        """`bases` are the markets' base URLs; `timeout` is in seconds, for each call."""
        self._markets = [Market(name, base, clock, timeout, keys) for name, base in bases.items()]

    def read(self) -> Dated[Exchange]:
        return Dated(Exchange(tuple(market.read() for market in self._markets)))


@dataclass(frozen=True, slots=True)
class _Paths:
    prefix: str
    position_risk: str
    status_field: str

    def __call__(self, name: str) -> str:
        return f"{self.prefix}/v1/{name}"


_PATHS = {
    "usdm": _Paths("/fapi", "/fapi/v3/positionRisk", "status"),
    "coinm": _Paths("/dapi", "/dapi/v1/positionRisk", "contractStatus"),
}


class Market:
    """One market, and what its slower calls last said."""

    def __init__(self, name: MarketName, base: str, clock: Clock, timeout: float, keys: Keys | None) -> None:
        self._name = name
        self._base = base.rstrip("/")
        self._clock = clock
        self._keys = keys
        self._paths = _PATHS[name]
        self._client = HttpClient(clock=clock, timeout=timeout, max_bytes=_MAX_BYTES)
        self._paused_until = float("-inf")
        self._weight: int | None = None
        self._statuses: dict[str, str] = {}
        self._sizes: dict[str, Decimal] = {}
        self._statuses_at = float("-inf")
        self._contracts: dict[str, Contract] = {}
        self._contracts_at = float("-inf")
        self._orders: int | None = None
        self._orders_at: float | None = None

    def read(self) -> Venue:
        """Ask what is due; SourceError says which market and why."""
        now = self._clock.now()
        if now < self._paused_until:
            raise self._error(f"refuses calls for another {self._paused_until - now:.0f} s (rate limit)")
        skew = self._clock_skew()
        if now - self._statuses_at >= STATUS_EVERY:
            self._read_statuses()
            self._statuses_at = now
        if now - self._contracts_at >= CONTRACTS_EVERY:
            self._contracts = self._read_contracts()
            self._contracts_at = now
        positions: tuple[ExchangePosition, ...] | None = None
        if self._keys is not None:
            positions = self._read_positions(skew)
            if self._orders_at is None or now - self._orders_at >= ORDERS_EVERY:
                self._orders = len(_rows(self._signed(self._paths("openOrders"), skew)))
                self._orders_at = now
        return Venue(
            market=self._name,
            clock_skew=skew,
            contracts=self._contracts,
            contracts_at=self._contracts_at,
            positions=positions,
            resting_orders=self._orders,
            orders_at=self._orders_at,
            used_weight=self._weight,
        )

    def _clock_skew(self) -> float:
        """The exchange's clock less ours, in seconds, taking its answer to be from midway."""
        sent = self._clock.wall()
        answer = self._call(self._paths("time"))
        received = self._clock.wall()
        at = _moment(answer.get("serverTime")) if isinstance(answer, dict) else None
        if at is None:
            raise self._error("its answer to time has no serverTime")
        return at - (sent + received) / 2

    def _read_statuses(self) -> None:
        """Each symbol's trading status, and on COIN-M what a contract of it is worth."""
        answer = self._call(self._paths("exchangeInfo"))
        listed = answer.get("symbols") if isinstance(answer, dict) else None
        rows = [row for row in _rows(listed) if "symbol" in row]
        field = self._paths.status_field
        self._statuses = {_name(row["symbol"]): _name(row[field]) for row in rows if field in row}
        sizes = ((_name(row["symbol"]), row.get("contractSize")) for row in rows)
        self._sizes = {
            symbol: Decimal(size)
            for symbol, size in sizes
            if isinstance(size, int) and not isinstance(size, bool) and size > 0
        }

    def _read_contracts(self) -> dict[str, Contract]:
        contracts = {}
        for row in _rows(self._call(self._paths("premiumIndex"))):
            symbol = _name(row.get("symbol", ""))
            contracts[symbol] = Contract(
                symbol=symbol,
                status=self._statuses.get(symbol),
                mark_price=_decimal(row.get("markPrice")),
                funding_rate=_decimal(row.get("lastFundingRate")),
                next_funding=_moment(row.get("nextFundingTime")),
                contract_size=self._sizes.get(symbol),
            )
        return contracts

    def _read_positions(self, skew: float) -> tuple[ExchangePosition, ...]:
        rows = _rows(self._signed(self._paths.position_risk, skew))
        found = []
        for row in rows:
            quantity = _decimal(row.get("positionAmt"))
            if quantity is None:
                raise self._error("a position has no positionAmt")
            liquidation = _decimal(row.get("liquidationPrice"))
            found.append(
                ExchangePosition(
                    symbol=_name(row.get("symbol", "")),
                    quantity=quantity,
                    entry_price=_decimal(row.get("entryPrice")),
                    liquidation_price=liquidation or None,  # "0" means not known
                    unrealized_pnl=_decimal(row.get("unRealizedProfit")),
                )
            )
        return tuple(found)

    def _signed(self, path: str, skew: float) -> Any:
        keys = self._usable_keys()
        at = int((self._clock.wall() + skew) * 1000)
        query = urlencode({"recvWindow": _RECV_WINDOW, "timestamp": at})
        signature = hmac.new(keys.secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        return self._call(f"{path}?{query}&signature={signature}", {"X-MBX-APIKEY": keys.key})

    def _usable_keys(self) -> Keys:
        keys = self._keys
        assert keys is not None  # noqa: S101 (read() asks only with keys)
        if not keeps_secrets(self._base):
            raise self._error("keys are only sent over https")
        if not all(text.isascii() and text.isprintable() for text in (keys.key, keys.secret)):
            raise self._error("its keys hold characters that no key has")
        return keys

    def _call(self, path: str, headers: Mapping[str, str] | None = None) -> Any:
        try:
            response = self._client.request("GET", f"{self._base}{path}", headers)
        except SourceError as error:
            raise self._error(str(error)) from None
        weight = _whole(response.headers.get("x-mbx-used-weight-1m", ""))
        self._weight = self._weight if weight is None else weight
        self._respect(response)
        try:
            answer = orjson.loads(response.body)
        except ValueError:
            answer = None
        if response.status != 200:
            raise self._error(f"HTTP {response.status}{_complaint(answer)}")
        if answer is None:
            raise self._error("its answer is not JSON")
        if isinstance(answer, dict) and "code" in answer and "msg" in answer:
            raise self._error(f"refused{_complaint(answer)}")
        return answer

    def _respect(self, response: Response) -> None:
        """429 asks for a pause, 418 is a ban: no call before it is over."""
        if response.status in (429, 418):
            wait = _whole(response.headers.get("retry-after", ""))
            seconds = _PAUSE if wait is None else float(wait)
            self._paused_until = self._clock.now() + seconds
            raise self._error(f"HTTP {response.status}: rate limit, no calls for {seconds:.0f} s")

    def _error(self, problem: str) -> SourceError:
        return SourceError(f"{self._name}: {problem}")


def _rows(answer: object) -> Sequence[Mapping[str, Any]]:
    """The objects of a list, or the one object that stands alone."""
    if isinstance(answer, dict):
        return [answer]
    if isinstance(answer, list) and all(isinstance(row, dict) for row in answer):
        return answer
    raise SourceError("the exchange's answer is not a list of objects")


def _name(value: object) -> str:
    """Interned: the same few thousand names and words come again and again."""
    return sys.intern(str(value))


def _decimal(value: object) -> Decimal | None:
    """A decimal string; None for anything else, the empty string included."""
    if not isinstance(value, str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _moment(value: object) -> float | None:
    """Milliseconds as seconds since 1970; None for anything else, 0 included."""
    return value / 1000 if isinstance(value, int) and 0 < value < 1 << 53 else None


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _complaint(answer: object) -> str:
    if not isinstance(answer, dict) or "msg" not in answer:
        return ""
    return f": {str(answer['msg'])[:120]} ({answer.get('code')})"
