"""Ending a run whose runbook can't be read any more: an older console took what this one doesn't.

Nothing of it can be gone on with, or undone. What runs of it is ended, but for what undoes it, and who ends
it is told what was begun and stays as it is.
"""

from dataclasses import replace

from console.audit.record import Act
from console.domain.access import stated
from console.runbooks import step_process
from console.runbooks.drivers import DrivenError, hands_of
from console.runbooks.model import Risk, Runbook, Step, undo_of
from console.runbooks.recording import Recording
from console.runbooks.run import MoveError, Run, Standing, State, StepRun
from console.runbooks.seen import Hands
from console.runbooks.store import StoreError
from console.runbooks.world import World


def end_unread(world: World, run: Run, reason: str, take_over: str = "") -> Run:
    """End a run that nobody drives any more, or, with `take_over` as a reason, one that somebody does.

    What stands in for a driver counts as somebody: it may undo what nobody else can any more. What was begun
    and hasn't ended is UNKNOWN then. Raises AccessError for a reason that says nothing, DrivenError,
    MoveError where it is over, and StoreError.
    """
    words = f"{stated(reason)}; the runbook can't be read any more: {not_undone(run)}"
    why = stated(take_over) if take_over else reason
    recording = Recording(world.journal, world.actor)
    recording.close_abandoned(run)
    if run.standing.over:
        raise MoveError(f"run {run.id} is over: {run.standing.value}")
    if hands_of(run, world.driver) in (Hands.OTHERS, Hands.STANDBY) and not take_over:
        raise DrivenError(run)
    before = run.standing
    ends_as = Standing.FAILED if before is Standing.FAILING else Standing.ABORTED
    act = Act(run.context, f"runbook.{ends_as.value}", run.id, before=before.value, reason=words)
    number = recording.intent(act, needed=False)

    try:
        at = world.clock.wall()
        run = world.store.take(run, world.driver, at, f"ends it in place of {run.driver}: {why}")
        run = _halted(world, recording, run)
        ended = _over(world, run, ends_as, words)
    except (StoreError, MoveError):
        recording.outcome(number, None, after=before.value, evidence=None, needed=False)
        raise
    recording.outcome(number, True, after=ends_as.value, evidence=None, needed=False)
    return ended


def not_undone(run: Run) -> str:
    """What of a run stays as it is, in words."""
    begun = [step.name for step in run.steps if step.attempt]
    undoing = {step.name for step in run.steps if step.state is not State.PASSED}
    undoable = [name for name in begun if undo_of(name) in undoing]
    if undoable:
        return f"what undoes {', '.join(undoable)} is not known, and has to be done by hand"
    return f"what was begun stays: {', '.join(begun)}" if begun else "nothing of it was begun"


def names_only(run: Run) -> Runbook:
    """What stands in for the runbook for who looks at such a run: its steps, which do and say nothing."""
    gone = "what this step says can't be read any more"
    steps = tuple(Step(each.name, gone, None, None, 0.0) for each in run.steps)
    return Runbook(run.runbook, run.runbook, gone, (), (), (), Risk.RAISES, (), steps, run.text)


def _halted(world: World, recording: Recording, run: Run) -> Run:
    """The run, of which nothing runs any more on this host but what undoes it; nobody is to know more."""
    undoing = {undo_of(step.name) for step in run.steps}
    for step in run.steps:
        if step.state is State.RUNNING:
            words = "the run was ended, and nobody can read what came of it"
            here = step.host == world.actor.host
            if step.name in undoing:
                words += "; what had begun to undo it is left to end by itself"  # law 1
            elif here:
                words += _ended(world, run, step)
            elif step.host:
                words += f"; it was begun on {step.host}, and may run there still"
            if here:
                recording.outcome(step.intent, None, after=State.UNKNOWN.value, evidence=None, needed=False)
            at, by = world.clock.wall(), str(world.driver)
            run = world.store.move(run, replace(step, state=State.UNKNOWN, since=at, by=by, words=words))
    return run


def _ended(world: World, run: Run, step: StepRun) -> str:
    """End what runs of a step, and have it never begun where nobody has yet; what went wrong, in words."""
    folder = world.folder / run.id / f"{step.name}.{step.intent}"
    try:
        step_process.settled(folder)
        asked = step_process.end(folder)
    except OSError as error:
        return f"; whether it runs still can't be told: {(error.strerror or str(error)).lower()}"
    return "" if asked else "; another user's, it goes on until it ends by itself"


def _over(world: World, run: Run, ends_as: Standing, words: str) -> Run:
    by = str(world.driver)
    if run.standing is Standing.OPEN:
        run = world.store.become(run, Standing.ABORTING, world.clock.wall(), by, words)
    return world.store.become(run, ends_as, world.clock.wall(), by, words)
