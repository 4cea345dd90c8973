"""Open positions as the running engine keeps them in memory, and their margin ratio.

The books (the database) hold the truth; these are floats for marking thousands of positions a second.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from console.paper.ledger import Position

MAINTENANCE = 0.005
"""Maintenance margin as a fraction of the notional at entry."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One open position; `sign` is 1 when long and -1 when short. Prices in USD(T), quantity in coins."""

    position_id: int
    account: int
    symbol: str
    sign: int
    leverage: int
    amount: Decimal
    exact_margin: Decimal
    exact_entry: Decimal
    quantity: float
    margin: float
    entry: float
    liquidation: float

    @property
    def side(self) -> str:
        """LONG or SHORT."""
        return "LONG" if self.sign > 0 else "SHORT"


Holdings = Mapping[str, tuple[Holding, ...]]
"""Open positions by symbol; symbols without any are left out. Replaced as a whole, never changed."""


def holding(position: Position) -> Holding:
    """A row of the books. Raises ValueError for one that was never inserted."""
    if position.id is None:
        raise ValueError(f"{position.symbol}: a position without id is not in the books")
    return Holding(
        position_id=position.id,
        account=position.account_id,
        symbol=position.symbol,
        sign=1 if position.position_side == "LONG" else -1,
        leverage=position.leverage,
        amount=position.quantity,
        exact_margin=position.margin,
        exact_entry=position.avg_entry_price,
        quantity=float(position.quantity),
        margin=float(position.margin),
        entry=float(position.avg_entry_price),
        liquidation=float(position.liquidation_price),
    )


def by_symbol(rows: Iterable[Holding]) -> dict[str, tuple[Holding, ...]]:
    """Group holdings."""
    grouped: dict[str, tuple[Holding, ...]] = {}
    for row in rows:
        grouped[row.symbol] = (*grouped.get(row.symbol, ()), row)
    return grouped


def profit(held: Holding, mark: float) -> float:
    """Unrealised PnL in USD(T): (mark - entry) x quantity, sign by side."""
    return held.sign * (mark - held.entry) * held.quantity


def margin_ratio(held: Holding, mark: float) -> float:
    """Equity / maintenance margin.

    The maintenance margin is 0.005 of the notional at entry, so that the ratio is exactly 1 at ENGINE's
    liquidation price, whose 0.005 is a fraction of the entry price too.
    """
    return (held.margin + profit(held, mark)) / (MAINTENANCE * held.entry * held.quantity)


def price_at_ratio(held: Holding, ratio: float) -> float:
    """The mark price at which the margin ratio is `ratio`; the inverse of `margin_ratio`."""
    per_coin = ratio * MAINTENANCE * held.entry - held.margin / held.quantity
    return held.entry + held.sign * per_coin


def is_liquidated(held: Holding, mark: float) -> bool:
    """Whether the mark has reached the liquidation price."""
    return held.sign * (mark - held.liquidation) <= 0


def net_amount(held: Iterable[Holding]) -> Decimal:
    """The signed sum of quantities, as a one-way exchange account shows it."""
    return sum((row.amount * row.sign for row in held), Decimal(0))
