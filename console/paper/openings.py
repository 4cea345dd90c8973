"""How openings are decided: the checks, the trading switches, the price, then the book."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from console.paper import records, requests, tickets
from console.paper.arithmetic import LONG, OutOfRangeError
from console.paper.book import Book
from console.paper.quotes import ema_differences
from console.paper.requests import OpenRequest, RefusedError, Result, refusal


@dataclass(frozen=True, slots=True)
class Terms:
    """What an engine opens on: its account, kind of margin and own switch, and whether it trades live too."""

    account_id: int
    coin_margin: int
    switch: str
    live: bool

    def switches(self, side: str) -> tuple[str, ...]:
        """The trading switches that have to be on for opening `side`."""
        own = (self.switch, "allow_long" if side == LONG else "allow_short")
        return (*own, "live_trading_enabled") if self.live else own


def open_all(
    connection: Connection,
    book: Book,
    terms: Terms,
    openings: Sequence[OpenRequest],
    prices: Mapping[str, Decimal],
) -> list[Result]:
    """Put the openings into `book`, at `prices` or as resting orders; a result for each, in their order."""
    off = records.switched_off(connection)
    differences = ema_differences(connection, prices)
    results = []
    for opening in openings:
        try:
            _check(opening, terms, off)
            result = _place(book, terms, opening, prices, differences)
        except (RefusedError, OutOfRangeError) as refused:
            result = refusal(str(refused))
        results.append(result)
    return results


def fill_resting(connection: Connection, book: Book, terms: Terms, order_id: str) -> Result:
    """Fill a resting order at its limit.

    It waits on while a switch forbids it, and is cancelled when the account can't carry it.
    """
    order = tickets.order_by_id(connection, order_id)
    if order is None or order["status"] != tickets.PENDING:
        return refusal(f"order {order_id} is not pending")
    opening = tickets.request_of(order)
    try:
        _check_switches(opening, terms, records.switched_off(connection))
    except RefusedError as refused:
        return refusal(str(refused))
    book.hold([opening.symbol])
    difference = ema_differences(connection, [opening.symbol]).get(opening.symbol)
    try:
        return book.open(opening, order["price"], difference, coin_margin=terms.coin_margin, resting=order_id)
    except (RefusedError, OutOfRangeError) as refused:
        tickets.cancel_pending(connection, terms.account_id, order_id, why=str(refused))
        return refusal(str(refused)) | {"status": tickets.CANCELLED, "order_id": order_id}


def _check(opening: OpenRequest, terms: Terms, off: set[str]) -> None:
    if opening.account_id != terms.account_id:
        raise RefusedError(f"account {opening.account_id}: this engine keeps account {terms.account_id} only")
    requests.check(opening)
    _check_switches(opening, terms, off)


def _check_switches(opening: OpenRequest, terms: Terms, off: set[str]) -> None:
    for switch in terms.switches(opening.position_side):
        if switch in off:
            raise RefusedError(f"opening {opening.position_side} is switched off: {switch} is not '1'")


def _place(
    book: Book,
    terms: Terms,
    opening: OpenRequest,
    prices: Mapping[str, Decimal],
    differences: Mapping[str, Decimal],
) -> Result:
    if opening.limit_price is not None:
        return book.rest(opening, Decimal(opening.limit_price))
    price = prices.get(opening.symbol)
    if price is None:
        raise RefusedError(f"no price of {opening.symbol} is known")
    return book.open(opening, price, differences.get(opening.symbol), coin_margin=terms.coin_margin)
