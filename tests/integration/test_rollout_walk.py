"""Random changes of a running paper engine: after each, every cell of the matrix is what the model says."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import pytest

from console.actions.arming import SafetyCatch
from console.actions.checkpoint import Operator
from console.actions.roles import roles_in, this_person
from console.actions.rollout.acknowledgement import heard_of
from console.actions.rollout.record import Applied
from console.actions.rollout.rollout import Rollout
from console.audit.actor import this_actor
from console.audit.open import open_journal
from console.domain.clock import SystemClock
from console.domain.rollout.gates import Asked
from console.domain.rollout.operations import (
    CanaryOnly,
    Demote,
    Disable,
    Enable,
    Operation,
    Promote,
    SetStage,
)
from console.domain.rollout.plan import Direction, Plan
from console.domain.rollout.stages import PAPER, Stage, effective_stage
from console.monitor import Monitor
from console.settings import Settings
from console.settings_file import load_settings
from console.sources.flags import parse_flags
from console.wiring import open_monitor
from tests.faults.contexts import until
from tests.integration.paper_process import PaperProcess
from tests.integration.quick_engine import quick_metrics
from tests.watching import watching

SETTINGS = """\
poll:
  metrics: {{interval: 100ms, timeout: 1s}}
  flags: {{interval: 100ms, timeout: 1s}}
contexts:
  paper:
    environment: paper
    colour: cyan
    engine_file: engine.json
    metrics_url: {url}
    access: {{arm_for: 1h, idle: 1h}}
    rollout: {{symbol_stages: true, chooses_by_crc: true, watched: 0, waits: {{shadow: 0s, canary: 0s}}}}
"""
FEATURES = ("l3_execution", "funding_forecast", "smart_exits")
"""Those on which the engine's own trading, and with it its figures, doesn't depend."""
MOST_TRIES = 20
"""Random operations until one is possible."""


@dataclass(frozen=True)
class Walk:
    """A console without a face, on a running engine."""

    engine: PaperProcess
    rollout: Rollout
    monitor: Monitor
    who: Operator

    async def step(self, random: Random) -> Direction:
        """Make one random change, and have the engine acknowledge it."""
        live, look = self.monitor.assessment(), self.rollout.look()
        for _ in range(MOST_TRIES):
            plan = self.rollout.planned(_operation(random, tuple(live.rollout.listings)), look, live)
            if isinstance(plan, Plan):
                break
        assert isinstance(plan, Plan)
        asked = Asked("a walk", self.rollout.phrase(plan), "a walk")
        apply = partial(self.rollout.apply, plan, look, asked, self.who, live)
        applied: Applied = await asyncio.to_thread(apply)
        assert applied.done, applied.outcome
        assert applied.unrecorded == ""
        await until(self.monitor, lambda live: heard_of(applied, live).loaded is True)
        return plan.direction

    def told(self) -> Mapping[tuple[str, ...], float]:
        """The engine's own decision for every cell."""
        return self.engine.values("futures_feature_stage")

    def modelled(self) -> Mapping[tuple[str, ...], float | None]:
        """What the file says by the model, for the same cells."""
        file = Path(self.engine.file["flags_file"])
        flags = parse_flags(file.read_bytes(), file.name)
        return {
            (feature, symbol): effective_stage(
                flags, feature, symbol, "3" if symbol.endswith("/USD") else "2", PAPER
            )
            for feature, symbol in self.told()
        }


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[PaperProcess]:
    with PaperProcess(tmp_path / "state", "--symbols", "4") as running:
        yield running


@pytest.mark.parametrize("changes", [12, pytest.param(400, marks=pytest.mark.campaign)])
async def test_after_every_change_the_engine_applies_what_the_model_says(
    engine: PaperProcess, tmp_path: Path, changes: int
) -> None:
    random, directions = Random(5), set()
    with quick_metrics(engine) as url:
        (tmp_path / "console.yaml").write_text(SETTINGS.format(url=url))
        settings = load_settings(config=tmp_path / "console.yaml", state=engine.state, environ={})
        monitor = open_monitor(settings, ())
        async with watching(monitor):
            await until(monitor, lambda live: bool(live.rollout.following(FEATURES[0]).is_so))
            walk = Walk(engine, Rollout(settings), monitor, _armed(settings, monitor))
            for _ in range(changes):
                directions.add(await walk.step(random))
                assert walk.told() == walk.modelled()
    assert {Direction.RAISES, Direction.LOWERS} <= directions


def _armed(settings: Settings, monitor: Monitor) -> Operator:
    clock = SystemClock()
    standing = roles_in(settings.chosen).standing(this_person())
    catch = SafetyCatch(
        settings.context,
        settings.chosen.access,
        standing,
        journal=open_journal(settings.state, clock),
        actor=this_actor(os.environ),
        clock=clock,
        terminal=lambda: True,
    )
    return Operator(standing, catch.arm("a walk", monitor.assessment().sources))


def _operation(random: Random, listed: tuple[str, ...]) -> Operation:
    feature = random.choice(FEATURES)
    symbols = tuple(random.sample(listed, random.randint(1, 3)))
    some = random.choice([None, symbols])
    every: list[Operation] = [
        SetStage(feature, random.choice(list(Stage)), some),
        CanaryOnly(feature, symbols),
        Promote(feature, some),
        Demote(feature, some),
        Disable(feature),
        Enable(feature, random.choice([Stage.SHADOW, Stage.CANARY])),
        Enable(feature),
    ]
    return random.choice(every)
