"""A rollback practised on a paper engine: under a scenario, by the same runbook and executor, timed, kept.

It types the confirmations and gives the notes itself, which only a paper context allows. What it practised
on is put back as it was afterwards, or it says what is left to do.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from console.actions.drills import keep_drill
from console.actions.releases.errors import ReleaseError
from console.actions.rollout.dialect import dialect_of
from console.audit.actor import this_actor
from console.audit.errors import JournalError
from console.audit.open import open_journal
from console.audit.record import Act
from console.domain.assessment import Assessment
from console.domain.clock import Clock, SystemClock
from console.domain.kill_state import KillState
from console.domain.rollback import PROCEDURES, Drilled
from console.domain.rollback_advice import trading_features
from console.domain.rollout.stages import feature_named
from console.domain.surfaces import Feature
from console.domain.triggers import Standing as Met
from console.runbooks.run import Run, Standing, State, StepRun
from console.runbooks.store import store_of
from console.runbooks.unattended import driven
from console.settings import Settings
from console.wiring.drill_ground import DrillError, DrillGround
from console.wiring.runbooks import REFUSED, begin_run, runbook_named, world_of
from console.wiring.surroundings import surroundings_of

ACTION = "drill.rollback"
DEFAULTS: Mapping[str, str] = {
    "rollback_shadow": "sync-errors",
    "rollback_off": "sync-errors",
    "rollback_configuration": "calm",
    "rollback_full": "crash",
    "rollback_coin_quick": "calm",
    "rollback_coin_full": "calm",
}
"""The scenario under which each procedure is practised, unless another is named."""
WATCH = "2s"
"""The watch period of a drill."""
_MEETS: Mapping[str, str] = {
    "sync-errors": "sync_errors",
    "slippage": "slippage",
    "liquidation-cascade": "liquidation",
    "margin-squeeze": "margin_calls",
    "crash": "crash",
    "frozen-metrics": "crash",
}
"""Scenarios with the trigger that each meets in the end."""
_MET_WITHIN = 480.0
"""Seconds that a trigger has to be met: slippage is judged over five minutes."""
_LOOKS_EVERY = 1.0
_PATIENCE = 90.0
"""Seconds that a step may take until it holds; a reset waits for its cool-down besides."""
_RECOVERY = "recovery"
_OF_FLAGS = ("rollback_shadow", "rollback_off")
_OF_COIN = ("rollback_coin_quick", "rollback_coin_full")


@dataclass(frozen=True, slots=True)
class Practised:
    """How a drill ended: `run` is its run's id, `left` what is to be done by hand before the next one."""

    runbook: str
    run: str
    drilled: Drilled
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Before:
    """How it was: the engine's configuration, the feature's stage, the release; empty where none matters."""

    configuration: str
    stage: str
    release: str


class Drill:
    """Drills of one context. They block, for minutes; `tell` is told what goes on, a line each.

    Methods raise DrillError where a drill can't be begun, and what beginning and driving a run does.
    """

    def __init__(
        self,
        settings: Settings,
        tell: Callable[[str], None],
        *,
        config: Path | None = None,
        clock: Clock | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """DrillError where the context isn't a paper one."""
        self._ground = DrillGround(settings, config, environ)
        self._settings = settings
        self._tell = tell
        self._config = config
        self._clock = clock or SystemClock()
        self._environ = environ
        self._look = surroundings_of(settings, environ, self._clock).look

    def practise(self, name: str, scenario: str = "") -> Practised:
        """Practise the procedure, and put everything back."""
        if name not in PROCEDURES:
            raise DrillError(f"there is no procedure {name}; allowed: {', '.join(PROCEDURES)}")
        scenario = scenario or DEFAULTS[name]
        feature = self._feature(name, self._require_ready(name))
        values = {"watch": WATCH, **({"feature": feature.name} if feature else {})}
        before = self._made_ready(name, feature)
        began = self._enter(scenario)
        run = self._run(name, values)
        drilled = Drilled(
            began, self._clock.wall() - began, run.standing is Standing.PASSED, scenario, _words(run)
        )
        self._keep(name, run, drilled)
        return Practised(name, run.id, drilled, tuple(self._put_back(name, values, before)))

    def _require_ready(self, name: str) -> Assessment:
        """How things stand: an engine runs and isn't tripped, and no open run is in the way."""
        self._ground.engine()
        for runbook in (name, _RECOVERY):
            run = store_of(self._settings, self._environ).open_run(runbook, self._settings.context)
            if run is not None:
                raise DrillError(f"run {run} is open: end it first")
        live = self._look("metrics", "engine", "flags", "database", "last_trip")
        if live.kill.state is not KillState.CLEAR:
            raise DrillError(f"{live.kill.title}: {live.kill.words}: opsconsole recover")
        return live

    def _feature(self, name: str, live: Assessment) -> Feature | None:
        """The feature to roll back, where the procedure is about one: the first that trades."""
        if name not in _OF_FLAGS:
            return None
        flags = live.rollout.flags
        trading = () if flags is None else trading_features(flags, dialect_of(self._settings.chosen))
        feature = feature_named(flags, trading[0]) if flags is not None and trading else None
        if feature is None:
            raise DrillError("no feature trades, by the flags file")
        return feature

    def _made_ready(self, name: str, feature: Feature | None) -> _Before:
        """Have a backup and a release to go back to, where the procedure needs one."""
        configuration = self._ground.engine().text("configuration") or "futures"
        stage, release = "" if feature is None else feature.stage, ""
        try:
            if name == "rollback_coin_full":
                self._ground.have_backup()
            if name in _OF_COIN or (name == "rollback_full" and not self._ground.have_previous()):
                release = self._ground.have_deployed()
        except ReleaseError as error:
            raise DrillError(str(error)) from None
        return _Before(configuration, stage, release)

    def _enter(self, scenario: str) -> float:
        """Have the scenario go on, and wait until its trigger is met; when that was, by the time of day."""
        self._tell(f"scenario       {scenario}")
        self._ground.switch(scenario)
        wanted, until = _MEETS.get(scenario), self._clock.now() + _MET_WITHIN
        while wanted is not None and not self._is_met(wanted):
            if self._clock.now() > until:
                raise DrillError(f"{scenario} has met no {wanted} within {_MET_WITHIN:g} s")
            time.sleep(_LOOKS_EVERY)
        return self._clock.wall()

    def _is_met(self, wanted: str) -> bool:
        for one in self._look("metrics", "engine").triggers:
            if one.trigger.key == wanted and one.standing is Met.MET:
                self._tell(f"trigger        {one.trigger.condition}: {one.words}")
                return True
        return False

    def _run(self, name: str, values: Mapping[str, str]) -> Run:
        """A run of the runbook, to its end."""
        world = world_of(
            self._settings,
            tell=self._moved,
            config=self._config,
            clock=self._clock,
            environ=self._environ,
        )
        runbook = runbook_named(self._settings, name)
        drive = begin_run(self._settings, world, runbook, runbook.values(values))
        self._tell(f"run            {drive.run.id}")
        return driven(drive, _PATIENCE + self._settings.chosen.kill_switch.cool_down)

    def _moved(self, step: StepRun) -> None:
        if step.state is not State.RUNNING:
            self._tell(f"{step.name:<14} {step.state.value:<8} {step.words}".rstrip())

    def _keep(self, name: str, run: Run, drilled: Drilled) -> None:
        """Write it down: in the journal, and where every context of the state folder looks."""
        act = Act(
            self._settings.context,
            ACTION,
            run.id,
            after=drilled.words,
            reason=f"{name} under {drilled.scenario}",
            evidence={"seconds": f"{drilled.seconds:.3f}"},
            drill=True,
        )
        try:
            journal = open_journal(self._settings.state, self._clock)
            journal.note(this_actor(self._environ), act, done=drilled.passed)
            keep_drill(self._settings.state, name, drilled, self._clock)
        except (JournalError, OSError, ValueError) as error:
            self._tell(f"not kept       {error}")

    def _put_back(self, name: str, values: Mapping[str, str], before: _Before) -> Iterator[str]:
        """Have everything as it was; yields what is left to do by hand."""
        self._tell("put back       everything as it was")
        try:
            if name in _OF_FLAGS:
                self._ground.switch("calm")
                self._ground.flags_back(values["feature"], before.stage, was_off=name == "rollback_off")
                self._ground.sync()
                return
            if before.release:
                self._ground.command("engine", "stop", "--reason=drill: put back")
                self._ground.release_back(before.release)
            self._ground.start_anew(before.configuration)
            if self._run(_RECOVERY, {"watch": WATCH}).standing is not Standing.PASSED:
                yield "the recovery after it has not passed: opsconsole recover"
        except (*REFUSED, DrillError, ReleaseError, OSError) as error:
            yield f"{error}: see to it before the next drill"


def _words(run: Run) -> str:
    """How the run ended: which step didn't pass, if one didn't."""
    if run.standing is Standing.PASSED:
        return "passed"
    stuck = next((one for one in run.steps if one.state not in (State.PASSED, State.SKIPPED)), None)
    return run.standing.value if stuck is None else f"{stuck.name}: {stuck.words}"
