"""Whether the state has been verified since a trip, as the runs of recovery runbooks tell it."""

from collections.abc import Callable, Iterator

from console.runbooks.model import ActionAct, Runbook
from console.runbooks.run import Run, Standing, State, StepRun
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
    verified = (
        when
        for run in _recoveries(store, context, Standing.OPEN, Standing.PASSED)
        if (when := _verified(read(run), run, since)) is not None
    )
    return max(verified, default=None)


def verified_before(store: RunStore, context: str, since: float, read: Callable[[Run], Runbook]) -> str:
    """The open run of the context whose verifying a trip at `since` has made worthless; empty for none.

    Raises as above.
    """
    for run in _recoveries(store, context, Standing.OPEN):
        if any(step.since < since for step in _seen_before_reset(read(run), run)):
            return run.id
    return ""


def _recoveries(store: RunStore, context: str, *standings: Standing) -> Iterator[Run]:
    """The runs of recovery runbooks that stand so, with their steps."""
    good = (run for run in store.latest(context) if run.standing in standings)
    return (store.find(run.id) for run in good if RESET in run.text)


def _seen_before_reset(runbook: Runbook, run: Run) -> list[StepRun]:
    """What was asked, or written down, before the reset."""
    resets = [index for index, step in enumerate(runbook.steps) if _is_reset(step.act)]
    before = runbook.steps[: resets[0]] if resets else ()
    seen = (run.step(step.name) for step in before if step.effect is None)
    return [step for step in seen if step.state in (State.PASSED, State.SKIPPED)]


def _verified(runbook: Runbook, run: Run, since: float) -> float | None:
    """When the last was verified. What acts may come before a trip, which it may have made itself."""
    resets = [index for index, step in enumerate(runbook.steps) if _is_reset(step.act)]
    before = runbook.steps[: resets[0]] if resets else ()
    done = all(run.step(step.name).state in (State.PASSED, State.SKIPPED) for step in before)
    seen = [run.step(step.name).since for step in before if step.effect is None]
    return max(seen) if done and seen and min(seen) >= since else None


def _is_reset(act: object) -> bool:
    return isinstance(act, ActionAct) and act.name == RESET
