"""What a market shows: its listings, their mark prices and funding rates at this instant."""

from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from console.paper.universe import Listing

FUNDING_STEPS = 60
"""Steps between two funding settlements; a step is one second."""


class Board:
    """Prices in USD(T) and rates per 8 h as fractions, in the order of the listings.

    `marks` and `funding_rates` are replaced as a whole, so that any thread may read them. By itself a board
    stands still.
    """

    def __init__(self, listings: Iterable[Listing]) -> None:
        self.listings = tuple(listings)
        self.symbols = tuple(listing.symbol for listing in self.listings)
        self.steps = 0
        self.marks: Sequence[float] = [listing.price for listing in self.listings]
        self.funding_rates: Sequence[float] = [0.0] * len(self.listings)
        self._index = {symbol: index for index, symbol in enumerate(self.symbols)}

    def mark(self, symbol: str) -> float:
        """The mark price in USD(T). Raises KeyError for a symbol that isn't listed."""
        return self.marks[self._index[symbol]]

    def price(self, symbol: str) -> Decimal:
        """The mark price as exact money, in the places that the symbol is quoted with."""
        index = self._index[symbol]
        return Decimal(f"{self.marks[index]:.{self.listings[index].places}f}")

    def quote(self, symbol: str) -> Decimal | None:
        """The price, or None for a symbol that isn't listed."""
        return self.price(symbol) if symbol in self._index else None

    def funding_rate(self, symbol: str) -> float:
        """The current rate per 8 h, as a fraction of notional."""
        return self.funding_rates[self._index[symbol]]

    @property
    def steps_to_funding(self) -> int:
        """Steps until the next settlement, 1..FUNDING_STEPS."""
        return FUNDING_STEPS - self.steps % FUNDING_STEPS

    def shown_prices(self) -> dict[str, object]:
        """The market of this instant as JSON; floats as their bytes, for there are thousands."""
        marks, rates = _packed(self.marks), _packed(self.funding_rates)
        return {"prices": {"marks": marks, "rates": rates, "steps": self.steps}}

    def take_prices(self, told: Mapping[str, object]) -> None:
        """Show what another board has shown as its `prices`."""
        self.marks, self.funding_rates = _unpacked(told["marks"]), _unpacked(told["rates"])
        self.steps = int(str(told["steps"]))


def _packed(values: Sequence[float]) -> str:
    return b64encode(array("d", values)).decode("ascii")


def _unpacked(text: object) -> list[float]:
    found = array("d")
    found.frombytes(b64decode(str(text)))
    return found.tolist()
