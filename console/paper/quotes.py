"""What is known about prices: from a source that is asked first, else from the database; EMA differences."""

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import TypeGuard

from sqlalchemy import Column, Connection, Table, func, select

from console.paper.arithmetic import money
from console.schema import klines, prices

_FAST, _SLOW = 9, 26
_CANDLE_MS = 15 * 60 * 1000
_CANDLES = 4 * _SLOW  # further back, a candle weighs less than 0.1 % in the slow average
_SYMBOLS_AT_ONCE = 500


PriceSource = Callable[[str], Decimal | None]
"""The price of a symbol in quote currency, or None when it knows none."""


class Quotes:
    """Prices from `source` first, rounded to 8 places; what it doesn't know is looked up in the database."""

    def __init__(self, source: PriceSource | None) -> None:
        self._source = source

    def asked(self, symbols: Collection[str]) -> dict[str, Decimal]:
        """What the source says of `symbols`, less those where it answers None, NaN or no positive price.

        Raises TypeError when it answers with something else than Decimal.
        """
        if self._source is None:
            return {}
        answers = {symbol: self._source(symbol) for symbol in symbols}
        return {symbol: money(price) for symbol, price in answers.items() if _is_price(price, symbol)}

    def known(self, connection: Connection, symbols: Collection[str]) -> dict[str, Decimal]:
        """The prices of `symbols` that are known at all."""
        return self.completed(connection, symbols, self.asked(symbols))

    def completed(
        self, connection: Connection, symbols: Collection[str], asked: Mapping[str, Decimal]
    ) -> dict[str, Decimal]:
        """`asked`, and from the database what it leaves open."""
        return {**newest_prices(connection, [s for s in symbols if s not in asked]), **asked}


def newest_prices(connection: Connection, symbols: Collection[str]) -> dict[str, Decimal]:
    """The newest `price_data` price of each symbol, else its newest kline close.

    Symbols without either are left out.
    """
    found = _newest(connection, prices, prices.c.timestamp, prices.c.price, symbols)
    missing = [symbol for symbol in symbols if symbol not in found]
    return found | _newest(connection, klines, klines.c.open_time, klines.c.close_price, missing)


def ema_differences(connection: Connection, symbols: Collection[str]) -> dict[str, Decimal]:
    """EMA9 - EMA26 over the newest 15m closes, for each symbol that has at least 26 of them."""
    return {
        symbol: money(_ema(closes, _FAST) - _ema(closes, _SLOW))
        for symbol, closes in _closes(connection, symbols).items()
        if len(closes) >= _SLOW
    }


def _newest(
    connection: Connection,
    table: Table,
    moment: Column[object],
    value: Column[Decimal],
    symbols: Collection[str],
) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for some in _slices(symbols):
        last = (
            select(table.c.symbol, func.max(moment).label("moment"))
            .where(table.c.symbol.in_(some))
            .group_by(table.c.symbol)
            .subquery()
        )
        newest = (
            select(table.c.symbol, value)
            .join(last, (table.c.symbol == last.c.symbol) & (moment == last.c.moment))
            .order_by(table.c.id)
        )
        found.update(tuple(row) for row in connection.execute(newest))
    return found


def _closes(connection: Connection, symbols: Collection[str]) -> Mapping[str, list[Decimal]]:
    """The newest 15m closes of each symbol, oldest first; one a candle where exchanges share the table."""
    closes: dict[str, list[Decimal]] = {}
    for some in _slices(symbols):
        last = (
            select(klines.c.symbol, func.max(klines.c.open_time).label("moment"))
            .where(klines.c.symbol.in_(some), klines.c.timeframe == "15m")
            .group_by(klines.c.symbol)
            .subquery()
        )
        rows = connection.execute(
            select(klines.c.symbol, klines.c.open_time, klines.c.close_price)
            .join(last, klines.c.symbol == last.c.symbol)
            .where(klines.c.timeframe == "15m", klines.c.open_time > last.c.moment - _CANDLES * _CANDLE_MS)
            .order_by(klines.c.symbol, klines.c.open_time, klines.c.exchange)
        )
        for symbol, candles in groupby(rows, key=itemgetter(0)):
            closes[symbol] = list({moment: close for _, moment, close in candles}.values())
    return closes


def _ema(closes: list[Decimal], period: int) -> Decimal:
    """The exponential average, weight 2 / (period + 1), begun with the mean of the first `period` closes."""
    average = sum(closes[:period], Decimal(0)) / period
    weight = Decimal(2) / (period + 1)
    for close in closes[period:]:
        average += (close - average) * weight
    return average


def _slices(symbols: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(set(symbols))
    for start in range(0, len(ordered), _SYMBOLS_AT_ONCE):
        yield ordered[start : start + _SYMBOLS_AT_ONCE]


def _is_price(price: Decimal | None, symbol: str) -> TypeGuard[Decimal]:
    if price is not None and not isinstance(price, Decimal):
        raise TypeError(f"the price of {symbol} is Decimal, not {type(price).__name__}")
    return price is not None and price.is_finite() and price > 0
