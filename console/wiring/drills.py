"""A rollback practised on a paper engine: under a scenario, by the same runbook and executor, timed, kept.

It types the confirmations and gives the notes itself, which only a paper context allows. However it ends,
what it practised on is put back, or it says what is left to do. Where it is killed, the next one does that.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from console.actions.drills import keep_drill
from console.actions.open_drills import (
    BACK,
    Before,
    OpenDrill,
    begin_drill,
    end_drill,
    keep_open,
    open_drill,
    open_drill_file,
)
from console.actions.rollout.dialect import dialect_of
from console.audit.actor import this_actor
from console.audit.errors import JournalError
from console.audit.open import open_journal
from console.audit.record import Act
from console.domain.assessment import Assessment
from console.domain.clock import Clock, SystemClock
from console.domain.figures import seconds
from console.domain.kill_state import KillState
from console.domain.rollback import PROCEDURES, Drilled, short_name
from console.domain.rollback_advice import trading_features
from console.domain.triggers import Standing as Met
from console.runbooks.run import Standing
from console.runbooks.store import store_of
from console.settings import Settings
from console.wiring.drill_back import BREAKS, WATCH, PutBack
from console.wiring.drill_ground import DrillError, DrillGround, configuration_of
from console.wiring.drill_runs import RECOVERY, DrillRuns, ended_words, first_line
from console.wiring.drill_signals import BrokenOffError, DrillSignals
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
_MEETS: Mapping[str, str] = {
    "sync-errors": "sync_errors",
    "slippage": "slippage",
    "liquidation-cascade": "liquidation",
    "margin-squeeze": "margin_calls",
    "margin-drift": "margin_calls",
    "crash": "crash",
    "frozen-metrics": "crash",
}
"""Scenarios with the trigger that each meets in the end."""
_MET_WITHIN = 480.0
"""Seconds that a trigger has to be met: slippage is judged over five minutes."""
_LOOKS_EVERY = 1.0
_BY_ITSELF = 3600.0
"""Seconds since a killed drill was heard of, within which the next one puts back what it has left."""
_OF_FLAGS = ("rollback_shadow", "rollback_off")
_OF_CODE = ("rollback_full", "rollback_coin_quick", "rollback_coin_full")


@dataclass(frozen=True, slots=True)
class Practised:
    """How a drill ended: `run` is its run's id, empty where none was begun; `left` what is to be done by hand
    before the next one.
    """

    runbook: str
    run: str
    drilled: Drilled
    left: tuple[str, ...] = ()


class Drill:
    """Drills of one context. They block, for minutes; `tell` is told what goes on, a line each.

    Methods raise DrillError where a drill can't be begun, and OSError where that can't be written down. They
    are for the main thread, whose signals they take.
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
        self._clock = clock or SystemClock()
        self._signals = DrillSignals()
        self._wait = self._signals.wait
        self._ground = DrillGround(settings, config, environ, self._wait)
        self._runs = DrillRuns(settings, config, self._clock, environ, tell, self._wait, self._heard)
        self._settings = settings
        self._tell = tell
        self._environ = environ
        self._look = surroundings_of(settings, environ, self._clock).look
        self._back = PutBack(self._ground, self._runs, self._look, tell, self._wait)
        self._open: OpenDrill | None = None

    def practise(self, name: str, scenario: str = "") -> Practised:
        """Practise the procedure, and put everything back, however it ends."""
        if name not in PROCEDURES:
            raise DrillError(f"there is no procedure {name}; allowed: {', '.join(PROCEDURES)}")
        scenario = scenario or DEFAULTS[name]
        with self._signals.listening():
            self._require_nothing_left()
            live = self._require_ready(name, scenario)
            values = {"watch": WATCH, **self._feature(name, live)}
            run, drilled = self._gone_through(self._begin(name, scenario), values)
            unkept = self._keep(name, run, drilled)
            left = self._put_back(unkept)
            if left and drilled.passed and not unkept:
                drilled = replace(drilled, passed=False, words=f"passed, but {left[0]}")
                left = (*left, *self._keep(name, run, drilled))
            return Practised(name, run, drilled, left)

    def put_back(self) -> tuple[str, ...] | None:
        """Put back what a drill has left that was killed: what stays, None where none has left anything."""
        with self._signals.listening():
            return self._put_back_left()

    def _require_nothing_left(self) -> None:
        """Put back what another drill has left first."""
        left = self._put_back_left(by_itself=True)
        if left:
            raise DrillError(f"of the drill before: {left[0]}: {BACK}")
        try:
            self._wait(0)
        except BrokenOffError as error:
            raise DrillError(f"ended by {error} before it began") from None

    def _require_ready(self, name: str, scenario: str) -> Assessment:
        """How things stand: an engine runs and isn't tripped, and no open run is in the way."""
        self._ground.scenario(scenario)
        for runbook in (name, RECOVERY):
            run = store_of(self._settings, self._environ).open_run(runbook, self._settings.context)
            if run is not None:
                raise DrillError(f"run {run} is open: end it first")
        live = self._back.known()
        if live.kill.state is not KillState.CLEAR:
            helps = "" if live.kill.state is KillState.UNKNOWN else ": opsconsole recover"
            raise DrillError(f"{live.kill.title}: {live.kill.words}{helps}")
        return live

    def _feature(self, name: str, live: Assessment) -> Mapping[str, str]:
        """The feature to roll back, where the procedure is about one: the first that trades."""
        if name not in _OF_FLAGS:
            return {}
        flags = live.rollout.flags
        trading = () if flags is None else trading_features(flags, dialect_of(self._settings.chosen))
        if not trading:
            raise DrillError("no feature trades, by the flags file")
        return {"feature": trading[0]}

    def _begin(self, name: str, scenario: str) -> OpenDrill:
        """Write down that it begins, and how everything is before it."""
        engine, actor, now = self._ground.engine(), this_actor(self._environ), self._clock.wall()
        before = Before(
            pid=engine.pid,
            configuration=configuration_of(engine),
            scenario=self._ground.scenario(),
            flags=self._ground.flags() if name in _OF_FLAGS else "",
        )
        drill = OpenDrill(
            context=self._settings.context,
            runbook=name,
            scenario=scenario,
            began=now,
            last=now,
            user=actor.user,
            host=actor.host,
            processes=(actor.process,),
            before=before,
        )
        begin_drill(self._settings.state, drill, self._clock)
        return drill

    def _gone_through(self, drill: OpenDrill, values: Mapping[str, str]) -> tuple[str, Drilled]:
        """The drill itself, up to its end, or to where it is broken off: its run, and how it ended."""
        self._open, began, passed = drill, drill.began, False
        try:
            self._make_ready(drill)
            began = self._enter(drill.scenario)
            run = self._runs.whole(drill.runbook, values)
            passed, words = run.standing is Standing.PASSED, ended_words(run)
        except BREAKS as error:
            words = self._broken_off(error)
            self._tell(words)
        took = self._clock.wall() - began
        return self._runs.latest, Drilled(began, took, passed, drill.scenario, words)

    def _broken_off(self, error: Exception) -> str:
        at = f" at the step {self._runs.at}" if self._runs.at else ""
        if isinstance(error, BrokenOffError):
            return f"broken off by {error}{at}"
        return f"broken off{at}: {first_line(error)}"

    def _make_ready(self, drill: OpenDrill) -> None:
        """Have a backup and a release to go back to, where the procedure needs one."""
        if drill.runbook == "rollback_coin_full":
            self._ground.have_backup()
        if drill.runbook in _OF_CODE:
            release = self._ground.have_deployed()
            self._note(before=replace(drill.before, release=release))
            if drill.runbook == "rollback_full":
                self._ground.have_previous()

    def _enter(self, scenario: str) -> float:
        """Have the scenario go on, and wait until its trigger is met; when that was, by the time of day."""
        self._tell(f"scenario       {scenario}")
        self._ground.switch(scenario)
        wanted, until = _MEETS.get(scenario), self._clock.now() + _MET_WITHIN
        if wanted is not None:
            self._tell(f"trigger        waited for, {_MET_WITHIN:g} s at most")
        while wanted is not None and not self._is_met(wanted):
            if self._clock.now() > until:
                raise DrillError(f"{scenario} has met no {wanted} within {_MET_WITHIN:g} s")
            self._wait(_LOOKS_EVERY)
        return self._clock.wall()

    def _is_met(self, wanted: str) -> bool:
        for one in self._look("metrics", "engine").triggers:
            if one.trigger.key == wanted and one.standing is Met.MET:
                self._tell(f"trigger        {one.trigger.condition}: {one.words}")
                return True
        return False

    def _heard(self) -> None:
        """A step of the run has moved."""
        with suppress(OSError):  # what is said of a killed one's end may be older then
            self._note()

    def _note(self, *, before: Before | None = None, ended: bool = False) -> None:
        """Write down how far the drill is that is under way."""
        seen = self._open
        if seen is not None:
            now = replace(
                seen, last=self._clock.wall(), before=before or seen.before, ended=seen.ended or ended
            )
            self._open = keep_open(self._settings.state, seen, now, self._clock)

    def _keep(self, name: str, run: str, drilled: Drilled) -> tuple[str, ...]:
        """Write down how it ended: in the journal, and where every context of the state folder looks.

        Why it isn't kept, where it is not: then it counts as broken off.
        """
        act = Act(
            self._settings.context,
            ACTION,
            run or name,
            after=drilled.words,
            reason=f"{name} under {drilled.scenario}",
            evidence={"seconds": f"{drilled.seconds:.3f}"},
            drill=True,
        )
        try:
            journal = open_journal(self._settings.state, self._clock)
            journal.note(this_actor(self._environ), act, done=drilled.passed)
            keep_drill(self._settings.state, name, drilled, self._clock)
            self._note(ended=True)
        except (JournalError, OSError, ValueError) as error:
            return (f"how it ended isn't kept: {first_line(error)}",)
        return ()

    def _put_back_left(self, *, by_itself: bool = False) -> tuple[str, ...] | None:
        """As `put_back`; `by_itself`: no person has said so, which an old drill takes."""
        try:
            drill = open_drill(self._settings.state, self._settings.context)
        except ValueError as error:
            raise DrillError(f"{error}: remove it, once everything is as it was") from None
        if drill is None:
            return None
        if drill.is_driven:
            raise DrillError(_under_way(drill, open_drill_file(self._settings.state, drill.context)))
        ago = max(0.0, self._clock.wall() - drill.last)
        whose = f"the drill of {short_name(drill.runbook)} by {drill.user}, last heard of {seconds(ago)} ago"
        if by_itself and ago > _BY_ITSELF:
            raise DrillError(f"{whose}, may have left {_to_put_back(drill.before)} changed: {BACK}")
        self._tell(f"left over      {whose}")
        ours = replace(drill, processes=(*drill.processes, this_actor(self._environ).process))
        self._open = keep_open(self._settings.state, drill, ours, self._clock)
        unkept: tuple[str, ...] = ()
        if not drill.ended:
            unkept = self._keep(drill.runbook, "", drill.broken_off)
        return self._put_back(unkept)

    def _put_back(self, unkept: tuple[str, ...]) -> tuple[str, ...]:
        """Have everything as it was; what stays otherwise, with what is `unkept`."""
        drill = self._open
        assert drill is not None  # noqa: S101 (it is under way)
        self._tell("put back       everything as it was")
        with self._signals.putting_back():
            left = self._back.all_of(drill)
        self._open, left = None, (*unkept, *left)
        if left:
            return left
        try:
            end_drill(self._settings.state, drill.context)
        except OSError as error:
            return (f"it stays written down as under way: {error}",)
        return ()


def _under_way(drill: OpenDrill, file: Path) -> str:
    """Who is at it; of one on another host, which may be gone, what helps then."""
    process = drill.processes[-1].partition("-")[0]
    where = f"{drill.user}@{drill.host} in process {process}"
    words = f"the drill of {short_name(drill.runbook)} is under way: {where}"
    if drill.host == os.uname().nodename:
        return words
    return f"{words}; if that host is gone, see that all is as it was, and remove {file}"


def _to_put_back(before: Before) -> str:
    """What a drill may have changed, with how it was before it."""
    parts = [f"the scenario ({before.scenario})", f"the engine's configuration ({before.configuration})"]
    if before.flags:
        parts.append("the flags file")
    if before.release:
        parts.append(f"the code (release {before.release})")
    return ", ".join([*parts, "the kill switch"])
