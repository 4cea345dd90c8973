"""All sources at one instant."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from console.domain.alert_book import AlertBook
from console.domain.last_trip import LastTrip, joined
from console.domain.metrics import Metrics
from console.domain.reading import Reading, SourceState
from console.domain.surfaces import Books, EngineState, Exchange, Flags, KeptTrip, LogTail

_NO_RULES: SourceState[AlertBook] = SourceState("alerts", 6.0, configured=False)
_NO_FILE: SourceState[KeptTrip] = SourceState("last_trip", 4.0, configured=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What every source has said so far. `at` is the instant on the console's clock.

    `last_trip` is no source of the engine's, but what consoles on this host have noted of their last trip.
    """

    at: float
    metrics: SourceState[Metrics]
    database: SourceState[Books]
    flags: SourceState[Flags]
    exchange: SourceState[Exchange]
    log: SourceState[LogTail]
    engine: SourceState[EngineState]
    last_trip: SourceState[KeptTrip] = _NO_FILE
    alerts: SourceState[AlertBook] = _NO_RULES

    @property
    def trip(self) -> LastTrip | None:
        """The last trip of ours, as far as is known."""
        kept = self.last_trip.value
        return None if kept is None else kept.trip

    def tells_the_same_trip(self, other: "Snapshot") -> bool:
        """Whether nothing else is known of the last trip, however often its file was read."""
        mine, others = self.last_trip, other.last_trip
        errors = [None if state.last is None else state.last.error for state in (mine, others)]
        return mine.value == others.value and errors[0] == errors[1]

    def sources(self) -> Iterator[SourceState[Any]]:
        """Every source of the engine's, in the order in which the screen names them."""
        return iter((self.metrics, self.database, self.exchange, self.flags, self.engine, self.log))


def with_own_trip(state: SourceState[KeptTrip], own: LastTrip | None, now: float) -> SourceState[KeptTrip]:
    """What is kept of the last trip, and what this process knows of its own: the file may lag, or be none."""
    if own is None:
        return state
    kept = state.value or KeptTrip("")
    known = Reading(state.name, now, 0.0, value=KeptTrip(kept.file, joined(kept.trip, own)))
    return replace(state, good=known)
