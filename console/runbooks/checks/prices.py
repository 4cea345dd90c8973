"""Whether the market data that the engine trades by is fresh: prices, candles, marks of what is open."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Column, Connection, Select, bindparam, func, select

from console import schema
from console.domain.figures import seconds
from console.domain.ledger import DEFAULT_LIMITS
from console.runbooks.checks.answers import answer
from console.runbooks.model import Found
from console.sources.books import columns_of
from console.sources.errors import SourceError
from console.sources.look import Look, as_is
from console.sources.open_positions import OPEN

PRICE_AGE = 60.0
"""Seconds that the newest price of a symbol is old at most."""
CANDLE_AGES: Mapping[str, float] = {"5m": 660.0, "15m": 1860.0, "1h": 7260.0}
"""Seconds since the newest candle's start, at most: two of its time frame, and a minute."""
MARK_AGE = DEFAULT_LIMITS.mark_age.total_seconds()
AHEAD = 60.0
"""Seconds that a time may be ahead of our clock: beyond that, nobody knows how old what it stands at is."""
_MOST_SYMBOLS = 50
"""Symbols that are looked at: of what is open, or of what has prices where nothing is."""


@dataclass(frozen=True, slots=True)
class MarketData:
    """Ages in seconds: of each symbol's newest price and oldest mark, and of the newest candle by time frame.

    Below zero they are of the future; None where the row has no time. `missing` names what the database
    hasn't.
    """

    prices: Mapping[str, float | None]
    candles: Mapping[str, float]
    marks: Mapping[str, float | None]
    missing: tuple[str, ...] = ()


def market_data(connection: Connection, now: float) -> MarketData:
    """Look at the data of the symbols that are open; `now` is the time of day, in seconds since 1970."""
    look = Look(connection, columns_of(connection))
    marks = _ages(look, schema.positions.c.last_update_time, _MARKS, None, now)
    symbols = list(marks)[:_MOST_SYMBOLS]
    if not symbols and look.part(schema.prices, lambda one: one.has(schema.prices, "symbol")):
        symbols = [str(symbol) for (symbol,) in look.all(_LISTED)]
    prices = _ages(look, schema.prices.c.timestamp, _PRICES, symbols, now)
    opened = _ages(look, schema.klines.c.open_time, _CANDLES, symbols, now * 1000)
    candles = {frame: age / 1000 for frame, age in opened.items() if age is not None}
    return MarketData({**dict.fromkeys(symbols), **prices}, candles, marks, tuple(look.missing))


def prices(read: Callable[[], MarketData]) -> Found:
    """Whether all of it is fresh; SourceError of `read` says why it can't be told."""
    expected = f"no price older than {PRICE_AGE:g} s, mark than {MARK_AGE:g} s, candle than two time frames"
    try:
        found = read()
    except SourceError as error:
        return Found(None, expected, f"the prices can't be read: {error}")
    wrong = [f"{name}'s price is {seconds(age)} old" for name, age in _beyond(found.prices, PRICE_AGE)]
    wrong += [f"{name}'s mark is {seconds(age)} old" for name, age in _beyond(found.marks, MARK_AGE)]
    wrong += [
        f"the newest {frame} candle began {seconds(found.candles[frame])} ago"
        for frame, limit in CANDLE_AGES.items()
        if found.candles.get(frame, 0.0) > limit
    ]
    unknown = [*found.missing, *(f"{name} has no price" for name, age in found.prices.items() if age is None)]
    unknown += [f"{name}'s mark has no time" for name, age in found.marks.items() if age is None]
    unknown += [f"no {frame} candle" for frame in CANDLE_AGES if frame not in found.candles]
    times = {
        **{f"{name}'s price": age for name, age in found.prices.items()},
        **{f"{name}'s mark": age for name, age in found.marks.items()},
        **{f"the newest {frame} candle": age for frame, age in found.candles.items()},
    }
    unknown += [
        f"{what} is {seconds(-age)} ahead of our clock"
        for what, age in times.items()
        if age is not None and age < -AHEAD
    ]
    if not found.prices:
        unknown.append("there is no price at all")
    return answer(
        expected, wrong[:_NAMED], unknown[:_NAMED], f"of {len(found.prices)} symbols they are", wrong
    )


_NAMED = 3
_LISTED = select(schema.prices.c.symbol).group_by(schema.prices.c.symbol).limit(_MOST_SYMBOLS)
_SYMBOLS: BindParameter[Sequence[str]] = bindparam("symbols", expanding=True)
_MARKS = (
    select(schema.positions.c.symbol, as_is(func.min(schema.positions.c.last_update_time)))
    .where(schema.positions.c.status.in_(OPEN))
    .group_by(schema.positions.c.symbol)
)
_PRICES = (
    select(schema.prices.c.symbol, as_is(func.max(schema.prices.c.timestamp)))
    .where(schema.prices.c.symbol.in_(_SYMBOLS))
    .group_by(schema.prices.c.symbol)
)
_CANDLES = (
    select(schema.klines.c.timeframe, as_is(func.max(schema.klines.c.open_time)))
    .where(schema.klines.c.symbol.in_(_SYMBOLS))
    .group_by(schema.klines.c.timeframe)
)


def _ages(
    look: Look, time: Column[Any], asked: Select[Any], symbols: Sequence[str] | None, now: float
) -> Mapping[str, float | None]:
    """By what the answer is grouped by, how long before `now` its time is, in the unit of both."""

    def read(one: Look) -> Mapping[str, float | None]:
        if not one.has(time.table, time.name):
            return {}
        rows = one.all(asked, None if symbols is None else {"symbols": symbols})
        return {str(name): _age(one.value(time, raw), now) for name, raw in rows}

    return look.part(time.table, read) or {}


def _age(at: float | None, now: float) -> float | None:
    return None if at is None else now - at


def _beyond(ages: Mapping[str, float | None], limit: float) -> list[tuple[str, float]]:
    """Those that are older, the oldest first."""
    old = [(name, age) for name, age in ages.items() if age is not None and age > limit]
    return sorted(old, key=lambda one: -one[1])
