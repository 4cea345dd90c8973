"""When a run's steps were begun, for a check that asks what has happened since."""

from collections.abc import Callable
from dataclasses import dataclass

from console.runbooks.run import State
from console.runbooks.store import RunStore, StoreError

_SINCE = (State.RUNNING.value, State.SKIPPED.value)
"""What a step moves to when it is begun, or left out: what it is about was done by hand by then."""


@dataclass(frozen=True, slots=True)
class Began:
    """When a `step` was begun last, or left out, and its `run`: in seconds since 1970."""

    run: float
    step: float


class Begun:
    """When steps of runs were begun last, or left out; as last read where that can't be."""

    def __init__(self, store: Callable[[], RunStore]) -> None:
        self._store = store
        self._known: dict[tuple[str, str], Began] = {}

    def __call__(self, run: str, step: str) -> Began | None:
        """None where nobody has begun it, or that was never read."""
        try:
            moves = self._store().timeline(run)
        except StoreError:
            return self._known.get((run, step))
        begun = [move.at for move in moves if move.step == step and move.state in _SINCE]
        if begun:
            self._known[run, step] = Began(min(move.at for move in moves), max(begun))
        return self._known.get((run, step))
