"""The paper exchange: its own books, and the Binance answers that come out of them.

It knows positions only from the fills that the engine reports, never from the engine's database, so
comparing the two means something. The engine's process works on one `Exchange`, which tells what changes to
another in a process of its own: that one answers, and outlives the engine (`exchange_process`). Amounts are
kept in coins; COIN-M shows them in contracts of `contractSize` USD at the position's entry price. Both venues
settle in USD here, because the engines' PnL is linear in both (ENGINE section 1): the one asset is USDT at
USD-M and USD at COIN-M.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from console.paper.board import Board
from console.paper.universe import Listing, Venue

JsonObject = dict[str, object]
Change = Mapping[str, object]
"""Something that has become of an exchange, as JSON (`exchange_wire`)."""

MAINTENANCE = Decimal("0.005")
"""Maintenance margin as a fraction of notional, the figure inside ENGINE's liquidation price."""

_EIGHT_PLACES = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class ExchangePosition:
    """One net position: `amount` in coins, negative when short; `margin` in USD(T)."""

    symbol: str
    amount: Decimal
    entry_price: Decimal
    leverage: int
    margin: Decimal


@dataclass(frozen=True, slots=True)
class RestingOrder:
    """A limit order that waits at the exchange; `quantity` in coins."""

    order_id: str
    symbol: str
    side: str
    price: Decimal
    quantity: Decimal


def _nobody(_change: Change) -> None:
    """Whom an exchange tells that nobody listens to."""


class Exchange:
    """Positions, resting orders and wallets of one exchange. Safe to call from any thread.

    `tell` hears of every change of them, before the change is answered for. `fresh` is an exchange that no
    engine has given its positions yet.
    """

    def __init__(
        self, market: Board, clock: Callable[[], float], tell: Callable[[Change], None] = _nobody
    ) -> None:
        self.fresh = True
        self._market = market
        self._clock = clock
        self._tell = tell
        self._lock = threading.Lock()
        self._listings = {listing.symbol: listing for listing in market.listings}
        self._positions: dict[str, ExchangePosition] = {}
        self._incomplete: set[str] = set()
        self._resting: tuple[RestingOrder, ...] = ()
        self._wallets: dict[int, Decimal] = {}

    def report_fill(self, symbol: str, amount: Decimal, price: Decimal, leverage: int) -> None:
        """Take a fill: `amount` coins (negative sells) at `price`. Averages, shrinks or turns it."""
        with self._lock:
            after = _after_fill(self._positions.get(symbol), symbol, amount, price, leverage)
            self._put(symbol, after if after.amount else None)

    def set_position(self, symbol: str, position: ExchangePosition | None) -> None:
        """Put a position in place without a fill: at start-up from the books, and after a lost fill."""
        with self._lock:
            self._incomplete.discard(symbol)
            if position != self._positions.get(symbol):
                self._put(symbol, position)

    def adopt(self, positions: Iterable[ExchangePosition]) -> None:
        """Take the positions that are held already: those of the process that answers for the exchange."""
        with self._lock:
            self._positions = {position.symbol: position for position in positions}
        self.fresh = False

    def begin(self) -> None:
        """The positions are complete: from now on only what happens at the exchange changes them."""
        self.fresh = False
        self._tell({"opened": True})

    def relist(self, market: Board) -> None:
        """Go on with other listings, those of every position among them."""
        self._listings = {listing.symbol: listing for listing in market.listings}
        self._market = market

    def held(self) -> list[ExchangePosition]:
        """Every position that isn't flat."""
        with self._lock:
            return list(self._positions.values())

    def amount(self, symbol: str) -> Decimal:
        """The net amount in coins, 0 when flat."""
        held = self._positions.get(symbol)
        return held.amount if held else Decimal(0)

    def position(self, symbol: str) -> ExchangePosition | None:
        """The net position, None when flat."""
        return self._positions.get(symbol)

    def lose_part(self, symbol: str) -> None:
        """Forget a tenth of a position, as after a fill that was lost; nothing happens twice."""
        with self._lock:
            held = self._positions.get(symbol)
            if held is not None and symbol not in self._incomplete:
                amount = (held.amount * Decimal("0.9")).quantize(_EIGHT_PLACES)
                self._put(symbol, replace(held, amount=amount))
                self._incomplete.add(symbol)

    def resting(self, account: int) -> int:
        """How many orders of an account rest."""
        return sum(self._listings[order.symbol].venue.account == account for order in self._resting)

    def show_resting(self, orders: Iterable[RestingOrder]) -> None:
        """Replace the resting orders."""
        before, self._resting = self._resting, tuple(orders)
        if self._resting != before:
            self._tell({"resting": [as_json(order) for order in self._resting]})

    def show_wallet(self, account: int, balance: Decimal) -> None:
        """Set an account's wallet: its balance without unrealised PnL."""
        if self._wallets.get(account) != balance:
            self._wallets[account] = balance
            self._tell({"wallet": [account, str(balance)]})

    def show_prices(self) -> None:
        """Tell the market of this instant."""
        self._tell(self._market.shown_prices())

    def now_ms(self) -> int:
        """The exchange's clock, milliseconds since 1970."""
        return int(self._clock() * 1000)

    def exchange_info(self, venue: Venue) -> JsonObject:
        """`exchangeInfo`: every symbol of the venue, all trading."""
        return {
            "timezone": "UTC",
            "serverTime": self.now_ms(),
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400}
            ],
            "symbols": [_symbol_info(listing) for listing in self._of(venue)],
        }

    def premium_index(self, venue: Venue, symbol: str | None) -> JsonObject | list[JsonObject] | None:
        """`premiumIndex`: a list; at USD-M one object when a symbol is asked for. None: unknown symbol."""
        entries = [
            self._premium(listing) for listing in self._of(venue) if symbol in (None, listing.exchange_symbol)
        ]
        if symbol is not None and not entries:
            return None
        return entries[0] if symbol is not None and venue is Venue.USDM else entries

    def position_risk(self, venue: Venue, symbol: str | None = None) -> list[JsonObject]:
        """`positionRisk`: positions that aren't flat."""
        return [
            self._risk(listing, position)
            for listing, position in self._held(venue)
            if symbol in (None, listing.exchange_symbol)
        ]

    def balance(self, venue: Venue) -> list[JsonObject]:
        """`balance`: the venue's one asset."""
        return [{"accountAlias": "paper", "updateTime": self.now_ms(), **self._asset(venue)}]

    def account(self, venue: Venue) -> JsonObject:
        """`account`: totals, the asset and the positions."""
        asset = self._asset(venue)
        held = self._held(venue)
        maintenance = sum((_notional(p.entry_price, p) * MAINTENANCE for _, p in held), Decimal(0))
        return {
            "canTrade": True,
            "updateTime": self.now_ms(),
            "totalWalletBalance": asset["balance"],
            "totalUnrealizedProfit": asset["crossUnPnl"],
            "totalMarginBalance": asset["marginBalance"],
            "totalInitialMargin": _text(sum((p.margin for _, p in held), Decimal(0))),
            "totalMaintMargin": _text(maintenance),
            "availableBalance": asset["availableBalance"],
            "assets": [{**asset, "walletBalance": asset["balance"], "unrealizedProfit": asset["crossUnPnl"]}],
            "positions": [self._risk(listing, position) for listing, position in held],
        }

    def open_orders(self, venue: Venue, symbol: str | None = None) -> list[JsonObject]:
        """`openOrders`: what rests."""
        shown = []
        for order in self._resting:
            listing = self._listings[order.symbol]
            if listing.venue is venue and symbol in (None, listing.exchange_symbol):
                shown.append(_resting(listing, order))
        return shown

    def lists(self, venue: Venue, symbol: str) -> bool:
        """Whether the venue lists this exchange symbol."""
        return any(listing.exchange_symbol == symbol for listing in self._of(venue))

    def _put(self, symbol: str, position: ExchangePosition | None) -> None:
        if position is None:
            self._positions.pop(symbol, None)
            self._tell({"flat": symbol})
        else:
            self._positions[symbol] = position
            self._tell({"position": as_json(position)})

    def _of(self, venue: Venue) -> list[Listing]:
        return [listing for listing in self._market.listings if listing.venue is venue]

    def _held(self, venue: Venue) -> list[tuple[Listing, ExchangePosition]]:
        held = [(self._listings[position.symbol], position) for position in self.held()]
        return [(listing, position) for listing, position in held if listing.venue is venue]

    def _asset(self, venue: Venue) -> JsonObject:
        held = self._held(venue)
        unrealised = sum((self._unrealised(position) for _, position in held), Decimal(0))
        wallet = self._wallets.get(venue.account, Decimal(0))
        free = wallet - sum((position.margin for _, position in held), Decimal(0))
        return {
            "asset": "USDT" if venue is Venue.USDM else "USD",
            "balance": _text(wallet),
            "crossWalletBalance": _text(wallet),
            "crossUnPnl": _text(unrealised),
            "marginBalance": _text(wallet + unrealised),
            "availableBalance": _text(free),
            "maxWithdrawAmount": _text(free),
        }

    def _premium(self, listing: Listing) -> JsonObject:
        mark = _text(self._market.price(listing.symbol))
        now = self.now_ms()
        return {
            "symbol": listing.exchange_symbol,
            "markPrice": mark,
            "indexPrice": mark,
            "estimatedSettlePrice": mark,
            "lastFundingRate": f"{self._market.funding_rate(listing.symbol):.8f}",
            "interestRate": "0.00010000",
            "nextFundingTime": now + self._market.steps_to_funding * 1000,
            "time": now,
        }

    def _unrealised(self, position: ExchangePosition) -> Decimal:
        return (self._market.price(position.symbol) - position.entry_price) * position.amount

    def _risk(self, listing: Listing, position: ExchangePosition) -> JsonObject:
        mark = self._market.price(position.symbol)
        return {
            "symbol": listing.exchange_symbol,
            "positionSide": "BOTH",
            "positionAmt": _amount_text(listing, position.amount, position.entry_price),
            "entryPrice": _text(position.entry_price),
            "breakEvenPrice": _text(position.entry_price),
            "markPrice": _text(mark),
            "unRealizedProfit": _text(self._unrealised(position)),
            "liquidationPrice": _text(_liquidation_price(position)),
            "leverage": str(position.leverage),
            "marginType": "isolated",
            "isolatedMargin": _text(position.margin),
            "isolatedWallet": _text(position.margin),
            "notional": _text(mark * position.amount),
            "initialMargin": _text(position.margin),
            "maintMargin": _text(_notional(position.entry_price, position) * MAINTENANCE),
            "marginAsset": "USDT" if listing.venue is Venue.USDM else "USD",
            "updateTime": self.now_ms(),
        }


def contracts(listing: Listing, coins: Decimal, price: Decimal) -> Decimal:
    """Coins at a price as whole contracts, the sign kept; at USD-M the coins themselves."""
    if listing.venue is Venue.USDM:
        return coins
    return (coins * price / listing.contract_size).quantize(Decimal(1), ROUND_HALF_EVEN)


def as_json(row: ExchangePosition | RestingOrder) -> list[str]:
    """A row as it is told: its fields in their order, as text, which keeps amounts exact."""
    return [str(value) for value in astuple(row)]


def _after_fill(
    held: ExchangePosition | None, symbol: str, amount: Decimal, price: Decimal, leverage: int
) -> ExchangePosition:
    """The position after a fill; a fill beyond flat opens the rest on the other side at its own price."""
    if held is None or not held.amount:
        return ExchangePosition(symbol, amount, price, leverage, abs(amount) * price / leverage)
    total = held.amount + amount
    if held.amount * amount > 0:
        entry = (held.entry_price * held.amount + price * amount) / total
        margin = held.margin + abs(amount) * price / leverage
        return replace(held, amount=total, entry_price=entry, margin=margin)
    if total * held.amount >= 0:
        return replace(held, amount=total, margin=held.margin * total / held.amount)
    return ExchangePosition(symbol, total, price, leverage, abs(total) * price / leverage)


def _liquidation_price(position: ExchangePosition) -> Decimal:
    """ENGINE section 1: entry x (1 - 1/leverage + 0.005), mirrored when short."""
    room = 1 / Decimal(position.leverage) - MAINTENANCE
    return position.entry_price * (1 - room if position.amount > 0 else 1 + room)


def _notional(price: Decimal, position: ExchangePosition) -> Decimal:
    return abs(position.amount) * price


def _amount_text(listing: Listing, coins: Decimal, price: Decimal) -> str:
    if listing.venue is Venue.COIN:
        return str(contracts(listing, coins, price))
    return format(coins.normalize(), "f")


def _text(value: Decimal) -> str:
    return format(value.quantize(_EIGHT_PLACES), "f")


def _symbol_info(listing: Listing) -> JsonObject:
    usdm = listing.venue is Venue.USDM
    base = listing.symbol.removesuffix("USDT").split("/")[0]
    info: JsonObject = {
        "symbol": listing.exchange_symbol,
        "pair": listing.symbol.replace("/", ""),
        "contractType": "PERPETUAL",
        "baseAsset": base,
        "quoteAsset": "USDT" if usdm else "USD",
        "marginAsset": "USDT" if usdm else "USD",
        "pricePrecision": listing.places,
    }
    if usdm:
        return info | {"status": "TRADING", "quantityPrecision": 8}
    return info | {"contractStatus": "TRADING", "contractSize": int(listing.contract_size)}


def _resting(listing: Listing, order: RestingOrder) -> JsonObject:
    return {
        "clientOrderId": order.order_id,
        "symbol": listing.exchange_symbol,
        "side": "BUY" if order.side in ("OPEN_LONG", "CLOSE_SHORT") else "SELL",
        "positionSide": "BOTH",
        "type": "LIMIT",
        "status": "NEW",
        "timeInForce": "GTC",
        "price": _text(order.price),
        "origQty": _amount_text(listing, order.quantity, order.price),
        "executedQty": "0",
    }
