"""An engine that has been tripped, and what it is judged to be in: each test changes what it is about."""

from dataclasses import replace
from decimal import Decimal

from console.domain.assessment import Assessment, Judgement, Rules, assess
from console.domain.kill_state import KillState, Written
from console.domain.last_trip import LastTrip
from console.domain.reading import SourceState
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Activity, Books, KeptTrip
from console.domain.thresholds import KEY_METRICS
from tests.unit.domain.worlds import BOOKS, ENGINE, NOW, PANELS, answered, healthy, metrics

RULES = Rules(PANELS, KEY_METRICS)
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


def fill(at: float | None, account: int = 2) -> Activity:
    return Activity(f"T-{at}", account, "BTC", "OPEN_LONG", Decimal(1), Decimal(100), None, None, at)


def judged(snapshot: Snapshot, before: Judgement | None = None, rules: Rules = RULES) -> Assessment:
    return assess(snapshot, rules, before)


def said(snapshot: Snapshot) -> tuple[KillState, str]:
    kill = judged(snapshot).kill
    return kill.state, kill.words
