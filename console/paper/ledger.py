"""What an operation does to an account and a position: frozen values and the rules between them.

Nothing here touches the database. The rules are the bookkeeping of the coin engine:

- Opening: the margin goes from the current to the frozen balance, the fee leaves the current balance.
- Closing: the position's share of its margin goes back, and the realized PnL (profit less fee) is added.
  Each close counts as one trade, a partial one too; one that gains nothing counts as lost.
- Liquidation: the whole margin is lost and no more than it. What is left of it at the liquidation price
  is the fee of that fill, so that `realized = profit - fee` holds there as well.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from console.paper import arithmetic
from console.paper.arithmetic import FEE_RATE, ZERO


@dataclass(frozen=True, slots=True)
class Account:
    """The balances and counters of one row of `futures_trading_accounts`."""

    id: int
    initial_balance: Decimal
    current_balance: Decimal
    frozen_balance: Decimal
    unrealized_pnl: Decimal
    realized_pnl: Decimal
    total_trades: int
    winning_trades: int
    losing_trades: int

    @property
    def total_equity(self) -> Decimal:
        """Current and frozen balance and the unrealized PnL of the open positions."""
        return self.current_balance + self.frozen_balance + self.unrealized_pnl

    @property
    def total_profit_loss(self) -> Decimal:
        """What the equity has gained since the start, fees and open positions included."""
        return self.total_equity - self.initial_balance

    @property
    def total_profit_loss_pct(self) -> Decimal:
        """`total_profit_loss` in percent of the initial balance."""
        return arithmetic.percent_of(self.total_profit_loss, self.initial_balance)

    @property
    def win_rate(self) -> Decimal:
        """Won trades in percent of all closing trades."""
        return arithmetic.percent_of(Decimal(self.winning_trades), Decimal(self.total_trades))


@dataclass(frozen=True, slots=True)
class Position:
    """One row of `futures_positions`; `id` is None until it has been inserted.

    `entry_price` and `avg_entry_price` both hold the weighted average, because readers look at either.
    `notional_value` is the value at entry. A closed position keeps the quantity and margin that its last
    close settled.
    """

    account_id: int
    symbol: str
    position_side: str
    leverage: int
    quantity: Decimal
    notional_value: Decimal
    margin: Decimal
    entry_price: Decimal
    avg_entry_price: Decimal
    mark_price: Decimal
    liquidation_price: Decimal
    stop_loss_price: Decimal | None
    take_profit_price: Decimal | None
    stop_loss_pct: Decimal | None
    take_profit_pct: Decimal | None
    entry_ema_diff: Decimal | None
    entry_signal_type: str | None
    entry_score: Decimal | None
    entry_reason: str | None
    coin_margin: int
    open_time: datetime
    last_update_time: datetime
    source: str | None
    signal_id: int | None
    strategy_id: int | None
    id: int | None = None
    status: str = "open"
    unrealized_pnl: Decimal = ZERO
    unrealized_pnl_pct: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    close_time: datetime | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution, as its order row and its trade row tell it. The last five are None for an opening."""

    side: str
    price: Decimal
    quantity: Decimal
    notional: Decimal
    margin: Decimal
    fee: Decimal
    fee_rate: Decimal
    realized_pnl: Decimal | None = None
    pnl_pct: Decimal | None = None
    roi: Decimal | None = None
    entry_price: Decimal | None = None
    close_price: Decimal | None = None


def opening_fill(side: str, quantity: Decimal, price: Decimal, leverage: int) -> Fill:
    """The fill that opens, or adds to, a `side` position."""
    value = arithmetic.notional(quantity, price)
    margin = arithmetic.margin(value, leverage)
    return Fill(f"OPEN_{side}", price, quantity, value, margin, arithmetic.fee(value), FEE_RATE)


def merged(held: Position, fill: Fill, now: datetime) -> Position:
    """`held` after `fill` has been added: average entry by quantity, margin added, liquidation price anew."""
    entry = arithmetic.average_entry(held.quantity, held.avg_entry_price, fill.quantity, fill.price)
    quantity = held.quantity + fill.quantity
    larger = replace(
        held,
        quantity=quantity,
        notional_value=arithmetic.notional(quantity, entry),
        margin=held.margin + fill.margin,
        entry_price=entry,
        avg_entry_price=entry,
        liquidation_price=arithmetic.liquidation_price(held.position_side, entry, held.leverage),
    )
    return marked(larger, fill.price, now)


def marked(position: Position, price: Decimal, now: datetime) -> Position:
    """`position` valued at `price`; its unrealized percentage is that of its margin."""
    unrealized = arithmetic.profit(position.position_side, position.avg_entry_price, price, position.quantity)
    return replace(
        position,
        mark_price=price,
        unrealized_pnl=unrealized,
        unrealized_pnl_pct=arithmetic.percent_of(unrealized, position.margin),
        last_update_time=now,
    )


def closing_fill(position: Position, quantity: Decimal, price: Decimal) -> Fill:
    """The fill that closes `quantity` of `position` at `price`."""
    value = arithmetic.notional(quantity, price)
    fee = arithmetic.fee(value)
    gain = arithmetic.profit(position.position_side, position.avg_entry_price, price, quantity)
    margin = arithmetic.share(position.margin, quantity, position.quantity)
    fill = Fill(f"CLOSE_{position.position_side}", price, quantity, value, margin, fee, FEE_RATE)
    return _settled(position, fill, gain)


def liquidating_fill(position: Position) -> Fill:
    """The fill that closes all of `position` at its liquidation price and takes its whole margin."""
    price = position.liquidation_price
    value = arithmetic.notional(position.quantity, price)
    gain = arithmetic.profit(position.position_side, position.avg_entry_price, price, position.quantity)
    fee = position.margin + gain
    fill = Fill(
        f"CLOSE_{position.position_side}",
        price,
        position.quantity,
        value,
        position.margin,
        fee,
        arithmetic.rate_of(fee, value),
    )
    return _settled(position, fill, gain)


def reduced(position: Position, fill: Fill, now: datetime, notes: str | None = None) -> Position:
    """`position` after the closing `fill`: closed, or smaller by its quantity and its share of the margin."""
    realized = position.realized_pnl + (fill.realized_pnl or ZERO)
    if fill.quantity == position.quantity:
        return replace(
            position,
            mark_price=fill.price,
            unrealized_pnl=ZERO,
            unrealized_pnl_pct=ZERO,
            realized_pnl=realized,
            close_time=now,
            status="closed",
            notes=notes,
            last_update_time=now,
        )
    quantity = position.quantity - fill.quantity
    smaller = replace(
        position,
        quantity=quantity,
        notional_value=arithmetic.notional(quantity, position.avg_entry_price),
        margin=position.margin - fill.margin,
        realized_pnl=realized,
    )
    return marked(smaller, fill.price, now)


def after_opening(account: Account, fill: Fill, unrealized_change: Decimal) -> Account:
    """`account` after an opening fill; the unrealized PnL moves when the fill re-marks a held position."""
    return replace(
        account,
        current_balance=account.current_balance - fill.margin - fill.fee,
        frozen_balance=account.frozen_balance + fill.margin,
        unrealized_pnl=account.unrealized_pnl + unrealized_change,
    )


def after_closing(account: Account, fill: Fill, unrealized_change: Decimal) -> Account:
    """`account` after a closing fill, counters included."""
    realized = fill.realized_pnl or ZERO
    won = realized > 0
    return replace(
        account,
        current_balance=account.current_balance + fill.margin + realized,
        frozen_balance=account.frozen_balance - fill.margin,
        unrealized_pnl=account.unrealized_pnl + unrealized_change,
        realized_pnl=account.realized_pnl + realized,
        total_trades=account.total_trades + 1,
        winning_trades=account.winning_trades + won,
        losing_trades=account.losing_trades + (not won),
    )


def _settled(position: Position, fill: Fill, gain: Decimal) -> Fill:
    """The closing `fill` with its result: `gain` before the fee, the price move, the return on margin."""
    entry = position.avg_entry_price
    move = arithmetic.profit(position.position_side, entry, fill.price, Decimal(1))
    realized = gain - fill.fee
    return replace(
        fill,
        realized_pnl=realized,
        pnl_pct=arithmetic.percent_of(move, entry),
        roi=arithmetic.percent_of(realized, fill.margin),
        entry_price=entry,
        close_price=fill.price,
    )
