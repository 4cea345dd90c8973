"""The paper engine and its exchange: processes of their own that implement the six surfaces.

The names below are looked up when they are asked for: the exchange needs no database, and starts without the
libraries of one.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

_PLACES = {
    "CoinFuturesTradingEngine": "trading",
    "DatabaseUnusableError": "store",
    "FuturesTradingEngine": "trading",
    "OpenRequest": "requests",
    "PriceUnknownError": "trading",
    "Result": "requests",
    "SmartExits": "exits",
    "open_database": "store",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
