"""The end of a deployment: which run can be signed off, and what of it others are told."""

from collections.abc import Iterable

from console.domain.deployment_calendar import Deployed
from console.runbooks.model import Runbook, Step
from console.runbooks.run import MoveError, Run, State
from console.runbooks.store import Moved

CHECK = "signed_off"
"""The check of the step in which a deployment ends."""


def deployed_by(runbook: Runbook, run: Run, timeline: Iterable[Moved]) -> Deployed:
    """What `run` deployed, and when: at the last of its acts. MoveError where it can't be signed off yet."""
    steps = _before_the_end(runbook)
    for step in steps:
        if run.step(step.name).state not in (State.PASSED, State.SKIPPED):
            raise MoveError(f"run {run.id}: step {step.name} is {run.step(step.name).state.value}")
    acted = [run.step(step.name).since for step in steps if step.effect is not None]
    drivers = frozenset(move.by.rpartition("@")[0] for move in timeline)
    return Deployed(run.id, run.runbook, max(acted, default=run.began), drivers)


def _before_the_end(runbook: Runbook) -> list[Step]:
    for place, step in enumerate(runbook.steps):
        if step.check is not None and step.check.check == CHECK:
            return list(runbook.steps[:place])
    raise MoveError(f"{runbook.name} is no deployment: none of its steps has the check {CHECK}")
