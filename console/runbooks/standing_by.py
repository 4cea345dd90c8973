"""The process that stands by for a run's driver, and goes on with the run when that has gone.

It does what a driver does without a person: so it ends a watch, and undoes the run where a check fails. It
begins no step's act. Whoever comes back has the run from it for the asking.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from console.audit.actor import still_runs
from console.audit.errors import JournalError
from console.runbooks.drivers import stand_in
from console.runbooks.executor import Drive
from console.runbooks.model import Runbook
from console.runbooks.order import keep
from console.runbooks.run import Driver, Next, Run, Task, begins_act, may_be_undone, next_task
from console.runbooks.standby import FILE, named_in
from console.runbooks.store import RunStore, StoreError
from console.runbooks.world import World

EVERY = 1.0
"""Seconds between two looks at whether the driver is still there."""
LONGEST = 10.0
"""Seconds, at most, between two tries where it couldn't be gone on with: each waits twice as long."""


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


def stand_by(post: Post, run_id: str) -> None:
    """Stand by until the run is over, or needs a person and has no driver, or another stands by.

    Raises StoreError and OSError where it can't begin to; it goes on without the store after that.
    """
    run = post.store.find(run_id)
    keep(post.folder, FILE, post.own)
    pause = EVERY
    while not run.standing.over and _is_ours(post):
        why = _why_gone(run.driver, post)
        if why and not _gone_on(post, run, why):
            return
        post.wait(pause)
        pause = min(2 * pause, LONGEST) if why else EVERY
        run = _as_it_is(post, run)


def _is_ours(post: Post) -> bool:
    """Whether no other stands by. Without the run's folder, the runs were removed with all there was."""
    named = named_in(post.folder)
    return post.folder.is_dir() and (named == post.own or not still_runs(named))


def _as_it_is(post: Post, last: Run) -> Run:
    """The run as it is kept; as it was seen last where that can't be read (law 1)."""
    try:
        return post.store.find(last.id)
    except StoreError:
        return last


def _why_gone(driver: Driver | None, post: Post) -> str:
    """Why a driver does nothing any more, empty where it may; of another host's nobody here can tell."""
    if driver is None or driver.host != post.host:
        return ""
    if driver.process == post.own:
        return "couldn't go on"  # what drives doesn't look on
    if not still_runs(driver.process):
        return "has ended"
    try:
        status = psutil.Process(int(driver.process.partition("-")[0])).status()
    except psutil.Error:
        return ""
    return "is stopped" if status in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP) else ""


def _gone_on(post: Post, run: Run, why: str) -> bool:
    """Go on in place of a driver that is gone; whether the run is to be stood by for still."""
    runbook = post.read(run)
    if not may_be_undone(runbook, run) or next_task(runbook, run).next is Next.ASK:
        return False

    def acts(task: Task) -> bool:
        return task.next is Next.BEGIN and begins_act(runbook, task.step)

    drive: Drive | None = None
    try:
        drive = stand_in(post.world(), runbook, run, f"stands in for {run.driver}, whose process {why}")
        drive.go_on(acts)
    except (StoreError, JournalError, OSError):  # somebody has come back, or it is tried again
        return drive is None or not drive.run.standing.over
    return False
