"""Drives one run: does what is next, sees by a check that it is so, and stops where a person is needed.

Each step goes: journal's intent, the run's move to RUNNING, the act, the check, the journal's outcome, the
run's next move. Whoever is killed between two of these finds on coming back what really happened, or UNKNOWN.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from console.audit.record import Act
from console.domain.access import stated
from console.runbooks import step_process
from console.runbooks.course import Course, in_json, needs_record
from console.runbooks.effects import carry_out, conclude_by_check, look_back, settle
from console.runbooks.lacking import Given, lacking, stale
from console.runbooks.model import OnFailure, Step
from console.runbooks.run import (
    MoveError,
    Next,
    Standing,
    State,
    StepRun,
    Task,
    begun,
    check_begin,
    next_task,
)
from console.runbooks.store import OpenRunError, OvertakenError, StoreError

NOTHING = Given()
_FIGURES = re.compile(r"[0-9.,]+")


def never(_task: Task) -> bool:
    """Stop at nothing."""
    return False


@dataclass(slots=True)
class Drive(Course):
    """A run as one driver drives it.

    Methods raise what a Course does, and MoveError for what isn't allowed; what they were to begin is then
    not begun.
    """

    _read_back: set[str] = field(default_factory=set)
    _needed: set[str] = field(default_factory=set)

    def go_on(self, stop: Callable[[Task], bool] = never) -> Task:
        """Do what is next until a person is needed (ASK), the run is over (END), or `stop` says so.

        It doesn't stop before what is so already: nobody is asked for nothing.
        """
        try:
            return self._gone_on(stop)
        finally:
            self.rest()
            if self.run.standing.over:
                self.world.let_go()

    def _gone_on(self, stop: Callable[[Task], bool]) -> Task:
        while True:
            self.see_to_standby()
            task = next_task(self.runbook, self.run, self._read_back)
            if self.adrift and (self.run.standing.over or task.next is Next.ASK):
                raise StoreError(
                    f"{self.adrift}; what lowers the risk was done all the same: see the journal"
                )
            if task.next is Next.ASK or self.run.standing.over:
                return task
            if stop(task):
                if self._is_needless(task):
                    continue
                return task
            if task.next is Next.READ_BACK and task.step in self._read_back:
                if not self._is_given_up(task.step):
                    return Task(Next.ASK, task.step)
                continue
            self._do(task)

    def begin(self, name: str, given: Given = NOTHING, *, asked: bool = False) -> None:
        """Begin a step that waits, or, where that was `asked` for, one that has failed.

        Where something is missing it waits for that, and says what.
        """
        step, before = self.runbook.step(name), self.run.step(name)
        check_begin(self.runbook, before, asked=asked)
        if self._is_left_out(step) or (step.if_needed and self._is_so(step)) or not self._is_recent(step):
            return
        try:
            lack = lacking(self, step, given)
            if lack:
                self._wait(before, lack)
            else:
                self._begin(step, given)
        finally:
            self.rest()

    def look(self, name: str) -> None:
        """Ask again what the check of a step says that has failed or is unknown: nothing is done."""
        step, before = self.runbook.step(name), self.run.step(name)
        if before.state not in (State.FAILED, State.UNKNOWN) or step.check is None:
            raise MoveError(f"step {name} is {before.state.value}: there is nothing to look at again")
        try:
            look_back(self, step)
        finally:
            self.rest()

    def skip(self, name: str, reason: str) -> None:
        """Leave a step out, which takes the right to; `reason` says why."""
        words = stated(reason)
        lack = self.world.override(self.run)
        if lack:
            raise MoveError(f"step {name} is not left out: {lack}")
        self.note(name, "runbook.skip", State.SKIPPED, reason=words, needed=True)
        self.move(replace(self.run.step(name), state=State.SKIPPED, words=words))

    def abort(self, reason: str) -> None:
        """End the run: what runs is ended, and what was done is undone by the next `go_on`."""
        self.become(Standing.ABORTING, stated(reason))
        for step in self.run.steps:
            if step.state is State.RUNNING and step.host == self.world.actor.host:
                step_process.end(self.folder(step))

    def become(self, standing: Standing, words: str) -> None:
        """Have the run end, or be undone."""
        self.change(f"runbook.{standing.value}", words, lambda: self.stand(standing, words), needed=False)

    def change(self, action: str, reason: str, deed: Callable[[], None], *, needed: bool) -> None:
        """Change the run as a whole, between the journal's intent and outcome, which may be `needed`."""
        before = self.run.standing.value
        act = Act(self.run.context, action, self.run.id, before=before, reason=reason)
        number = self.recording.intent(act, needed=needed)
        try:
            deed()
        except (StoreError, MoveError) as error:
            self.recording.outcome(number, _whether_done(error), after=before, evidence=None, needed=needed)
            raise
        after = self.run.standing.value
        self.recording.outcome(number, True, after=after, evidence=None, needed=needed)

    def _do(self, task: Task) -> None:
        if task.next is Next.BEGIN:
            self.begin(task.step)
        elif task.next is Next.SETTLE:
            settle(self, self.runbook.step(task.step))
        elif task.next is Next.READ_BACK:
            self._read_back.add(task.step)
            look_back(self, self.runbook.step(task.step))
        elif task.standing is not None:
            words = f"step {task.step} has failed" if task.step else "nothing is left to be done"
            self.become(task.standing, words)

    def _is_needless(self, task: Task) -> bool:
        """Whether a step is left out, or found to be so already, which is asked once."""
        if task.next is not Next.BEGIN or task.step in self._needed:
            return False
        step = self.runbook.step(task.step)
        if not step.if_needed and step.unless is None:
            return False
        self._needed.add(task.step)
        return self._is_left_out(step) or (step.if_needed and self._is_so(step))

    def _is_left_out(self, step: Step) -> bool:
        """Whether there is nothing that the step could be about; then it is skipped, and says why."""
        if step.unless is None:
            return False
        found = self.ask(step.unless, step.name)
        if found.passes is not True:
            return False
        self.note(step.name, "runbook.step", State.SKIPPED, reason=found.observed, needed=False)
        before = self.run.step(step.name)
        self.move(replace(before, state=State.SKIPPED, words=found.observed, evidence=in_json(found)))
        return True

    def _is_so(self, step: Step) -> bool:
        """Whether nothing is needed, because the step's check passes; then it has passed."""
        found = self.answer(step)
        if found is None or found.passes is not True:
            return False
        before = self.run.step(step.name)
        words = f"already so: {found.observed}"
        self.note(step.name, "runbook.step", State.PASSED, reason=words, needed=False)
        self.move(replace(before, state=State.PASSED, words=words, evidence=in_json(found)))
        return True

    def _is_recent(self, step: Step) -> bool:
        """Whether what was checked before the step is so: what was asked too long ago is asked again."""
        for old in stale(self.runbook, self.run, step, self.world.clock.wall()):
            check_begin(self.runbook, self.run.step(old.name), asked=False)
            self._begin(old, NOTHING)
            if self.run.step(old.name).state is not State.PASSED:
                return False
        return True

    def _wait(self, before: StepRun, lack: str) -> None:
        """Have the step wait; what it waits for already, but for its figures, is not written again."""
        if before.state is not State.WAITING or _FIGURES.sub("", before.words) != _FIGURES.sub("", lack):
            self.note(before.name, "runbook.wait", State.WAITING, reason=lack, needed=False)
            self.move(replace(before, state=State.WAITING, words=lack))

    def _begin(self, step: Step, given: Given) -> None:
        before, needed = self.run.step(step.name), needs_record(step)
        if self.adrift and (needed or step.effect is None):
            raise StoreError(self.adrift)
        self._read_back.discard(step.name)
        act = self.act(step.name, "runbook.step", State.RUNNING, given.told)
        number = self.recording.intent(replace(act, approval=given.approval or None), needed=needed)
        self.world.point("intent")
        own = number or self._unnumbered(before)
        try:
            self.move(begun(before, given.told, self.world.actor.host, own))
        except (StoreError, MoveError) as error:
            self.recording.outcome(
                number, _whether_done(error), after=before.state.value, evidence=None, needed=needed
            )
            raise
        self.world.point("running")
        if step.effect is None:
            conclude_by_check(self, step)
        else:
            carry_out(self, step, given.approval)

    def _unnumbered(self, before: StepRun) -> int:
        """A number for what the journal lacks: the move's, or, where the store lacks that too, the next."""
        number = -(before.version + 1)
        with suppress(OSError):  # where nothing can be looked at, the act says so
            while self.folder(replace(before, intent=number)).exists():
                number -= 1
        return number

    def _is_given_up(self, name: str) -> bool:
        """Whether a check that can't be told counts as failed, because the run is to be undone without it."""
        step, before = self.runbook.step(name), self.run.step(name)
        if step.act is not None or step.on_failure is not OnFailure.COMPENSATE:
            return False
        words = f"still not known: {before.words}"
        self.note(name, "runbook.read_back", State.FAILED, reason=words, needed=False)
        self.move(replace(before, state=State.FAILED, words=words))
        return True


def _whether_done(error: StoreError | MoveError) -> bool | None:
    """Whether what failed so has been done: refused it isn't, but an answer may have been lost on its way."""
    return False if isinstance(error, OvertakenError | OpenRunError | MoveError) else None
