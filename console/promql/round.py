"""Queries that are evaluated at one instant, together: what one of them found out, the others know."""

from collections.abc import Hashable
from types import TracebackType
from typing import Self

from console.domain.metrics import Vector
from console.promql.evaluate import vector_of
from console.promql.query import Query
from console.promql.samples import SampleStore
from console.promql.tree import Node
from console.promql.vectors import Moment, Value


class Round:
    """One instant, for which the store is held still: `with Round(store, at) as round_: ...`.

    Vectors that were answered don't change, and can be read after the round, too.
    """

    def __init__(self, store: SampleStore, at: float) -> None:
        """`at` is in seconds on the store's clock."""
        self.store = store
        self.at = at
        self._known: dict[Node, Value] = {}
        time = round(at * 1000)
        self._moment = Moment(store, time, time, time, self._known)

    def __enter__(self) -> Self:
        self.store.lock.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.lock.release()

    def evaluate(self, query: Query) -> Vector:
        """What `evaluate` answers; EvaluationError as there."""
        return vector_of(query, self._moment)

    def record(self, name: str, vector: Vector, *, by: Hashable) -> None:
        """What the rule `by` says of a metric at this instant, for all that are evaluated after it."""
        self.store.record(name, self.at, vector, by=by)
        self._known.clear()
