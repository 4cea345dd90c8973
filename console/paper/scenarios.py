"""What can be made to go wrong while the engine runs.

A scenario only pulls prices, sets faults and drives the parts that exist anyway; the rest of the engine
does not know its name. Entering one leaves the one before: prices are let go and return within ten seconds.
"""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from console.paper.exchange_api import Reach
from console.paper.faults import Faults
from console.paper.holdings import Holding, Holdings, margin_ratio, price_at_ratio
from console.paper.kill_switch import KillSwitch
from console.paper.market import Market

CALM = "calm"

_PULL_STEPS = 8  # steps (seconds) to drive a price where a scenario wants it
_DRIFT_STEPS = 300  # steps in which a slow drift comes to where a squeeze is at once
_RETURN_STEPS = 8
_SUBJECTS = 6  # symbols that a scenario touches
_SQUEEZED_RATIOS = (1.35, 1.12, 1.03)  # yellow, red and critical of the document's panel
_CASCADE_STEPS = 3  # steps from one liquidation to the next
_LIQUIDATED_RATIO = 0.5  # so far below 1 that no resting order, filled on the way, saves the position
_SPIKES = (0.0002, -0.0004, 0.0008)  # yellow and red of the document's panel, and beyond

_log = logging.getLogger("scenario")


@dataclass(frozen=True, slots=True)
class Stage:
    """What scenarios act upon."""

    market: Market
    exchange_api: Reach
    kill_switch: KillSwitch
    faults: Faults
    holdings: Callable[[], Holdings]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`step` is called once a market step while the scenario runs; `steps` counts them from 0."""

    name: str
    summary: str
    step: Callable[[Stage, int], None]


class Director:
    """Which scenario runs. `switch_to` may be called from any thread, the rest from the main loop."""

    def __init__(self, stage: Stage, name: str = CALM) -> None:
        self.name = CALM
        self._stage = stage
        self._wanted = checked_name(name)
        self._steps = 0

    @property
    def wanted(self) -> str:
        """The scenario that runs, or will from the next turn on."""
        return self._wanted

    def switch_to(self, name: str) -> None:
        """Change the scenario at the next turn. Raises ValueError that lists the allowed names."""
        self._wanted = checked_name(name)

    def turn(self) -> None:
        """Take the first step of a scenario that has been asked for; it need not wait for the market."""
        if self._wanted != self.name:
            self.step()

    def step(self) -> None:
        """One market step of the scenario."""
        if self._wanted != self.name:
            self.name, self._steps = self._wanted, 0
            _restore(self._stage)
            _log.warning("scenario %s: %s", self.name, SCENARIOS[self.name].summary)
        SCENARIOS[self.name].step(self._stage, self._steps)
        self._steps += 1


def checked_name(name: str) -> str:
    """The name itself. Raises ValueError with one line when there is no such scenario."""
    if name not in SCENARIOS:
        raise ValueError(f"no scenario {name!r}; allowed are {', '.join(SCENARIOS)}")
    return name


def subjects(holdings: Holdings, count: int = _SUBJECTS) -> list[Holding]:
    """The positions that are nearest to liquidation by their leverage, one a symbol, USD-M and coin alike."""
    first = [rows[0] for rows in holdings.values()]
    return sorted(first, key=lambda held: (-held.leverage, held.symbol))[:count]


def _restore(stage: Stage) -> None:
    stage.market.release(_RETURN_STEPS)
    stage.faults.clear()
    stage.exchange_api.set_down(False)
    ignored = stage.kill_switch.deaf or stage.kill_switch.forgetful
    stage.kill_switch.deaf = stage.kill_switch.forgetful = False
    if ignored:
        stage.kill_switch.forget_surfaces()


def _calm(_stage: Stage, _steps: int) -> None:
    pass


def _margin_squeeze(stage: Stage, steps: int) -> None:
    # Each step anew: a fill on the way moves the entry price, and with it the price of the ratio.
    for place, held in enumerate(subjects(stage.holdings())):
        ratio = _SQUEEZED_RATIOS[place % len(_SQUEEZED_RATIOS)]
        stage.market.pull(held.symbol, price_at_ratio(held, ratio), max(1, _PULL_STEPS - steps))


def _margin_drift(stage: Stage, steps: int) -> None:
    # In a straight line from wherever each ratio is: a step's share of what is left.
    left = max(1, _DRIFT_STEPS - steps)
    for place, held in enumerate(subjects(stage.holdings())):
        now = margin_ratio(held, stage.market.mark(held.symbol))
        goal = _SQUEEZED_RATIOS[place % len(_SQUEEZED_RATIOS)]
        stage.market.pull(held.symbol, price_at_ratio(held, now + (goal - now) / left), 1)


def _liquidation_cascade(stage: Stage, steps: int) -> None:
    if steps % _CASCADE_STEPS or steps >= _CASCADE_STEPS * _SUBJECTS:
        return
    for held in subjects(stage.holdings(), len(stage.market.symbols)):
        if not stage.market.pulled(held.symbol):
            stage.market.pull(held.symbol, price_at_ratio(held, _LIQUIDATED_RATIO), _PULL_STEPS)
            return


def _funding_spike(stage: Stage, steps: int) -> None:
    if steps:
        return
    for place, symbol in enumerate(_chosen(stage)):
        stage.market.force_funding(symbol, _SPIKES[place % len(_SPIKES)])


def _sync_errors(stage: Stage, _steps: int) -> None:
    if not stage.faults.lost_fill_symbols:
        stage.faults.lost_fill_symbols = frozenset(_chosen(stage)[:3])


def _slippage(stage: Stage, _steps: int) -> None:
    if not stage.faults.thin_symbols:
        stage.faults.thin_symbols = frozenset(_chosen(stage))


def _exchange_outage(stage: Stage, _steps: int) -> None:
    stage.exchange_api.set_down(True)


def _frozen_metrics(stage: Stage, _steps: int) -> None:
    stage.faults.metrics_frozen = True


def _database_stall(stage: Stage, _steps: int) -> None:
    stage.faults.database_stalled.set()


def _deaf(stage: Stage, _steps: int) -> None:
    stage.kill_switch.deaf = True


def _forgetful(stage: Stage, _steps: int) -> None:
    stage.kill_switch.forgetful = True


def _crash(_stage: Stage, _steps: int) -> None:
    _log.critical("engine crashed: scenario crash")
    logging.shutdown()
    os._exit(70)


def _chosen(stage: Stage) -> list[str]:
    """Symbols with positions, the same ones as long as the positions are the same."""
    return sorted(stage.holdings())[:_SUBJECTS]


_ALL = (
    Scenario(CALM, "everything is green for as long as one watches", _calm),
    Scenario("margin-squeeze", "prices drift until margins are yellow, red and critical", _margin_squeeze),
    Scenario("margin-drift", "the same within five minutes, so that its coming is foretold", _margin_drift),
    Scenario("funding-spike", "funding rates jump beyond every threshold", _funding_spike),
    Scenario("sync-errors", "the exchange loses fills; its positions differ from the books", _sync_errors),
    Scenario("liquidation-cascade", "one position after the other is liquidated", _liquidation_cascade),
    Scenario("slippage", "order books thin out; orders slip by more than 20 bps", _slippage),
    Scenario("exchange-outage", "the exchange answers 503, or not at all", _exchange_outage),
    Scenario("frozen-metrics", "/metrics answers with the same body for ever", _frozen_metrics),
    Scenario("database-stall", "the database is locked; on MariaDB readers wait too", _database_stall),
    Scenario("deaf", "the engine ignores the kill switch and trades on", _deaf),
    Scenario("forgetful", "the engine untrips itself a few seconds after a trip", _forgetful),
    Scenario("crash", "the engine dies at once and leaves its files behind", _crash),
)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType({scenario.name: scenario for scenario in _ALL})
"""Every scenario by name, in the order in which they are shown."""
