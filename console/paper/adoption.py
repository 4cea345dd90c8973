"""Bringing the books to what the exchange holds, after the two have come apart.

The fills are the books' own: the exchange has had them already, or never will. They keep every invariant of
the books, and no trading switch stops them, for what is held is held.
"""

from collections.abc import Sequence
from decimal import Decimal

from console.paper.arithmetic import LONG, SHORT, money
from console.paper.book import Book
from console.paper.exchange import ExchangePosition
from console.paper.ledger import Position
from console.paper.requests import OpenRequest, Result

SOURCE = "position_sync"
"""The source of the orders that an adoption writes."""


def adopt(
    book: Book,
    held: Sequence[Position],
    wanted: ExchangePosition | None,
    mark: Decimal,
    *,
    coin_margin: int,
) -> list[Result]:
    """Have `held`, the open positions of one symbol, add up to `wanted` (None: flat).

    What is too much is closed at `mark`, what is missing is opened at the exchange's entry price. Raises
    RefusedError where the account can't carry it, and OutOfRangeError.
    """
    left = Decimal(0) if wanted is None else abs(wanted.amount)
    side = LONG if wanted is not None and wanted.amount > 0 else SHORT
    results = []
    for position in held:
        kept = min(position.quantity, left) if position.position_side == side else Decimal(0)
        left -= kept
        if kept < position.quantity:
            results.append(book.close(position, position.quantity - kept, mark, SOURCE))
    if wanted is not None and left:
        opening = _missing(book, held, wanted, side, left)
        results.append(book.open(opening, money(wanted.entry_price), None, coin_margin=coin_margin))
    return results


def _missing(
    book: Book, held: Sequence[Position], wanted: ExchangePosition, side: str, quantity: Decimal
) -> OpenRequest:
    """The opening of what the books lack; a position that is there already keeps its leverage."""
    known = [position.leverage for position in held if position.position_side == side]
    return OpenRequest(
        book.account.id,
        wanted.symbol,
        side,
        quantity,
        leverage=known[0] if known else wanted.leverage,
        source=SOURCE,
        entry_reason="held at the exchange",
    )
