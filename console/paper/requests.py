"""What the engine is asked and how it answers: requests, their checks, and the results."""

from dataclasses import dataclass
from decimal import Context, Decimal
from typing import TypedDict

from console.paper import arithmetic
from console.paper.arithmetic import LONG, SHORT

MAX_LEVERAGE = 125
_LONGEST_NAME = 50
_EXACT = Context(prec=40)


class RefusedError(Exception):
    """The engine refuses an operation; the message is the one line that the result carries."""


class Result(TypedDict, total=False):
    """The answer to an operation. `success` is always there, `message` when it is False.

    `status` is that of the order: FILLED, PENDING or CANCELLED. `mirrored` is there when a live engine is
    attached: whether it took the close; `notified` when there is a notifier: whether that has heard of it.
    `cancelled` counts orders.
    """

    success: bool
    message: str
    status: str
    account_id: int
    position_id: int
    order_id: str
    trade_id: str
    symbol: str
    position_side: str
    quantity: Decimal
    remaining_quantity: Decimal
    price: Decimal
    entry_price: Decimal
    close_price: Decimal
    leverage: int
    margin: Decimal
    fee: Decimal
    liquidation_price: Decimal
    stop_loss_price: Decimal | None
    take_profit_price: Decimal | None
    merged: bool
    realized_pnl: Decimal
    pnl_pct: Decimal
    roi: Decimal
    reason: str
    fully_closed: bool
    mirrored: bool
    notified: bool
    cancelled: int


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """One opening, as `open_position` takes it. A percentage is in percent (5 is 5 %) of the entry price.

    That is the fill's price, and the average where the fill joins a position.
    """

    account_id: int
    symbol: str
    position_side: str
    quantity: Decimal
    leverage: int = 1
    limit_price: Decimal | None = None
    stop_loss_pct: Decimal | None = None
    take_profit_pct: Decimal | None = None
    stop_loss_price: Decimal | None = None
    take_profit_price: Decimal | None = None
    source: str = "manual"
    signal_id: int | None = None
    strategy_id: int | None = None
    entry_signal_type: str | None = None
    entry_score: Decimal | None = None
    entry_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Stops:
    """Where a position is closed for its holder: prices, and the percentages they came from, if any."""

    loss_price: Decimal | None
    gain_price: Decimal | None
    loss_pct: Decimal | None
    gain_pct: Decimal | None


def refusal(message: str) -> Result:
    """The result of an operation that wrote nothing."""
    return {"success": False, "message": message}


def check(request: OpenRequest) -> None:
    """Raise RefusedError for what can't be right in `request`, whatever the price."""
    _check_name("symbol", request.symbol)
    if request.position_side not in (LONG, SHORT):
        raise RefusedError(f"position_side is LONG or SHORT, not {request.position_side!r}")
    check_positive("quantity", request.quantity)
    if type(request.leverage) is not int or not 1 <= request.leverage <= MAX_LEVERAGE:
        raise RefusedError(f"leverage is a whole number from 1 to {MAX_LEVERAGE}, not {request.leverage!r}")
    for name in ("limit_price", "stop_loss_price", "take_profit_price"):
        if getattr(request, name) is not None:
            check_positive(name, getattr(request, name))
    for name in ("stop_loss_pct", "take_profit_pct"):
        if getattr(request, name) is not None:
            check_positive(name, getattr(request, name), places=4)
    _check_name("source", request.source)
    if request.entry_signal_type is not None:
        _check_name("entry_signal_type", request.entry_signal_type)
    if request.entry_score is not None:
        _check_number("entry_score", request.entry_score, places=4)
    if request.limit_price is not None:
        stops(request, request.limit_price)


def check_positive(name: str, value: object, places: int = 8) -> None:
    """Raise RefusedError unless `value` is a Decimal or int above 0 with at most `places` decimal places."""
    if _check_number(name, value, places) <= 0:
        raise RefusedError(f"{name} is above 0, not {value}")


def stops(request: OpenRequest, price: Decimal) -> Stops:
    """The stops of a fill at `price`; a price given goes before a percentage.

    Raises RefusedError when one lies on the wrong side of `price`.
    """
    side = request.position_side
    loss, gain = request.stop_loss_price, request.take_profit_price
    loss_pct = request.stop_loss_pct if loss is None else None
    gain_pct = request.take_profit_pct if gain is None else None
    if loss_pct is not None:
        loss = arithmetic.stop_price(side, price, loss_pct, gain=False)
    if gain_pct is not None:
        gain = arithmetic.stop_price(side, price, gain_pct, gain=True)
    sign, loss_is, gain_is = (1, "below", "above") if side == LONG else (-1, "above", "below")
    if loss is not None and (loss <= 0 or (price - loss) * sign <= 0):
        raise RefusedError(f"the stop loss of a {side} is {loss_is} its price {price:f}, not {loss:f}")
    if gain is not None and (gain <= 0 or (gain - price) * sign <= 0):
        raise RefusedError(f"the take profit of a {side} is {gain_is} its price {price:f}, not {gain:f}")
    return Stops(loss, gain, loss_pct, gain_pct)


def _check_number(name: str, value: object, places: int) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise RefusedError(f"{name} is Decimal or int, not {type(value).__name__}")
    number = Decimal(value)
    if not number.is_finite():
        raise RefusedError(f"{name} is a finite number, not {number}")
    if abs(number) >= 10 ** (16 if places == 8 else 8):
        raise RefusedError(f"{name} is too large: {number}")
    if number != number.quantize(Decimal(1).scaleb(-places), context=_EXACT):
        raise RefusedError(f"{name} has at most {places} decimal places, not {number}")
    return number


def _check_name(name: str, value: object) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME:
        raise RefusedError(f"{name} is 1 to {_LONGEST_NAME} characters, not {value!r}")
