"""A run driven to its end without a person, for a drill on a paper engine: what a person gives is made up.

It types what is asked to be typed, and writes DRILL where something is to be written down: the run's report
shows it as that. Nothing of a run that isn't a drill comes through here.
"""

from console.runbooks.executor import Drive
from console.runbooks.lacking import Given, phrase
from console.runbooks.model import ManualAct
from console.runbooks.run import MoveError, Run, Standing, State, Task

DRILL = "drill"
"""What is written down in a drill."""
LOOKS_AFTER, LOOKS_EVERY = 2.0, 30.0
"""Seconds until what doesn't hold yet is looked at again: at first, and, doubled each time, at most."""


def driven(drive: Drive, patience: float) -> Run:
    """Drive the run until it is over. A step that doesn't get there within `patience` seconds aborts it.

    Raises what a Drive does, and MoveError where it is being undone and that doesn't get there either.
    """
    at, until, wait = "", 0.0, LOOKS_AFTER
    while True:
        task, now = drive.go_on(), drive.world.clock.now()
        if drive.run.standing.over:
            return drive.run
        if task.step != at:
            at, until, wait = task.step, now + patience, LOOKS_AFTER
        if now > until:
            _give_up(drive, f"{at} didn't get there: {drive.run.step(at).words}")
            continue
        before = drive.run.step(at)
        _decide(drive, task)
        if drive.run.step(at).state is before.state:
            drive.pause(wait)
            wait = min(2 * wait, LOOKS_EVERY)


def _decide(drive: Drive, task: Task) -> None:
    """What a person would do at the step: give what it asks for, or look again."""
    step, state = drive.runbook.step(task.step), drive.run.step(task.step).state
    given = Given(
        note=DRILL if isinstance(step.act, ManualAct) else "",
        confirm=phrase(step, drive.run, drive.world.environment),
    )
    if state in (State.WAITING, State.PENDING):
        drive.begin(task.step, given)
        return
    drive.look(task.step)
    if drive.run.step(task.step).state is State.FAILED and (step.effect is None or step.repeatable):
        try:
            drive.begin(task.step, given, asked=True)
        except MoveError as error:
            _give_up(drive, str(error))


def _give_up(drive: Drive, words: str) -> None:
    """Abort the run, which can be done once: one that is being undone stays open for a person."""
    if drive.run.standing is not Standing.OPEN:
        raise MoveError(f"run {drive.run.id} is being undone, and stays open: {words}")
    drive.abort(f"{DRILL}: {words}")
