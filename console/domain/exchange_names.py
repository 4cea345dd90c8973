"""What the exchange calls the symbols that engines write."""

from collections.abc import Mapping

COIN_QUOTE = "/USD"
"""How a coin-margined symbol ends in an engine's books."""


def exchange_names(symbol: str) -> Mapping[str, str]:
    """The name of an engine's symbol at each market that may list it.

    `BTC/USD` is `BTCUSD_PERP` at COIN-M; `BTCUSDT` and `BTC/USDT` are `BTCUSDT` at USD-M. A name that is the
    exchange's own already, as `BTCUSD_PERP`, stays itself at both.
    """
    joined = symbol.replace("/", "")
    if symbol.endswith(COIN_QUOTE):
        return {"coinm": f"{joined}_PERP"}
    return {"usdm": joined, "coinm": joined}
