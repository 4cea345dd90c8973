"""The market as the engine's tables show it: `price_data`, one row a symbol, and `kline_data`.

Thousands of symbols are written in slices, a part each second, so that no second is a heavy one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine, Table, func, insert, select
from sqlalchemy.dialects import mysql, sqlite

from console.paper.market import Market
from console.paper.store import writing
from console.schema import klines, prices

TIMEFRAMES = {"5m": 300, "15m": 900, "1h": 3600}
"""Seconds of each timeframe that is written."""

_SLICE = 300  # symbols written in one second
_HISTORY_SYMBOLS = 64  # symbols that start with enough 15m candles for an EMA difference
_HISTORY_CANDLES = 40
_EXCHANGE = "paper"

Row = dict[str, object]


@dataclass(slots=True)
class _Candle:
    """The candle that is forming; `start` in seconds since 1970."""

    start: int
    first: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    ticks: int = 1

    def take(self, price: Decimal) -> None:
        self.high, self.low, self.last = max(self.high, price), min(self.low, price), price
        self.ticks += 1


class Tape:
    """Writes the market's prices and candles into the engine's tables, slice by slice."""

    def __init__(self, database: Engine, market: Market, clock: Callable[[], float]) -> None:
        self._database = database
        self._market = market
        self._clock = clock
        self._next = 0
        self._candles: dict[tuple[str, str], _Candle] = {}
        self._price_ids: dict[str, int] = {}

    def begin(self) -> None:
        """Find or make each symbol's price row, and give the first symbols a history where they have none."""
        with writing(self._database) as connection:
            known = _price_ids(connection)
            missing = [symbol for symbol in self._market.symbols if symbol not in known]
            if missing:
                now = self._now()
                rows: list[Row] = [
                    {"symbol": symbol, "price": self._market.price(symbol), "timestamp": now}
                    for symbol in missing
                ]
                connection.execute(insert(prices), rows)
                known = _price_ids(connection)
            self._price_ids = known
            self._write_history(connection)

    def write_slice(self) -> None:
        """Write the prices and candles of the next symbols."""
        symbols = self._turn()
        now = self._now()
        seconds = int(self._clock())
        price_rows: list[Row] = []
        candle_rows: list[Row] = []
        for symbol in symbols:
            price = self._market.price(symbol)
            price_rows.append(
                {"id": self._price_ids[symbol], "symbol": symbol, "price": price, "timestamp": now}
            )
            for timeframe, length in TIMEFRAMES.items():
                candle = self._candle(symbol, timeframe, seconds - seconds % length, price)
                candle_rows.append(_row(symbol, timeframe, candle, now))
        if price_rows:
            with writing(self._database) as connection:
                _upsert(connection, prices, ("id",), ("price", "timestamp"), price_rows)
                _upsert(connection, klines, _CANDLE_KEY, _CANDLE_CHANGES, candle_rows)

    def _turn(self) -> Sequence[str]:
        symbols = self._market.symbols
        if len(symbols) <= _SLICE:
            return symbols
        chosen = symbols[self._next : self._next + _SLICE]
        self._next = (self._next + _SLICE) % len(symbols) if len(chosen) == _SLICE else 0
        return chosen

    def _candle(self, symbol: str, timeframe: str, start: int, price: Decimal) -> _Candle:
        candle = self._candles.get((symbol, timeframe))
        if candle is None or candle.start != start:
            candle = _Candle(start, price, price, price, price)
            self._candles[symbol, timeframe] = candle
        else:
            candle.take(price)
        return candle

    def _write_history(self, connection: Connection) -> None:
        """Closes that drift towards the price of now, 0.1 % a candle."""
        symbols = self._market.symbols[:_HISTORY_SYMBOLS]
        have = set(connection.scalars(select(klines.c.symbol).where(klines.c.symbol.in_(symbols)).distinct()))
        length = TIMEFRAMES["15m"]
        start = int(self._clock()) // length * length
        rows = []
        for symbol in symbols:
            if symbol in have:
                continue
            price = self._market.price(symbol)
            for back in range(1, _HISTORY_CANDLES + 1):
                close = (price * (1 - Decimal(back) / 1000)).quantize(price)
                candle = _Candle(start - back * length, close, close, close, close)
                rows.append(_row(symbol, "15m", candle, self._now()))
        if rows:
            connection.execute(insert(klines), rows)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock())


_CANDLE_KEY = ("symbol", "timeframe", "exchange", "open_time")
_CANDLE_CHANGES = ("high_price", "low_price", "close_price", "volume", "timestamp")


def _price_ids(connection: Connection) -> dict[str, int]:
    newest = select(prices.c.symbol, func.max(prices.c.id)).group_by(prices.c.symbol)
    return dict(connection.execute(newest).all())


def _row(symbol: str, timeframe: str, candle: _Candle, now: datetime) -> Row:
    return {
        "symbol": symbol,
        "timeframe": timeframe,
        "exchange": _EXCHANGE,
        "open_time": candle.start * 1000,
        "open_price": candle.first,
        "high_price": candle.high,
        "low_price": candle.low,
        "close_price": candle.last,
        "volume": Decimal(candle.ticks),
        "timestamp": now,
    }


def _upsert(
    connection: Connection, table: Table, key: Sequence[str], changes: Iterable[str], rows: list[Row]
) -> None:
    """Insert rows or update those that are there, as each database says it."""
    if connection.dialect.name == "sqlite":
        lite = sqlite.insert(table)
        connection.execute(
            lite.on_conflict_do_update(
                index_elements=key, set_={name: lite.excluded[name] for name in changes}
            ),
            rows,
        )
    else:
        mine = mysql.insert(table)
        connection.execute(
            mine.on_duplicate_key_update({name: mine.inserted[name] for name in changes}), rows
        )
