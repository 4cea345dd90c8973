"""Runs of a drill: driven to their end without a person, and ended where a drill was broken off."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from console.domain.clock import Clock
from console.runbooks.reading import RunbookError
from console.runbooks.run import MoveError, Run, Standing, State, StepRun
from console.runbooks.store import store_of
from console.runbooks.unattended import DRILL, driven
from console.runbooks.world import World
from console.settings import Settings
from console.sources.errors import SourceError
from console.wiring.runbooks import REFUSED, NoRunbookError, begin_run, runbook_named, take_run, world_of

RECOVERY = "recovery"
"""The runbook that resumes after a trip."""
_PATIENCE = 90.0
"""Seconds that a step may take until it holds; a reset waits for its cool-down besides."""
_TICK = 0.2
"""Seconds between two looks at a run that is being ended."""
_MOST_RUNS = 200
"""Runs of the context that are looked at for those of a drill, the newest first."""


@dataclass(slots=True)
class DrillRuns:
    """Of one context. `tell` is told what goes on, a line each; `wait` is how a drill waits.

    `latest` is the run that was begun last, `at` the step at which it is: empty where there is none.
    """

    settings: Settings
    config: Path | None
    clock: Clock
    environ: Mapping[str, str]
    tell: Callable[[str], None]
    wait: Callable[[float], None] = time.sleep
    heard: Callable[[], None] = lambda: None
    latest: str = field(default="", init=False)
    at: str = field(default="", init=False)

    def whole(self, name: str, values: Mapping[str, str]) -> Run:
        """A run of the runbook, to its end. Raises what beginning and driving one does."""
        world = self._world()
        runbook = runbook_named(self.settings, name)
        drive = begin_run(self.settings, world, runbook, runbook.values(values))
        self.latest, self.at = drive.run.id, ""
        self.tell(f"run            {self.latest}")
        return driven(drive, _PATIENCE + self.settings.chosen.kill_switch.cool_down)

    def end(
        self, runbooks: Collection[str], processes: Collection[str], since: float, reason: str
    ) -> Iterator[str]:
        """End the open runs of these runbooks that these processes drove, or that were begun `since` then and
        a standby drives; a line for each that stays open.
        """
        for name in runbooks:
            run_id = ""
            try:
                store = store_of(self.settings, self.environ)
                run_id = store.open_run(name, self.settings.context) or ""
                if run_id and _is_of(store.find(run_id), processes, since):
                    self._end(run_id, reason)
            except (*REFUSED, NoRunbookError, RunbookError, SourceError, OSError) as error:
                named = f"run {run_id} is open" if run_id else f"whether a run of {name} is open isn't known"
                by = f": opsconsole runbook abort {run_id} --reason {DRILL}" if run_id else ""
                yield f"{named}: {first_line(error)}{by}"

    def reasons(self, processes: Collection[str], since: float) -> Collection[str]:
        """What the journal has as the reason of a flag's change by a run that is of these, as above."""
        made = store_of(self.settings, self.environ).latest(self.settings.context, _MOST_RUNS)
        return {f"run {run.id}" for run in made if _is_of(run, processes, since)}

    def _end(self, run_id: str, reason: str) -> None:
        drive = take_run(self.settings, self._world(), run_id)
        if drive.run.standing is Standing.OPEN:  # else it is being undone already
            drive.abort(reason)
        until = self.clock.now() + _PATIENCE
        while not drive.run.standing.over:
            drive.go_on()
            if not drive.run.standing.over and self.clock.now() > until:
                raise MoveError("it doesn't end")
            drive.pause(_TICK)
        self.tell(f"run            {run_id} is {drive.run.standing.value}")

    def _world(self) -> World:
        world = world_of(
            self.settings, tell=self._moved, config=self.config, clock=self.clock, environ=self.environ
        )
        return replace(world, wait=self.wait)

    def _moved(self, step: StepRun) -> None:
        self.at = step.name
        self.heard()
        if step.state is not State.RUNNING:
            self.tell(f"{step.name:<14} {step.state.value:<8} {step.words}".rstrip())
            self.wait(0)  # between two steps is the best place for a drill to be broken off at


def ended_words(run: Run) -> str:
    """How the run ended: which step didn't pass, if one didn't."""
    if run.standing is Standing.PASSED:
        return "passed"
    stuck = next((one for one in run.steps if one.state not in (State.PASSED, State.SKIPPED)), None)
    return run.standing.value if stuck is None else f"{stuck.name}: {stuck.words}"


def first_line(error: BaseException) -> str:
    """Why, in one line."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _is_of(run: Run, processes: Collection[str], since: float) -> bool:
    """Whether a drill's processes drive it, or what stood by for one of them."""
    driver = run.driver
    if driver is None:
        return False
    return driver.process in processes or (driver.stands_in and run.began >= since)
