"""Two order books to match a market order against: aggregated by price (L2) and order by order (L3).

Both stand for the same liquidity around a mark price. Matching is what `futures_order_latency_seconds`
measures, and the distance of the average fill from the mark is the order's slippage.
"""

from collections import deque
from dataclasses import dataclass
from random import Random

_LEVELS = 12
_ORDERS_PER_LEVEL = 6
_CALM_SPREAD_BPS = 0.6


@dataclass(frozen=True, slots=True)
class Liquidity:
    """One side of a book: the distance of each level from the mark in bps, and its resting quantities.

    Quantities are in units of the order to be matched, so 1.0 fills it whole.
    """

    levels: tuple[tuple[float, tuple[float, ...]], ...]


def draw_liquidity(random: Random, thinness: float = 1.0) -> Liquidity:
    """A side of the book. `thinness` 1 is calm (slippage under 3 bps); 20 gives over 20 bps."""
    levels = []
    distance = 0.0
    for _ in range(_LEVELS):
        distance += _CALM_SPREAD_BPS * thinness * random.uniform(0.5, 1.0)
        depth = random.uniform(0.2, 0.6) / thinness**0.5
        sizes = tuple(depth * random.uniform(0.5, 1.5) / _ORDERS_PER_LEVEL for _ in range(_ORDERS_PER_LEVEL))
        levels.append((distance, sizes))
    return Liquidity(tuple(levels))


class L2Book:
    """Levels with their total quantity, nearest first."""

    def __init__(self, liquidity: Liquidity) -> None:
        self._levels = [[distance, sum(sizes)] for distance, sizes in liquidity.levels]

    def match(self, quantity: float) -> float:
        """Take `quantity` off the book. Returns the average distance from the mark in bps.

        What is left after the last level fills at that level's price.
        """
        left, cost = quantity, 0.0
        for level in self._levels:
            taken = min(left, level[1])
            level[1] -= taken
            left -= taken
            cost += taken * level[0]
            if left <= 0:
                break
        return (cost + left * self._levels[-1][0]) / quantity


class L3Book:
    """Levels with their queue of resting orders, first come first filled."""

    def __init__(self, liquidity: Liquidity) -> None:
        self._levels = [(distance, deque(sizes)) for distance, sizes in liquidity.levels]

    def match(self, quantity: float) -> float:
        """As `L2Book.match`, order by order."""
        left, cost = quantity, 0.0
        for distance, queue in self._levels:
            while queue and left > 0:
                resting = queue.popleft()
                taken = min(left, resting)
                if taken < resting:
                    queue.appendleft(resting - taken)
                left -= taken
                cost += taken * distance
        return (cost + left * self._levels[-1][0]) / quantity
