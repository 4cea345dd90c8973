"""For each scenario of the paper engine the guide's own row is advised, and where it has none, nothing."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from console.domain.rollback import Change
from console.domain.rollback_advice import advised
from console.paper.scenarios import SCENARIOS
from console.promql.rule_file import RuleFile
from tests.integration.paper_world import EngineCrashedError, PaperWorld

WARMED_UP = 10
"""Seconds of calm before each scenario."""
TRADES = ("unified_risk_guard", "l3_execution")
LAST = (Change(0.0, "ann", "l3_execution: shadow to canary", "l3_execution"),)
ROWS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "calm": (),
    "margin-squeeze": (("Pause, reduce leverage", "invalid_margin"),),
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
WITHIN = {"slippage": 420, "sync-errors": 90, "frozen-metrics": 75, "liquidation-cascade": 45}
"""Seconds from the scenario's beginning until its row is advised; 30 for the others."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PaperWorld]:
    def crash(_code: int) -> None:
        raise EngineCrashedError

    monkeypatch.setattr(os, "_exit", crash)
    made = PaperWorld(tmp_path, RuleFile("none", ()))
    made.run(WARMED_UP)
    made.triggers()
    yield made
    made.close()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_first_advice_of_a_scenario_is_the_document_s_row_for_it(
    world: PaperWorld, scenario: str
) -> None:
    world.switch_to(scenario)
    for _ in range(WITHIN.get(scenario, 30)):
        world.run(1)
        told = advised(world.triggers(), TRADES, LAST)
        if told:
            break
    assert tuple((one.action, one.runbook) for one in told[:1]) == ROWS[scenario]
    assert all(one.feature == "l3_execution" for one in told if one.runbook == "rollback_shadow")


def test_every_scenario_is_known_here() -> None:
    assert ROWS.keys() == SCENARIOS.keys()
