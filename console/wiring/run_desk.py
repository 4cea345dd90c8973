"""The runs of one context as a screen drives them: each by one thread at a time, looked at by any number.

All of it blocks. What goes on goes on in the caller's thread: whatever becomes of that, the run is kept.
"""

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from console.domain.access import AccessError
from console.domain.clock import Clock
from console.runbooks.deciding import Decision, resume
from console.runbooks.drivers import hands_of
from console.runbooks.dry_run import Walked, would
from console.runbooks.executor import Drive
from console.runbooks.live_output import latest_output, step_folder
from console.runbooks.model import Runbook
from console.runbooks.reading import RunbookError
from console.runbooks.run import Next, Run, State, Task, next_task, values_of
from console.runbooks.seen import DeskError, Doing, Listing, Offered, Seen
from console.runbooks.store import OvertakenError, StoreError
from console.runbooks.times import usual_seconds
from console.runbooks.unread import names_only
from console.runbooks.world import World
from console.settings import Settings
from console.wiring.run_guard import Armed
from console.wiring.run_reports import kept_report
from console.wiring.runbooks import (
    REFUSED,
    NoRunbookError,
    begin_run,
    check_may_run,
    end_unread_run,
    runbook_named,
    runbook_of_run,
    runbooks_of,
    take_run,
    walk_through,
    world_of,
)

ASKS_EVERY = 3.0
"""Seconds between two questions whether what a step waits for holds."""
READS_EVERY = 10.0
"""Seconds between two readings of the runbooks' files."""


class RunDesk:
    """`armed` says how acts that raise the risk are armed. Methods raise DeskError, in one line."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        environ: Mapping[str, str],
        armed: Armed,
        config: Path | None = None,
    ) -> None:
        """`config` is the settings file where one was named."""
        self._settings = settings
        self._clock = clock
        self._environ = environ
        self._armed = armed
        self._config = config
        self._lock = threading.Lock()
        self._drives: dict[str, Drive] = {}
        self._doing: dict[str, Doing] = {}
        self._usual: dict[str, Mapping[str, float]] = {}
        self._offered: tuple[Offered, ...] = ()
        self._broken: Mapping[str, str] = {}
        self._read_at = -math.inf

    @property
    def under_way(self) -> tuple[str, ...]:
        """The runs that this process is doing something with."""
        return tuple(self._doing)

    def listing(self) -> Listing:
        """The runbooks and the latest runs."""
        store, now = self._world.store, self._world.clock.now()
        with _in_one_line():
            if now - self._read_at >= READS_EVERY:
                self._offered, self._broken = self._runbooks()
                self._read_at = now
            runs, unread = store.listed(self._settings.context)
        hands = {run.id: hands_of(run, self._world.driver) for run in runs}
        return Listing(self._world.clock.wall(), self._offered, self._broken, runs, hands, unread)

    def preview(self, name: str, values: Mapping[str, str], tell: Callable[[Walked], None]) -> None:
        """Tell each step of a runbook with what its checks say now; nothing is done."""
        with _in_one_line():
            runbook = runbook_named(self._settings, name)
            for each in walk_through(self._world, runbook, runbook.values(values)):
                tell(each)

    def begin(self, name: str, values: Mapping[str, str]) -> str:
        """Begin a run, of which no step is done yet; its id."""
        with _in_one_line():
            runbook = runbook_named(self._settings, name)
            drive = begin_run(self._settings, self._new_world(), runbook, runbook.values(values))
        self._drives[drive.run.id] = drive
        return drive.run.id

    def look(self, run_id: str) -> Seen:
        """The run as it is now."""
        world = self._world
        with _in_one_line():
            run = world.store.find(run_id)
            runbook, unread = _read(run)
            if run_id not in self._usual:
                timelines = world.store.timelines(run.runbook, run.context)
                self._usual[run_id] = usual_seconds(timelines)
        report = self._settings.state / "runs" / run_id / "report.md"
        return Seen(
            at=world.clock.wall(),
            run=run,
            runbook=runbook,
            hands=hands_of(run, world.driver),
            does=dict(self._does_each(run, runbook)),
            doing=self._doing.get(run_id),
            output=self._output(run),
            usual=self._usual[run_id],
            report=report if run.standing.over and report.exists() else None,
            unread=unread,
        )

    def go_on(self, run_id: str, decision: Decision, at: str = "") -> str:
        """Settle what was under way, decide at the step `at`, and go on up to one that does something.

        Returns what the journal lacks of it, empty where it has all.
        """
        with _in_one_line(), self._while_doing(run_id, Doing.GOES_ON):
            return self._resumed(self._drive(run_id), decision, at)

    def wait(self, run_id: str, at: str) -> str:
        """Ask again and again whether what the step `at` waits for holds, and go on once it does.

        Where this was called before for the run, and hasn't ended yet, that ends, and nothing is begun.
        """
        with self._lock:
            if self._doing.get(run_id) is Doing.WAITS:
                self._doing[run_id] = Doing.WAITS_NO_LONGER
                return ""
        with _in_one_line(), self._while_doing(run_id, Doing.WAITS):
            drive, complaint = self._drive(run_id), ""
            while self._doing.get(run_id) is Doing.WAITS:
                complaint = self._resumed(drive, Decision(wait=True), at)
                if drive.run.step(at).state not in _WAITED_FOR:
                    break
                with self._overtaken_by_others(drive):
                    try:
                        drive.pause(ASKS_EVERY)
                    finally:
                        drive.rest()
            return complaint

    def abort(self, run_id: str, reason: str, take_over: str = "") -> str:
        """End the run, and undo what was done; the thread of this process that drives it is overtaken.

        One whose runbook can't be read any more is only ended, with `take_over` as a reason in place of who
        drives it.
        """
        with _in_one_line():
            world = self._new_world()
            if _read(world.store.find(run_id))[1]:
                _, left = end_unread_run(self._settings, world, run_id, reason, take_over)
                kept_report(self._settings, run_id)
                return left
            drive = self._drives[run_id] = take_run(self._settings, world, run_id)
            drive.abort(reason)
            with self._while_doing(run_id, Doing.UNDOES, instead=True):
                drive.go_on()
            return self._ended(drive)

    def take_over(self, run_id: str, reason: str) -> str:
        """Drive it in place of who does now."""
        with _in_one_line():
            drive = self._drives[run_id] = take_run(self._settings, self._new_world(), run_id, reason)
            return drive.recording.taken_complaint()

    def report(self, run_id: str) -> tuple[Path, str]:
        """The run's report in Markdown, and the file that it is kept in."""
        with _in_one_line():
            file = kept_report(self._settings, run_id)
            return file, file.read_text(encoding="utf-8")

    @cached_property
    def _world(self) -> World:
        """What is looked with; each drive has one of its own."""
        with _in_one_line():
            return self._new_world()

    def _new_world(self) -> World:
        return world_of(
            self._settings,
            tell=lambda _step: None,
            config=self._config,
            armed=self._armed,
            clock=self._clock,
            environ=self._environ,
        )

    def _drive(self, run_id: str) -> Drive:
        """The run in the hands of this process: as it was left here, where nobody has taken it since."""
        kept = self._drives.get(run_id)
        if kept is None or self._world.store.find(run_id).epoch != kept.run.epoch:
            kept = self._drives[run_id] = take_run(self._settings, self._new_world(), run_id)
        return kept

    def _resumed(self, drive: Drive, decision: Decision, at: str) -> str:
        """Decide where a person is to, and go on up to the next step that does something.

        Who only has found out what a step has become, or has a check asked, begins no act after it.
        """

        def acts(task: Task) -> bool:
            return task.next is Next.BEGIN and drive.runbook.step(task.step).act is not None

        looks, before = decision in (Decision(), Decision(wait=True)), next_task(drive.runbook, drive.run)
        with self._overtaken_by_others(drive):
            after = drive.go_on(acts) if looks else before
            if after in (before, Task(Next.ASK, at)):
                resume(drive, decision, acts, at=at)
        return self._ended(drive)

    def _ended(self, drive: Drive) -> str:
        """Keep the report of a run that is over; what the journal lacks of what was done."""
        if drive.run.standing.over:
            kept_report(self._settings, drive.run.id)
        return drive.recording.taken_complaint()

    @contextmanager
    def _overtaken_by_others(self, drive: Drive) -> Iterator[None]:
        """To be overtaken by another thread of this process is no failure: it was told to."""
        try:
            yield
        except OvertakenError:
            if self._drives.get(drive.run.id) is drive:
                raise

    @contextmanager
    def _while_doing(self, run_id: str, doing: Doing, *, instead: bool = False) -> Iterator[None]:
        """One thread drives a run at a time; `instead` of the one that did."""
        with self._lock:
            if run_id in self._doing and not instead:
                raise StoreError(f"run {run_id}: {self._doing[run_id].value} already")
            self._doing[run_id] = doing
        try:
            yield
        finally:
            with self._lock:
                if self._doing.get(run_id) in (doing, Doing.WAITS_NO_LONGER):
                    del self._doing[run_id]

    def _runbooks(self) -> tuple[tuple[Offered, ...], Mapping[str, str]]:
        """The runbooks, and the first mistake of each file that is none."""
        read = runbooks_of(self._settings)
        broken = {name: one.problems[0] for name, one in read.items() if isinstance(one, RunbookError)}
        books = [one for one in read.values() if not isinstance(one, RunbookError)]
        return tuple(Offered(book, self._refusal(book)) for book in books), broken

    def _refusal(self, runbook: Runbook) -> str:
        try:
            check_may_run(self._settings, runbook)
        except AccessError as error:
            return str(error)
        return ""

    def _does_each(self, run: Run, runbook: Runbook) -> Iterator[tuple[str, str]]:
        """What each step's act does, in words."""
        world = self._world
        values = values_of(run, world.environment, run.began)
        for one in run.steps:
            step = runbook.step(one.name)
            yield one.name, would(step, values, commands=world.commands, program=world.program)

    def _output(self, run: Run) -> tuple[str, ...]:
        """What the running act has written last, where it runs on this host."""
        world = self._world
        for step in run.steps:
            if step.state is State.RUNNING and step.host == world.actor.host:
                return latest_output(step_folder(world.folder, run.id, step), world.secrets)
        return ()


_WAITED_FOR = (State.WAITING, State.FAILED, State.UNKNOWN)


def _read(run: Run) -> tuple[Runbook, str]:
    """The run's runbook; where it can't be read, what stands in for it, and why."""
    try:
        return runbook_of_run(run), ""
    except RunbookError as error:
        return names_only(run), error.problems[0]


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Whatever is refused, or can't be read or kept, as one error."""
    try:
        yield
    except RunbookError as error:
        raise DeskError(error.problems[0]) from None
    except (*REFUSED, NoRunbookError, ValueError, OSError) as error:
        raise DeskError("; ".join(str(error).splitlines())) from None
