"""How a run gets its driver: it begins, is gone on with, or is taken over, which is recorded."""

from collections.abc import Mapping

from console.audit.actor import still_runs
from console.domain.access import stated
from console.runbooks.executor import Drive
from console.runbooks.model import CommandAct, Risk, Runbook
from console.runbooks.recording import Recording
from console.runbooks.run import Driver, MoveError, Run, steps_of
from console.runbooks.seen import Hands
from console.runbooks.standby import Standby
from console.runbooks.store import StoreError
from console.runbooks.world import World


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
    drive = Drive(world, runbook, run, Recording(world.journal, world.actor))
    needed = runbook.risk is not Risk.LOWERS
    drive.change("runbook.start", "", drive.create, needed=needed)
    return drive


def take(world: World, runbook: Runbook, run: Run, reason: str = "") -> "Drive":
    """Drive a run that nobody drives any more, or, with a `reason`, take it over; else DrivenError."""
    recording = Recording(world.journal, world.actor)
    recording.close_abandoned(run)
    if run.standing.over:
        raise MoveError(f"run {run.id} is over: {run.standing.value}")
    if is_driven(run, world.driver) and not reason:
        raise DrivenError(run)
    words = f"takes it over from {run.driver}: {stated(reason)}" if reason else "goes on with it"
    drive = Drive(world, runbook, run, recording)
    drive.change("runbook.take", reason, lambda: drive.take(words), needed=False)
    return drive


def stand_in(world: World, runbook: Runbook, run: Run, words: str, standby: Standby | None = None) -> "Drive":
    """Drive a run whose driver has gone, also where its store can't be written; `words` say in whose place.

    `standby` is who stood by for this process when it drove before. OvertakenError where somebody else drives
    it by now.
    """
    recording = Recording(world.journal, world.actor)
    recording.close_abandoned(run)
    drive = Drive(world, runbook, run, recording, _standby=standby)
    drive.change("runbook.take", words, lambda: drive.take(words, lost=True), needed=False)
    return drive


def check_commands(runbook: Runbook, commands: Mapping[str, tuple[str, ...]]) -> None:
    """MoveError where a runbook runs what the context's settings don't have."""
    for step in runbook.steps:
        for act in (step.act, None if step.compensation is None else step.compensation.act):
            if isinstance(act, CommandAct) and act.name not in commands:
                raise MoveError(f"step {step.name}: the context's settings have no command {act.name}")


def is_driven(run: Run, driver: Driver) -> bool:
    """Whether another than `driver` may drive it; of one on another host nobody can tell that it is gone.

    What only stands in for somebody drives for whoever comes back.
    """
    if run.driver is None or run.driver == driver or run.driver.stands_in:
        return False
    return run.driver.host != driver.host or still_runs(run.driver.process)


def hands_of(run: Run, driver: Driver) -> Hands:
    """In whose hands a run is, as `driver` sees it."""
    if run.standing.over or run.driver is None:
        return Hands.NOBODY
    if run.driver == driver:
        return Hands.OWN
    elsewhere = run.driver.host != driver.host  # nobody here can tell that it is gone
    if run.driver.stands_in and (elsewhere or still_runs(run.driver.process)):
        return Hands.STANDBY
    return Hands.OTHERS if is_driven(run, driver) else Hands.NOBODY
