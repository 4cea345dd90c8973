"""The paper market: seeded prices with one common factor, and compressed funding.

Prices are a function of the seed and the number of steps alone, plus what a scenario pulls. A natural price
stays within `SWING` of its listing's level, so a position of leverage 20 or less never nears liquidation by
itself. Funding settles every `FUNDING_STEPS` steps (8 hours in a minute); it does not move the books, whose
bookkeeping (ENGINE section 1) knows no funding cash flow.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import tanh
from random import Random

from console.paper.board import FUNDING_STEPS, Board
from console.paper.universe import Listing

SWING = 0.018
"""The largest natural distance from a listing's level, as a fraction."""

CALM_FUNDING = 0.00009
"""The largest natural funding rate per 8 h, either sign."""

_FORECAST_STEPS = 3  # the forecast that a settlement is held against was made this many steps before
_FUNDING_SLICES = 10  # each step moves every tenth symbol's rate


@dataclass(slots=True)
class _Pull:
    """A price on its way to `target`, there, or on its way back. `weight` 1 means at the target."""

    target: float
    weight: float
    change: float


class Market(Board):
    """Prices, funding rates and the step number. Not thread-safe for `step`; readers may read at any time."""

    def __init__(self, listings: Iterable[Listing], seed: int) -> None:
        super().__init__(listings)
        self.funding_accuracy = 1.0
        self._random = Random(seed)  # noqa: S311 - a price path, not a secret
        self._common = self._random.gauss(0, 0.4)
        self._betas = [self._random.uniform(0.7, 1.3) for _ in self.symbols]
        self._own = [self._random.gauss(0, 0.2) for _ in self.symbols]
        self._tilt = [self._random.gauss(0, 0.5) for _ in self.symbols]
        self._pulls: dict[int, _Pull] = {}
        self._forced: dict[int, float] = {}
        self.marks = self._natural()
        self.funding_rates = [_rate(tilt) for tilt in self._tilt]
        self._forecast = list(self.funding_rates)

    def pull(self, symbol: str, target: float, steps: int) -> None:
        """Drive a price to `target` within `steps` steps and hold it there until released."""
        index = self._index[symbol]
        weight = self._pulls[index].weight if index in self._pulls else 0.0
        self._pulls[index] = _Pull(target, weight, (1 - weight) / steps)

    def release(self, steps: int) -> None:
        """Let every pulled price return to its natural one within `steps`, and funding at once."""
        for pull in self._pulls.values():
            pull.change = -pull.weight / steps
        self._forced.clear()

    def pulled(self, symbol: str) -> bool:
        """Whether a scenario holds this price, or it is still on its way back."""
        return self._index[symbol] in self._pulls

    def force_funding(self, symbol: str, rate: float) -> None:
        """Hold a symbol's funding rate until `release`."""
        self._forced[self._index[symbol]] = rate

    def step(self) -> None:
        """Advance one second."""
        self.steps += 1
        draw = self._random.random
        self._common = 0.998 * self._common + self._random.gauss(0, 0.03)
        self._own = [0.99 * own + 0.1 * (draw() - 0.5) for own in self._own]
        marks = self._natural()
        for index in list(self._pulls):
            marks[index] = self._pulled_price(index, marks[index])
        self.marks = marks
        self._step_funding()

    def _natural(self) -> list[float]:
        common = self._common
        return [
            round(listing.price * (1 + SWING * tanh(beta * common + own)), listing.places)
            for listing, beta, own in zip(self.listings, self._betas, self._own, strict=True)
        ]

    def _pulled_price(self, index: int, natural: float) -> float:
        pull = self._pulls[index]
        pull.weight = min(1.0, pull.weight + pull.change)
        if pull.weight <= 1e-9:
            del self._pulls[index]
            return natural
        places = self.listings[index].places
        return round(natural + (pull.target - natural) * pull.weight, places)

    def _step_funding(self) -> None:
        draw = self._random.random
        rates = list(self.funding_rates)
        for index in range(self.steps % _FUNDING_SLICES, len(rates), _FUNDING_SLICES):
            self._tilt[index] = 0.99 * self._tilt[index] + 0.05 * (draw() - 0.5)
            rates[index] = _rate(self._tilt[index])
        for index, rate in self._forced.items():
            rates[index] = rate
        self.funding_rates = rates
        if self.steps_to_funding == _FORECAST_STEPS:
            self._forecast = list(rates)
        elif self.steps_to_funding == FUNDING_STEPS:
            self.funding_accuracy = _accuracy(self._forecast, rates)


def _rate(tilt: float) -> float:
    return round(CALM_FUNDING * tanh(tilt), 8)


def _accuracy(forecast: list[float], settled: list[float]) -> float:
    """One minus the mean error of the forecast, in units of the settled rate but at least 1 bp; 0..1."""
    if not settled:
        return 1.0
    misses = [min(1.0, abs(f - s) / max(abs(s), 0.0001)) for f, s in zip(forecast, settled, strict=True)]
    return 1 - sum(misses) / len(misses)
