"""A run of a runbook as values, and the rules by which it moves on. No input, no output, no clock.

A step with a side effect is never repeated unasked. One that was being done when its process died is settled
first: it is what really happened, or UNKNOWN, and then it is read back before anything else.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from console.runbooks.model import OnFailure, Runbook, undo_of


class State(Enum):
    """What has become of a step."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    """For a person, or for what has to hold before it."""
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    """It may or may not have been done: to be read back."""


class Standing(Enum):
    """What has become of a run. While it is being undone it can only end as aborted or failed."""

    OPEN = "open"
    ABORTING = "aborting"
    FAILING = "failing"
    PASSED = "passed"
    ABORTED = "aborted"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        return self in (Standing.PASSED, Standing.ABORTED, Standing.FAILED)


class MoveError(Exception):
    """Why a step or a run can't become that, as one line."""


@dataclass(frozen=True, slots=True)
class StepRun:
    """One step of a run. `version` counts its moves, `attempt` how often its act was begun, for all we know.

    `since` is when it came into its state (seconds since 1970), `by` who brought it there. `note` is what a
    person wrote down, `words` what was seen, `output` the end of what its command wrote, `evidence` what the
    check saw, as JSON, and `digest` that text's SHA-256. `host` is where its command was begun, and `intent`
    the journal's number for it.
    """

    name: str
    state: State = State.PENDING
    version: int = 0
    attempt: int = 0
    since: float = 0.0
    by: str = ""
    words: str = ""
    note: str = ""
    output: str = ""
    evidence: str = ""
    digest: str = ""
    host: str = ""
    intent: int = 0


STANDBY = "'s standby"
"""How the name of a driver ends that goes on in place of a person's, which has gone."""


@dataclass(frozen=True, slots=True)
class Driver:
    """Who drives a run: a person at a host, in a process (`PID-START`), or what stood by for them."""

    user: str
    host: str
    process: str

    @property
    def stands_in(self) -> bool:
        """Whether no person drives, but what stood by."""
        return self.user.endswith(STANDBY)

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (process {self.process.partition('-')[0]})"


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a runbook, whose `text` it keeps. `epoch` counts its drivers; what an earlier one
    still does is refused. `began` is in seconds since 1970; `steps` are in the order in which they are done.
    """

    id: str
    runbook: str
    context: str
    text: str
    values: Mapping[str, str]
    began: float
    standing: Standing = Standing.OPEN
    epoch: int = 0
    driver: Driver | None = None
    steps: tuple[StepRun, ...] = ()

    def step(self, name: str) -> StepRun:
        """KeyError where the run has no such step."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def with_step(self, after: StepRun) -> "Run":
        return replace(self, steps=tuple(after if one.name == after.name else one for one in self.steps))


@dataclass(frozen=True, slots=True)
class UnreadRun:
    """A run that is kept as this console doesn't know it, as a newer one keeps some; `why` is one line.

    `is_open` is all that is known of how it stands.
    """

    id: str
    runbook: str
    began: float
    is_open: bool
    why: str


def values_of(run: Run, environment: str, began: float) -> Mapping[str, str]:
    """What stands for each `{name}` of the run's runbook, at a step that was begun at `began`."""
    built_in = {"context": run.context, "environment": environment, "run": run.id, "began": f"{began:.3f}"}
    return {**run.values, **built_in}


def steps_of(runbook: Runbook) -> Iterator[StepRun]:
    """Every step as a run begins: first what is done, then what may be undone, the last first."""
    yield from (StepRun(step.name) for step in runbook.steps)
    yield from (StepRun(undo_of(step.name)) for step in reversed(runbook.steps) if step.compensation)


def told_steps(run: Run) -> tuple[StepRun, ...]:
    """The steps of a run, without those that undo others while none of that is wanted."""
    undoing = {undo_of(step.name) for step in run.steps}
    return tuple(step for step in run.steps if step.state is not State.PENDING or step.name not in undoing)


MOVES: Mapping[State, frozenset[State]] = {
    # to PASSED without an act where the check says that it is so already
    State.PENDING: frozenset({State.RUNNING, State.WAITING, State.PASSED, State.SKIPPED}),
    State.WAITING: frozenset({State.RUNNING, State.WAITING, State.PASSED, State.SKIPPED}),
    # back to PENDING only where it is proven that nothing was begun
    State.RUNNING: frozenset({State.PENDING, State.PASSED, State.FAILED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.PASSED, State.FAILED, State.SKIPPED}),
    State.FAILED: frozenset({State.RUNNING, State.WAITING, State.PASSED, State.SKIPPED}),
    # where it is a check alone, which has to be fresh for a later step
    State.PASSED: frozenset({State.RUNNING}),
    State.SKIPPED: frozenset(),
}
"""What each state may be followed by. From UNKNOWN nothing leads to RUNNING: it is read back before."""


def moved(before: StepRun, after: StepRun) -> StepRun:
    """`after` as the step's next version; MoveError where that isn't allowed."""
    _check_allowed(before, after.state)
    if after.state is State.SKIPPED and not after.words.strip():
        raise MoveError(f"step {before.name}: a reason is asked for, to skip it")
    return replace(after, version=before.version + 1)


class Next(Enum):
    """What a driver does next."""

    SETTLE = "settle"
    """A step is running: find out what has become of it."""
    READ_BACK = "read back"
    BEGIN = "begin"
    ASK = "ask"
    """A person decides."""
    UNDO = "undo"
    """The run has failed, and what was done is undone."""
    END = "end"


@dataclass(frozen=True, slots=True)
class Task:
    """The next thing for a run's driver, at a `step`, or as what the run ends."""

    next: Next
    step: str = ""
    standing: Standing | None = None


def next_task(runbook: Runbook, run: Run, read_back: Collection[str] = ()) -> Task:
    """What is to be done now. Whatever runs or is unknown comes first, be the run done or undone.

    `read_back` are the steps that this driver has read back before. What stays unknown then keeps nobody
    from undoing it.
    """
    if run.standing.over:
        return Task(Next.END, standing=run.standing)
    for step in run.steps:
        if step.state is State.RUNNING:
            return Task(Next.SETTLE, step.name)
    for step in run.steps:
        if step.state is State.UNKNOWN and not (
            step.name in read_back and is_abandoned(runbook, run, step.name)
        ):
            return Task(Next.READ_BACK, step.name)
    return _done_next(runbook, run) if run.standing is Standing.OPEN else _undone_next(runbook, run)


def is_abandoned(runbook: Runbook, run: Run, name: str) -> bool:
    """Whether the run is being undone, and the step is none of those that undo it."""
    return run.standing is not Standing.OPEN and any(step.name == name for step in runbook.steps)


def may_be_undone(runbook: Runbook, run: Run) -> bool:
    """Whether an act was begun that has something which undoes it, and the run isn't over."""
    undoable = (step.name for step in runbook.steps if step.compensation is not None)
    return not run.standing.over and any(run.step(name).attempt > 0 for name in undoable)


def begins_act(runbook: Runbook, name: str) -> bool:
    """Whether to begin it begins an act, or asks a person: of no check, and of nothing that undoes."""
    return any(step.name == name and step.act is not None for step in runbook.steps)


def _done_next(runbook: Runbook, run: Run) -> Task:
    for step in runbook.steps:
        state = run.step(step.name).state
        if state in (State.PASSED, State.SKIPPED):
            continue
        if state is State.PENDING:
            return Task(Next.BEGIN, step.name)
        if state is State.FAILED and step.on_failure is OnFailure.STOP:
            return Task(Next.END, step.name, Standing.FAILED)
        if state is State.FAILED and step.on_failure is OnFailure.COMPENSATE:
            return Task(Next.UNDO, step.name, Standing.FAILING)
        return Task(Next.ASK, step.name)
    return Task(Next.END, standing=Standing.PASSED)


def _undone_next(runbook: Runbook, run: Run) -> Task:
    for step in reversed(runbook.steps):
        if step.compensation is None or run.step(step.name).attempt == 0:
            continue
        undo = run.step(undo_of(step.name))
        if undo.state is State.PENDING:
            return Task(Next.BEGIN, undo.name)
        if undo.state not in (State.PASSED, State.SKIPPED):
            return Task(Next.ASK, undo.name)
    return Task(Next.END, standing=Standing.FAILED if run.standing is Standing.FAILING else Standing.ABORTED)


STANDINGS: Mapping[Standing, frozenset[Standing]] = {
    Standing.OPEN: frozenset({Standing.PASSED, Standing.FAILED, Standing.FAILING, Standing.ABORTING}),
    Standing.ABORTING: frozenset({Standing.ABORTED}),
    Standing.FAILING: frozenset({Standing.FAILED}),
}
"""What a run may become. What is over stays as it is."""


def check_standing(run: Run, after: Standing) -> None:
    """MoveError where the run can't become `after`."""
    if after is Standing.ABORTING and run.standing in (Standing.ABORTING, Standing.FAILING):
        raise MoveError(f"run {run.id} is being undone already: opsconsole runbook resume {run.id} goes on")
    if after not in STANDINGS.get(run.standing, frozenset()):
        raise MoveError(f"run {run.id} is {run.standing.value}: it can't become {after.value}")


def check_begin(runbook: Runbook, before: StepRun, *, asked: bool) -> None:
    """MoveError where that isn't allowed now, or would repeat a side effect that may not be, or unasked."""
    _check_allowed(before, State.RUNNING)
    step = runbook.step(before.name)
    if before.state is State.PASSED and step.act is not None:
        raise MoveError(f"step {before.name} has passed: only a check is asked again")
    if before.attempt == 0 or step.effect is None:
        return
    if not step.repeatable:
        raise MoveError(f"step {before.name}: its act may not be done a second time; skip it, or abort")
    if not asked:
        raise MoveError(f"step {before.name}: its act is not done again unasked")


def begun(before: StepRun, note: str, host: str, intent: int) -> StepRun:
    """The step as it is while its act is done on `host`, after the journal's `intent`."""
    cleared = replace(before, words="", output="", evidence="", note=note)
    return replace(cleared, state=State.RUNNING, attempt=before.attempt + 1, host=host, intent=intent)


def _check_allowed(before: StepRun, after: State) -> None:
    if after not in MOVES[before.state]:
        raise MoveError(f"step {before.name} is {before.state.value}: it can't become {after.value}")
