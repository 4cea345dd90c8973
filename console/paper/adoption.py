"""Bringing the books to what the exchange holds, after the two have come apart.

The fills are the books' own: the exchange has had them already, or never will. They keep every invariant of
the books, and no trading switch stops them, for what is held is held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from console.paper.arithmetic import LONG, SHORT, money
from console.paper.book import Book
from console.paper.exchange import ExchangePosition
from console.paper.ledger import Position
from console.paper.requests import OpenRequest, Result

SOURCE = "position_sync"
"""The source of the orders that an adoption writes."""
ROUNDINGS = Decimal("0.000001")
"""The share of a price that the roundings of averages come to at most."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """What the books lack of what the exchange holds; `leverage` is the books', where they have one."""

    wanted: ExchangePosition
    quantity: Decimal
    leverage: int

    @property
    def side(self) -> str:
        return _side(self.wanted)


def give_up(
    book: Book,
    held: Sequence[Position],
    wanted: ExchangePosition | None,
    mark: Decimal,
    *,
    coin_margin: int,
) -> tuple[list[Result], Lacking | None]:
    """Close what `held`, the open positions of one symbol, are beyond `wanted` (None: flat); what lacks then.

    What is too much is closed at `mark`. Contracts of COIN-M are worth what they were bought at: a position
    with another entry price than the exchange's is closed at that price, to be opened anew. Raises
    OutOfRangeError.
    """
    side = None if wanted is None else _side(wanted)
    left = Decimal(0) if wanted is None else abs(wanted.amount)
    results = []
    for position in held:
        kept, price = Decimal(0), mark
        if wanted is not None and position.position_side == side:
            if coin_margin and _is_dated(position, wanted):
                price = money(wanted.entry_price)
            else:
                kept = min(position.quantity, left)
        left -= kept
        if kept < position.quantity:
            results.append(book.close(position, position.quantity - kept, price, SOURCE))
    if wanted is None or not left:
        return results, None
    leverages = [position.leverage for position in held if position.position_side == side]
    return results, Lacking(wanted, left, next(iter(leverages), wanted.leverage))


def take_on(book: Book, lacking: Lacking, *, coin_margin: int) -> Result:
    """Open what the books lack at the exchange's entry price. Raises RefusedError where the account can't
    carry it, and OutOfRangeError.
    """
    wanted = lacking.wanted
    opening = OpenRequest(
        book.account.id,
        wanted.symbol,
        lacking.side,
        lacking.quantity,
        leverage=lacking.leverage,
        source=SOURCE,
        entry_reason="held at the exchange",
    )
    return book.open(opening, money(wanted.entry_price), None, coin_margin=coin_margin)


def _is_dated(position: Position, wanted: ExchangePosition) -> bool:
    """Whether a position was entered at another price, roundings of an average aside."""
    return abs(position.avg_entry_price - wanted.entry_price) > wanted.entry_price * ROUNDINGS


def _side(wanted: ExchangePosition) -> str:
    return LONG if wanted.amount > 0 else SHORT
