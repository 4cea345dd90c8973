"""What a person decides at a step, and what they may: the same on the screen and on the command line."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from console.runbooks.executor import Drive, never
from console.runbooks.lacking import Given
from console.runbooks.model import ManualAct, Runbook, Step
from console.runbooks.run import MoveError, Next, Run, Standing, State, StepRun, Task


@dataclass(frozen=True, slots=True)
class Decision:
    """At most one of: a note, again, the reason to leave the step out (`skip`), and only to look (`wait`).

    `confirm` are the words that a step asks to be typed, `approval` the id of what a second person agreed to.
    Nothing of all this is: go on.
    """

    note: str = ""
    again: bool = False
    skip: str = ""
    confirm: str = ""
    approval: str = ""
    wait: bool = False

    def __post_init__(self) -> None:
        if sum((bool(self.note), self.again, bool(self.skip), self.wait)) > 1:
            raise MoveError("decide on one thing: a note, again, to wait, or to skip")


def resume(drive: Drive, decision: Decision, stop: Callable[[Task], bool] = never, *, at: str = "") -> Task:
    """Settle what was under way, decide at the step that waits for it, and go on to the next that does.

    `stop` names what a person wants to be asked before, which is begun now where it comes first. `at` is the
    step that the decision is about. MoveError where the run is at another, or nothing is to be decided.
    """
    task = drive.go_on(stop)
    if at and task.step != at:
        raise MoveError(f"the run is at {task.step or 'its end'} by now, not at {at}: nothing was decided")
    if task.next not in (Next.ASK, Next.BEGIN):
        if decision != Decision():
            raise MoveError(f"nothing is to be decided: the run is {drive.run.standing.value}")
        return task
    _decide(drive, task, decision)
    return drive.go_on(stop)


def _decide(drive: Drive, task: Task, decision: Decision) -> None:
    state = drive.run.step(task.step).state
    given = Given(decision.note, decision.confirm, decision.approval)
    if decision.skip:
        drive.skip(task.step, decision.skip)
    elif decision.wait and state in (State.FAILED, State.UNKNOWN):
        drive.look(task.step)
    elif decision.again or given != Given() or state in (State.WAITING, State.PENDING):
        drive.begin(task.step, given, asked=decision.again)


class Choice(Enum):
    """What a person may choose at a step."""

    GO = "go on"
    AGAIN = "again"
    NOTE = "write it down"
    CONFIRM = "confirm"
    WAIT = "wait"
    OVERRIDE = "override"
    ABORT = "abort"


@dataclass(frozen=True, slots=True)
class Option:
    """A choice; `lack` says why it isn't possible, and is empty where it is."""

    choice: Choice
    lack: str = ""


def options(runbook: Runbook, run: Run, task: Task) -> tuple[Option, ...]:
    """Every choice at the step that a run is at, in the order in which they are offered."""
    if task.next not in (Next.ASK, Next.BEGIN):
        why = f"the run is {run.standing.value}" if run.standing.over else "it is under way"
        others = [Option(each, why) for each in Choice if each is not Choice.ABORT]
        return (*others, Option(Choice.ABORT, _no_abort(run)))
    step, now = runbook.step(task.step), run.step(task.step)
    lacks = {
        Choice.GO: _no_go(step, now),
        Choice.AGAIN: _no_again(step, now),
        Choice.NOTE: "" if _takes_a_note(step, now) else "the step asks for no note now",
        Choice.CONFIRM: "" if _takes_words(step, now) else "the step asks for no words now",
        Choice.WAIT: _no_wait(step, now),
        Choice.OVERRIDE: "",
        Choice.ABORT: _no_abort(run),
    }
    return tuple(Option(choice, lack) for choice, lack in lacks.items())


def in_words(offered: tuple[Option, ...]) -> str:
    """What may be chosen, in words for a command line."""
    return ", ".join(_WORDS[each.choice] for each in offered if not each.lack)


_WORDS = {
    Choice.GO: "resume when it holds",
    Choice.AGAIN: "again",
    Choice.NOTE: "write it down with a note",
    Choice.CONFIRM: "confirm with the words",
    Choice.WAIT: "wait and look again",
    Choice.OVERRIDE: "skip it with a reason",
    Choice.ABORT: "abort",
}


def _no_go(step: Step, now: StepRun) -> str:
    if now.state is State.FAILED:
        return "the step has failed"
    if now.state is State.UNKNOWN:
        return "what has become of it isn't known: find out by hand"
    return "it is to be written down first" if _takes_a_note(step, now) else ""


def _no_again(step: Step, now: StepRun) -> str:
    if now.state is not State.FAILED:
        return "the step hasn't failed"
    if now.attempt and step.effect is not None and not step.repeatable:
        return "its act may not be done a second time"
    return ""


def _no_wait(step: Step, now: StepRun) -> str:
    if now.state in (State.FAILED, State.UNKNOWN):
        return "" if step.check is not None else "the step has no check"
    return "" if now.state is State.WAITING and not _takes_a_note(step, now) else "it waits for nothing"


def _no_abort(run: Run) -> str:
    return "" if run.standing is Standing.OPEN else f"the run is {run.standing.value}"


def _takes_a_note(step: Step, now: StepRun) -> bool:
    return isinstance(step.act, ManualAct) and now.state in (State.PENDING, State.WAITING, State.FAILED)


def _takes_words(step: Step, now: StepRun) -> bool:
    return step.confirm is not None and now.state in (State.PENDING, State.WAITING, State.FAILED)
