"""The two paper engines: the interface of the coin engine's document over books that balance.

Each operation is one transaction and answers a Result; what is refused writes nothing. Notifier and live
engine hear of an operation after its commit, and whatever they do can't change it. Failures of the database
are raised as SQLAlchemyError: whether the operation took place is then unknown until it is read back.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from random import Random, SystemRandom
from typing import Any, TypedDict

from sqlalchemy import Connection, Engine, select

from console import schema
from console.paper import records, requests, tickets
from console.paper.adoption import give_up, take_on
from console.paper.arithmetic import OutOfRangeError
from console.paper.book import Book
from console.paper.equity import mark_to_market
from console.paper.exchange import ExchangePosition
from console.paper.exits import SmartExits, better, due_exit
from console.paper.ledger import Position
from console.paper.listeners import Listeners, LiveEngine, TradeNotifier
from console.paper.openings import Terms, fill_resting, open_all
from console.paper.quotes import PriceSource, Quotes
from console.paper.requests import OpenRequest, RefusedError, Result, refusal
from console.paper.store import DatabaseConfig, open_database, reading, writing
from console.paper.tickets import Tickets

_MANY_SYMBOLS = 500  # from here on, reading all open positions is cheaper than naming the symbols


class PriceUnknownError(LookupError):
    """Neither the price source nor the database knows a price of the symbol."""


class EquityUpdate(TypedDict):
    """What `update_all_accounts_equity` did: positions marked and left, and the equity by account id."""

    success: bool
    marked: int
    unpriced: int
    equity: dict[int, Decimal]


class FuturesTradingEngine:
    """The USD-M engine: it keeps account 2 and no other.

    `db_config` is what `open_database` takes, or an engine that is open already. `prices` is asked first for
    a price, then the newest `price_data` row, then the newest kline. `clock` gives local naive time.
    """

    account_id = schema.USDM_ACCOUNT
    coin_margin = 0
    switch = "u_futures_trading_enabled"

    def __init__(
        self,
        db_config: DatabaseConfig | Engine,
        trade_notifier: TradeNotifier | None = None,
        live_engine: LiveEngine | None = None,
        *,
        prices: PriceSource | None = None,
        clock: Callable[[], datetime] = datetime.now,
        chance: Random | None = None,
        smart_exits: SmartExits | None = None,
    ) -> None:
        self.database = db_config if isinstance(db_config, Engine) else open_database(db_config, clock=clock)
        self.smart_exits = smart_exits or SmartExits()
        self._terms = Terms(self.account_id, self.coin_margin, self.switch, live_engine is not None)
        self._listeners = Listeners(trade_notifier, live_engine)
        self._quotes = Quotes(prices)
        self._clock = clock
        self._tickets = Tickets(clock, chance or SystemRandom())
        self._best: dict[int, Decimal] = {}
        self._marked_to = 0
        self._checked_to = 0

    def open_position(  # noqa: PLR0917 (the document's interface)
        self,
        account_id: int,
        symbol: str,
        position_side: str,
        quantity: Decimal,
        leverage: int = 1,
        limit_price: Decimal | None = None,
        stop_loss_pct: Decimal | None = None,
        take_profit_pct: Decimal | None = None,
        stop_loss_price: Decimal | None = None,
        take_profit_price: Decimal | None = None,
        source: str = "manual",
        signal_id: int | None = None,
        strategy_id: int | None = None,
        entry_signal_type: str | None = None,
        entry_score: Decimal | None = None,
        entry_reason: str | None = None,
    ) -> Result:
        """Open a position or add to the open one; with `limit_price`, place an order that waits for it.

        The arguments are those of OpenRequest.
        """
        opening = OpenRequest(
            account_id, symbol, position_side, quantity, leverage, limit_price,
            stop_loss_pct, take_profit_pct, stop_loss_price, take_profit_price,
            source, signal_id, strategy_id, entry_signal_type, entry_score, entry_reason,
        )  # fmt: skip
        return self.open_many([opening])[0]

    def open_many(self, openings: Iterable[OpenRequest]) -> list[Result]:
        """Many openings in one transaction; a result for each, in order. A refused one stops no other."""
        openings = list(openings)
        symbols = {o.symbol for o in openings if isinstance(o.symbol, str) and o.limit_price is None}
        asked = self._quotes.asked(symbols)
        try:
            with writing(self.database) as connection:
                book = self._book(connection)
                book.hold(symbols if len(symbols) < _MANY_SYMBOLS else None)
                prices = self._quotes.completed(connection, symbols, asked)
                results = open_all(connection, book, self._terms, openings, prices)
                book.save()
        except RefusedError as refused:
            return [refusal(str(refused)) for _ in openings]
        for result in results:
            self._announce_opening(result)
        return results

    def close_position(
        self,
        position_id: int,
        close_quantity: Decimal | None = None,
        reason: str = "manual",
        close_price: Decimal | None = None,
    ) -> Result:
        """Close a position, or `close_quantity` of it, at `close_price` or the current price.

        No switch stops a close. One at or past the liquidation price liquidates the whole position.
        """
        try:
            with writing(self.database) as connection:
                book = self._book(connection)
                position = _own_position(connection, position_id, self.account_id)
                quantity = _closable(position, close_quantity)
                price = self._closing_price(connection, position.symbol, close_price)
                result = book.close(position, quantity, price, reason)
                book.save()
        except (RefusedError, OutOfRangeError, PriceUnknownError) as refused:
            return refusal(str(refused))
        if result["fully_closed"]:
            self._best.pop(position_id, None)
        self._listeners.mirror(result)
        self._listeners.hear("close_position", result)
        return result

    def adopt_position(self, symbol: str, wanted: ExchangePosition | None) -> list[Result]:
        """Bring the books of `symbol` to what the exchange holds of it (None: flat), in one transaction.

        No switch stops that, and neither notifier nor live engine hears of it: nothing is traded.
        """
        try:
            with writing(self.database) as connection:
                held = records.open_positions(connection, account_id=self.account_id, symbols=[symbol])
                mark = self._price(connection, symbol)
                book = self._book(connection)
                results, lacking = give_up(book, held, wanted, mark, coin_margin=self.coin_margin)
                book.save()
                if lacking is not None:
                    book = self._book(connection)  # anew: what was closed is opened as another position
                    book.hold([symbol])
                    results.append(take_on(book, lacking, coin_margin=self.coin_margin))
                    book.save()
        except (RefusedError, OutOfRangeError, PriceUnknownError) as refused:
            return [refusal(str(refused))]
        return results

    def get_open_positions(self, account_id: int | None = None) -> list[dict[str, Any]]:
        """The open positions of an account (default: this engine's), oldest first, with all columns."""
        table = schema.positions
        query = select(table).where(
            table.c.account_id == (self.account_id if account_id is None else account_id),
            table.c.status.in_(records.OPEN_STATUSES),
        )
        with reading(self.database) as connection:
            return [row._asdict() for row in connection.execute(query.order_by(table.c.id))]

    def get_current_price(self, symbol: str) -> Decimal:
        """The price of `symbol` in quote currency. Raises PriceUnknownError."""
        with reading(self.database) as connection:
            return self._price(connection, symbol)

    def update_all_accounts_equity(self, limit: int | None = None) -> EquityUpdate:
        """Mark open positions of all accounts to market and sum the accounts' equity.

        With `limit`, at most so many positions are marked, and the next call goes on after them.
        """
        after = 0 if limit is None else self._marked_to
        with writing(self.database) as connection:
            marking = mark_to_market(connection, self._quotes, self._clock(), after, limit)
        self._marked_to = marking.last_id
        return {
            "success": True,
            "marked": marking.marked,
            "unpriced": marking.unpriced,
            "equity": marking.equity,
        }

    def check_exits(self, limit: int | None = None) -> list[Result]:
        """Close what liquidation, stops and smart exits demand at the current prices; answers those closes.

        With `limit`, at most so many positions are looked at, and the next call goes on after them. The best
        prices of trailing stops are kept in memory: after a restart they begin anew.
        """
        after = 0 if limit is None else self._checked_to
        with reading(self.database) as connection:
            held = records.open_positions(connection, account_id=self.account_id, after=after, limit=limit)
            known = self._quotes.known(connection, {position.symbol for position in held})
        self._checked_to = held[-1].id or 0 if limit is not None and len(held) == limit else 0
        now = self._clock()
        due = [
            (position, reason)
            for position in held
            if position.symbol in known and (reason := self._due_exit(position, known[position.symbol], now))
        ]
        return [self.close_position(p.id or 0, None, reason, known[p.symbol]) for p, reason in due]

    def fill_limit_orders(self) -> list[Result]:
        """Fill the resting orders whose price has come, at their limit; answers what became of those.

        While a switch forbids the opening, an order waits on; one that the account can't carry is cancelled.
        """
        with reading(self.database) as connection:
            resting = tickets.pending_orders(connection, self.account_id)
            known = self._quotes.known(connection, {order["symbol"] for order in resting})
        return [
            self._fill(order["order_id"])
            for order in resting
            if order["symbol"] in known and tickets.is_reached(order, known[order["symbol"]])
        ]

    def cancel_order(self, order_id: str) -> Result:
        """Cancel a resting order of this engine's account."""
        with writing(self.database) as connection:
            cancelled = tickets.cancel_pending(connection, self.account_id, order_id)
        if not cancelled:
            return refusal(f"account {self.account_id} has no pending order {order_id}")
        return {"success": True, "status": tickets.CANCELLED, "order_id": order_id}

    def cancel_all_orders(self, account_id: int | None = None) -> Result:
        """Cancel every resting order of this engine's account; `cancelled` says how many there were."""
        if account_id not in (None, self.account_id):
            return refusal(f"account {account_id}: this engine keeps account {self.account_id} only")
        with writing(self.database) as connection:
            cancelled = tickets.cancel_pending(connection, self.account_id)
        return {"success": True, "status": tickets.CANCELLED, "cancelled": cancelled}

    def _book(self, connection: Connection) -> Book:
        return Book(connection, self.account_id, self._tickets, self._clock())

    def _closing_price(self, connection: Connection, symbol: str, given: Decimal | None) -> Decimal:
        if given is None:
            return self._price(connection, symbol)
        requests.check_positive("close_price", given)
        return Decimal(given)

    def _price(self, connection: Connection, symbol: str) -> Decimal:
        known = self._quotes.known(connection, [symbol])
        if symbol not in known:
            raise PriceUnknownError(f"no price of {symbol} is known")
        return known[symbol]

    def _fill(self, order_id: str) -> Result:
        with writing(self.database) as connection:
            book = self._book(connection)
            result = fill_resting(connection, book, self._terms, order_id)
            book.save()
        self._announce_opening(result)
        return result

    def _announce_opening(self, result: Result) -> None:
        if result["success"]:
            filled = result["status"] == tickets.FILLED
            self._listeners.hear("open_position" if filled else "limit_order", result)

    def _due_exit(self, position: Position, price: Decimal, now: datetime) -> str | None:
        key = position.id or 0
        best = better(position.position_side, price, self._best.get(key, price))
        self._best[key] = best
        return due_exit(position, price, best, now, self.smart_exits)


class CoinFuturesTradingEngine(FuturesTradingEngine):
    """The COIN-M engine: it keeps account 3 of user 1000, and marks its positions with `coin_margin` 1."""

    account_id = schema.COIN_ACCOUNT
    coin_margin = 1
    switch = "coin_futures_trading_enabled"


def _own_position(connection: Connection, position_id: int, account_id: int) -> Position:
    """An open position of the account. Raises RefusedError where it is none, or another's."""
    position = records.position_by_id(connection, position_id)
    if position is None:
        raise RefusedError(f"position {position_id} not found")
    if position.account_id != account_id:
        raise RefusedError(f"position {position_id} is of account {position.account_id}, not {account_id}")
    if position.status not in records.OPEN_STATUSES:
        raise RefusedError(f"position {position_id} is not open but {position.status}")
    return position


def _closable(position: Position, quantity: Decimal | None) -> Decimal:
    """How much to close; None is all. Raises RefusedError for more than is open."""
    if quantity is None:
        return position.quantity
    requests.check_positive("close_quantity", quantity)
    if quantity > position.quantity:
        raise RefusedError(f"position {position.id} holds {position.quantity:f}, less than {quantity}")
    return Decimal(quantity)
