"""How well orders are executed: slippage by symbol, matching times, and the ratio of orders filled."""

from collections import deque
from collections.abc import Iterable, Mapping
from random import Random
from time import thread_time

from console.paper.faults import Faults
from console.paper.metrics import Key, Metrics
from console.paper.order_book import L2Book, L3Book, draw_liquidity

_THIN = 20.0  # how much thinner than a calm one the book of the slippage scenario is
_RECENT_ORDERS = 200  # over which the fill ratio is taken


class ExecutionQuality:
    """Measured by one thread; `slippage_bps` is replaced as a whole, so any thread may read it."""

    def __init__(self, metrics: Metrics, faults: Faults, random: Random) -> None:
        self.slippage_bps: Mapping[Key, float] = {}
        self._metrics = metrics
        self._faults = faults
        self._random = random
        self._measured: dict[Key, float] = {}
        self._orders: deque[bool] = deque(maxlen=_RECENT_ORDERS)

    @property
    def fill_ratio(self) -> float:
        """Orders filled of those sent lately, 0..1; 1 before the first."""
        return sum(self._orders) / len(self._orders) if self._orders else 1.0

    def count(self, *, filled: bool) -> None:
        """Count one order that was sent."""
        self._orders.append(filled)

    def probe(self, symbol: str) -> None:
        """Walk the symbol's L2 and L3 book with one order: its slippage, and how long matching takes.

        The time is the processor's, not the wall's: a busy machine is not a slow engine.
        """
        liquidity = draw_liquidity(self._random, _THIN if symbol in self._faults.thin_symbols else 1.0)
        aggregated, by_order = L2Book(liquidity), L3Book(liquidity)
        start = thread_time()
        distance = aggregated.match(1.0)
        between = thread_time()
        by_order.match(1.0)
        end = thread_time()
        self._metrics.order_latency.labels("L2").observe(between - start)
        self._metrics.order_latency.labels("L3").observe(end - between)
        self._measured[(symbol,)] = round(distance, 4)

    def measure_new(self, symbols: Iterable[str]) -> None:
        """Probe those symbols that were never measured, so that each has a slippage from the start."""
        for symbol in symbols:
            if (symbol,) not in self._measured:
                self.probe(symbol)

    def publish(self) -> None:
        """Probe the thin symbols anew and show what was measured."""
        for symbol in self._faults.thin_symbols:
            self.probe(symbol)
        self.slippage_bps = dict(self._measured)
