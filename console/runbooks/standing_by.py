"""The process that stands by for a run's driver, and goes on with the run when that has gone.

It does what a driver does without a person: so it ends a watch, and undoes the run where a check fails. As
long as nobody comes it asks again what can't be told, and tries again what undoes the run, ever more seldom.
It begins no step's act. Whoever comes back has the run from it for the asking.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

import psutil

from console.audit.actor import still_runs
from console.audit.errors import JournalError
from console.domain.clock import Clock
from console.domain.figures import seconds
from console.runbooks.beat import HANGS, Pulse
from console.runbooks.drivers import stand_in
from console.runbooks.executor import Drive
from console.runbooks.lacking import Given
from console.runbooks.model import Runbook
from console.runbooks.order import keep
from console.runbooks.run import (
    MoveError,
    Next,
    Run,
    Standing,
    State,
    Task,
    begins_act,
    may_be_undone,
    next_task,
)
from console.runbooks.standby import FILE, Standby, named_in
from console.runbooks.store import RunStore, StoreError
from console.runbooks.world import World

EVERY = 1.0
"""Seconds between two looks at whether the driver is still there."""
LONGEST = 60.0
"""Seconds, at most, between two tries where it couldn't be gone on with: each waits twice as long."""
STANDS_IN = "stands in for "
"""How the words begin with which a run is gone on with."""
AGAIN = Given(note="what stands by tries it again")


@dataclass(frozen=True, slots=True)
class Post:
    """Where one stands by: `own` is its process, `folder` the run's, on this `host`.

    `world` makes what a run is driven with, where it comes to that; `read` is the runbook that a run keeps.
    """

    store: RunStore
    folder: Path
    own: str
    host: str
    world: Callable[[], World]
    read: Callable[[Run], Runbook]
    wait: Callable[[float], None]
    clock: Clock


def stand_by(post: Post, run_id: str) -> None:
    """Stand by until the run is over, or needs a person and has no driver, or another stands by.

    Raises StoreError and OSError where it can't begin to; it goes on without the store after that.
    """
    run = post.store.find(run_id)
    keep(post.folder, FILE, post.own)
    watch, pause = _Watch(post), EVERY
    while not run.standing.over and _is_ours(post, run):
        why = watch.why_gone(run)
        if why and not watch.go_on(run, why):
            return
        post.wait(pause)
        pause = min(2 * pause, LONGEST) if why else EVERY
        if post.folder.is_dir():
            run = _as_it_is(post, run)


def _is_ours(post: Post, run: Run) -> bool:
    """Whether no other stands by, but for this one where it drives by now.

    Without the run's folder, the runs were removed with all there was.
    """
    named = named_in(post.folder)
    return post.folder.is_dir() and (named == post.own or _drives(post, run) or not still_runs(named))


def _drives(post: Post, run: Run) -> bool:
    """Whether this process drives by now."""
    return run.driver is not None and run.driver.stands_in and run.driver.process == post.own


def _as_it_is(post: Post, last: Run) -> Run:
    """The run as it is kept; as it was seen last where that can't be read (law 1)."""
    try:
        return post.store.find(last.id)
    except StoreError:
        return last


@dataclass(slots=True)
class _Watch:
    """What is kept from look to look: how the driver moved, and the run as it was driven here last."""

    post: Post
    _pulse: Pulse = field(init=False)
    _drive: Drive | None = None
    _standby: Standby | None = None

    def __post_init__(self) -> None:
        self._pulse = Pulse(self.post.folder)

    def why_gone(self, run: Run) -> str:
        """Why a driver does nothing any more, empty where it may; of another host's nobody here can tell.

        It may be at rest, for a person, but where the run is to be undone. One that stands in is missed
        where it has moved, and doesn't any more.
        """
        driver, still = run.driver, self._pulse.still(self.post.clock.now(), run.epoch)
        if driver is None or driver.host != self.post.host:
            return ""
        if _drives(self.post, run):
            return "couldn't go on"  # what drives doesn't look on
        if not still_runs(driver.process):
            return "has ended"
        moves = self._pulse.drives(driver.process)
        if not driver.stands_in:
            moves = moves or run.standing is not Standing.OPEN
        if moves and still >= HANGS and still >= self._patience(run):
            return f"hasn't moved for {seconds(still)}"
        try:
            status = psutil.Process(int(driver.process.partition("-")[0])).status()
        except psutil.Error:
            return ""
        return "is stopped" if status in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP) else ""

    def go_on(self, run: Run, why: str) -> bool:
        """Go on in place of a driver that is gone; whether the run is to be stood by for still."""
        runbook = self.post.read(run)
        tried = run.driver is not None and run.driver.stands_in
        if not may_be_undone(runbook, run) or _needs_person(runbook, run, tried=tried):
            return False

        def acts(task: Task) -> bool:
            return task.next is Next.BEGIN and begins_act(runbook, task.step)

        try:
            self.post.wait(self._respite(run))
            drive = self._taken(runbook, run, why)
            _once_more(drive)
            drive.go_on(acts)
        except (StoreError, JournalError, MoveError, OSError):  # somebody is back, or it is tried again
            over = self._drive is not None and self._drive.run.standing.over
            self._drive = None
            return not over
        return not drive.run.standing.over and not _needs_person(runbook, drive.run, tried=True)

    def _patience(self, run: Run) -> float:
        """Seconds without a beat after which who drives hangs: of those who stand in, ever more.

        What one hangs at, the next may hang at as well, which would be for ever.
        """
        if run.driver is None or not run.driver.stands_in:
            return HANGS
        try:
            return HANGS * 2.0 ** min(self._stood_in(run) - 1, 10)
        except StoreError:
            return HANGS  # law 1: the run is undone without the store

    def _respite(self, run: Run) -> float:
        """Seconds to wait before one goes on where others like it have ended: the longer, the more they were.

        What ended those may well end this one, which would be for ever and at once.
        """
        if run.driver is None or not run.driver.stands_in or run.driver.process == self.post.own:
            return 0.0
        try:
            return min(EVERY * 2.0 ** min(self._stood_in(run), 30), LONGEST)
        except StoreError:
            return EVERY  # law 1, as above

    def _stood_in(self, run: Run) -> int:
        """How many have stood in, one in place of the other, up to now. Raises StoreError."""
        taken = [move.words for move in self.post.store.timeline(run.id) if not move.step]
        return sum(1 for _ in takewhile(lambda words: words.startswith(STANDS_IN), reversed(taken)))

    def _taken(self, runbook: Runbook, run: Run, why: str) -> Drive:
        """The run in the hands of this process: as it was left here, where nobody has had it since."""
        kept = self._drive
        if kept is None or kept.run.epoch != run.epoch:
            words = f"{STANDS_IN}{run.driver}, whose process {why}"
            kept = self._drive = stand_in(self.post.world(), runbook, run, words, self._standby)
            self._standby = kept.standby
        return kept


def _needs_person(runbook: Runbook, run: Run, *, tried: bool) -> bool:
    """Whether only a person can go on: what undoes the run may be tried again without one.

    Whether an act is needless, is asked by the first who stands in; what `tried` that begins none.
    """
    task = next_task(runbook, run)
    if task.next is Next.ASK:
        return not _fails_to_undo(runbook, run, task.step)
    if task.next is not Next.BEGIN or not begins_act(runbook, task.step):
        return False
    step = runbook.step(task.step)
    return tried or not (step.if_needed or step.unless is not None)


def _fails_to_undo(runbook: Runbook, run: Run, name: str) -> bool:
    is_undo = all(step.name != name for step in runbook.steps)
    return is_undo and run.step(name).state is State.FAILED and runbook.step(name).repeatable


def _once_more(drive: Drive) -> None:
    """Ask again what couldn't be told, or have that done again which was to undo the run."""
    task = next_task(drive.runbook, drive.run)
    if task.next is Next.READ_BACK:
        drive.look(task.step)
    elif task.next is Next.ASK and _fails_to_undo(drive.runbook, drive.run, task.step):
        drive.begin(task.step, AGAIN, asked=True)
