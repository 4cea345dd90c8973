"""When a position has to be closed: liquidation, stop loss, take profit and the smart exits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from console.paper import arithmetic
from console.paper.arithmetic import LONG
from console.paper.ledger import Position


@dataclass(frozen=True, slots=True)
class SmartExits:
    """The exits that follow the market instead of a fixed price; None switches one off.

    The trailing stop wakes once the price has moved `trailing_activation_pct` percent in the position's
    favour, and closes when it comes back by `trailing_distance_pct` percent from its best.
    """

    trailing_activation_pct: Decimal | None = None
    trailing_distance_pct: Decimal = Decimal(1)
    max_holding: timedelta | None = None


def better(side: str, price: Decimal, best: Decimal) -> Decimal:
    """The more favourable of two prices for `side`."""
    return max(price, best) if side == LONG else min(price, best)


def due_exit(
    position: Position, price: Decimal, best: Decimal, now: datetime, rules: SmartExits
) -> str | None:
    """Why `position` is to be closed at `price`, or None; `best` is the best price that it has seen.

    Liquidation goes before the stop loss, that before the take profit, and both before the smart exits.
    """
    side = position.position_side
    stop, target = position.stop_loss_price, position.take_profit_price
    reason = None
    if arithmetic.is_past(side, price, position.liquidation_price):
        reason = "liquidation"
    elif stop is not None and arithmetic.is_past(side, price, stop):
        reason = "stop_loss"
    elif target is not None and arithmetic.is_past(_opposite(side), price, target):
        reason = "take_profit"
    elif _has_trailed(position, price, best, rules):
        reason = "trailing_stop"
    elif rules.max_holding is not None and now - position.open_time >= rules.max_holding:
        reason = "max_holding"
    return reason


def _has_trailed(position: Position, price: Decimal, best: Decimal, rules: SmartExits) -> bool:
    if rules.trailing_activation_pct is None:
        return False
    side = position.position_side
    wakes = arithmetic.stop_price(side, position.avg_entry_price, rules.trailing_activation_pct, gain=True)
    if not arithmetic.is_past(_opposite(side), best, wakes):
        return False
    trail = arithmetic.stop_price(side, best, rules.trailing_distance_pct, gain=False)
    return arithmetic.is_past(side, price, trail)


def _opposite(side: str) -> str:
    return arithmetic.SHORT if side == LONG else LONG
