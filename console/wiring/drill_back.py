"""Putting back what a drill has changed: runs, engine, code, flags, kill switch and scenario.

It looks at each first, so that it doesn't matter where the drill ended: after it has passed, where it was
broken off, or was killed, and a later process finds what it left.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from console.actions.open_drills import Before, OpenDrill
from console.actions.releases.errors import ReleaseError
from console.domain.assessment import Assessment
from console.domain.kill_state import KillState
from console.runbooks.lookout import Look
from console.runbooks.reading import RunbookError
from console.runbooks.run import Standing
from console.runbooks.unattended import DRILL
from console.sources.errors import SourceError
from console.wiring.drill_ground import DrillError, DrillGround, configuration_of
from console.wiring.drill_runs import RECOVERY, DrillRuns, ended_words, first_line
from console.wiring.drill_signals import BrokenOffError
from console.wiring.runbooks import REFUSED, NoRunbookError

BREAKS = (
    *REFUSED,
    BrokenOffError,
    DrillError,
    NoRunbookError,
    ReleaseError,
    RunbookError,
    SourceError,
    OSError,
)
"""What breaks off a drill, or what puts it back: each says why in its first line."""
CALM = "calm"
WATCH = "2s"
"""The watch period of a drill."""
_KNOWN_WITHIN = 15.0
"""Seconds until an engine tells whether it is tripped: one that was just started, or on a busy machine."""
_LOOKS_EVERY = 0.5
_TRIES, _AGAIN_AFTER = 3, 5.0
"""How often it is tried, and the seconds between two tries."""


@dataclass(frozen=True, slots=True)
class PutBack:
    """One drill's. `tell` is told what goes on, `wait` is how it waits."""

    ground: DrillGround
    runs: DrillRuns
    look: Look
    tell: Callable[[str], None]
    wait: Callable[[float], None]

    def all_of(self, drill: OpenDrill) -> tuple[str, ...]:
        """Have everything as it was; what stays otherwise, a line each."""
        left = list[str]()
        try:
            ended = (drill.runbook, RECOVERY), drill.processes, drill.began, f"{DRILL}: broken off"
            left.extend(self.runs.end(*ended))
            left.extend(self._tried(drill))
        except BrokenOffError as error:
            left.append(f"not all may be as before: left by {error}")
        self._tell_of_the_engine(drill.before)
        return tuple(left)

    def _tried(self, drill: OpenDrill) -> Iterator[str]:
        """Put everything back, and try again what a busy machine may have refused; yields what stays."""
        for tries_left in reversed(range(_TRIES)):
            what = ""
            try:
                for part in self._ground_back(drill):
                    what = part
                return
            except BrokenOffError:
                raise
            except BREAKS as error:
                words = f"{what} may not be as before: {first_line(error)}"
            if not tries_left:
                yield words
                return
            self.tell(f"again          {words}")
            self.wait(_AGAIN_AFTER)

    def _ground_back(self, drill: OpenDrill) -> Iterator[str]:
        """Put back one thing after the other; yields what is put back next."""
        before = drill.before
        yield "the scenario"
        calm = self._calmed()
        yield "the engine's files"
        moved = bool(before.release) and not self.ground.has_release(before.release)
        if moved:
            self.ground.release_back(before.release)
        yield "the engine"
        engine = self.ground.running()
        if moved or not calm or engine is None or configuration_of(engine) != before.configuration:
            self.ground.start_anew(before.configuration)
        yield "the kill switch"
        resumed = self._untripped()
        yield "the flags file"
        if before.flags:
            ours = self.runs.reasons(drill.processes, drill.began)
            stays = self.ground.flags_back(before.flags, drill.began, ours)
            if stays:
                self.tell(f"flags          {stays}")
        yield "the books"
        if not resumed:
            self.ground.sync()
        yield "the scenario"
        if before.scenario != CALM:
            self.ground.switch(before.scenario)

    def _calmed(self) -> bool:
        """Whether an engine runs, now in calm; one that doesn't answer is to be started anew."""
        if self.ground.running() is None:
            return False
        try:
            if self.ground.scenario() != CALM:
                self.ground.switch(CALM)
        except DrillError:
            return False
        return True

    def _untripped(self) -> bool:
        """Have the kill switch clear; whether that took a recovery."""
        if self.known().kill.state is KillState.CLEAR:
            return False
        run = self.runs.whole(RECOVERY, {"watch": WATCH})
        if run.standing is not Standing.PASSED:
            raise DrillError(f"{ended_words(run)}: opsconsole recover")
        return True

    def known(self) -> Assessment:
        """How things stand, once it is known whether the kill switch is set; else after a while."""
        clock = self.runs.clock
        until = clock.now() + _KNOWN_WITHIN
        while True:
            live = self.look("metrics", "engine", "flags", "database", "last_trip")
            if live.kill.state is not KillState.UNKNOWN or clock.now() >= until:
                return live
            self.wait(_LOOKS_EVERY)

    def _tell_of_the_engine(self, before: Before) -> None:
        """An engine that was started anew belongs to no terminal: who ends it has to know."""
        try:
            engine = self.ground.running()
        except DrillError as error:
            self.tell(f"engine         {error}")
            return
        if engine is None:
            self.tell("engine         none runs: opsconsole paper start")
        elif engine.pid != before.pid:
            self.tell(
                f"engine         process {engine.pid} in place of {before.pid}, in the background, until"
            )
            self.tell(f"               opsconsole paper stop --exchange --state {self.ground.folder}")
