"""The paper engine's money arithmetic: pure functions over Decimal, nothing else.

Every amount is rounded to 8 places at the moment it is computed, half away from zero (ROUND_HALF_UP, as
MySQL rounds DECIMAL). Sums and differences of such amounts are exact, so the books balance to the last
decimal. Intermediate products carry 60 digits. Percentages have 4 places.

The formulas are those of the engines: PnL is linear, `(price - entry) x quantity` with the sign of the
side; the fee is 0.04 % of a fill's value; one position's margin is at most 10 % of the total equity.
"""

from decimal import ROUND_HALF_UP, Context, Decimal

FEE_RATE = Decimal("0.0004")
MARGIN_SHARE_LIMIT = Decimal("0.10")
MAINTENANCE_RATE = Decimal("0.005")
LONG = "LONG"
SHORT = "SHORT"
ZERO = Decimal(0)

_PLACES = Decimal("0.00000001")
_PERCENT_PLACES = Decimal("0.0001")
_MONEY_BOUND = Decimal(10) ** 16
_PERCENT_BOUND = Decimal("99999999.9999")
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)


class OutOfRangeError(ArithmeticError):
    """An amount needs more digits than a money column holds (24, of which 8 are decimal places)."""


def money(amount: Decimal) -> Decimal:
    """`amount` rounded to 8 places. Raises OutOfRangeError from 10^16 on, and for NaN and infinities."""
    if not amount.is_finite() or abs(amount) >= _MONEY_BOUND:
        raise OutOfRangeError(f"{amount} is more than a money column holds")
    rounded = amount.quantize(_PLACES, context=_WIDE)
    if abs(rounded) >= _MONEY_BOUND:
        raise OutOfRangeError(f"{amount} is more than a money column holds")
    return rounded


def notional(quantity: Decimal, price: Decimal) -> Decimal:
    """The value of `quantity` at `price`, in quote currency."""
    return money(_WIDE.multiply(quantity, price))


def margin(value: Decimal, leverage: int) -> Decimal:
    """The margin that a position of notional `value` ties up at `leverage`."""
    return money(_WIDE.divide(value, Decimal(leverage)))


def fee(value: Decimal) -> Decimal:
    """The fee of one fill of notional `value`."""
    return money(_WIDE.multiply(value, FEE_RATE))


def profit(side: str, entry: Decimal, price: Decimal, quantity: Decimal) -> Decimal:
    """What `quantity` of a `side` position gains between `entry` and `price`, before fees."""
    move = _WIDE.subtract(price, entry) if side == LONG else _WIDE.subtract(entry, price)
    return money(_WIDE.multiply(move, quantity))


def liquidation_price(side: str, entry: Decimal, leverage: int) -> Decimal:
    """Where the loss has eaten the margin down to the maintenance margin.

    LONG `entry x (1 - 1/leverage + 0.005)`, SHORT `entry x (1 + 1/leverage - 0.005)`.
    """
    distance = _WIDE.subtract(_WIDE.divide(Decimal(1), Decimal(leverage)), MAINTENANCE_RATE)
    factor = _WIDE.subtract(Decimal(1), distance) if side == LONG else _WIDE.add(Decimal(1), distance)
    return money(_WIDE.multiply(entry, factor))


def is_past(side: str, price: Decimal, level: Decimal) -> bool:
    """Whether `price` has reached `level` in the direction in which `side` loses."""
    return price <= level if side == LONG else price >= level


def average_entry(quantity: Decimal, entry: Decimal, added: Decimal, price: Decimal) -> Decimal:
    """The entry price, weighted by quantity, after `added` at `price` joins `quantity` at `entry`."""
    value = _WIDE.add(_WIDE.multiply(quantity, entry), _WIDE.multiply(added, price))
    return money(_WIDE.divide(value, _WIDE.add(quantity, added)))


def share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """The share of `amount` that belongs to `part` of `whole`, exactly all of it for the whole."""
    return money(_WIDE.divide(_WIDE.multiply(amount, part), whole))


def stop_price(side: str, entry: Decimal, percent: Decimal, *, gain: bool) -> Decimal:
    """The price `percent` away from `entry`: on the winning side if `gain`, else on the losing one."""
    direction = Decimal(1) if (side == LONG) == gain else Decimal(-1)
    factor = _WIDE.add(Decimal(1), _WIDE.multiply(direction, _WIDE.divide(percent, Decimal(100))))
    return money(_WIDE.multiply(entry, factor))


def percent_of(part: Decimal, whole: Decimal) -> Decimal:
    """`part` in percent of `whole`, 4 places; 0 of nothing; held within what a percentage column takes."""
    if not whole:
        return ZERO
    percent = _WIDE.multiply(_WIDE.divide(part, whole), Decimal(100))
    bounded = min(max(percent, -_PERCENT_BOUND), _PERCENT_BOUND)
    return bounded.quantize(_PERCENT_PLACES, context=_WIDE)


def rate_of(part: Decimal, whole: Decimal) -> Decimal:
    """`part` as a fraction of `whole`, 8 places; 0 of nothing; held below 10 000."""
    if not whole:
        return ZERO
    return min(_WIDE.divide(part, whole), Decimal("9999")).quantize(_PLACES, context=_WIDE)
