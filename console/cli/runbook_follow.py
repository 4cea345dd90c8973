"""Telling a run while it goes on: its moves, what the running command writes, and its time so far."""

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from console.audit.redaction import secret_values
from console.cli.command_line import tell
from console.cli.runbook_told import move_line, step_line
from console.domain.clock import Clock, SystemClock
from console.runbooks.live_output import LiveOutput, step_folder
from console.runbooks.run import Run, State, StepRun
from console.runbooks.store import RunStore
from console.runbooks.times import lasting, usual_seconds

if TYPE_CHECKING:
    from console.settings import Settings

_LOOK, _REMIND = 0.5, 10.0
"""Seconds between two looks at a run, and between two lines that say for how long a step has been running."""


def following_of(settings: "Settings") -> "Following":
    """What tells a run of this state folder."""
    return Following(settings.state / "runs", SystemClock(), secret_values(os.environ))


class Following:
    """What has been told of one run. `runs` is where commands leave their output, on this host."""

    def __init__(self, runs: Path, clock: Clock, secrets: Collection[str]) -> None:
        self._runs = runs
        self._clock = clock
        self._secrets = secrets
        self._run = ""
        self._usual: Mapping[str, float] = {}
        self._running: StepRun | None = None
        self._output: LiveOutput | None = None
        self._followed: set[tuple[str, int]] = set()
        self._reminded = 0.0
        self._moves: SimpleQueue[StepRun | None] = SimpleQueue()

    def of(self, run: Run, store: RunStore) -> None:
        """Say which run it is, as it stands now."""
        self._run, self._usual = run.id, usual_seconds(store.timelines(run.runbook, run.context))
        self._followed = {(step.name, step.intent) for step in run.steps}
        for step in run.steps:
            if step.state is State.RUNNING:
                self._follow(step)

    def moved(self, step: StepRun) -> None:
        """Have a step's move told by `going_on`: a terminal that takes nothing keeps no run from going on."""
        self._moves.put(step)

    def look(self) -> None:
        """Tell what has come since the last look."""
        self._tell_output()
        if self._running is not None and self._clock.now() - self._reminded >= _REMIND:
            self._reminded = self._clock.now()
            tell(f"{self._running.name}: {lasting(self._running, self._clock.wall(), self._usual)}")

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Tell the moves, and look again and again, while the block drives the run; to the end of both."""
        thread = Thread(target=self._tell_moves, name="runbook output", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._moves.put(None)
            thread.join()

    def watch(self, store: RunStore, run_id: str, wait: Callable[[float], None] = time.sleep) -> Run:
        """Tell a run that somebody else drives until it is over: as it stands now, then every move."""
        run = store.find(run_id)
        self.of(run, store)
        for step in run.steps:
            tell(step_line(step, self._usual, self._clock.wall()))
        while not run.standing.over:
            wait(_LOOK)
            self.look()
            before, run = run, store.find(run_id)
            for was, step in zip(before.steps, run.steps, strict=True):
                if step.version != was.version:
                    self._tell_move(step)
        tell(run.standing.value.upper())
        return run

    def _tell_moves(self) -> None:
        while True:
            try:
                step = self._moves.get(timeout=_LOOK)
            except Empty:
                self.look()
                continue
            if step is None:
                return
            self._tell_move(step)

    def _tell_move(self, step: StepRun) -> None:
        """Tell a step's move; before the one that ends it, the rest of what its command wrote."""
        if (step.name, step.intent) not in self._followed:
            self._follow(step)
        if step.state is not State.RUNNING:
            self._tell_output(ended=True)
            self._running = self._output = None
        tell(move_line(step, self._usual))

    def _follow(self, step: StepRun) -> None:
        self._followed.add((step.name, step.intent))
        self._running, self._reminded = step, self._clock.now()
        self._output = LiveOutput(step_folder(self._runs, self._run, step), self._secrets)

    def _tell_output(self, *, ended: bool = False) -> None:
        if self._output is not None:
            for line in self._output.lines(ended=ended):
                tell(f"| {line}")
