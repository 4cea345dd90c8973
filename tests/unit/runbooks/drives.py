"""Runs to be driven in tests: a small runbook whose command writes a line each time that it is run."""

import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from console.audit.actor import this_actor
from console.audit.open import open_journal
from console.audit.points import Point, pass_by
from console.domain.clock import SystemClock
from console.runbooks.acts import Program
from console.runbooks.drivers import start, take
from console.runbooks.executor import Drive
from console.runbooks.model import Ask, Found, Runbook, Step
from console.runbooks.reading import Known, runbook_of
from console.runbooks.run import Run, StepRun
from console.runbooks.store import RunStore, own_store
from console.runbooks.world import World
from tests.waiting import eventually

KNOWN = Known(
    {
        "stopped": {},
        "ready": {},
        "done": {},
        "undone": {},
        "later": {},
        "since": {"at": (), "run": ()},
        "kill_switch": {"is": ("clear", "tripped")},
    }
)
STOP = """\
title: Stop it
use: always
risk: lowers
steps:
  - name: stop
    text: Stop the engine.
    command: stop
    timeout: 5s
    check: stopped
  - name: see
    text: See that it is.
    check: stopped
"""
_WRITES = "import sys; open(sys.argv[1], 'a').write('ran\\n'); print('stopped it')"
SLEEPS = (sys.executable, "-S", "-c", "import time; print('begun', flush=True); time.sleep(60)")


def runbook(text: str = STOP) -> Runbook:
    return runbook_of(text, "stop.yaml", "stop", KNOWN)


@dataclass(frozen=True)
class Marking(Program):
    """In place of this program: adds a line to the marks, whatever it is to do but to stand by, and may
    complain instead.
    """

    stands_by: tuple[str, ...] = ()
    complains: bool = False

    def console(self, words: Collection[str]) -> tuple[str, ...]:
        if "stand-by" in words:
            return self.stands_by
        return ("false",) if self.complains else _writing(self.state / "marks")


@dataclass(slots=True)
class Desk:
    """A folder with everything that runs need; `answers` are what checks say in place of what is.

    `no_permit` and `no_override` are what is missing for these; `approvals`, those that the guard was given.
    `guarded`: somebody stands by for a driver of what may be undone; in place of this program, `stands_by`.
    `complains`: every action ends with exit code 1, having done nothing.
    """

    folder: Path
    answers: dict[str, bool | None] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    told: list[StepRun] = field(default_factory=list)
    store: RunStore | None = None
    config: Path | None = None
    commands: dict[str, tuple[str, ...]] = field(default_factory=dict)
    no_permit: str = ""
    no_override: str = ""
    approvals: list[str] = field(default_factory=list)
    guarded: bool = False
    stands_by: tuple[str, ...] = ()
    complains: bool = False

    @property
    def marks(self) -> Path:
        return self.folder / "marks"

    @property
    def undone(self) -> Path:
        """What the command of a compensation writes to."""
        return self.folder / "undone"

    @property
    def times(self) -> int:
        """How often the command has run."""
        return len(self.marks.read_text().splitlines()) if self.marks.exists() else 0

    @property
    def program(self) -> Program:
        """What actions are done by: a real command line takes its time, so one that only adds a mark."""
        if self.config:
            return Program("paper", self.folder, self.config)
        return Marking("paper", self.folder, stands_by=self.stands_by, complains=self.complains)

    def world(self, point: Point = pass_by) -> World:
        clock = SystemClock()
        return World(
            store=self.store or own_store(self.folder),
            journal=open_journal(self.folder, clock, point),
            actor=this_actor(os.environ),
            clock=clock,
            wait=time.sleep,
            folder=self.folder / "runs",
            environment="paper",
            program=self.program,
            commands={
                "stop": self.command or _writing(self.marks),
                "start": self.command or _writing(self.marks),
                "restart": self.command or _writing(self.marks),
                "verify_positions": _writing(self.undone),
                "sync_positions": _writing(self.undone),
                **self.commands,
            },
            checks={
                "stopped": self._stopped,
                "ready": lambda _: self._answer("ready", True),
                "later": lambda _: self._answer("later", True),
            },
            permit=self._permit,
            override=lambda _run: self.no_override,
            secrets=("hush-hush",),
            point=point,
            tell=self.told.append,
            guarded=self.guarded,
        )

    def start(
        self, text: str = STOP, point: Point = pass_by, checks: Mapping[str, Ask] | None = None
    ) -> Drive:
        world = self.world(point)
        world = replace(world, checks={**world.checks, **(checks or {})})
        book = runbook(text)
        return start(world, book, "paper", book.values({}), "1")

    def take(
        self, run: str, text: str = STOP, reason: str = "", checks: Mapping[str, Ask] | None = None
    ) -> Drive:
        world = self.world()
        world = replace(world, checks={**world.checks, **(checks or {})})
        return take(world, runbook(text), world.store.find(run), reason)

    def take_elsewhere(self, run: str, reason: str = "") -> Drive:
        """Take it from another host that shares the store."""
        here = self.world()
        world = replace(here, actor=replace(here.actor, host="elsewhere"))
        return take(world, runbook(), world.store.find(run), reason)

    def run(self) -> Run:
        """The latest run as it is kept."""
        store = self.world().store
        return store.find(store.latest("paper")[0].id)

    def told_by(self, run: Run, name: str) -> str:
        """What a file of the command `stop` says; empty where there is none."""
        file = self.folder / "runs" / run.id / f"stop.{run.step('stop').intent}" / name
        return file.read_text() if file.exists() else ""

    def processes(self, run: Run) -> tuple[int, int]:
        """The supervisor and its command, once that has written a line: it dies of the rest of one."""
        eventually(lambda: "\n" in self.told_by(run, "output"))
        claim, process = self.told_by(run, "claim"), self.told_by(run, "process")
        return int(claim.partition("-")[0]), int(process.partition("-")[0])

    def _permit(self, _step: Step, _run: Run, approval: str) -> str:
        self.approvals.append(approval)
        return self.no_permit

    def says(self, name: str, passes: bool | None) -> Found:
        """What a check of that name saw."""
        return Found(passes, f"it is {name}", f"{self.times} marks")

    def _stopped(self, _arguments: Mapping[str, str]) -> Found:
        return self._answer("stopped", self.times > 0)

    def _answer(self, name: str, otherwise: bool) -> Found:
        return self.says(name, self.answers.get(name, otherwise))


def dies_at(name: str) -> Point:
    """A point by whose name the process is killed as by `kill -9`."""

    def point(passed: str) -> None:
        if passed == name:
            os.kill(os.getpid(), signal.SIGKILL)

    return point


def killed_at(count: int) -> Point:
    """A point at whose `count`th passing the process is killed as by `kill -9`."""
    passed = 0

    def point(_name: str) -> None:
        nonlocal passed
        passed += 1
        if passed == count:
            os.kill(os.getpid(), signal.SIGKILL)

    return point


def in_a_process(deed: Callable[[], object]) -> int:
    """Do it in a forked process; how that ended, as waitpid has it."""
    child = os.fork()
    if child == 0:
        try:
            deed()
        except BaseException:  # noqa: BLE001 (the parent sees the code)
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def _writing(file: Path) -> tuple[str, ...]:
    """A command that adds a line to `file`, and says so."""
    return (sys.executable, "-S", "-c", _WRITES, str(file))
