"""Ending a run whose runbook can't be read any more: an older console took what this one doesn't.

Nothing of it can be gone on with, or undone. What runs of it is ended, and who ends it is told what was begun
and stays as it is.
"""

from dataclasses import replace

from console.audit.record import Act
from console.domain.access import stated
from console.runbooks import step_process
from console.runbooks.drivers import DrivenError, is_driven
from console.runbooks.model import undo_of
from console.runbooks.recording import Recording
from console.runbooks.run import MoveError, Run, Standing, State
from console.runbooks.store import StoreError
from console.runbooks.world import World


def end_unread(world: World, run: Run, reason: str, take_over: str = "") -> Run:
    """End a run that nobody drives any more, or, with `take_over` as a reason, one that somebody does.

    What was begun and hasn't ended is UNKNOWN then. Raises DrivenError, MoveError where it is over, and
    StoreError.
    """
    words = f"{stated(reason)}; the runbook can't be read any more: {not_undone(run)}"
    recording = Recording(world.journal, world.actor)
    recording.close_abandoned(run)
    if run.standing.over:
        raise MoveError(f"run {run.id} is over: {run.standing.value}")
    if is_driven(run, world.driver) and not take_over:
        raise DrivenError(run)
    before = run.standing
    ends_as = Standing.FAILED if before is Standing.FAILING else Standing.ABORTED
    act = Act(run.context, f"runbook.{ends_as.value}", run.id, before=before.value, reason=words)
    number = recording.intent(act, needed=False)

    try:
        run = world.store.take(
            run, world.driver, world.clock.wall(), f"ends it in place of {run.driver}: {take_over or reason}"
        )
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


def _halted(world: World, recording: Recording, run: Run) -> Run:
    """The run, of which nothing runs any more on this host, and nobody is to know more."""
    for step in run.steps:
        if step.state is State.RUNNING:
            if step.host == world.actor.host:
                step_process.end(world.folder / run.id / f"{step.name}.{step.intent}")
                recording.outcome(step.intent, None, after=State.UNKNOWN.value, evidence=None, needed=False)
            words = "the run was ended, and nobody can read what came of it"
            at, by = world.clock.wall(), str(world.driver)
            run = world.store.move(run, replace(step, state=State.UNKNOWN, since=at, by=by, words=words))
    return run


def _over(world: World, run: Run, ends_as: Standing, words: str) -> Run:
    by = str(world.driver)
    if run.standing is Standing.OPEN:
        run = world.store.become(run, Standing.ABORTING, world.clock.wall(), by, words)
    return world.store.become(run, ends_as, world.clock.wall(), by, words)
