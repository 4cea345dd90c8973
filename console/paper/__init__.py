"""The paper engine and its exchange: a process of its own that implements the six surfaces."""

from console.paper.exits import SmartExits
from console.paper.requests import OpenRequest, Result
from console.paper.store import DatabaseUnusableError, open_database
from console.paper.trading import CoinFuturesTradingEngine, FuturesTradingEngine, PriceUnknownError

__all__ = [
    "CoinFuturesTradingEngine",
    "DatabaseUnusableError",
    "FuturesTradingEngine",
    "OpenRequest",
    "PriceUnknownError",
    "Result",
    "SmartExits",
    "open_database",
]
