"""Whether the state has been verified since a trip, as the runs of recovery runbooks tell it."""

from collections.abc import Callable

from console.runbooks.model import ActionAct, Runbook
from console.runbooks.run import Run, Standing, State
from console.runbooks.store import RunStore

RESET = "reset_kill_switch"
"""The action before which a recovery runbook has everything verified."""


def last_recovered(
    store: RunStore, context: str, since: float, read: Callable[[Run], Runbook]
) -> float | None:
    """When a run of the context had last verified everything that comes before its reset, all after `since`.

    Seconds since 1970; None where there is no such run. What a person has overridden counts, for that takes
    more than a reset does. `read` is the runbook that a run keeps. Raises StoreError, and what `read` raises.
    """
    good = (run for run in store.latest(context) if run.standing in (Standing.OPEN, Standing.PASSED))
    runs = (store.find(run.id) for run in good if RESET in run.text)
    verified = (when for run in runs if (when := _verified(read(run), run, since)) is not None)
    return max(verified, default=None)


def _verified(runbook: Runbook, run: Run, since: float) -> float | None:
    """When the last was verified. What acts may come before a trip, which it may have made itself."""
    resets = [index for index, step in enumerate(runbook.steps) if _is_reset(step.act)]
    before = runbook.steps[: resets[0]] if resets else ()
    done = all(run.step(step.name).state in (State.PASSED, State.SKIPPED) for step in before)
    seen = [run.step(step.name).since for step in before if step.effect is None]
    return max(seen) if done and seen and min(seen) >= since else None


def _is_reset(act: object) -> bool:
    return isinstance(act, ActionAct) and act.name == RESET
