"""The books balance to the last decimal, whatever happens, on SQLite and on MariaDB."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, select, update

from console import schema
from console.paper import (
    CoinFuturesTradingEngine,
    FuturesTradingEngine,
    OpenRequest,
    Result,
    SmartExits,
    open_database,
)
from tests.examples import examples
from tests.integration.books_audit import audit, audit_balances

_SYMBOLS = ("BTC/USD", "ETH/USD", "XRP/USD")
_SIDES = ("LONG", "SHORT")
_PARTS = (None, Decimal("0.1"), Decimal("0.5"), Decimal("0.77"))
_START = datetime(2026, 1, 2, 3, 4, 5)


@dataclass
class _World:
    """Two engines on one database, prices that a test moves and a clock that ticks with each question."""

    database: Engine
    prices: dict[str, Decimal] = field(default_factory=dict)
    now: datetime = _START

    def __post_init__(self) -> None:
        exits = SmartExits(Decimal(2), Decimal(1), timedelta(minutes=3))
        kinds = (FuturesTradingEngine, CoinFuturesTradingEngine)
        self.engines = [
            kind(
                self.database,
                prices=self.prices.get,
                clock=self.clock,
                chance=Random(kind.account_id),
                smart_exits=exits,
            )
            for kind in kinds
        ]

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def equity(self, account_id: int) -> Decimal:
        with self.database.connect() as connection:
            query = select(schema.accounts.c.total_equity).where(schema.accounts.c.id == account_id)
            equity: Decimal = connection.scalars(query).one()
            return equity


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url, balances={2: Decimal(1_000_000), 3: Decimal(10_000)})
    yield engine
    engine.dispose()


_amounts = st.one_of(
    st.decimals(min_value="0.00000001", max_value="0.001", places=8),
    st.decimals(min_value="0.01", max_value="1000", places=3),
    st.decimals(min_value="0.00000001", max_value="10000000", places=8),
)
_engines = st.integers(0, 1)
_moves = st.tuples(st.just("move"), st.sampled_from(_SYMBOLS), _amounts)
_opens = st.tuples(
    st.just("open"),
    _engines,
    st.sampled_from(_SYMBOLS),
    st.sampled_from(_SIDES),
    _amounts,
    st.sampled_from((1, 3, 7, 125)),
    st.none() | _amounts,
)
_closes = st.tuples(
    st.just("close"),
    _engines,
    st.integers(0, 5),
    st.none() | st.integers(1, 9_999).map(lambda part: Decimal(part) / 10_000),
    st.none() | _amounts,
)
_others = st.tuples(st.sampled_from(("mark", "exit", "fill")), _engines, st.none() | st.integers(1, 3))
_operations = st.one_of(_moves, _opens, _opens, _closes, _closes, _others)


@settings(
    max_examples=examples(6, 12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(operations=st.lists(_operations, min_size=20, max_size=40))
def test_the_books_balance_after_every_operation(
    database: Engine, operations: list[tuple[object, ...]]
) -> None:
    _begin_anew(database)
    world = _World(database, prices={symbol: Decimal("37.12345678") for symbol in _SYMBOLS})
    for operation in operations:
        _perform(world, *operation)
        audit(database)


@pytest.mark.parametrize(
    "count", [200, pytest.param(10_000, marks=pytest.mark.campaign)], ids=["short", "campaign"]
)
def test_the_books_balance_through_a_long_run_of_random_operations(database: Engine, count: int) -> None:
    chance = Random(20260102)
    world = _World(database, prices=dict(zip(_SYMBOLS, map(Decimal, ("50000", "3000", "0.5")), strict=True)))
    seen: Counter[str] = Counter()
    for number in range(count):
        seen.update(_act_at_random(world, chance))
        audit_balances(database)
        if number % 500 == 499:
            audit(database)
    audit(database)
    demanded = "opened merged partial closed liquidation stop_loss take_profit trailing_stop max_holding"
    assert set(demanded.split()) | {"filled", "CANCELLED", "refused"} <= set(seen), seen


def test_a_refused_operation_writes_nothing(database: Engine) -> None:
    world = _World(database, prices={"BTC/USD": Decimal(100)})
    coin = world.engines[1]
    opened = coin.open_position(3, "BTC/USD", "LONG", Decimal(1))
    before = _contents(database)
    refused = [
        coin.open_position(3, "BTC/USD", "LONG", Decimal(1_000)),
        coin.open_position(3, "BTC/USD", "LONG", Decimal("NaN")),
        coin.open_position(2, "BTC/USD", "LONG", Decimal(1)),
        coin.open_position(3, "ETH/USD", "LONG", Decimal(1)),
        coin.close_position(opened["position_id"], Decimal(2)),
        coin.close_position(999),
        coin.cancel_order("FUT-unknown"),
    ]
    assert not any(result["success"] for result in refused)
    assert _contents(database) == before


def _perform(world: _World, kind: object, *arguments: object) -> None:
    """One generated operation, whatever the engine thinks of it."""
    if kind == "move":
        symbol, price = arguments
        assert isinstance(symbol, str)
        assert isinstance(price, Decimal)
        world.prices[symbol] = price
        return
    index, *rest = arguments
    assert isinstance(index, int)
    engine = world.engines[index]
    if kind == "open":
        symbol, side, quantity, leverage, limit = rest
        engine.open_position(engine.account_id, symbol, side, quantity, leverage, limit)  # type: ignore[arg-type]
    elif kind == "close":
        _close_some(engine, *rest)  # type: ignore[arg-type]
    elif kind == "mark":
        engine.update_all_accounts_equity(rest[0])  # type: ignore[arg-type]
    elif kind == "exit":
        engine.check_exits()
    else:
        engine.fill_limit_orders()


def _close_some(
    engine: FuturesTradingEngine, index: int, part: Decimal | None, price: Decimal | None
) -> Result | None:
    held = engine.get_open_positions()
    if not held:
        return None
    position = held[index % len(held)]
    quantity: Decimal | None = None
    if part is not None:
        quantity = (position["quantity"] * part).quantize(Decimal("1e-8"), ROUND_DOWN)
    return engine.close_position(position["id"], quantity, close_price=price)


def _act_at_random(world: _World, chance: Random) -> list[str]:
    """One operation of the long run; answers what happened."""
    _drift(world, chance)
    engine = chance.choice(world.engines)
    action = chance.choices(
        ("open", "limit", "many", "close", "mark", "exit", "fill", "cancel"), (30, 8, 2, 30, 10, 10, 8, 1)
    )[0]
    results: list[Result] = []
    if action in ("open", "limit"):
        results = [engine.open_position(**_random_opening(world, engine, chance, action))]  # type: ignore[arg-type]
    elif action == "many":
        openings = [_random_opening(world, engine, chance, "open") for _ in range(4)]
        results = engine.open_many([OpenRequest(**o) for o in openings])  # type: ignore[arg-type]
    elif action == "close":
        closed = _close_some(engine, chance.randrange(9), chance.choice(_PARTS), None)
        results = [] if closed is None else [closed]
    elif action == "mark":
        engine.update_all_accounts_equity(chance.choice((None, 2)))
    elif action == "exit":
        results = engine.check_exits()
    elif action == "fill":
        results = engine.fill_limit_orders()
    else:
        engine.cancel_all_orders()
    return _told(results)


def _drift(world: _World, chance: Random) -> None:
    for symbol, price in world.prices.items():
        jump = chance.gauss(0, 0.15 if chance.random() < 0.02 else 0.006)
        moved = price * Decimal(str(max(0.3, 1 + jump)))
        world.prices[symbol] = max(moved, Decimal("0.001")).quantize(Decimal("1e-8"))


def _random_opening(
    world: _World, engine: FuturesTradingEngine, chance: Random, action: str
) -> dict[str, object]:
    symbol, side = chance.choice(_SYMBOLS), chance.choice(_SIDES)
    leverage = 5 + 5 * _SYMBOLS.index(symbol)
    price = world.prices[symbol]
    margin = world.equity(engine.account_id) * Decimal(str(chance.uniform(0.0005, 0.06)))
    opening: dict[str, object] = {
        "account_id": engine.account_id,
        "symbol": symbol,
        "position_side": side,
        "quantity": (margin * leverage / price).quantize(Decimal("1e-8")),
        "leverage": leverage,
    }
    if action == "limit":
        away = 1 + chance.gauss(0, 0.01)
        opening["limit_price"] = (price * Decimal(str(away))).quantize(Decimal("1e-8"))
    if chance.random() < 0.5:
        opening |= {"stop_loss_pct": Decimal("2.5"), "take_profit_pct": Decimal(3)}
    return opening


def _told(results: list[Result]) -> list[str]:
    """Words for what happened, so that a run can say that it has seen everything."""
    words = []
    for result in results:
        if not result["success"]:
            words.append(result.get("status", "refused"))
        elif result["status"] == "PENDING":
            words.append("resting")
        elif "reason" in result:
            words += [result["reason"], "closed" if result["fully_closed"] else "partial"]
        else:
            words += ["merged" if result["merged"] else "opened", "filled"]
    return words


def _begin_anew(database: Engine) -> None:
    with database.begin() as connection:
        for table in (schema.positions, schema.orders, schema.trades):
            connection.execute(delete(table))
        start = schema.accounts.c.initial_balance
        zero = dict.fromkeys(
            ("frozen_balance", "unrealized_pnl", "realized_pnl", "total_profit_loss", "win_rate"), Decimal(0)
        )
        counters = dict.fromkeys(("total_trades", "winning_trades", "losing_trades"), 0)
        connection.execute(
            update(schema.accounts).values(current_balance=start, total_equity=start, **zero, **counters)
        )


def _contents(database: Engine) -> list[object]:
    tables = (schema.accounts, schema.positions, schema.orders, schema.trades)
    with database.connect() as connection:
        rows = [list(connection.execute(select(table).order_by(table.c.id))) for table in tables]
        counts = [connection.scalar(select(func.count()).select_from(table)) for table in tables]
    return [rows, counts]
