"""An assessment between two readings: its ages go on, and what passes its limit is unknown at once.

A frame stays on the terminal until the next one is drawn. So a value is drawn as stale a little before it
passes its limit, and no frame ever shows it as good after that. Ageing takes certainty away and never
gives any.
"""

from collections.abc import Set
from dataclasses import replace

from console.domain.alerts import source_alerts
from console.domain.kill_switch import KillState
from console.domain.reading import Health
from console.domain.severity import Severity, worst
from console.domain.status import Assessment, Judged, SourceStatus

LEAD = 0.1
"""Seconds before its limit at which a value is drawn as stale: more than a frame takes to be drawn."""


def aged(assessment: Assessment, now: float) -> Assessment:
    """`assessment` as it is to be shown from `now` on, in seconds on the clock of `assessment.at`."""
    elapsed = max(0.0, now - assessment.at)
    sources = tuple(_aged_source(source, elapsed) for source in assessment.sources)
    expired = {
        new.name for old, new in zip(assessment.sources, sources, strict=True) if new.health is not old.health
    }
    current = replace(assessment, at=now, sources=sources)
    return _without(current, expired) if expired else current


def outdated(assessment: Assessment, now: float) -> bool:
    """Whether ageing is not enough any more: a limit has been passed, or words that count seconds are old."""
    if assessment.next_change is not None and now >= assessment.next_change:
        return True
    all_well = all(source.severity is Severity.OK for source in assessment.sources)
    return not all_well and now - assessment.at >= 1


def _aged_source(source: SourceStatus, elapsed: float) -> SourceStatus:
    if source.age is None:
        return source
    age = source.age + elapsed
    if source.health in (Health.FRESH, Health.FAILING) and age + LEAD >= source.stale_after:
        cause = source.cause or "no newer answer yet"
        return replace(source, health=Health.STALE, severity=Severity.UNKNOWN, age=age, cause=cause)
    return replace(source, age=age)


def _without(assessment: Assessment, expired: Set[str]) -> Assessment:
    """`assessment` with everything that rests on an expired source unknown."""
    reason = f"stale: {', '.join(sorted(expired))}"
    alerts = tuple(source_alerts(s for s in assessment.sources if s.name in expired))
    current = replace(
        assessment,
        severity=worst([assessment.severity, Severity.UNKNOWN]),
        alerts=tuple(sorted((*alerts, *assessment.alerts), key=lambda alert: -alert.severity)),
    )
    if assessment.kill_switch.state is KillState.CLEAR and expired & _KILL_SWITCH_SOURCES:
        switch = replace(assessment.kill_switch, state=KillState.UNKNOWN, reason=reason)
        current = replace(current, kill_switch=switch)
    if "database" in expired:
        accounts = tuple(replace(a, severity=Severity.UNKNOWN, reason=reason) for a in current.accounts)
        current = replace(current, accounts=accounts)
    return _without_metrics(current, reason) if "metrics" in expired else current


_KILL_SWITCH_SOURCES = {"metrics", "database", "engine", "flags"}


def _without_metrics(assessment: Assessment, reason: str) -> Assessment:
    def doubted(value: Judged) -> Judged:
        return Judged(value.number, Severity.UNKNOWN, reason)

    return replace(
        assessment,
        symbols=tuple(
            replace(
                row,
                severity=Severity.UNKNOWN,
                values={key: doubted(value) for key, value in row.values.items()},
            )
            for row in assessment.symbols
        ),
        totals={key: doubted(value) for key, value in assessment.totals.items()},
        key_metrics=tuple(replace(key, value=doubted(key.value)) for key in assessment.key_metrics),
    )


def next_expiry(assessment: Assessment) -> float | None:
    """Seconds from `assessment.at` until `aged` would take a value away; None when nothing is fresh."""
    left = (
        source.stale_after - LEAD - source.age
        for source in assessment.sources
        if source.age is not None and source.health in (Health.FRESH, Health.FAILING)
    )
    return min(left, default=None)
