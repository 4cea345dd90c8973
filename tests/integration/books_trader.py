"""A process that trades until it is ended: `python -m tests.integration.books_trader URL SEED`."""

import sys
from decimal import Decimal
from itertools import count
from random import Random

from console.paper import CoinFuturesTradingEngine

_PRICES = {"BTC/USD": Decimal(50_000), "ETH/USD": Decimal(3_000)}


def trade(url: str, seed: int, turns: int | None = None) -> None:
    """Open, merge and close positions of the coin account; for ever, or so many turns."""
    chance = Random(seed)
    engine = CoinFuturesTradingEngine(url, prices=_PRICES.get)
    for _ in count() if turns is None else range(turns):
        symbol = chance.choice(list(_PRICES))
        engine.open_position(3, symbol, chance.choice(("LONG", "SHORT")), Decimal("0.003"), 7)
        held = engine.get_open_positions()
        if held and chance.random() < 0.6:
            position = chance.choice(held)
            engine.close_position(position["id"], chance.choice((None, Decimal("0.001"))))
        engine.update_all_accounts_equity()
    engine.database.dispose()


if __name__ == "__main__":
    trade(sys.argv[1], int(sys.argv[2]))
