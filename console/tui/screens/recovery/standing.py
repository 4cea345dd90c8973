"""The runs that wait for a person, as the overview tells of them: where each stands, and who drives it."""

from collections.abc import Sequence

from console.domain.severity import Severity
from console.runbooks.run import Run, State
from console.runbooks.seen import Hands
from console.tui.headline import Statement
from console.tui.screens.recovery.words import current, progress, severity_of, who

_GOES_ON = 5.0
"""Seconds within which a run that is driven begins its next step: until then it waits for nobody."""
_WHERE = "on screen 5 (enter)"
_DOES = {
    State.PENDING: "stands before",
    State.RUNNING: "was left at",
    State.WAITING: "waits at",
    State.FAILED: "has failed at",
    State.UNKNOWN: "doesn't know what became of",
}


def standing_statement(runs: Sequence[tuple[Run, Hands]], now: float) -> Statement | None:
    """What is to be said of the open `runs` at the time of day `now`; None where each of them goes on."""
    stand = sorted((each for each in runs if _stands(*each, now)), key=lambda each: -_severity(each[0]))
    if not stand:
        return None
    run, hands = stand[0]
    others = f"; {len(stand) - 1} more" if len(stand) > 1 else ""
    told = f"run {_told(run)}"
    return Statement(
        _severity(run),
        f"{told}, {progress(run)}: {who(run.driver, hands)}{others}, {_WHERE}",
        f"{told}{others}: {_WHERE}",
        first=True,
    )


def _told(run: Run) -> str:
    step = current(run)
    return f"{run.runbook} " + ("has no step left" if step is None else f"{_DOES[step.state]} {step.name}")


def _severity(run: Run) -> Severity:
    return max(Severity.WARNING, severity_of(run))


def _stands(run: Run, hands: Hands, now: float) -> bool:
    step = current(run)
    if step is not None and step.state is State.RUNNING:
        return hands in (Hands.NOBODY, Hands.STANDBY)
    moved = max((each.since for each in run.steps), default=run.began)
    is_at_rest = now - max(moved, run.began) >= _GOES_ON
    return hands is Hands.NOBODY or is_at_rest or (step is not None and step.state is not State.PENDING)
