"""The books as they are read again and again: all that a row says, and what stays the same as it was."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy import Engine, insert, text, update

from console import schema
from console.domain.surfaces import Books, Position, SymbolBooks
from console.paper.store import open_database
from console.sources.database import DatabaseSource
from console.sources.focus import Focus
from tests.tui.fake import HandClock

NOON = datetime(2026, 1, 2, 12, 0)
FULL = {
    "account_id": 3,
    "symbol": "BTC/USD",
    "position_side": "SHORT",
    "leverage": 7,
    "quantity": Decimal("0.01687"),
    "notional_value": Decimal("1500.004485"),
    "margin": Decimal("214.28635500"),
    "entry_price": Decimal("88915.5"),
    "mark_price": Decimal("88231.12345678"),
    "liquidation_price": Decimal("101172.99"),
    "stop_loss_price": Decimal("92000"),
    "take_profit_price": None,
    "coin_margin": 1,
    "unrealized_pnl": Decimal("-11.547515"),
    "unrealized_pnl_pct": Decimal("-5.3888"),
    "open_time": datetime(2026, 1, 2, 3, 4, 5, 678901),
    "source": "ema_cross",
    "status": "open",
    "last_update_time": NOON,
}
THE_POSITION = Position(
    id=1,
    account_id=3,
    symbol="BTC/USD",
    side="SHORT",
    leverage=7,
    quantity=Decimal("0.01687"),
    margin=Decimal("214.286355"),
    entry_price=Decimal("88915.5"),
    mark_price=Decimal("88231.12345678"),
    liquidation_price=Decimal("101172.99"),
    unrealized_pnl=Decimal("-11.547515"),
    coin_margin=True,
    notional_value=Decimal("1500.004485"),
    unrealized_pnl_pct=Decimal("-5.3888"),
    stop_loss_price=Decimal("92000"),
    take_profit_price=None,
    open_time=datetime(2026, 1, 2, 3, 4, 5, 678901).timestamp(),
    source="ema_cross",
    status="open",
    updated_at=NOON.timestamp(),
)


@dataclass
class World:
    """A database that a test writes, and the source that reads it."""

    engine: Engine
    source: DatabaseSource
    focus: Focus

    def add(self, **values: object) -> None:
        with self.engine.begin() as connection:
            connection.execute(insert(schema.positions).values(**(FULL | values)))

    def change(self, number: int, **values: object) -> None:
        with self.engine.begin() as connection:
            table = schema.positions
            connection.execute(update(table).where(table.c.id == number).values(**values))

    def read(self) -> Books:
        return self.source.read().value

    def positions(self) -> tuple[Position, ...]:
        found = self.read().positions
        assert found is not None
        return found


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    engine, focus = open_database(database_url), Focus()
    source = DatabaseSource(database_url, clock=HandClock(NOON.timestamp()), timeout=5, focus=focus)
    yield World(engine, source, focus)
    source.close()
    engine.dispose()


def test_a_position_is_read_with_everything_that_it_says(world: World) -> None:
    world.add()
    assert world.positions() == (THE_POSITION,)


def test_positions_come_in_the_order_of_their_ids_however_many_there_are(world: World) -> None:
    with world.engine.begin() as connection:
        rows = [FULL | {"id": number, "symbol": f"S{number}"} for number in range(900, 0, -1)]
        connection.execute(insert(schema.positions), rows)
    assert [position.symbol for position in world.positions()] == [f"S{n}" for n in range(1, 901)]


@pytest.mark.parametrize(
    "symbol", ['a"b\\', "line\nend", "tab\there", "\x1f\x1e|,", "漢字 é", "[red]", "\u202e\u200b"]
)
def test_foreign_text_in_a_row_is_read_as_it_is(world: World, symbol: str) -> None:
    world.add(symbol=symbol, source=symbol)
    world.add(symbol="next")
    found = world.positions()
    assert [(p.symbol, p.source) for p in found] == [(symbol, symbol), ("next", "ema_cross")]


def test_what_has_not_changed_is_the_same_object(world: World) -> None:
    world.add()
    world.add(symbol="ETH/USD")
    before = world.read()
    again = world.read()
    assert again.positions is before.positions
    assert again.accounts is before.accounts
    world.change(2, mark_price=Decimal(1))
    after = world.positions()
    assert before.positions is not None
    assert after[0] is before.positions[0]
    assert after[1].mark_price == 1


def test_a_position_that_has_only_moved_shares_the_rest_with_what_it_was(world: World) -> None:
    world.add()
    (before,) = world.positions()
    world.change(1, mark_price=Decimal(1), unrealized_pnl=Decimal(2))
    (after,) = world.positions()
    assert after == replace(before, mark_price=Decimal(1), unrealized_pnl=Decimal(2))
    assert after.quantity is before.quantity and after.entry_price is before.entry_price


def test_a_change_is_seen_though_nothing_says_when_it_was_made(world: World) -> None:
    world.add()
    world.read()
    world.change(1, stop_loss_price=Decimal(91000))
    assert world.positions()[0].stop_loss_price == 91000


def test_a_position_that_was_closed_is_gone_and_one_that_builds_is_there(world: World) -> None:
    world.add()
    world.add(status="building")
    world.read()
    world.change(1, status="closed")
    assert [(p.id, p.status) for p in world.positions()] == [(2, "building")]


def test_the_engine_is_quiet_since_the_newest_position_though_none_has_changed(world: World) -> None:
    world.add(last_update_time=datetime(2026, 1, 2, 11, 59, 30))
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE futures_trading_accounts SET updated_at = NULL"))
    assert [world.read().quiet_for, world.read().quiet_for] == [30, 30]


def test_a_column_that_is_missing_is_none_in_every_position(world: World) -> None:
    world.add()
    with world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE futures_positions DROP COLUMN stop_loss_price"))
    books = world.read()
    assert books.positions is not None and books.positions[0].stop_loss_price is None
    assert books.missing == ("futures_positions.stop_loss_price: no such column",)


def test_accounts_have_their_counters(world: World) -> None:
    with world.engine.begin() as connection:
        connection.execute(
            update(schema.accounts).values(
                total_trades=412, win_rate=Decimal("57.25"), realized_pnl=Decimal("3.5")
            )
        )
    accounts = world.read().accounts
    assert accounts is not None
    assert [(a.total_trades, a.win_rate, a.realized_pnl) for a in accounts] == [
        (412, Decimal("57.25"), Decimal("3.5"))
    ] * 2


def add_order(world: World, number: int, symbol: str, **values: object) -> None:
    order = {
        "account_id": 2,
        "order_id": f"FUT-{number}",
        "symbol": symbol,
        "side": "OPEN_LONG",
        "quantity": 1,
    }
    with world.engine.begin() as connection:
        connection.execute(insert(schema.orders).values(**(order | values)))


def test_an_order_has_its_type_its_limit_its_fee_and_its_notes(world: World) -> None:
    add_order(
        world, 1, "BTCUSDT", order_type="LIMIT", price=Decimal("88000.5"), fee=Decimal("0.5"), notes="grid",
        status="REJECTED",
    )  # fmt: skip
    books = world.read()
    assert books.orders == books.failures
    assert books.orders is not None
    (order,) = books.orders
    assert (order.order_type, order.limit_price, order.fee, order.notes) == (
        "LIMIT",
        Decimal("88000.5"),
        Decimal("0.5"),
        "grid",
    )


def test_what_is_another_in_each_row_is_not_interned_and_what_returns_is(world: World) -> None:
    add_order(world, 1, "OFTENUSDT", order_id="its own id", notes="its own note")
    (order,) = world.read().orders or ()
    said = (order.symbol, order.id, order.notes or "")
    assert [sys.intern("".join(list(text))) is text for text in said] == [True, False, False]


def test_an_order_that_has_not_changed_stays_the_same_object_beside_a_new_one(world: World) -> None:
    add_order(world, 1, "BTCUSDT")
    before = world.read().orders
    add_order(world, 2, "ETHUSDT")
    after = world.read().orders
    assert before is not None and after is not None
    assert after[1] is before[0]
    assert world.read().orders is after


def test_without_a_focus_no_symbol_has_a_past(world: World) -> None:
    world.add(status="closed")
    assert world.read().focus is None


def test_the_symbol_in_focus_is_read_with_its_past_the_newest_first(world: World) -> None:
    for number, symbol in enumerate(("BTC/USD", "ETH/USD", "BTC/USD"), 1):
        add_order(world, number, symbol)
    world.add()
    world.add(status="closed", close_time=NOON, notes="liquidated at 101172.99")
    world.add(status="closed", close_time=NOON, notes="closed: manual")
    world.add(status="closed", symbol="ETH/USD")
    world.focus.symbol = "BTC/USD"
    past = world.read().focus
    assert past is not None and past.orders is not None and past.closed is not None
    assert [order.id for order in past.orders] == ["FUT-3", "FUT-1"]
    assert [(p.id, p.close_time, p.liquidated) for p in past.closed] == [
        (3, NOON.timestamp(), False),
        (2, NOON.timestamp(), True),
    ]
    assert past.trades == ()


def test_another_focus_is_read_at_the_next_poll(world: World) -> None:
    add_order(world, 1, "BTC/USD")
    world.focus.symbol = "BTC/USD"
    world.read()
    world.focus.symbol = "nobody's"
    assert world.read().focus == SymbolBooks("nobody's", (), (), ())
    world.focus.symbol = None
    assert world.read().focus is None
