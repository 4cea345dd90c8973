"""Books of the paper engine that have every kind of row in them, and balance."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, Table, delete, insert, make_url, select

from console import schema
from console.paper import CoinFuturesTradingEngine, FuturesTradingEngine, open_database

_START = datetime(2026, 1, 2, 3, 4, 5)
_PLACES = Decimal("1e-8")


@dataclass
class Desk:
    """Both engines on one database, prices that move and a clock that ticks with each question."""

    database: Engine
    prices: dict[str, Decimal] = field(
        default_factory=lambda: {"BTC/USD": Decimal(50_000), "ETH/USD": Decimal(3_000)}
    )
    now: datetime = _START

    def __post_init__(self) -> None:
        self.engines: list[FuturesTradingEngine] = [
            kind(self.database, prices=self.prices.get, clock=self.clock, chance=Random(kind.account_id))
            for kind in (FuturesTradingEngine, CoinFuturesTradingEngine)
        ]

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass(frozen=True)
class HealthyBook:
    """Where its rows are: ids by what is special about them."""

    database: Engine
    now: datetime
    rows: dict[str, int]


_BALANCES = {2: Decimal(100_000), 3: Decimal(100_000)}


def healthy_book(url: str) -> HealthyBook:
    """A won, a lost and a partly closed position, longs and shorts with stops in both accounts, an order."""
    file = Path(make_url(url).database or "")
    if not url.startswith("sqlite"):
        return _on_a_server(url)
    if file.exists():
        return _traded(url)
    content, book = _on_sqlite()
    file.write_bytes(content)
    return replace(book, database=open_database(url, balances=_BALANCES), rows=dict(book.rows))


@cache
def _on_sqlite() -> tuple[bytes, HealthyBook]:
    """The file that every book on SQLite is a copy of: to trade it anew takes five times as long."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "paper.db"
        book = _traded(f"sqlite:///{file}")
        book.database.dispose()
        with closing(sqlite3.connect(file)) as connection:
            return connection.serialize(), book


def _on_a_server(url: str) -> HealthyBook:
    """The same rows in a database that has none yet."""
    book, database = _on_sqlite()[1], open_database(url, balances=_BALANCES)
    with database.begin() as connection:
        for table, rows in _rows_on_sqlite():
            connection.execute(delete(table))
            if rows:
                connection.execute(insert(table), rows)
    return replace(book, database=database, rows=dict(book.rows))


@cache
def _rows_on_sqlite() -> list[tuple[Table, list[dict[str, object]]]]:
    """Every table with what is in it."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "paper.db"
        file.write_bytes(_on_sqlite()[0])
        database = open_database(f"sqlite:///{file}", balances=_BALANCES)
        with database.connect() as connection:
            found = [
                (table, [dict(row) for row in connection.execute(select(table)).mappings()])
                for table in schema.metadata.sorted_tables
            ]
        database.dispose()
        return found


def _traded(url: str) -> HealthyBook:
    database = open_database(url, balances=_BALANCES)
    desk = Desk(database)
    usdm, coin = desk.engines
    stops = {"leverage": 5, "stop_loss_pct": Decimal(10), "take_profit_pct": Decimal(20)}
    opened = {
        "won": coin.open_position(3, "BTC/USD", "LONG", Decimal("0.1"), 5),
        "usdm": usdm.open_position(2, "ETH/USD", "LONG", Decimal("0.7"), 3),
        "lost": coin.open_position(3, "ETH/USD", "LONG", Decimal(1), 5),
        "short": coin.open_position(3, "ETH/USD", "SHORT", Decimal(3), **stops),  # type: ignore[arg-type]
    }
    desk.prices.update({"BTC/USD": Decimal("50123.45"), "ETH/USD": Decimal("2990.12")})
    closing = coin.close_position(opened["won"]["position_id"])
    coin.close_position(opened["lost"]["position_id"])
    coin.close_position(opened["short"]["position_id"], Decimal("1.1"))
    opened["long"] = coin.open_position(3, "BTC/USD", "LONG", Decimal("0.11"), **stops)  # type: ignore[arg-type]
    desk.prices["BTC/USD"] = Decimal("50234.56")
    coin.open_position(3, "BTC/USD", "LONG", Decimal("0.03"), 5)
    resting = coin.open_position(3, "BTC/USD", "LONG", Decimal("0.01"), 5, limit_price=Decimal(40_000))
    coin.update_all_accounts_equity()
    rows = {name: result["position_id"] for name, result in opened.items()}
    with database.connect() as connection:
        for name, table, key, ticket in (
            ("order", "futures_orders", "order_id", opened["long"]["order_id"]),
            ("resting", "futures_orders", "order_id", resting["order_id"]),
            ("entry", "futures_trades", "trade_id", opened["long"]["trade_id"]),
            ("usdm entry", "futures_trades", "trade_id", opened["usdm"]["trade_id"]),
            ("exit", "futures_trades", "trade_id", closing["trade_id"]),
        ):
            query = f"SELECT id FROM {table} WHERE {key} = '{ticket}'"
            rows[name] = connection.exec_driver_sql(query).scalar_one()
    return HealthyBook(database, desk.now, rows | {"account": 3})


def walk(desk: Desk, chance: Random, operations: int) -> None:
    """So many random operations: openings, merges, limits, closes whole and in part, exits, marks."""
    for _ in range(operations):
        for symbol, price in desk.prices.items():
            moved = price * Decimal(
                str(max(0.5, 1 + chance.gauss(0, 0.08 if chance.random() < 0.05 else 0.005)))
            )
            desk.prices[symbol] = moved.quantize(_PLACES)
        engine = chance.choice(desk.engines)
        act = chance.choices((_open, _close, _exit, _fill, _mark), (40, 30, 10, 10, 10))[0]
        act(desk, engine, chance)


def _open(desk: Desk, engine: FuturesTradingEngine, chance: Random) -> None:
    symbol, side = chance.choice(list(desk.prices)), chance.choice(("LONG", "SHORT"))
    price = desk.prices[symbol]
    worth = Decimal(str(chance.uniform(10, 4_000)))
    limit = price * Decimal(str(1 + chance.gauss(0, 0.01)))
    stops = (Decimal("2.5"), Decimal(3)) if chance.random() < 0.5 else (None, None)
    engine.open_position(
        engine.account_id,
        symbol,
        side,
        (worth / price).quantize(_PLACES),
        5 if symbol == "BTC/USD" else 7,
        limit.quantize(_PLACES) if chance.random() < 0.25 else None,
        *stops,
    )


def _close(desk: Desk, engine: FuturesTradingEngine, chance: Random) -> None:
    held = engine.get_open_positions()
    if held:
        position = chance.choice(held)
        part = chance.choice((None, Decimal("0.1"), Decimal("0.77")))
        quantity = None if part is None else (position["quantity"] * part).quantize(_PLACES, ROUND_DOWN)
        engine.close_position(position["id"], quantity)


def _exit(_desk: Desk, engine: FuturesTradingEngine, _chance: Random) -> None:
    engine.check_exits()


def _fill(_desk: Desk, engine: FuturesTradingEngine, _chance: Random) -> None:
    engine.fill_limit_orders()


def _mark(_desk: Desk, engine: FuturesTradingEngine, chance: Random) -> None:
    engine.update_all_accounts_equity(chance.choice((None, 2)))
