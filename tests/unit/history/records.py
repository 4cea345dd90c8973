"""Records to test with: a clock that is turned by hand, snapshots one after the other, and their tape."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from console.domain.assessment import Assessment, Rules
from console.domain.metrics import Metrics
from console.domain.reading import Reading, SourceState
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Books
from console.domain.thresholds import KEY_METRICS
from console.history.header import Header
from console.history.ring import MEGABYTE, Bounds
from console.history.tape import Tape
from tests.unit.domain.worlds import NOW, PANELS, healthy, metrics, of

RULES = Rules(PANELS, KEY_METRICS, frozenset({"futures_absent"}), quiet_after=15.0)
HEADER = Header("futures-prod", "production", "red", "dana", RULES, 1.0)
DAY = Bounds(keep=86400.0, size=200 * MEGABYTE)


@dataclass(slots=True)
class HandClock:
    """A clock that stands still until it is turned."""

    at: float = NOW
    wall_ahead: float = 0.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at + self.wall_ahead


def read(name: str, value: object, at: float) -> SourceState[object]:
    """A source that has just answered."""
    reading = Reading(name, at, 0.01, value=value, asked_at=at - 0.01)
    return SourceState(name, 1.8, last=reading, good=reading)


def with_metrics(snapshot: Snapshot, at: float, value: Metrics) -> Snapshot:
    return replace(snapshot, at=at, metrics=read("metrics", value, at))  # type: ignore[arg-type]


def with_books(snapshot: Snapshot, at: float, books: Books) -> Snapshot:
    return replace(snapshot, at=at, database=read("database", books, at))  # type: ignore[arg-type]


def falling_margin(seconds: int, begin: float = NOW) -> list[Snapshot]:
    """A step a second, in which BTC's margin ratio goes from 2 to 1, and only the metrics answer."""
    snapshot, steps = healthy(), []
    for second in range(seconds):
        margin = 2.0 - second / max(1, seconds - 1)
        snapshot = with_metrics(
            snapshot, begin + second, metrics(margin=of("futures_margin_ratio", BTC=margin, SOL=1.8))
        )
        steps.append(snapshot)
    return steps


def recorded(folder: Path, snapshots: Iterable[Snapshot], *, bounds: Bounds = DAY) -> Path:
    """The folder, with a record of `snapshots`."""
    clock = HandClock()
    tape = Tape(folder, HEADER, bounds, clock)
    for snapshot in snapshots:
        clock.at = snapshot.at
        tape.step(snapshot, 1.0)
        assert tape.note == ""
    tape.close()
    return folder


def only_file(folder: Path) -> Path:
    (file,) = folder.glob("*.rec")
    return file


def meaning(assessment: Assessment) -> tuple[object, ...]:
    """An assessment in a form that can be compared with another's: trails hold NaN, which equals nothing."""
    trails = {name: repr(getattr(assessment, name)) for name in ("margins", "fundings", "equities")}
    return replace(assessment, symbols=(), **trails), tuple(assessment.symbols)  # type: ignore[arg-type]
