"""When a run's steps were begun, for a check that asks what has happened since."""

from collections.abc import Callable

from console.runbooks.run import State
from console.runbooks.store import RunStore, StoreError

_SINCE = (State.RUNNING.value, State.SKIPPED.value)
"""What a step moves to when it is begun, or left out: what it is about was done by hand by then."""


class Begun:
    """When steps of runs were begun last, or left out; as last read where that can't be."""

    def __init__(self, store: Callable[[], RunStore]) -> None:
        self._store = store
        self._known: dict[tuple[str, str], float] = {}

    def __call__(self, run: str, step: str) -> float | None:
        """In seconds since 1970; None where nobody has begun it, or that was never read."""
        try:
            moves = self._store().timeline(run)
        except StoreError:
            return self._known.get((run, step))
        begun = [move.at for move in moves if move.step == step and move.state in _SINCE]
        if begun:
            self._known[run, step] = max(begun)
        return self._known.get((run, step))
