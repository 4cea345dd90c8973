"""Each scenario of the paper engine raises what it should, in time, and nothing else.

And the guide's own row is advised, where it has one for the scenario; else nothing is.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.domain.alert_book import Raised
from console.domain.rollback import Advice, Change
from console.domain.rollback_advice import advised
from console.paper.scenarios import SCENARIOS
from console.promql.rule_file import AlertRule, load_rules
from tests.integration.paper_world import EngineCrashedError, PaperWorld

RULES = load_rules(Path(__file__).parents[2] / "configs" / "alert_rules_hardened.yaml")
WATCHDOG = ("Watchdog", "")
WARMED_UP = 10
"""Seconds of calm before each scenario."""


@dataclass(frozen=True)
class Due:
    """An alert about each of `subjects`, whose condition holds `after` so many seconds at most."""

    name: str
    subjects: tuple[str, ...]
    after: float

    @property
    def within(self) -> float:
        """Seconds from the scenario's beginning until it has to fire: `for` and two intervals more."""
        group, rule = next((group, rule) for group, rule in RULES.rules if rule.name == self.name)
        assert isinstance(rule, AlertRule)
        assert group.interval is not None
        return self.after + rule.hold + 2 * group.interval


CHOSEN = ("ADA/USD", "BNB/USD", "BNBUSDT", "BTC/USD", "BTCUSDT", "DOT/USD")
"""The symbols that a scenario touches."""
NEAREST = ("XRP/USD", "ADA/USD", "BTC/USD", "BTCUSDT", "BNBUSDT", "DOT/USD")
"""Those that are nearest to liquidation, in that order."""
RAISED: Mapping[str, tuple[Due, ...]] = {
    "calm": (),
    "margin-squeeze": (Due("FuturesMarginCritical", (NEAREST[2], NEAREST[5]), after=8),),
    "margin-drift": (Due("FuturesMarginCritical", (NEAREST[2], NEAREST[5]), after=300),),
    "funding-spike": (Due("FuturesFundingExtreme", (CHOSEN[2], CHOSEN[5]), after=1),),
    "sync-errors": (Due("FuturesSyncError", CHOSEN[:3], after=4),),
    "liquidation-cascade": (Due("FuturesLiquidated", NEAREST, after=3 * 5 + 8),),
    "slippage": (Due("FuturesHighSlippage", CHOSEN, after=2),),
    "exchange-outage": (Due("SourceDown", ("exchange",), after=5),),
    "frozen-metrics": (Due("FuturesEngineStill", ("",), after=31),),
    "database-stall": (Due("FuturesBooksStill", ("",), after=16),),
    "deaf": (),  # it shows only in a trip, which watches for itself whether the engine has stopped
    "forgetful": (),
    "crash": (Due("SourceDown", ("metrics", "exchange"), after=5),),
}


TRADES = ("unified_risk_guard", "l3_execution")
LAST = (Change(0.0, "ann", "l3_execution: shadow to canary", "l3_execution"),)
ADVISED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "calm": (),
    "margin-squeeze": (("Pause, reduce leverage", "invalid_margin"),),
    "margin-drift": (("Pause, reduce leverage", "invalid_margin"),),
    "funding-spike": (),
    "sync-errors": (("Rollback to shadow", "rollback_shadow"),),
    "liquidation-cascade": (("Pause, investigate", "runaway_liquidation"),),
    "slippage": (("Rollback to shadow", "rollback_shadow"),),
    "exchange-outage": (),
    "frozen-metrics": (("Full rollback", "rollback_full"),),  # nobody can tell it from an engine that hangs
    "database-stall": (),
    "deaf": (),
    "forgetful": (),
    "crash": (("Full rollback", "rollback_full"),),
}
ADVISED_WITHIN = {
    "margin-drift": 330,
    "slippage": 420,
    "sync-errors": 90,
    "frozen-metrics": 75,
    "liquidation-cascade": 45,
}
"""Seconds from the scenario's beginning until its row is advised; 30 for the others."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PaperWorld]:
    def crash(_code: int) -> None:
        raise EngineCrashedError

    monkeypatch.setattr(os, "_exit", crash)
    made = PaperWorld(tmp_path, RULES)
    made.run(WARMED_UP)
    made.triggers()
    yield made
    made.close()


@pytest.mark.parametrize(
    "lasting", [0, pytest.param(900, marks=pytest.mark.campaign)], ids=["short", "campaign"]
)
@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(name, marks=pytest.mark.campaign) if name == "margin-drift" else name  # as the squeeze
        for name in SCENARIOS
    ],
)
def test_a_scenario_raises_its_alerts_and_its_advice_in_time_and_no_others(
    world: PaperWorld, scenario: str, lasting: int, subtests: pytest.Subtests
) -> None:
    """One test of both, as living through a scenario takes seconds."""
    due = {(one.name, subject): one.within for one in RAISED[scenario] for subject in one.subjects}
    told_by = ADVISED_WITHIN.get(scenario, 30)
    over = max(lasting, 30, *(round(within) + 10 for within in due.values()))
    began = world.clock.now()
    world.switch_to(scenario)
    fired: dict[tuple[str, str], Raised] = {}
    told: tuple[Advice, ...] = ()
    second = 0
    while second < over or (second < told_by and not told):
        world.run(1)
        fired = world.firing() | fired
        if second < told_by:
            told = told or advised(world.triggers(), TRADES, LAST)
        second += 1
    with subtests.test("alerts"):
        assert fired.keys() == {WATCHDOG, *due}
        late = {key: one.fired_at - began for key, one in fired.items() if one.fired_at is not None}
        assert {key: seconds for key, seconds in late.items() if seconds > due.get(key, 0)} == {}
    with subtests.test("advice"):
        assert tuple((one.action, one.runbook) for one in told[:1]) == ADVISED[scenario]
        assert all(one.feature == "l3_execution" for one in told if one.runbook == "rollback_shadow")


def test_every_scenario_is_known_here() -> None:
    assert RAISED.keys() == ADVISED.keys() == SCENARIOS.keys()
