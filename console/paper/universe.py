"""What the paper engine trades: symbols of both venues with plausible price levels.

The eight coin symbols are those of the coin document. USD-M begins with well-known contracts and goes on
with generated ones (`T0041USDT`, ...) up to 5,000.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from random import Random

from console.domain.accounts import COIN_ACCOUNT, USDM_ACCOUNT

MOST_SYMBOLS = 5000


class Venue(StrEnum):
    """Which of Binance's futures markets a symbol belongs to."""

    USDM = "usdm"
    COIN = "coin"

    @property
    def account(self) -> int:
        """The engine's account that trades at this venue."""
        return USDM_ACCOUNT if self is Venue.USDM else COIN_ACCOUNT


@dataclass(frozen=True, slots=True)
class Listing:
    """One tradable symbol: `price` is its level in USD(T), `places` the decimal places it is quoted with."""

    symbol: str
    venue: Venue
    price: float
    places: int

    @property
    def exchange_symbol(self) -> str:
        """The name at the exchange: `BTC/USD` is `BTCUSD_PERP`, USD-M names stay as they are."""
        if self.venue is Venue.USDM:
            return self.symbol
        return self.symbol.replace("/", "") + "_PERP"

    @property
    def contract_size(self) -> Decimal:
        """USD of one COIN-M contract (100 for BTC, else 10); 1 coin at USD-M."""
        if self.venue is Venue.USDM:
            return Decimal(1)
        return Decimal(100) if self.symbol.startswith("BTC/") else Decimal(10)


def listings(symbols: int) -> tuple[Listing, ...]:
    """The coin symbols and the first `symbols` (0..5000) of USD-M. Raises ValueError outside that range."""
    if not 0 <= symbols <= MOST_SYMBOLS:
        raise ValueError(f"symbols is {symbols}: 0 to {MOST_SYMBOLS} are allowed")
    coin = [_listing(name, Venue.COIN, price) for name, price in _COIN_LEVELS.items()]
    known = [_listing(f"{name}USDT", Venue.USDM, price) for name, price in _USDM_LEVELS.items()]
    generated = [_generated(number) for number in range(len(known) + 1, symbols + 1)]
    return (*coin, *known[:symbols], *generated)


def listing_of(symbol: str) -> Listing:
    """The listing of any symbol found in the books, also one that this run was not asked to trade."""
    venue = Venue.COIN if "/" in symbol else Venue.USDM
    known = _COIN_LEVELS.get(symbol) if venue is Venue.COIN else _USDM_LEVELS.get(symbol.removesuffix("USDT"))
    return _listing(symbol, venue, known if known is not None else _level(symbol))


def _generated(number: int) -> Listing:
    symbol = f"T{number:04d}USDT"
    return _listing(symbol, Venue.USDM, _level(symbol))


def _level(symbol: str) -> float:
    """A price between 0.05 and 50, the same for a name in every run."""
    return float(0.05 * 1000 ** Random(symbol).random())  # noqa: S311 - a price level, not a secret


def _listing(symbol: str, venue: Venue, price: float) -> Listing:
    whole_digits = len(str(int(price))) if price >= 1 else 0
    return Listing(symbol, venue, price, max(1, min(7, 6 - whole_digits)))


_COIN_LEVELS = {
    "ADA/USD": 0.62,
    "DOT/USD": 6.4,
    "BNB/USD": 615.0,
    "SOL/USD": 172.0,
    "XRP/USD": 1.12,
    "LINK/USD": 16.8,
    "BTC/USD": 88_000.0,
    "ETH/USD": 3_150.0,
}

_USDM_LEVELS = {
    "BTC": 88_000.0,
    "ETH": 3_150.0,
    "BNB": 615.0,
    "SOL": 172.0,
    "XRP": 1.12,
    "ADA": 0.62,
    "DOGE": 0.21,
    "LINK": 16.8,
    "DOT": 6.4,
    "AVAX": 31.5,
    "LTC": 92.0,
    "BCH": 455.0,
    "UNI": 9.3,
    "ATOM": 6.9,
    "ETC": 24.8,
    "FIL": 4.6,
    "NEAR": 5.7,
    "APT": 11.4,
    "ARB": 0.78,
    "OP": 1.74,
    "SUI": 3.35,
    "INJ": 22.6,
    "TIA": 5.2,
    "SEI": 0.43,
    "AAVE": 168.0,
    "MKR": 1_540.0,
    "RUNE": 5.1,
    "ALGO": 0.19,
    "XLM": 0.24,
    "TRX": 0.198,
    "VET": 0.031,
    "ICP": 9.8,
    "HBAR": 0.12,
    "SAND": 0.38,
    "MANA": 0.41,
    "AXS": 5.9,
    "EGLD": 30.2,
    "THETA": 1.45,
    "GRT": 0.18,
    "CRV": 0.46,
}
