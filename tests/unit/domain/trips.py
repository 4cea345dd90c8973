"""An engine that has been tripped, to judge: from it each test changes what it is about."""

from dataclasses import replace

from console.domain.kill_state import Written
from console.domain.last_trip import LastTrip
from console.domain.reading import SourceState
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Books, KeptTrip
from tests.unit.domain.worlds import BOOKS, ENGINE, NOW, answered, healthy, metrics

AT = NOW - 10
TRIP = LastTrip(AT, "dana", "test", "all", written=(Written("flag file", True), Written("database", True)))
KNOWN = replace(TRIP, acknowledged=AT + 1)


def kept(trip: LastTrip | None) -> SourceState[KeptTrip]:
    return answered("last_trip", KeptTrip("kill/paper.json", trip))


def world(
    tripped: float | None = 1.0, trip: LastTrip | None = KNOWN, books: Books = BOOKS, **change: object
) -> Snapshot:
    """An engine that has been tripped and says so, whose flag is set."""
    snapshot = replace(
        healthy(),
        metrics=answered("metrics", metrics(tripped=tripped)),
        database=answered("database", books),
        engine=answered("engine", replace(ENGINE, flag=True)),
        last_trip=kept(trip),
    )
    return replace(snapshot, **change)  # type: ignore[arg-type]
