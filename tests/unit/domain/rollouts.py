"""Worlds in which a flags file desires stages and an engine has some loaded, look after look."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from console.domain.assessment import Assessment, Judgement, Rules, assess
from console.domain.metrics import Metrics, Series, column_of
from console.domain.reading import Reading, SourceState
from console.domain.rollout.drift import RolloutStatus
from console.domain.rollout.stages import PAPER, Dialect
from console.domain.snapshot import Snapshot
from console.domain.status import Alert
from console.domain.surfaces import Activity, Flags
from console.sources.flags import parse_flags
from tests.unit.domain.worlds import BOOKS, NOW, healthy, metrics, series

STAGE = "futures_feature_stage"
LIMIT = 2.0
DRIFT = ("rollout drift", "restart needed")
ALL_SHADOW = {("guard", "BTC"): 1.0, ("guard", "SOL"): 1.0}
ALL_LIVE = dict.fromkeys(ALL_SHADOW, 3.0)

Said = Mapping[tuple[str, str], float]
T = TypeVar("T")


def flags(text: str = "guard: {stage: shadow}") -> Flags:
    return parse_flags(f"features:\n  {text}\n".encode(), "flags.yaml")


def engine(said: Said | Mapping[Series, float]) -> Metrics:
    """What an engine exports that has said these numbers of stages, by feature and symbol or by series."""
    vector = {
        key if isinstance(key, Series) else series(STAGE, key[1], feature=key[0]): value
        for key, value in said.items()
    }
    whole = metrics()
    return replace(whole, samples={**whole.samples, STAGE: column_of(vector)} if vector else whole.samples)


def read(name: str, value: T, at: float) -> SourceState[T]:
    reading = Reading(name, at, 0.01, value=value)
    return SourceState(name, LIMIT, last=reading, good=reading)


def at(later: float, file: Flags, said: Metrics, *trades: Activity) -> Snapshot:
    """Everything as it is so many seconds later, when all of it was just read."""
    return replace(
        healthy(),
        at=NOW + later,
        metrics=read("metrics", said, NOW + later),
        flags=read("flags", file, NOW + later),
        database=read("database", replace(BOOKS, trades=trades), NOW + later),
    )


def judged(snapshots: Iterable[Snapshot], dialect: Dialect = PAPER) -> Iterator[Assessment]:
    before: Judgement | None = None
    for snapshot in snapshots:
        before = snapshot, assess(snapshot, Rules((), (), quiet_after=15, dialect=dialect), before)
        yield before[1]


def last(*snapshots: Snapshot, dialect: Dialect = PAPER) -> RolloutStatus:
    return [*judged(snapshots, dialect)][-1].rollout


def drift(status: RolloutStatus) -> Mapping[tuple[str, str], float | None]:
    """Since when the cells differ in which that lasts."""
    cells = [(one.feature, symbol) for one in status.drifting for symbol in status.lasting(one.feature)]
    assert len(cells) == sum(one.symbols for one in status.drifting)
    return {cell: status.cell(*cell).since for cell in cells}


def alerts(*snapshots: Snapshot, dialect: Dialect = PAPER) -> list[Alert]:
    assessment = [*judged(snapshots, dialect)][-1]
    return [alert for alert in assessment.alerts if alert.name in DRIFT]
