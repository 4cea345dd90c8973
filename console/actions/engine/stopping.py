"""Stopping an engine: asked to end, waited for, forced, and read back that nothing of it runs.

It lowers the risk: it needs no role, no arming and no second person, and goes on with the journal's disk, the
database and the network gone. What nobody can prove has ended is told as such, and is no success.
"""

import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from console.actions.engine import unit
from console.actions.engine.ending import End, Ending, Fate, ending
from console.actions.engine.left import LeftError, keep_left, left_file
from console.actions.engine.process import Process
from console.actions.engine.processes import Processes, processes_of
from console.actions.engine.record import StopRecord
from console.actions.engine.unit import UnitError
from console.actions.faults import point
from console.actions.kill.actuator import Order, Scope
from console.actions.kill.command import Command
from console.audit.actor import this_actor
from console.audit.open import open_journal
from console.domain.clock import Clock
from console.patience import within
from console.settings import Settings

FORCED_WITHIN = 2.0
"""Seconds that a process has to be gone once it is forced, and a unit to be down."""
_LEAST = 5.0
"""Seconds that the settings' own stop command has at least."""
KEPT_WITHIN = 0.5
"""Seconds that the state folder's disk has to take what the engine has started."""
_EVERY = 0.1
"""Seconds between two looks at a unit that is going down."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. `grace` is in seconds; None is what the settings say, and nothing `at_once`."""

    reason: str = ""
    grace: float | None = None
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """What came of a stop. `over` had ended before, `doubts` can't be told, `remarks` say what else was done.

    `restarted` are processes that run and weren't there before.
    """

    ends: tuple[End, ...] = ()
    restarted: tuple[Process, ...] = ()
    over: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    journal: str = ""

    @property
    def done(self) -> bool | None:
        """Whether everything has ended; None where nobody can tell."""
        if self.restarted or any(end.fate in (Fate.LEFT, Fate.OUTLIVES) for end in self.ends):
            return False
        return None if self.doubts else True


def stop(
    settings: Settings,
    wish: Wish,
    clock: Clock,
    *,
    environ: Mapping[str, str] = os.environ,
    tell: Callable[[End], None] = lambda _: None,
) -> Stopped:
    """Stop the chosen context's engine; `tell` hears of each process as it ends. Blocks until it is over."""
    return _Stop(settings, wish, clock, environ, tell).run()


@dataclass(slots=True)
class _Stop:
    """One stop under way."""

    settings: Settings
    wish: Wish
    clock: Clock
    environ: Mapping[str, str]
    tell: Callable[[End], None]
    remarks: list[str] = field(default_factory=list)

    @property
    def grace(self) -> float:
        given = self.wish.grace
        return self.settings.chosen.processes.grace if given is None else given

    def run(self) -> Stopped:
        before = processes_of(self.settings, self.environ)
        record = StopRecord(
            self.settings.context,
            self.wish.reason,
            lambda: open_journal(self.settings.state, self.clock, point),
            lambda: this_actor(self.environ),
        )
        record.intent(before.found, {"grace": self.grace, "at_once": self.wish.at_once})
        stopped = self._ended(before)
        words = record.outcome(stopped.done, stopped.ends, (*stopped.doubts, *self.remarks))
        return replace(stopped, journal=words, remarks=tuple(self.remarks))

    def _ended(self, before: Processes) -> Stopped:
        self._keep(before.children)
        by_systemd = self._ask_systemd(before)
        with ending(_but_this(before.found), _but_this(before.children), self.clock, self.tell) as going:
            try:
                self._end(going, by_systemd=by_systemd, nothing_known=before.ended is None)
            except KeyboardInterrupt:
                self.remarks.append("interrupted: nobody waited longer")
            ends = going.ends()
        return self._read_back(before, ends)

    def _end(self, going: Ending, *, by_systemd: bool, nothing_known: bool) -> None:
        if self.wish.at_once:
            going.force()
        else:
            going.ask(but=lambda process: by_systemd and process.unit)
        if nothing_known or going.refused:
            self._run_command()
        if not self.wish.at_once:
            going.wait(self.grace)
            if going.is_under_way:
                going.watch(self._started_since())
        if going.force():
            going.wait(FORCED_WITHIN)

    def _started_since(self) -> tuple[Process, ...]:
        """What the engine has started by now: it may have gone on with that while it was waited for."""
        children = _but_this(processes_of(self.settings, self.environ).children)
        self._keep(children)
        return children

    def _ask_systemd(self, before: Processes) -> bool:
        """Whether systemd stops the unit, and so doesn't start again what ends."""
        told = self.settings.chosen.processes
        if told.unit is None or (before.unit is not None and before.unit.is_down):
            return False
        try:
            unit.stop(told, self.environ)
        except UnitError as error:
            self.remarks.append(f"systemd does not stop {told.unit}, and may start it again: {error}")
            return False
        self.remarks.append(f"systemd was told to stop {told.unit}")
        return True

    def _run_command(self) -> None:
        """The settings' own stop command, where nothing else can end what runs."""
        arguments = self.settings.chosen.commands.stop
        if not arguments:
            return
        command = Command(tuple(arguments), timeout=max(self.grace, _LEAST), name="stop")
        answer = command.fire(Order(self.wish.reason, Scope.ALL, "opsconsole"))
        self.remarks.append(f"stop command: {answer.act.value}, {answer.words}")

    def _keep(self, children: tuple[Process, ...]) -> None:
        """Have the next stop know what may outlive this one; a disk that hangs keeps nobody waiting."""

        def keep() -> str:
            try:
                keep_left(left_file(self.settings.state, self.settings.context), _but_this(children))
            except LeftError as error:
                return str(error)
            return ""

        said = within(KEPT_WITHIN, keep, "left running")
        if said != "":
            words = said or f"no answer within {KEPT_WITHIN:g} s"
            self.remarks.append(f"what the engine has started could not be written down: {words}")

    def _read_back(self, before: Processes, ends: tuple[End, ...]) -> Stopped:
        """Look again, until the unit is down: what runs now and didn't before was started meanwhile."""
        known = {end.process.key for end in ends}
        until = self.clock.now() + FORCED_WITHIN
        after = processes_of(self.settings, self.environ)
        while after.unit is not None and not after.unit.is_down and self.clock.now() < until:
            time.sleep(_EVERY)
            after = processes_of(self.settings, self.environ)
        own = tuple(f"{each} is this one: it isn't ended" for each in after.found if each.pid == os.getpid())
        up = after.unit is not None and not after.unit.is_down
        of_unit = (f"unit {after.unit.name} is {after.unit.active}",) if after.unit and up else ()
        new = tuple(each for each in _but_this(after.found) if each.key not in known)
        return Stopped(ends, new, before.over, tuple(dict.fromkeys((*after.doubts, *own, *of_unit))))


def _but_this(processes: Collection[Process]) -> tuple[Process, ...]:
    """Without this process, which can't end itself and tell."""
    return tuple(each for each in processes if each.pid != os.getpid())
