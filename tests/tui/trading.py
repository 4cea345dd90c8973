"""An engine that trades: open positions with the exchange's beside them, orders, trades and failures."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from console.domain.snapshot import Snapshot
from console.domain.surfaces import (
    Account,
    Activity,
    Books,
    Contract,
    Exchange,
    ExchangePosition,
    Position,
    Venue,
)
from tests.tui.fake import START, books, metrics_of, snapshot, state, symbol_rows

_PRICES = {
    "BTC/USD": "88000", "ETH/USD": "3150.5", "SOL/USD": "172.25", "BTCUSDT": "88010.1", "ETHUSDT": "3151.2",
    "XRPUSDT": "1.1234", "DOGEUSDT": "0.213456", "PEPEUSDT": "0.012345", "LINKUSDT": "16.8",
}  # fmt: skip


def position(
    number: int, symbol: str, side: str = "LONG", quantity: str = "1", mark: str = "100", **more: object
) -> Position:
    """A position with a tenfold leverage, opened 2 % from its `mark`; `more` are other fields."""
    price, amount = Decimal(mark), Decimal(quantity)
    entry = price * (Decimal("0.98") if side == "LONG" else Decimal("1.02"))
    away = Decimal("0.905") if side == "LONG" else Decimal("1.095")
    coin = symbol.endswith("/USD")
    usual = Position(
        id=number,
        account_id=3 if coin else 2,
        symbol=symbol,
        side=side,
        leverage=10,
        quantity=amount,
        margin=amount * entry / 10,
        entry_price=entry,
        mark_price=price,
        liquidation_price=entry * away,
        unrealized_pnl=abs(price - entry) * amount,
        coin_margin=coin,
        notional_value=amount * entry,
        unrealized_pnl_pct=Decimal("20"),
        stop_loss_price=entry * (Decimal("0.95") if side == "LONG" else Decimal("1.05")),
        take_profit_price=None if number % 3 == 0 else entry * Decimal("1.08"),
        open_time=START - 5000 * number,
        source="ema_cross",
        status="open",
    )
    return replace(usual, **more)  # type: ignore[arg-type]


def held() -> tuple[Position, ...]:
    return tuple(
        position(
            number, symbol, ("LONG", "SHORT")[number % 2], "0.5" if number < 6 else f"{number * 10}.25", mark
        )
        for number, (symbol, mark) in enumerate(_PRICES.items(), 1)
    )


def exchange_of(positions: Iterable[Position]) -> Exchange:
    """What an exchange says that holds the same, on COIN-M in contracts of 10 USD."""
    usdm, coinm, sizes = [], [], {}
    for held in positions:
        sign = 1 if held.side == "LONG" else -1
        quantity = sign * (held.quantity or Decimal(0))
        if held.coin_margin:
            name = held.symbol.replace("/", "") + "_PERP"
            sizes[name] = Contract(name, "TRADING", held.mark_price, None, None, Decimal(10))
            contracts = (quantity * (held.entry_price or Decimal(0)) / 10).quantize(Decimal(1))
            coinm.append(ExchangePosition(name, contracts, held.entry_price, held.liquidation_price, None))
        else:
            there = ExchangePosition(
                held.symbol, quantity, held.entry_price, held.liquidation_price, held.unrealized_pnl
            )
            usdm.append(there)
    return Exchange(
        (Venue("usdm", 0.02, {}, START, tuple(usdm)), Venue("coinm", 0.02, sizes, START, tuple(coinm)))
    )


def orders() -> tuple[Activity, ...]:
    return tuple(
        Activity(
            f"FUT-{n:05}", 2, "BTCUSDT", "OPEN_LONG", Decimal("0.25"), Decimal("88004.1"), "FILLED", None,
            START - 40 * n, "LIMIT", Decimal("88000"), Decimal("8.80"), "grid entry",
        )
        for n in range(1, 40)
    )  # fmt: skip


def trades() -> tuple[Activity, ...]:
    return tuple(
        Activity(
            f"T-{n:05}", 3, "SOL/USD", "CLOSE_LONG", Decimal(n), Decimal("171.2"), None, Decimal("3.17") - n,
            START - 90 * n, fee=Decimal("0.07"),
        )
        for n in range(1, 20)
    )  # fmt: skip


def failures() -> tuple[Activity, ...]:
    return tuple(
        Activity(
            f"FUT-9{n:04}", 2, "ETHUSDT", "OPEN_SHORT", Decimal("2"), None, "REJECTED", None, START - 500 * n,
            "MARKET", None, Decimal(0), "margin is insufficient: -2019",
        )
        for n in range(1, 4)
    )  # fmt: skip


def trading_books(positions: Sequence[Position] | None, equity: str = "10234.56") -> Books:
    """The books with these positions, and something in every other part."""
    usual = books(equity)
    accounts = tuple(_with_counters(account) for account in usual.accounts or ())
    return replace(
        usual,
        accounts=accounts,
        positions=None if positions is None else tuple(positions),
        orders=orders(),
        trades=trades(),
        failures=failures(),
    )


def _with_counters(account: Account) -> Account:
    return replace(account, total_trades=412, win_rate=Decimal("57.3"))


def trading(
    positions: Sequence[Position] | None = None,
    exchange: Exchange | None = None,
    *,
    account_books: Books | None = None,
) -> Snapshot:
    """Every source has just answered; without a word to the contrary, the exchange holds the same."""
    positions = held() if positions is None else positions
    said = exchange or exchange_of(positions)
    usual = snapshot(
        START, metrics_of(symbol_rows(3)), account_books=account_books or trading_books(positions)
    )
    return replace(usual, exchange=state("exchange", said, START, 15.0))  # type: ignore[arg-type]
