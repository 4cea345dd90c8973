"""A run in the hands of one driver: its moves, what the journal is told of them, and what checks say."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from console.audit.record import Act
from console.audit.redaction import Json, redacted_text
from console.runbooks.acts import risk_of
from console.runbooks.beat import Beat
from console.runbooks.model import Found, OnFailure, Question, Risk, Runbook, Step, span
from console.runbooks.recording import Recording
from console.runbooks.run import (
    Run,
    Standing,
    State,
    StepRun,
    check_standing,
    is_abandoned,
    may_be_undone,
    moved,
    values_of,
)
from console.runbooks.standby import Standby
from console.runbooks.store import OvertakenError, StoreError
from console.runbooks.watching import passing
from console.runbooks.world import World

NOTICE = 1.0
"""Seconds in which a driver that waits notices that another drives the run now."""


@dataclass(slots=True)
class Course:
    """Its methods raise StoreError (OvertakenError where another drives it now), and JournalError where a
    record is needed and can't be written.

    `adrift` says why the run's store can't be written any more, where the run is undone without it (law 1):
    its moves are then this driver's alone, and whoever comes back finds the run as it was before.
    """

    world: World
    runbook: Runbook
    run: Run
    recording: Recording
    adrift: str = ""
    _noticed: float = 0.0
    _begun: dict[str, float] = field(default_factory=dict)
    _standby: Standby | None = None
    _beat: Beat | None = None

    def create(self) -> None:
        """Keep a run that begins."""
        self.run = self.world.store.create(self.run, str(self.world.driver))

    def take(self, words: str, *, lost: bool = False) -> None:
        """Drive the run from now on; `words` say in place of whom. `lost`: also where the store is."""
        try:
            self.run = self.world.store.take(self.run, self.world.driver, self.world.clock.wall(), words)
        except StoreError as error:
            self._go_adrift(error, wanted=lost)

    def move(self, after: StepRun) -> None:
        """Make a step's next move."""
        stamped = replace(after, since=self.world.clock.wall(), by=str(self.world.driver))
        if not self.adrift:
            try:
                self.run = self.world.store.move(self.run, stamped)
            except StoreError as error:
                self._go_adrift(error, wanted=self._is_undone_after(stamped))
        if self.adrift:
            self.run = self.run.with_step(moved(self.run.step(after.name), stamped))
        if after.state is State.RUNNING:
            self._begun[after.name] = stamped.since
        self.world.tell(self.run.step(after.name))

    def stand(self, standing: Standing, words: str) -> None:
        """Have the run end, or be undone."""
        at, by = self.world.clock.wall(), str(self.world.driver)
        if not self.adrift:
            try:
                self.run = self.world.store.become(self.run, standing, at, by, words)
            except StoreError as error:
                self._go_adrift(error, wanted=standing in (Standing.ABORTING, Standing.FAILING))
        if self.adrift:
            check_standing(self.run, standing)
            self.run = replace(self.run, standing=standing)

    def note(
        self, name: str, action: str, after: State, *, reason: str = "", evidence: Json = None, needed: bool
    ) -> None:
        """Write down in the journal what became of a step without an act."""
        self.recording.note(replace(self.act(name, action, after, reason), evidence=evidence), needed=needed)

    def act(self, name: str, action: str, after: State, reason: str) -> Act:
        """What the journal says of a step that is to become `after`."""
        target, before = f"{self.run.id}/{name}", self.run.step(name).state.value
        return Act(self.run.context, action, target, before=before, after=after.value, reason=reason)

    def ask(self, question: Question, step: str) -> Found:
        """What a check says now that belongs to a step."""
        return self.world.ask(question, values_of(self.run, self.world.environment, self.began(step)))

    def answer(self, step: Step, patience: float = 0.0, *, settled: bool = False) -> Found | None:
        """What the step's own check says once it passes, or after `patience` s, and whether that holds.

        `settled`: only what can't be told yet is waited for. Where the run is being undone nobody waits for
        either.
        """
        check, holds = step.check, span(step.holds_for, self.run.values)
        if check is None:
            return None
        if is_abandoned(self.runbook, self.run, step.name):
            patience = holds = 0.0
        return passing(
            lambda: self.ask(check, step.name),
            self.world.clock,
            self.pause,
            patience=patience,
            holds=holds,
            settled=settled,
        )

    def began(self, name: str) -> float:
        """When the step was begun last, by the time of day; now, where it wasn't.

        When the run was begun, where another began the step and the store can't tell.
        """
        step = self.run.step(name)
        if step.state is State.RUNNING:
            return step.since
        if step.attempt == 0:
            return self.world.clock.wall()
        if name in self._begun:
            return self._begun[name]
        try:
            moves = self.world.store.timeline(self.run.id)
        except StoreError:
            return self.run.began  # no later than it was: nothing new counts as old
        running = State.RUNNING.value
        begun = [one.at for one in moves if one.step == name and one.state == running]
        return max(begun, default=step.since)

    def pause(self, seconds: float) -> None:
        """Wait; OvertakenError where another has taken the run meanwhile, or has ended it."""
        self.world.wait(seconds)
        self.see_to_standby()
        now = self.world.clock.now()
        if now - self._noticed < NOTICE:
            return
        self._noticed = now
        try:
            epoch = self.world.store.find(self.run.id).epoch
        except StoreError:
            return  # the next move says so
        if epoch != self.run.epoch:
            raise OvertakenError(
                f"another drives run {self.run.id} now, or it has ended: nothing more is done"
            )

    def see_to_standby(self) -> None:
        """Have somebody stand by for this driver, who sees it move, where something may be undone.

        Why nobody does, the journal is told once.
        """
        if not self.world.guarded or not may_be_undone(self.runbook, self.run):
            return
        now = self.world.clock.now()
        self._beating.go(now)
        lack = self.standby.see_to(now)
        if lack:
            why = redacted_text(lack, self.world.secrets)
            act = Act(self.run.context, "runbook.stand_by", self.run.id, reason=why)
            self.recording.note(act, needed=False)

    def rest(self) -> None:
        """Say that nothing more is done for now: whoever drives isn't missed while it waits for a person.

        What stands in waits for nobody, and is missed where it doesn't try again.
        """
        if not self.world.stands_in:
            self._beating.rest()

    @property
    def standby(self) -> Standby:
        """Who stands by for this driver."""
        if self._standby is None:
            arguments = self.world.program.console(("runbook", "stand-by", self.run.id))
            self._standby = Standby(self._own_folder, arguments, self.world.actor.process)
        return self._standby

    @property
    def _beating(self) -> Beat:
        if self._beat is None:
            self._beat = Beat(self._own_folder, self.world.actor.process)
        return self._beat

    @property
    def _own_folder(self) -> Path:
        return self.world.folder / self.run.id

    def _is_undone_after(self, after: StepRun) -> bool:
        """Whether what comes after a move is, or may be, that the run is undone."""
        fails = after.state in (State.FAILED, State.UNKNOWN)
        compensates = self.runbook.step(after.name).on_failure is OnFailure.COMPENSATE
        return self.run.standing is not Standing.OPEN or (fails and compensates)

    def _go_adrift(self, error: StoreError, *, wanted: bool) -> None:
        if isinstance(error, OvertakenError) or not wanted:
            raise error
        self.adrift = str(error)

    def folder(self, step: StepRun) -> Path:
        """Where the step's act leaves what came of it."""
        return self._own_folder / f"{step.name}.{step.intent}"


def needs_record(step: Step) -> bool:
    """Whether the step's act isn't done without a record of it: it lowers no risk."""
    return step.effect is not None and risk_of(step.effect) is not Risk.LOWERS


def in_json(found: Found | None) -> str:
    """What a check saw, as it is kept; empty for none."""
    return "" if found is None else json.dumps(asdict(found))
