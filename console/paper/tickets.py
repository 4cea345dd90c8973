"""Order and trade rows: their ids, what they say about a fill, and the resting limit orders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from console.paper import arithmetic
from console.paper.ledger import Fill, Position
from console.paper.requests import OpenRequest, Stops
from console.schema import orders, trades

PENDING = "PENDING"
FILLED = "FILLED"
CANCELLED = "CANCELLED"

OrderRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tickets:
    """Makes ids of the microsecond and 64 bits of chance, so that engines and restarts don't clash."""

    clock: Callable[[], datetime]
    chance: Random

    def order_id(self) -> str:
        """A new `FUT-…` id."""
        return f"FUT-{self._serial()}"

    def trade_id(self) -> str:
        """A new `T-…` id."""
        return f"T-{self._serial()}"

    def _serial(self) -> str:
        return f"{self.clock():%Y%m%d%H%M%S%f}-{self.chance.getrandbits(64):016x}"


def resting_order(
    request: OpenRequest, limit: Decimal, stops: Stops, order_id: str, now: datetime
) -> dict[str, object]:
    """The row of an order that waits for the price `limit`; its margin isn't frozen yet."""
    return {
        "account_id": request.account_id,
        "order_id": order_id,
        "symbol": request.symbol,
        "side": f"OPEN_{request.position_side}",
        "order_type": "LIMIT",
        "leverage": request.leverage,
        "price": limit,
        "quantity": request.quantity,
        "total_value": arithmetic.notional(Decimal(request.quantity), limit),
        "status": PENDING,
        "stop_loss_price": stops.loss_price,
        "take_profit_price": stops.gain_price,
        "order_source": request.source,
        "entry_signal_type": request.entry_signal_type,
        "signal_id": request.signal_id,
        "strategy_id": request.strategy_id,
        "notes": request.entry_reason,
        "created_at": now,
    }


def request_of(order: OrderRow) -> OpenRequest:
    """The opening that a resting order stands for."""
    return OpenRequest(
        account_id=order["account_id"],
        symbol=order["symbol"],
        position_side=order["side"].removeprefix("OPEN_"),
        quantity=order["quantity"],
        leverage=order["leverage"],
        limit_price=order["price"],
        stop_loss_price=order["stop_loss_price"],
        take_profit_price=order["take_profit_price"],
        source=order["order_source"],
        signal_id=order["signal_id"],
        strategy_id=order["strategy_id"],
        entry_signal_type=order["entry_signal_type"],
        entry_reason=order["notes"],
    )


def market_order(
    position: Position, fill: Fill, order_id: str, source: str, now: datetime
) -> dict[str, object]:
    """The row of a market order that `fill` has filled; `position_id` is left to the writer."""
    return {
        "account_id": position.account_id,
        "order_id": order_id,
        "symbol": position.symbol,
        "side": fill.side,
        "order_type": "MARKET",
        "leverage": position.leverage,
        "price": fill.price,
        "quantity": fill.quantity,
        "total_value": fill.notional,
        "stop_loss_price": position.stop_loss_price,
        "take_profit_price": position.take_profit_price,
        "order_source": source,
        "entry_signal_type": position.entry_signal_type,
        "signal_id": position.signal_id,
        "strategy_id": position.strategy_id,
        "notes": None,
        "created_at": now,
    } | execution(fill, now)


def execution(fill: Fill, now: datetime) -> dict[str, object]:
    """What `fill` adds to the row of its order."""
    return {
        "executed_quantity": fill.quantity,
        "margin": fill.margin,
        "executed_value": fill.notional,
        "fee": fill.fee,
        "fee_rate": fill.fee_rate,
        "status": FILLED,
        "avg_fill_price": fill.price,
        "fill_time": now,
        "realized_pnl": fill.realized_pnl,
        "pnl_pct": fill.pnl_pct,
    }


def trade(position: Position, fill: Fill, order_id: str, trade_id: str, now: datetime) -> dict[str, object]:
    """The trade row of `fill`; `position_id` is left to the writer."""
    return {
        "account_id": position.account_id,
        "order_id": order_id,
        "trade_id": trade_id,
        "symbol": position.symbol,
        "side": fill.side,
        "price": fill.price,
        "quantity": fill.quantity,
        "notional_value": fill.notional,
        "leverage": position.leverage,
        "margin": fill.margin,
        "fee": fill.fee,
        "fee_rate": fill.fee_rate,
        "realized_pnl": fill.realized_pnl,
        "pnl_pct": fill.pnl_pct,
        "roi": fill.roi,
        "entry_price": fill.entry_price if fill.entry_price is not None else fill.price,
        "close_price": fill.close_price,
        "trade_time": now,
    }


def insert_orders(connection: Connection, rows: Sequence[OrderRow]) -> None:
    """Insert order rows that have the same columns."""
    if rows:
        connection.execute(insert(orders), rows)


def insert_trades(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert trade rows."""
    if rows:
        connection.execute(insert(trades), rows)


def update_orders(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Update orders, each row naming its order in `key` beside the columns to set."""
    if rows:
        connection.execute(update(orders).where(orders.c.order_id == bindparam("key")), rows)


def pending_orders(connection: Connection, account_id: int) -> list[OrderRow]:
    """The resting orders of an account, oldest first."""
    query = select(orders).where(orders.c.account_id == account_id, orders.c.status == PENDING)
    return [row._asdict() for row in connection.execute(query.order_by(orders.c.id))]


def order_by_id(connection: Connection, order_id: str) -> OrderRow | None:
    """An order, its row locked until the transaction ends."""
    row = connection.execute(
        select(orders).where(orders.c.order_id == order_id).with_for_update()
    ).one_or_none()
    return None if row is None else row._asdict()


def cancel_pending(
    connection: Connection, account_id: int, order_id: str | None = None, why: str | None = None
) -> int:
    """Cancel one resting order of an account, or all of them; answers how many there were."""
    statement = update(orders).where(orders.c.account_id == account_id, orders.c.status == PENDING)
    if order_id is not None:
        statement = statement.where(orders.c.order_id == order_id)
    if why is not None:
        statement = statement.values(notes=why)
    return connection.execute(statement.values(status=CANCELLED)).rowcount


def is_reached(order: OrderRow, price: Decimal) -> bool:
    """Whether a resting order fills at `price`: at its limit or better."""
    return arithmetic.is_past(order["side"].removeprefix("OPEN_"), price, order["price"])
