"""How long steps took, and what they usually take: from the moves of the runs before."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

from console.domain.figures import seconds
from console.runbooks.run import State, StepRun
from console.runbooks.store import Moved


def usual_seconds(timelines: Iterable[Sequence[Moved]]) -> Mapping[str, float]:
    """By step the median of what it took in those runs where it passed, in seconds."""
    taken: dict[str, list[float]] = {}
    for timeline in timelines:
        for move, took in lasted(timeline):
            if move.state == State.PASSED.value:
                taken.setdefault(move.step, []).append(took)
    return {step: median(each) for step, each in taken.items()}


def lasted(timeline: Sequence[Moved]) -> Iterator[tuple[Moved, float]]:
    """The move with which each attempt at a step ended, and how long that attempt took, in seconds.

    A clock that was set back makes no attempt shorter than nothing.
    """
    begun: dict[str, float] = {}
    for move in timeline:
        if move.state == State.RUNNING.value:
            begun[move.step] = move.at
        elif move.step in begun:
            yield move, max(0.0, move.at - begun.pop(move.step))


def lasting(step: StepRun, now: float, usual: Mapping[str, float]) -> str:
    """For how long a step has been running at `now` (seconds since 1970), against its usual time."""
    words = f"for {seconds(max(0.0, now - step.since))}"
    known = usual.get(step.name)
    return words if known is None else f"{words}, usually {seconds(known)}"
