"""What a person decides at a step that waits, has failed, or is unknown."""

from dataclasses import dataclass

from console.runbooks.executor import Drive
from console.runbooks.model import ManualAct
from console.runbooks.run import MoveError, Next, State, Task


@dataclass(frozen=True, slots=True)
class Decision:
    """At most one of the three: what was asked to be written down, again, or the reason to leave it out."""

    note: str = ""
    again: bool = False
    skip: str = ""

    def __post_init__(self) -> None:
        if sum((bool(self.note), self.again, bool(self.skip))) > 1:
            raise MoveError("decide on one thing: a note, again, or to skip")


def resume(drive: Drive, decision: Decision) -> Task:
    """Settle what was under way, decide at the step that waits for it, and go on to the next that does.

    What a step waits for that isn't a person's is looked at again. MoveError where nothing is to be decided.
    """
    task = drive.go_on()
    if task.next is not Next.ASK:
        if decision != Decision():
            raise MoveError(f"nothing is to be decided: the run is {drive.run.standing.value}")
        return task
    if decision.skip:
        drive.skip(task.step, decision.skip)
    elif decision.again or decision.note or _waits_for_the_world(drive, task):
        drive.begin(task.step, note=decision.note, asked=decision.again)
    else:
        return task
    return drive.go_on()


def options(drive: Drive, task: Task) -> str:
    """What a person may decide at the step, in words."""
    step, state = drive.runbook.step(task.step), drive.run.step(task.step).state
    if state is State.UNKNOWN:
        return "find out by hand, then skip it with a reason, or abort"
    if state is State.WAITING:
        return "write it down with a note" if isinstance(step.act, ManualAct) else "resume when it holds"
    return "again, skip it with a reason, or abort"


def _waits_for_the_world(drive: Drive, task: Task) -> bool:
    waits = drive.run.step(task.step).state is State.WAITING
    return waits and not isinstance(drive.runbook.step(task.step).act, ManualAct)
