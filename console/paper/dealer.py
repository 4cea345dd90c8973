"""The dealer: carries orders out on the books and at the exchange, and keeps the holdings in memory.

Orders fill at the mark. Slippage and matching time are measured on order books of their own
(`execution`); the engine's books know no slippage.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Engine, select

from console.paper import records, tickets
from console.paper.adoption import ROUNDINGS
from console.paper.arithmetic import money
from console.paper.exchange import Exchange, ExchangePosition, RestingOrder, contracts
from console.paper.execution import ExecutionQuality
from console.paper.holdings import Holding, Holdings, by_symbol, holding, is_liquidated, net_amount
from console.paper.market import Market
from console.paper.metrics import Key, Metrics
from console.paper.requests import OpenRequest, Result, refusal
from console.paper.store import reading
from console.paper.strategy import Move, Roll, Trim, opening
from console.paper.trading import FuturesTradingEngine
from console.paper.universe import Listing, Venue
from console.schema import COIN_ACCOUNT, USDM_ACCOUNT, accounts

_log = logging.getLogger("execution")
_position_log = logging.getLogger("position")
_ROUNDED = Decimal("0.5")
"""Contracts that rounding makes of coins, besides what the roundings of their average entry price make."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A symbol's net position as the books and as the exchange have it, in coins, negative when short.

    Of contracts that were bought at another price, `exchange` is what they are in coins at the books' price.
    """

    symbol: str
    books: Decimal
    exchange: Decimal


class Dealer:
    """Orders, holdings and what came of them.

    The `trading` accounts are those whose engine runs: nothing of the others is filled or closed by itself.
    One thread uses it; `holdings` and `liquidations` are replaced as a whole, so any thread may read them.
    Every method that reaches the books raises SQLAlchemyError when the database fails.
    """

    def __init__(
        self,
        engines: Collection[FuturesTradingEngine],
        market: Market,
        exchange: Exchange,
        metrics: Metrics,
        quality: ExecutionQuality,
        *,
        trading: Collection[int] = (USDM_ACCOUNT, COIN_ACCOUNT),
    ) -> None:
        self.holdings: Holdings = {}
        self.liquidations: Mapping[Key, int] = {(symbol,): 0 for symbol in market.symbols}
        self.quality = quality
        self._engines = {engine.account_id: engine for engine in engines}
        self._trading = [engine for engine in engines if engine.account_id in trading]
        self._listings = {listing.symbol: listing for listing in market.listings}
        self._market = market
        self._exchange = exchange
        self._metrics = metrics

    @property
    def database(self) -> Engine:
        """The books' database."""
        return next(iter(self._engines.values())).database

    def read(self) -> None:
        """Read every open position of a listed symbol from the books, which others may have changed."""
        with reading(self.database) as connection:
            rows = [holding(position) for position in records.open_positions(connection)]
        self.holdings = by_symbol(row for row in rows if row.symbol in self._listings)

    def load(self) -> None:
        """Read the books; only an exchange that never held anything takes its positions from them."""
        self.read()
        if self._exchange.fresh:
            for symbol in self._listings:
                self.agree(symbol)
            self._exchange.begin()
        self._show_resting()

    def catch_up(self) -> None:
        """Read the books after they have failed: what became of an operation, the exchange has seen too."""
        before = self.holdings
        self.read()
        for symbol in self._listings:
            if net_amount(before.get(symbol, ())) != net_amount(self.holdings.get(symbol, ())):
                self.agree(symbol)
        self._show_resting()

    def agree(self, symbol: str) -> None:
        """Set the exchange's position of a symbol to what the books hold."""
        self._exchange.set_position(symbol, _net_position(symbol, self.holdings.get(symbol, ())))

    def differences(self) -> tuple[Difference, ...]:
        """Every symbol whose position the books and the exchange disagree about."""
        found = []
        for symbol in self._market.symbols:
            rows, held = self.holdings.get(symbol, ()), self._exchange.position(symbol)
            books, there = net_amount(rows), Decimal(0) if held is None else held.amount
            if held is not None and books == there:
                there = _in_coins_of(rows, self._listings[symbol], held)
            if books != there:
                found.append(Difference(symbol, books, there))
        return tuple(found)

    def adopt(self, symbol: str) -> list[Result]:
        """Bring the books' position of a symbol to what the exchange holds."""
        account = self._listings[symbol].venue.account
        results = self._engines[account].adopt_position(symbol, self._exchange.position(symbol))
        self._refresh([symbol])
        return results

    def open_flat(self, symbols: Collection[str]) -> None:
        """Open a position in each of these symbols, in one transaction per account."""
        for account, engine in self._engines.items():
            mine = [self._listings[symbol] for symbol in symbols]
            requests = [opening(x, self._market.price(x.symbol)) for x in mine if x.venue.account == account]
            if requests:
                with self._metrics.timed("open_position"):
                    results = engine.open_many(requests)
                self._settle(results)

    def carry_out(self, move: Move) -> None:
        """Send the move's orders."""
        if isinstance(move, Trim):
            results = [self._close(move.held, move.quantity, "reduce")]
        elif isinstance(move, Roll):
            listing = self._listings[move.held.symbol]
            results = [self._close(move.held, None, "take_profit")]
            results.append(self._open(opening(listing, self._market.price(listing.symbol))))
        else:
            results = [self._open(move.request)]
        self._settle(results)

    def round_trip(self, symbol: str, quantity: Decimal) -> list[Result]:
        """Open so much of a symbol and close it again: the coin document's test transaction.

        On a side on which nothing is open: what joins a position can't be told from it any more.
        """
        engine = self._engines[self._listings[symbol].venue.account]
        taken = {held.sign for held in self.holdings.get(symbol, ())}
        side = next((side for side, sign in (("LONG", 1), ("SHORT", -1)) if sign not in taken), None)
        if side is None:
            return [refusal(f"{symbol} is open on both sides")]
        results = [self._open(OpenRequest(engine.account_id, symbol, side, quantity, source="test"))]
        if results[0]["success"]:
            price = self._market.price(symbol)
            position = results[0]["position_id"]
            results.append(engine.close_position(position, quantity, "test_close", price))
        self._settle(results)
        return results

    def refuse(self, move: Move) -> None:
        """Count a move that the unreachable exchange never took."""
        symbol = move.held.symbol if isinstance(move, Trim | Roll) else move.request.symbol
        self.quality.count(filled=False)
        _log.error("order for %s not sent: the exchange can't be reached", symbol)

    def close_liquidated(self) -> None:
        """Close what the mark has liquidated."""
        mark = self._market.mark
        traded = {engine.account_id for engine in self._trading}
        rows = [held for some in self.holdings.values() for held in some if held.account in traded]
        for held in rows:
            if is_liquidated(held, mark(held.symbol)):
                self._settle([self._close(held, None, "liquidation")])

    def close_due(self, limit: int) -> None:
        """Let each engine look at its next `limit` positions for stops and smart exits."""
        for engine in self._trading:
            self._settle(engine.check_exits(limit))

    def place(self, request: OpenRequest) -> None:
        """Send a limit order, which then rests."""
        result = self._engines[request.account_id].open_many([request])[0]
        if not result["success"]:
            _log.info("limit order for %s refused: %s", request.symbol, result["message"])

    def resting(self, account: int) -> int:
        """How many orders of an account rest."""
        return self._exchange.resting(account)

    def fill_resting(self) -> None:
        """Fill limit orders that the market has reached, and show the exchange what still rests."""
        for engine in self._trading:
            self._settle(engine.fill_limit_orders())
        self._show_resting()

    def cancel_resting(self, account: int) -> None:
        """Cancel an account's resting orders."""
        cancelled = self._engines[account].cancel_all_orders()
        _log.info("resting orders of account %d cancelled: %s", account, cancelled["cancelled"])
        self._show_resting()

    def mark_books(self, limit: int) -> None:
        """Mark the next `limit` positions in the books, and tell the exchange the wallets."""
        with self._metrics.timed("update_equity"):
            next(iter(self._engines.values())).update_all_accounts_equity(limit)
        columns = select(accounts.c.id, accounts.c.current_balance, accounts.c.frozen_balance)
        with reading(self.database) as connection:
            for account, current, frozen in connection.execute(columns):
                self._exchange.show_wallet(account, current + frozen)

    def read_positions(self, account: int) -> None:
        """Ask an engine for its open positions, the operation that the coin document times."""
        with self._metrics.timed("get_positions"):
            self._engines[account].get_open_positions()

    def _open(self, request: OpenRequest) -> Result:
        with self._metrics.timed("open_position"):
            return self._engines[request.account_id].open_many([request])[0]

    def _close(self, held: Holding, quantity: Decimal | None, reason: str) -> Result:
        price = self._market.price(held.symbol)
        with self._metrics.timed("close_position"):
            return self._engines[held.account].close_position(held.position_id, quantity, reason, price)

    def _settle(self, results: Iterable[Result]) -> None:
        """Report fills to the exchange, then re-read what they changed."""
        changed = set()
        for result in results:
            filled = result["success"] and result.get("status") == tickets.FILLED
            if "status" in result:  # what the engine's own rules refuse is never sent
                self.quality.count(filled=filled)
            if filled:
                changed.add(result["symbol"])
                self.quality.probe(result["symbol"])
                self._exchange.report_fill(
                    result["symbol"], _bought(result), result["price"], result["leverage"]
                )
                self._report(result)
            else:
                _log.warning("order refused: %s", result.get("message", "no reason given"))
        if changed:
            self._refresh(changed)

    def _report(self, result: Result) -> None:
        symbol = result["symbol"]
        if result.get("reason") != "liquidation":
            _log.info(
                "filled %s %s %s at %s", symbol, result["position_side"], result["quantity"], result["price"]
            )
            return
        self.liquidations = {**self.liquidations, (symbol,): self.liquidations[(symbol,)] + 1}
        _position_log.critical(
            "LIQUIDATION %s %s %s at %s", symbol, result["position_side"], result["quantity"], result["price"]
        )

    def _refresh(self, symbols: Collection[str]) -> None:
        with reading(self.database) as connection:
            found = records.open_positions(connection, symbols=symbols if len(symbols) < 500 else None)
        fresh = by_symbol(holding(position) for position in found)
        kept = {symbol: rows for symbol, rows in self.holdings.items() if symbol not in symbols}
        self.holdings = kept | {symbol: fresh[symbol] for symbol in symbols if symbol in fresh}

    def _show_resting(self) -> None:
        shown = []
        with reading(self.database) as connection:
            for account in self._engines:
                for row in tickets.pending_orders(connection, account):
                    if row["symbol"] in self._listings:
                        shown.append(
                            RestingOrder(
                                row["order_id"], row["symbol"], row["side"], row["price"], row["quantity"]
                            )
                        )
        self._exchange.show_resting(shown)


def _bought(result: Result) -> Decimal:
    """The signed quantity of a fill; closes are the results with a realised PnL."""
    opens = "realized_pnl" not in result
    return result["quantity"] if opens == (result["position_side"] == "LONG") else -result["quantity"]


def _in_coins_of(rows: tuple[Holding, ...], listing: Listing, held: ExchangePosition) -> Decimal:
    """As many coins as the exchange holds, unless its contracts are others than the books'.

    Its one position has the entry price of the side that leads in the books: of both, the other hedges it.
    """
    if listing.venue is not Venue.COIN or not rows:
        return held.amount
    entry = max(rows, key=lambda row: row.amount).exact_entry
    booked = held.amount * entry / listing.contract_size
    there = contracts(listing, held.amount, held.entry_price)
    if not booked or abs(there - booked) <= _ROUNDED + abs(booked) * ROUNDINGS:
        return held.amount
    return money(held.amount * there / booked)


def _net_position(symbol: str, rows: tuple[Holding, ...]) -> ExchangePosition | None:
    """What a one-way exchange account shows of these holdings; None when they cancel out."""
    net = net_amount(rows)
    if not net:
        return None
    leading = max(rows, key=lambda held: held.amount)
    margin = sum((held.exact_margin for held in rows), Decimal(0))
    return ExchangePosition(symbol, net, leading.exact_entry, leading.leverage, margin)
