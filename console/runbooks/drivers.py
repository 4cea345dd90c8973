"""How a run gets its driver: it begins, is gone on with, or is taken over, which is recorded."""

from collections.abc import Mapping

from console.audit.actor import still_runs
from console.audit.open_intents import abandoned_intents, close
from console.domain.access import stated
from console.runbooks.executor import Drive, World
from console.runbooks.model import CommandAct, Runbook
from console.runbooks.run import MoveError, Run, State, steps_of
from console.runbooks.store import StoreError


class DrivenError(StoreError):
    """Another drives the run. It can be watched, or taken over with a reason."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"run {run.id} is driven by {run.driver}: watch it, or take it over with a reason")


def start(world: World, runbook: Runbook, context: str, values: Mapping[str, str], chance: str) -> "Drive":
    """Begin a run and drive it; `chance` tells its id from others of this second.

    Raises MoveError where a command isn't in the settings, OpenRunError where a run is open already.
    """
    check_commands(runbook, world.commands)
    at = world.clock.wall()
    run = Run(
        id=f"{runbook.name}-{at:.0f}-{chance}",
        runbook=runbook.name,
        context=context,
        text=runbook.text,
        values=values,
        began=at,
        driver=world.driver,
        steps=tuple(steps_of(runbook)),
    )
    drive = Drive(world, runbook, run)
    drive.change("runbook.start", "", lambda: world.store.create(run, str(world.driver)))
    return drive


def take(world: World, runbook: Runbook, run: Run, reason: str = "") -> "Drive":
    """Drive a run that nobody drives any more, or, with a `reason`, take it over; else DrivenError."""
    _close_abandoned(world, run)
    if run.standing.over:
        raise MoveError(f"run {run.id} is over: {run.standing.value}")
    if _is_driven(run, world) and not reason:
        raise DrivenError(run)
    words = f"takes it over from {run.driver}: {stated(reason)}" if reason else "goes on with it"
    drive = Drive(world, runbook, run)
    drive.change(
        "runbook.take", reason, lambda: world.store.take(run, world.driver, world.clock.wall(), words)
    )
    return drive


def _close_abandoned(world: World, run: Run) -> None:
    """Close in the journal what a driver on this host was killed at, but for what is running still."""
    running = {step.intent for step in run.steps if step.state is State.RUNNING}
    done = ("runbook.start", f"runbook.{run.standing.value}")
    for intent in abandoned_intents(world.journal.folder, world.actor.host):
        if intent.target == run.id:
            close(world.journal, world.actor, intent, True if intent.action in done else None)
        elif intent.target.startswith(f"{run.id}/") and intent.sequence not in running:
            close(world.journal, world.actor, intent, False)


def check_commands(runbook: Runbook, commands: Mapping[str, tuple[str, ...]]) -> None:
    """MoveError where a runbook runs what the context's settings don't have."""
    for step in runbook.steps:
        for act in (step.act, None if step.compensation is None else step.compensation.act):
            if isinstance(act, CommandAct) and act.name not in commands:
                raise MoveError(f"step {step.name}: the context's settings have no command {act.name}")


def _is_driven(run: Run, world: World) -> bool:
    """Whether another process may drive the run; of one on another host nobody can tell that it is gone."""
    if run.driver is None or run.driver == world.driver:
        return False
    return run.driver.host != world.actor.host or still_runs(run.driver.process)
