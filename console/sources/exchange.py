"""The exchange as a source: Binance USD-M (`fapi`) and COIN-M (`dapi`), read-only.

The request weight of this address is shared with the engine on the same host, so what costs much of it is
asked for less often than the rest. A refusal for weight is respected for as long as the exchange says.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol
from urllib.parse import urlencode

import orjson

from console.domain.clock import Clock
from console.domain.loopback import keeps_secrets
from console.domain.reading import Dated
from console.domain.surfaces import Contract, Exchange, ExchangePosition, Venue
from console.sources.errors import SourceError
from console.sources.exchange_rows import AccountWord, Row, account_word, amounts, moment, names, parts_of
from console.sources.focus import Focus
from console.sources.http import HttpClient, Response

MarketName = Literal["usdm", "coinm"]

CONTRACTS_EVERY = 15.0
ORDERS_EVERY = 30.0
STATUS_EVERY = 600.0
"""Seconds between calls of premiumIndex, openOrders and exchangeInfo: weights 10 and 40, and megabytes."""
ACCOUNT_EVERY = 15.0
"""Seconds between calls of account while positions are listed; with an empty list it is asked each time."""
MUCH_WEIGHT = 1200
"""Half of what this address may use in a minute: from there on all of the rest is left to the engine."""
_RECV_WINDOW = 5000
_PAUSE = 60.0
"""Seconds without a call after a refusal that doesn't say how long it holds."""
_MAX_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Keys:
    """Credentials with read permission only. They never appear in an error or a log."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


class Pauses(Protocol):
    """The pauses that exchanges have asked for, as far as other processes know of them or have to."""

    def left(self, base: str) -> float:
        """Seconds for which the exchange at the URL `base` isn't asked; 0 for none."""

    def keep(self, base: str, seconds: float) -> None:
        """Have the others know of one that begins now."""


class ExchangeSource:
    """Reads `Exchange` from one or both markets."""

    def __init__(
        self,
        bases: Mapping[MarketName, str],
        *,
        clock: Clock,
        timeout: float,
        keys: Keys | None = None,
        focus: Focus | None = None,
        pauses: Pauses | None = None,
    ) -> None:
        """`bases` are the markets' base URLs; `timeout` is in seconds, for each call.

        While `focus` says that the kill switch was used, resting orders are counted at each reading. `pauses`
        are those that this process shares with others.
        """
        focus = focus or Focus()
        self._markets = [
            Market(name, base, clock, timeout, keys, focus=focus, pauses=pauses)
            for name, base in bases.items()
        ]

    def read(self) -> Dated[Exchange]:
        return Dated(Exchange(tuple(market.read() for market in self._markets)))


@dataclass(frozen=True, slots=True)
class _Paths:
    prefix: str
    position_risk: str
    account: str
    status_field: str

    def __call__(self, name: str) -> str:
        return f"{self.prefix}/v1/{name}"


_PATHS = {
    "usdm": _Paths("/fapi", "/fapi/v3/positionRisk", "/fapi/v3/account", "status"),
    "coinm": _Paths("/dapi", "/dapi/v1/positionRisk", "/dapi/v1/account", "contractStatus"),
}


class Market:
    """One market, and what its slower calls last said."""

    def __init__(
        self,
        name: MarketName,
        base: str,
        clock: Clock,
        timeout: float,
        keys: Keys | None,
        *,
        focus: Focus,
        pauses: Pauses | None = None,
    ) -> None:
        self._name = name
        self._base = base.rstrip("/")
        self._clock = clock
        self._keys = keys
        self._focus = focus
        self._pauses = pauses
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
        self._account = AccountWord()
        self._account_at = float("-inf")

    def read(self) -> Venue:
        """Ask what is due; SourceError says which market and why."""
        now = self._clock.now()
        shared = 0.0 if self._pauses is None else self._pauses.left(self._base)
        if (left := max(self._paused_until - now, shared)) > 0:
            raise self._error(f"refuses calls for another {left:.0f} s (rate limit)")
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
            flat = not any(position.quantity for position in positions)
            if flat or now - self._account_at >= ACCOUNT_EVERY:
                self._account, self._account_at = self._read_account(skew), now
            if self._orders_at is None or now - self._orders_at >= self._orders_every():
                self._orders = sum(map(len, self._signed(self._paths("openOrders"), skew)))
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
            wallet=self._account.wallet,
            maintenance=self._account.maintenance,
        )

    def _orders_every(self) -> float:
        """Seconds between two counts of the resting orders: 0 while somebody waits for them."""
        waited = self._focus.tripped or self._focus.orders
        hurried = waited and (self._weight is None or self._weight < MUCH_WEIGHT)
        return 0.0 if hurried else ORDERS_EVERY

    def _clock_skew(self) -> float:
        """The exchange's clock less ours, in seconds, taking its answer to be from midway."""
        sent = self._clock.wall()
        answer = self._answer(self._paths("time"))
        received = self._clock.wall()
        at = moment(answer.get("serverTime")) if isinstance(answer, dict) else None
        if at is None:
            raise self._error("its answer to time has no serverTime")
        return at - (sent + received) / 2

    def _read_statuses(self) -> None:
        """Each symbol's trading status, and on COIN-M what a contract of it is worth."""
        answer = self._answer(self._paths("exchangeInfo"))
        listed = answer.get("symbols") if isinstance(answer, dict) else None
        rows = [row for row in self._rows(listed) if "symbol" in row]
        symbols, statuses = names(rows, "symbol"), names(rows, self._paths.status_field)
        self._statuses = {symbol: status for symbol, status in zip(symbols, statuses, strict=True) if status}
        sizes = [row.get("contractSize") for row in rows]
        self._sizes = {
            symbol: Decimal(size)
            for symbol, size in zip(symbols, sizes, strict=True)
            if isinstance(size, int) and not isinstance(size, bool) and size > 0
        }

    def _read_contracts(self) -> dict[str, Contract]:
        contracts: dict[str, Contract] = {}
        for rows in self._lists(self._paths("premiumIndex")):
            symbols = names(rows, "symbol")
            columns = (
                symbols,
                map(self._statuses.get, symbols),
                amounts(rows, "markPrice"),
                amounts(rows, "lastFundingRate"),
                (moment(row.get("nextFundingTime")) for row in rows),
                map(self._sizes.get, symbols),
            )
            contracts.update(zip(symbols, map(Contract, *columns), strict=True))
        return contracts

    def _read_positions(self, skew: float) -> tuple[ExchangePosition, ...]:
        found: list[ExchangePosition] = []
        for rows in self._signed(self._paths.position_risk, skew):
            quantities = [amount for amount in amounts(rows, "positionAmt") if amount is not None]
            if len(quantities) < len(rows):
                raise self._error("a position has no positionAmt")
            columns = (
                names(rows, "symbol"),
                quantities,
                amounts(rows, "entryPrice"),
                (price or None for price in amounts(rows, "liquidationPrice")),  # "0" means not known
                amounts(rows, "unRealizedProfit"),
            )
            found += map(ExchangePosition, *columns)
        return tuple(found)

    def _read_account(self, skew: float) -> AccountWord:
        """What the account says of itself; where it can't be read, the rest of the market still can."""
        try:
            return account_word(self._answer(*self._sealed(self._paths.account, skew)))
        except SourceError:
            return AccountWord()

    def _signed(self, path: str, skew: float) -> Iterator[Sequence[Row]]:
        return self._lists(*self._sealed(path, skew))

    def _sealed(self, path: str, skew: float) -> tuple[str, Mapping[str, str]]:
        """The path of a signed call, and its headers."""
        keys = self._usable_keys()
        at = int((self._clock.wall() + skew) * 1000)
        query = urlencode({"recvWindow": _RECV_WINDOW, "timestamp": at})
        signature = hmac.new(keys.secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        return f"{path}?{query}&signature={signature}", {"X-MBX-APIKEY": keys.key}

    def _usable_keys(self) -> Keys:
        keys = self._keys
        assert keys is not None  # noqa: S101 (read() asks only with keys)
        if not keeps_secrets(self._base):
            raise self._error("keys are only sent over https")
        if not all(text.isascii() and text.isprintable() for text in (keys.key, keys.secret)):
            raise self._error("its keys hold characters that no key has")
        return keys

    def _answer(self, path: str, headers: Mapping[str, str] | None = None) -> object:
        """What a call says that isn't answered with a list."""
        return next(self._parts(self._call(path, headers)))

    def _lists(self, path: str, headers: Mapping[str, str] | None = None) -> Iterator[Sequence[Row]]:
        """The rows of a list, some hundred at a time, or the one object that stands alone."""
        return map(self._rows, self._parts(self._call(path, headers)))

    def _parts(self, body: bytes) -> Iterator[object]:
        try:
            for part in parts_of(body):
                if part is None:
                    raise self._error("its answer is not JSON")
                if isinstance(part, dict) and "code" in part and "msg" in part:
                    raise self._error(f"refused{_complaint(part)}")
                yield part
        except ValueError:
            raise self._error("its answer is not JSON") from None

    def _rows(self, answer: object) -> Sequence[Row]:
        if isinstance(answer, dict):
            return [answer]
        if isinstance(answer, list) and all(isinstance(row, dict) for row in answer):
            return answer
        raise self._error("its answer is not a list of objects")

    def _call(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        try:
            response = self._client.request("GET", f"{self._base}{path}", headers)
        except SourceError as error:
            raise type(error)(f"{self._name}: {error}") from None
        weight = _whole(response.headers.get("x-mbx-used-weight-1m", ""))
        self._weight = self._weight if weight is None else weight
        self._respect(response)
        if response.status != 200:
            raise self._error(f"HTTP {response.status}{_complaint(_loaded(response.body))}")
        return response.body

    def _respect(self, response: Response) -> None:
        """429 asks for a pause, 418 is a ban: no call before it is over."""
        if response.status in (429, 418):
            wait = _whole(response.headers.get("retry-after", ""))
            seconds = _PAUSE if wait is None else float(wait)
            self._paused_until = self._clock.now() + seconds
            if self._pauses is not None:
                self._pauses.keep(self._base, seconds)
            raise self._error(f"HTTP {response.status}: rate limit, no calls for {seconds:.0f} s")

    def _error(self, problem: str) -> SourceError:
        return SourceError(f"{self._name}: {problem}")


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _loaded(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except ValueError:
        return None


def _complaint(answer: object) -> str:
    """The exchange's own words in an answer, if there are any."""
    if not isinstance(answer, dict) or "msg" not in answer:
        return ""
    return f": {str(answer['msg'])[:120]} ({answer.get('code')})"
