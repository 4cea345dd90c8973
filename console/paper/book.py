"""One account's books during one transaction: read under its lock, changed in memory, saved at once.

An operation either changes the account, the position, the order and the trade together or, refused, none of
them. Many openings share a transaction without sharing a fate: a refused one leaves the others as they are.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from console.paper import arithmetic, ledger, records, requests, tickets
from console.paper.arithmetic import MARGIN_SHARE_LIMIT, ZERO
from console.paper.ledger import Account, Fill, Position
from console.paper.requests import OpenRequest, RefusedError, Result, Stops
from console.paper.tickets import Tickets

_Key = tuple[str, str]  # symbol and side: an account holds one position of each


class Book:
    """The books of account `account_id`, locked until the transaction of `connection` ends.

    Raises RefusedError when there is no such account.
    """

    def __init__(self, connection: Connection, account_id: int, tickets: Tickets, now: datetime) -> None:
        account = records.locked_account(connection, account_id)
        if account is None:
            raise RefusedError(f"account {account_id} not found")
        self.account: Account = account
        self._connection = connection
        self._tickets = tickets
        self._now = now
        self._held: dict[_Key, Position] = {}
        self._changed: dict[_Key, Position] = {}
        self._orders: list[tuple[_Key, dict[str, object]]] = []
        self._fills_of_resting: list[tuple[_Key, dict[str, object]]] = []
        self._trades: list[tuple[_Key, dict[str, object]]] = []
        self._resting: list[dict[str, object]] = []
        self._openings: list[tuple[_Key, Result]] = []

    def hold(self, symbols: Collection[str] | None) -> None:
        """Read the open positions of `symbols` (None: of all), which later openings may add to."""
        for position in records.open_positions(self._connection, account_id=self.account.id, symbols=symbols):
            self._held.setdefault((position.symbol, position.position_side), position)

    def rest(self, request: OpenRequest, limit: Decimal) -> Result:
        """Place an order that waits for the price `limit`. Raises RefusedError or OutOfRangeError."""
        order_id = self._tickets.order_id()
        stops = requests.stops(request, limit)
        self._resting.append(tickets.resting_order(request, limit, stops, order_id, self._now))
        return {
            "success": True,
            "status": tickets.PENDING,
            "account_id": self.account.id,
            "order_id": order_id,
            "symbol": request.symbol,
            "position_side": request.position_side,
            "quantity": Decimal(request.quantity),
            "price": limit,
            "leverage": request.leverage,
        }

    def open(
        self,
        request: OpenRequest,
        price: Decimal,
        ema_difference: Decimal | None,
        *,
        coin_margin: int,
        resting: str | None = None,
    ) -> Result:
        """Fill `request` at `price`; `resting` is the id of the limit order that this fills.

        The `position_id` of the result appears on `save`. Raises RefusedError or OutOfRangeError.
        """
        key = (request.symbol, request.position_side)
        fill = ledger.opening_fill(request.position_side, Decimal(request.quantity), price, request.leverage)
        held = self._held.get(key)
        if held is None:
            stops = requests.stops(request, price)
            position = _new_position(
                request, fill, stops, ema_difference, coin_margin=coin_margin, now=self._now
            )
        else:
            position = _larger_position(held, request, fill, self._now)
        change = position.unrealized_pnl - (held.unrealized_pnl if held else ZERO)
        account = ledger.after_opening(self.account, fill, change)
        _check_means(self.account, account, position, fill)
        self.account = account
        self._keep(key, position)
        order_id = resting or self._tickets.order_id()
        if resting is None:
            row = tickets.market_order(position, fill, order_id, request.source, self._now)
            self._orders.append((key, row))
        else:
            self._fills_of_resting.append((key, {"key": order_id} | tickets.execution(fill, self._now)))
        trade_id = self._record_trade(key, position, fill, order_id)
        result = _opened(position, fill, order_id, trade_id, merged=held is not None)
        self._openings.append((key, result))
        return result

    def close(self, position: Position, quantity: Decimal | None, price: Decimal, reason: str) -> Result:
        """Close `quantity` (None: all) of `position` at `price`.

        At or past the liquidation price the whole position is liquidated instead, whatever was asked: its
        holder can't lose more than the margin. Raises OutOfRangeError.
        """
        key = (position.symbol, position.position_side)
        side, level = position.position_side, position.liquidation_price
        notes = None
        if arithmetic.is_past(side, price, level):
            fill = ledger.liquidating_fill(position)
            reason = "liquidation"
            notes = f"liquidated at {level:f}, price {price:f}"
        else:
            fill = ledger.closing_fill(position, position.quantity if quantity is None else quantity, price)
        after = ledger.reduced(position, fill, self._now, notes or f"closed: {reason}")
        self.account = ledger.after_closing(
            self.account, fill, after.unrealized_pnl - position.unrealized_pnl
        )
        self._keep(key, after)
        order_id = self._tickets.order_id()
        row = tickets.market_order(position, fill, order_id, reason[:50], self._now)
        self._orders.append((key, row | {"notes": notes or reason}))
        trade_id = self._record_trade(key, position, fill, order_id)
        return _closed(after, fill, order_id, trade_id, reason)

    def save(self) -> None:
        """Write everything that has changed, and give each opening's result its position id."""
        tickets.insert_orders(self._connection, self._resting)
        if not self._changed:
            return
        ids = self._save_positions()
        for key, result in self._openings:
            result["position_id"] = ids[key]
        tickets.insert_orders(
            self._connection, [row | {"position_id": ids[key]} for key, row in self._orders]
        )
        fills = [row | {"position_id": ids[key]} for key, row in self._fills_of_resting]
        tickets.update_orders(self._connection, fills)
        tickets.insert_trades(
            self._connection, [row | {"position_id": ids[key]} for key, row in self._trades]
        )
        records.save_account(self._connection, self.account, self._now)

    def _keep(self, key: _Key, position: Position) -> None:
        self._held[key] = position
        self._changed[key] = position

    def _record_trade(self, key: _Key, position: Position, fill: Fill, order_id: str) -> str:
        trade_id = self._tickets.trade_id()
        self._trades.append((key, tickets.trade(position, fill, order_id, trade_id, self._now)))
        return trade_id

    def _save_positions(self) -> dict[_Key, int]:
        known = {key: position.id for key, position in self._changed.items() if position.id is not None}
        records.update_positions(self._connection, [self._changed[key] for key in known])
        new = [position for position in self._changed.values() if position.id is None]
        return known | (records.insert_positions(self._connection, new) if new else {})


def _new_position(
    request: OpenRequest,
    fill: Fill,
    stops: Stops,
    ema_difference: Decimal | None,
    *,
    coin_margin: int,
    now: datetime,
) -> Position:
    return Position(
        account_id=request.account_id,
        symbol=request.symbol,
        position_side=request.position_side,
        leverage=request.leverage,
        quantity=fill.quantity,
        notional_value=fill.notional,
        margin=fill.margin,
        entry_price=fill.price,
        avg_entry_price=fill.price,
        mark_price=fill.price,
        liquidation_price=arithmetic.liquidation_price(request.position_side, fill.price, request.leverage),
        stop_loss_price=stops.loss_price,
        take_profit_price=stops.gain_price,
        stop_loss_pct=stops.loss_pct,
        take_profit_pct=stops.gain_pct,
        entry_ema_diff=ema_difference,
        entry_signal_type=request.entry_signal_type,
        entry_score=request.entry_score,
        entry_reason=request.entry_reason,
        coin_margin=coin_margin,
        open_time=now,
        last_update_time=now,
        source=request.source,
        signal_id=request.signal_id,
        strategy_id=request.strategy_id,
    )


def _larger_position(held: Position, request: OpenRequest, fill: Fill, now: datetime) -> Position:
    """`held` with a further entry. Stops that the entry names replace the old ones; others stay.

    Either are on their side of the new average: one that isn't would close what was just bought.
    """
    if held.leverage != request.leverage:
        raise RefusedError(
            f"{held.symbol} {held.position_side} is open at {held.leverage}x: "
            f"a further entry has the same leverage, not {request.leverage}x"
        )
    larger = ledger.merged(held, fill, now)
    names_loss = request.stop_loss_price is not None or request.stop_loss_pct is not None
    names_gain = request.take_profit_price is not None or request.take_profit_pct is not None
    stops = requests.stops(
        replace(
            request,
            stop_loss_price=request.stop_loss_price if names_loss else held.stop_loss_price,
            take_profit_price=request.take_profit_price if names_gain else held.take_profit_price,
        ),
        larger.avg_entry_price,
    )
    return replace(
        larger,
        stop_loss_price=stops.loss_price,
        take_profit_price=stops.gain_price,
        stop_loss_pct=stops.loss_pct if names_loss else held.stop_loss_pct,
        take_profit_pct=stops.gain_pct if names_gain else held.take_profit_pct,
    )


def _check_means(before: Account, after: Account, position: Position, fill: Fill) -> None:
    """Raise RefusedError unless the account can carry `fill` and the position that it makes."""
    if fill.margin <= 0:
        raise RefusedError(
            f"{fill.quantity:f} {position.symbol} at {fill.price:f} is too small to have a margin"
        )
    if after.current_balance < 0:
        raise RefusedError(
            f"insufficient balance: margin {fill.margin:f} and fee {fill.fee:f} are more than the "
            f"{before.current_balance:f} of account {before.id}"
        )
    limit = max(after.total_equity, ZERO) * MARGIN_SHARE_LIMIT
    if position.margin > limit:
        raise RefusedError(
            f"margin limit: {position.symbol} {position.position_side} would tie up {position.margin:f}, "
            f"more than 10 % of the equity {after.total_equity:f}"
        )


def _opened(position: Position, fill: Fill, order_id: str, trade_id: str, *, merged: bool) -> Result:
    return {
        "success": True,
        "status": tickets.FILLED,
        "account_id": position.account_id,
        "order_id": order_id,
        "trade_id": trade_id,
        "symbol": position.symbol,
        "position_side": position.position_side,
        "quantity": fill.quantity,
        "price": fill.price,
        "entry_price": position.avg_entry_price,
        "leverage": position.leverage,
        "margin": fill.margin,
        "fee": fill.fee,
        "liquidation_price": position.liquidation_price,
        "stop_loss_price": position.stop_loss_price,
        "take_profit_price": position.take_profit_price,
        "merged": merged,
    }


def _closed(after: Position, fill: Fill, order_id: str, trade_id: str, reason: str) -> Result:
    fully = after.status == "closed"
    return {
        "success": True,
        "status": tickets.FILLED,
        "account_id": after.account_id,
        "position_id": after.id or 0,
        "order_id": order_id,
        "trade_id": trade_id,
        "symbol": after.symbol,
        "position_side": after.position_side,
        "quantity": fill.quantity,
        "remaining_quantity": ZERO if fully else after.quantity,
        "price": fill.price,
        "entry_price": after.avg_entry_price,
        "close_price": fill.price,
        "leverage": after.leverage,
        "margin": fill.margin,
        "fee": fill.fee,
        "realized_pnl": fill.realized_pnl or ZERO,
        "pnl_pct": fill.pnl_pct or ZERO,
        "roi": fill.roi or ZERO,
        "reason": reason,
        "fully_closed": fully,
    }
