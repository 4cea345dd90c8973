"""All sources at one instant."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from console.domain.metrics import Metrics
from console.domain.reading import SourceState
from console.domain.surfaces import Books, EngineState, Exchange, Flags, LogTail


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What every source has said so far. `at` is the instant on the console's clock."""

    at: float
    metrics: SourceState[Metrics]
    database: SourceState[Books]
    flags: SourceState[Flags]
    exchange: SourceState[Exchange]
    log: SourceState[LogTail]
    engine: SourceState[EngineState]

    def sources(self) -> Iterator[SourceState[Any]]:
        """Every source, in the order in which the screen names them."""
        return iter((self.metrics, self.database, self.exchange, self.flags, self.engine, self.log))
