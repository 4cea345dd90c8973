"""What the coin engine needs of the database before it is deployed: its account, its column, its data.

Each looks within the caller's transaction. What a missing table or column leaves open is unknown, but for the
check that is about just that. Raises SQLAlchemyError where the database doesn't answer.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection, Integer, Table, func, inspect, or_, select
from sqlalchemy import type_coerce as coerce

from console import schema
from console.domain.amounts import span
from console.runbooks.checks.facts import LackingError
from console.runbooks.model import Found
from console.sources.books import columns_of

COIN_SYMBOLS = (
    "BTC/USD", "ETH/USD", "ADA/USD", "DOT/USD", "BNB/USD", "SOL/USD", "XRP/USD", "LINK/USD",
)  # fmt: skip
"""The symbols that the coin engine supports."""
NEEDED_CANDLES = 26
"""Candles of 15 minutes that the engine's slower average is taken over."""
CANDLE_AGE = 2700.0
"""Seconds since the beginning of the newest of them, at most: two are over by then, and the third is due."""
PRICE_AGE = 300.0
"""Seconds that a price may be old."""
CLOCK_AHEAD = 60.0
"""Seconds that the engine's clock may be ahead of ours."""
COIN_INDEX = ("account_id", "coin_margin")
"""The columns that an index on the positions begins with, so that the account's own are found quickly."""

Look = Callable[[Connection, datetime], Found]
"""Looks at the database at a local, naive time, as engines write times."""


def account3(connection: Connection, _now: datetime) -> Found:
    """Whether the coin account is there, and the user's that the engine takes for its owner."""
    expected = f"account {schema.COIN_ACCOUNT} of user {schema.COIN_USER}"
    table = schema.accounts
    try:
        _require(connection, table, "id", "user_id")
    except LackingError as error:
        return Found(False, expected, str(error))
    owner = connection.execute(select(table.c.user_id).where(table.c.id == schema.COIN_ACCOUNT)).scalar()
    if owner is None:
        return Found(False, expected, f"account {schema.COIN_ACCOUNT} not found")
    return Found(owner == schema.COIN_USER, expected, f"account {schema.COIN_ACCOUNT} of user {owner}")


def coin_margin(connection: Connection, _now: datetime) -> Found:
    """Whether positions have the column that marks them as coin-margined."""
    table = schema.positions
    expected = f"the column {table.name}.coin_margin"
    try:
        _require(connection, table, "coin_margin")
    except LackingError as error:
        return Found(False, expected, str(error))
    return Found(True, expected, "it is there")


def coin_index(connection: Connection, _now: datetime) -> Found:
    """Whether an index finds an account's coin-margined positions, whatever it is called."""
    table = schema.positions
    expected = f"an index on {table.name}({', '.join(COIN_INDEX)})"
    if table.name not in columns_of(connection):
        return Found(False, expected, f"no table {table.name}")
    for index in inspect(connection).get_indexes(table.name):
        if tuple(index["column_names"][: len(COIN_INDEX)]) == COIN_INDEX:
            return Found(True, expected, str(index["name"]))
    return Found(False, expected, "no such index")


def coin_marking(connection: Connection, _now: datetime) -> Found:
    """Whether every position of the coin account is marked."""
    expected = f"coin_margin = 1 in every position of account {schema.COIN_ACCOUNT}"
    table = schema.positions
    try:
        _require(connection, table, "account_id", "coin_margin")
    except LackingError as error:
        return Found(None, expected, str(error))
    unmarked = or_(table.c.coin_margin.is_(None), coerce(table.c.coin_margin, Integer) != 1)
    ours = table.c.account_id == schema.COIN_ACCOUNT
    counted = select(func.count()).select_from(table).where(ours)
    wrong, all_ = (connection.execute(query).scalar_one() for query in (counted.where(unmarked), counted))
    return Found(wrong == 0, expected, f"{wrong} of {all_} aren't marked" if wrong else f"{all_} are marked")


def coin_klines(connection: Connection, now: datetime) -> Found:
    """Whether each symbol has the candles that the engine decides by, up to the present."""
    expected = f"{NEEDED_CANDLES} candles of 15m up to now for each of {len(COIN_SYMBOLS)} symbols"
    table = schema.klines
    try:
        _require(connection, table, "symbol", "timeframe", "open_time")
    except LackingError as error:
        return Found(False, expected, str(error))
    query = (
        select(table.c.symbol, func.count(), func.max(table.c.open_time))
        .where(table.c.symbol.in_(COIN_SYMBOLS), table.c.timeframe == "15m")
        .group_by(table.c.symbol)
    )
    told = {str(symbol): (int(count), int(newest)) for symbol, count, newest in connection.execute(query)}

    def lack(symbol: str) -> str:
        count, newest = told.get(symbol, (0, 0))
        if count < NEEDED_CANDLES:
            return f"{count} candles" if count else "none"
        age = now.timestamp() - newest / 1000
        return f"the newest began {span(age)} ago" if age > CANDLE_AGE else _ahead(age)

    return _of_symbols(expected, lack)


def coin_prices(connection: Connection, now: datetime) -> Found:
    """Whether each symbol has a price of the present."""
    expected = f"a price at most {span(PRICE_AGE)} old of each of {len(COIN_SYMBOLS)} symbols"
    table = schema.prices
    try:
        _require(connection, table, "symbol", "price", "timestamp")
    except LackingError as error:
        return Found(False, expected, str(error))
    query = (
        select(table.c.symbol, func.max(table.c.timestamp))
        .where(table.c.symbol.in_(COIN_SYMBOLS))
        .group_by(table.c.symbol)
    )
    newest: Mapping[str, datetime] = {str(symbol): at for symbol, at in connection.execute(query)}

    def lack(symbol: str) -> str:
        at = newest.get(symbol)
        if at is None:
            return "no price data"
        age = (now - at).total_seconds()
        return f"{span(age)} old" if age > PRICE_AGE else _ahead(age)

    return _of_symbols(expected, lack)


LOOKS: Mapping[str, Look] = {
    "account3": account3,
    "coin_margin": coin_margin,
    "coin_index": coin_index,
    "coin_marking": coin_marking,
    "coin_klines": coin_klines,
    "coin_prices": coin_prices,
}
"""The checks by name."""


def _require(connection: Connection, table: Table, *names: str) -> None:
    """LackingError where the table or one of its columns isn't there."""
    there = columns_of(connection).get(table.name)
    if there is None:
        raise LackingError(f"no table {table.name}")
    for name in names:
        if name not in there:
            raise LackingError(f"no column {table.name}.{name}")


def _ahead(age: float) -> str:
    """What is wrong with something of that age that is to come yet: whose clock is wrong isn't known."""
    return f"{span(-age)} ahead of our clock" if age < -CLOCK_AHEAD else ""


def _of_symbols(expected: str, lack: Callable[[str], str]) -> Found:
    lacks = {symbol: lack(symbol) for symbol in COIN_SYMBOLS}
    wrong = [f"{symbol}: {words}" for symbol, words in lacks.items() if words]
    if not wrong:
        return Found(True, expected, f"all {len(COIN_SYMBOLS)} have")
    return Found(False, expected, "; ".join(wrong))
