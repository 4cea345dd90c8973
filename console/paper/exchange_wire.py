"""What the engine tells the exchange's process, and the exchange it: JSON objects, one a line.

{"engine": PID}         the first line of an engine; the answer is {"url", "fresh", "positions"}
{"end": true}           the first line of who ends the exchange
{"with": PID}           the first line of whom it is for: it ends once they and every engine have gone
{"listings": [...]}     what is traded, before anything else is told
{"prices": {...}}       marks and funding rates, once a second
{"position": [...]}     one position after a fill; {"flat": SYMBOL} where nothing is left of it
{"resting": [...]}      all orders that rest
{"wallet": [...]}       an account's wallet
{"opened": true}        the positions are those of the books with which this exchange began
{"down": BOOL}          an outage begins or ends
"""

from collections.abc import Iterable, Mapping
from dataclasses import astuple
from decimal import Decimal

from console.paper.board import Board
from console.paper.exchange import Change, Exchange, ExchangePosition, RestingOrder
from console.paper.exchange_api import ExchangeApi
from console.paper.universe import Listing, Venue


def listed(board: Board) -> Change:
    """The listings of a market."""
    return {"listings": [astuple(listing) for listing in board.listings]}


def positions_of(told: Mapping[str, object]) -> list[ExchangePosition]:
    """The positions in the exchange's answer to an engine. Raises ValueError for another answer."""
    rows = told.get("positions")
    if not isinstance(rows, list):
        raise ValueError("the exchange's answer names no positions")
    return [_position(row) for row in rows]


class Hearing:
    """The exchange's end: takes what an engine tells, line by line.

    Raises KeyError, TypeError or ValueError for what no engine says.
    """

    def __init__(self, exchange: Exchange, api: ExchangeApi) -> None:
        self._exchange = exchange
        self._api = api
        self._board = Board(())

    def take(self, said: Mapping[str, object]) -> None:
        """Take one line."""
        for name, value in said.items():
            if name == "listings":
                self._board = Board(_listing(row) for row in _rows(value))
                self._exchange.relist(self._board)
            elif name == "prices" and isinstance(value, dict):
                self._board.take_prices(value)
            elif name == "down":
                self._api.set_down(bool(value))
            else:
                self._take_of_account(name, value)

    def _take_of_account(self, name: str, value: object) -> None:
        exchange = self._exchange
        if name == "position":
            position = _position(value)
            exchange.set_position(position.symbol, position)
        elif name == "flat":
            exchange.set_position(str(value), None)
        elif name == "resting":
            exchange.show_resting(_order(row) for row in _rows(value))
        elif name == "wallet":
            account, balance = _rows(value)
            exchange.show_wallet(int(str(account)), Decimal(str(balance)))
        elif name == "opened":
            exchange.begin()
        else:
            raise ValueError(f"an exchange isn't told of {name!r}")


def _rows(value: object) -> Iterable[object]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _listing(row: object) -> Listing:
    symbol, venue, price, places = _rows(row)
    return Listing(str(symbol), Venue(str(venue)), float(str(price)), int(str(places)))


def _position(row: object) -> ExchangePosition:
    symbol, amount, entry, leverage, margin = map(str, _rows(row))
    return ExchangePosition(symbol, Decimal(amount), Decimal(entry), int(leverage), Decimal(margin))


def _order(row: object) -> RestingOrder:
    order_id, symbol, side, price, quantity = map(str, _rows(row))
    return RestingOrder(order_id, symbol, side, Decimal(price), Decimal(quantity))
