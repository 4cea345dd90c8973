"""Drives one run: does what is next, sees by a check that it is so, and stops where a person is needed.

Each step goes: journal's intent, the run's move to RUNNING, the act, the check, the journal's outcome, the
run's next move. Whoever is killed between two of these finds on coming back what really happened, or UNKNOWN.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from console.audit.actor import Actor
from console.audit.journal import Journal
from console.audit.open_intents import close, open_intents
from console.audit.points import Point, pass_by
from console.audit.record import Act, Record
from console.audit.redaction import redacted_text
from console.domain.access import stated
from console.domain.clock import Clock
from console.runbooks import step_process
from console.runbooks.model import Ask, CommandAct, Found, ManualAct, Question, Runbook, Step, filled
from console.runbooks.run import (
    Driver,
    MoveError,
    Next,
    Run,
    Standing,
    State,
    StepRun,
    Task,
    begun,
    check_begin,
    next_task,
)
from console.runbooks.step_process import Fate, Look
from console.runbooks.store import OpenRunError, OvertakenError, RunStore, StoreError
from console.runbooks.supervisor import Order

_SLACK = 15.0
"""Seconds beyond a command's time-out in which its supervisor has to tell what came of it."""
_TICK, _BETWEEN_CHECKS = 0.05, 1.0
"""Seconds between two looks at a command, and between two checks of what it did."""


@dataclass(frozen=True, slots=True)
class World:
    """What a driver drives with. `folder` is where commands leave their outcomes, on this host.

    `commands` are the settings' argument lists by name; `secrets` never enter what is kept of outputs.
    `point` is passed between any two things that last; `tell` is told every move of a step.
    """

    store: RunStore
    journal: Journal
    actor: Actor
    clock: Clock
    wait: Callable[[float], None]
    folder: Path
    commands: Mapping[str, tuple[str, ...]]
    checks: Mapping[str, Ask]
    secrets: Collection[str] = ()
    point: Point = pass_by
    tell: Callable[[StepRun], None] = lambda _step: None

    @property
    def driver(self) -> Driver:
        return Driver(self.actor.user, self.actor.host, self.actor.process)

    def ask(self, question: Question, values: Mapping[str, str]) -> Found:
        """What a check says now."""
        arguments = {name: filled(text, values) for name, text in question.arguments.items()}
        return self.checks[question.check](arguments)


@dataclass(slots=True)
class Drive:
    """A run as one driver drives it.

    Methods raise StoreError (OvertakenError where another drives it now), JournalError, and MoveError for
    what isn't allowed; what they were to begin is then not begun.
    """

    world: World
    runbook: Runbook
    run: Run
    _read_back: set[str] = field(default_factory=set)
    _intents: dict[int, Record] = field(default_factory=dict)

    def go_on(self) -> Task:
        """Do what is next until a person is needed (ASK) or the run is over (END)."""
        while True:
            task = next_task(self.runbook, self.run)
            if task.next is Next.ASK or self.run.standing.over:
                return task
            if task.next is Next.READ_BACK and task.step in self._read_back:
                return Task(Next.ASK, task.step)
            self._do(task)

    def begin(self, name: str, *, note: str = "", asked: bool = False) -> None:
        """Begin a step that waits, or, where that was asked for, one that has failed."""
        step, before = self.runbook.step(name), self.run.step(name)
        check_begin(self.runbook, before, asked=asked)
        lack = self._lack(step, note)
        if lack:
            self._note(name, "runbook.wait", State.WAITING, reason=lack)
            self._move(replace(before, state=State.WAITING, words=lack))
            return
        act = self._act(name, "runbook.step", State.RUNNING, note)
        intent = self.world.journal.intent(self.world.actor, act)
        self.world.point("intent")
        try:
            self._move(begun(before, note, self.world.actor.host, intent.sequence))
        except (StoreError, MoveError) as error:
            self.world.journal.outcome(self.world.actor, intent, _whether_done(error))
            raise
        self._intents[intent.sequence] = intent
        self.world.point("running")
        if isinstance(step.act, CommandAct):
            self._run_command(step, step.act)
        else:
            self._conclude_by_check(step, "")

    def skip(self, name: str, reason: str) -> None:
        """Leave a step out; `reason` says why."""
        step = replace(self.run.step(name), state=State.SKIPPED, words=stated(reason))
        self._note(name, "runbook.skip", State.SKIPPED, reason=reason)
        self._move(step)

    def abort(self, reason: str) -> None:
        """End the run: what runs is ended, and what was done is undone by the next `go_on`."""
        self.become(Standing.ABORTING, stated(reason))
        for step in self.run.steps:
            if step.state is State.RUNNING and step.host == self.world.actor.host:
                step_process.end(self._folder(step))

    def become(self, standing: Standing, words: str) -> None:
        """Have the run end, or be undone."""
        at, by = self.world.clock.wall(), str(self.world.driver)
        self.change(
            f"runbook.{standing.value}",
            words,
            lambda: self.world.store.become(self.run, standing, at, by, words),
        )

    def change(self, action: str, reason: str, deed: Callable[[], Run]) -> None:
        """Change the run as a whole, between the journal's intent and outcome."""
        before, journal, actor = self.run.standing.value, self.world.journal, self.world.actor
        intent = journal.intent(
            actor, Act(self.run.context, action, self.run.id, before=before, reason=reason)
        )
        try:
            self.run = deed()
        except (StoreError, MoveError) as error:
            journal.outcome(actor, intent, _whether_done(error))
            raise
        journal.outcome(actor, intent, True, after=self.run.standing.value)

    def _do(self, task: Task) -> None:
        if task.next is Next.BEGIN:
            self.begin(task.step)
        elif task.next is Next.SETTLE:
            self._settle(self.runbook.step(task.step))
        elif task.next is Next.READ_BACK:
            self._read_back.add(task.step)
            self._look_back(self.runbook.step(task.step))
        elif task.standing is not None:
            words = f"step {task.step} has failed" if task.step else "nothing is left to be done"
            self.become(task.standing, words)

    def _lack(self, step: Step, note: str) -> str:
        """What a step waits for, in words."""
        if isinstance(step.act, ManualAct) and not note.strip():
            return filled(step.act.asks, self.run.values)
        for question in step.preconditions:
            found = self.world.ask(question, self.run.values)
            if found.passes is not True:
                return f"before it: {found.expected}; observed: {found.observed}"
        return ""

    def _run_command(self, step: Step, act: CommandAct) -> None:
        folder = self._folder(self.run.step(step.name))
        try:
            step_process.begin(folder, Order(self.world.commands[act.name], step.timeout))
        except OSError as error:
            words = f"{act.name} could not be begun: {(error.strerror or str(error)).lower()}"
            self._conclude(step, State.FAILED, words, begun=False)
            return
        self.world.point("begun")
        self._wait_for(step, folder)

    def _wait_for(self, step: Step, folder: Path) -> None:
        """Wait until a command has ended, and conclude from how."""
        deadline = self.world.clock.now() + step.timeout + _SLACK
        seen = step_process.look(folder)
        while seen.fate is Fate.RUNNING and self.world.clock.now() < deadline:
            self.world.wait(_TICK)
            seen = step_process.look(folder)
        self.world.point("ended")
        self._conclude_by(step, step_process.settled(folder) if seen.fate is Fate.RUNNING else seen)

    def _settle(self, step: Step) -> None:
        """Find out what has become of a step that was being done when its driver went."""
        before = self.run.step(step.name)
        if not isinstance(step.act, CommandAct):
            self._conclude_by_check(step, "")
        elif before.host != self.world.actor.host:
            self._conclude(
                step, State.UNKNOWN, f"it was begun on {before.host}, which alone knows its outcome"
            )
        else:
            folder = self._folder(before)
            if step_process.settled(folder).fate is Fate.NEVER_BEGUN:
                self._conclude(step, State.PENDING, "its command was never begun", begun=False)
            else:
                self._wait_for(step, folder)

    def _conclude_by(self, step: Step, seen: Look) -> None:
        output = redacted_text(seen.output, self.world.secrets)
        outcome = seen.outcome
        if seen.fate is Fate.NEVER_BEGUN:
            self._conclude(step, State.FAILED, f"its command {seen.fate.value}", begun=False)
        elif outcome is None:
            self._conclude(step, State.UNKNOWN, f"its command {seen.fate.value}", output)
        elif outcome.error:
            self._conclude(step, State.FAILED, f"could not be begun: {outcome.error}", begun=False)
        elif outcome.ended or outcome.code is None or outcome.code < 0:
            how = f"at the {outcome.ended}" if outcome.ended else f"by signal {-(outcome.code or 0)}"
            self._conclude(
                step, State.UNKNOWN, f"its command was ended {how}, after {outcome.seconds:.1f} s", output
            )
        elif outcome.code:
            self._conclude(step, State.FAILED, f"its command ended with exit code {outcome.code}", output)
        else:
            self._conclude_by_check(step, output, patience=step.timeout)

    def _conclude_by_check(self, step: Step, output: str, *, patience: float = 0.0) -> None:
        """What the step's check says, once it passes, or after `patience` seconds."""
        if step.check is None:
            self._conclude(step, State.PASSED, "written down", output)
            return
        until = self.world.clock.now() + patience
        found = self.world.ask(step.check, self.run.values)
        while found.passes is not True and self.world.clock.now() < until:
            self.world.wait(_BETWEEN_CHECKS)
            found = self.world.ask(step.check, self.run.values)
        self._conclude(step, _STATES[found.passes], found.observed, output, found)

    def _look_back(self, step: Step) -> None:
        """Read back what a step of unknown outcome has done; what can't be told stays unknown."""
        before = self.run.step(step.name)
        here = before.host == self.world.actor.host
        runs = here and step_process.look(self._folder(before)).fate in (Fate.RUNNING, Fate.UNWATCHED)
        if step.check is None or runs:
            return
        found = self.world.ask(step.check, self.run.values)
        if found.passes is not None:
            words = f"read back: {found.observed}"
            after = replace(before, state=_STATES[found.passes], words=words, evidence=_evidence(found))
            self._note(step.name, "runbook.read_back", after.state, evidence=after.evidence)
            self._move(after)

    def _conclude(
        self,
        step: Step,
        state: State,
        words: str,
        output: str = "",
        found: Found | None = None,
        *,
        begun: bool = True,
    ) -> None:
        """Close the journal's intent, and move on from RUNNING; what wasn't `begun` is no attempt."""
        before = self.run.step(step.name)
        evidence = "" if found is None else _evidence(found)
        after = replace(
            before,
            state=state,
            attempt=before.attempt - (not begun),
            words=words,
            output=output,
            evidence=evidence,
        )
        intent = self._open_intent(before)
        if intent is not None:
            done = None if state is State.UNKNOWN else state is State.PASSED
            told = {"words": words, "check": evidence}
            close(self.world.journal, self.world.actor, intent, done, after=state.value, evidence=told)
        self.world.point("outcome")
        self._move(after)
        self.world.point("concluded")

    def _open_intent(self, step: StepRun) -> Record | None:
        """The journal's intent for what is running; None where it is closed, or in another host's journal."""
        if step.host != self.world.actor.host:
            return None
        if step.intent in self._intents:
            return self._intents[step.intent]
        opened = open_intents(self.world.journal.folder)
        return next((one for one in opened if one.sequence == step.intent), None)

    def _move(self, after: StepRun) -> None:
        stamped = replace(after, since=self.world.clock.wall(), by=str(self.world.driver))
        self.run = self.world.store.move(self.run, stamped)
        self.world.tell(self.run.step(after.name))

    def _note(self, name: str, action: str, after: State, *, reason: str = "", evidence: str = "") -> None:
        """Write down in the journal what became of a step without an act."""
        act = replace(self._act(name, action, after, reason), evidence=evidence or None)
        self.world.journal.note(self.world.actor, act)

    def _act(self, name: str, action: str, after: State, reason: str) -> Act:
        target, before = f"{self.run.id}/{name}", self.run.step(name).state.value
        return Act(self.run.context, action, target, before=before, after=after.value, reason=reason)

    def _folder(self, step: StepRun) -> Path:
        return self.world.folder / self.run.id / f"{step.name}.{step.intent}"


_STATES = {True: State.PASSED, False: State.FAILED, None: State.UNKNOWN}


def _whether_done(error: StoreError | MoveError) -> bool | None:
    """Whether what failed so has been done: refused it isn't, but an answer may have been lost on its way."""
    return False if isinstance(error, OvertakenError | OpenRunError | MoveError) else None


def _evidence(found: Found) -> str:
    return json.dumps(asdict(found))
