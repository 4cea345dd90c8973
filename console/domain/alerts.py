"""What is wrong now, in words: one line for each thing that isn't as it should be."""

from collections.abc import Collection, Iterable, Iterator
from operator import itemgetter

from console.domain.figures import condition, figure_of, key_metric_value, seconds
from console.domain.kill_state import KillState, Verdict
from console.domain.last_trip import LastTrip
from console.domain.panel_column import PanelColumn
from console.domain.reading import Health
from console.domain.rollout.drift import RolloutStatus
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.status import (
    AccountStatus,
    Alert,
    Judged,
    KeyMetricStatus,
    SourceStatus,
)
from console.domain.thresholds import Panel

SLOW_DATABASE = 1.0
"""The coin engine's alert threshold for the database's response time, in seconds."""
LARGE_SKEW = 1.0
"""Seconds between our clock and the exchange's that deserve a look; signed calls fail at five."""


def source_alerts(sources: Iterable[SourceStatus]) -> Iterator[Alert]:
    for source in sources:
        if source.severity is Severity.OK:
            continue
        if source.health is Health.FRESH:
            yield Alert(source.name, source.severity, source.cause or "")
        else:
            yield Alert(source.name, source.severity, f"{_state(source)}: {source.cause}")


def _state(source: SourceStatus) -> str:
    """The state with the value's age, which is no measure of for how long the source has been failing."""
    if source.age is None:
        return source.health.value
    if source.health is Health.STALE:
        return f"stale for {seconds(source.age)}"
    return f"{source.health.value}, value {seconds(source.age)} old"


def kill_switch_alerts(verdict: Verdict, trip: LastTrip | None) -> Iterator[Alert]:
    """Whatever is not clear; of a drill's `trip` that it is one, for whoever takes it for real."""
    severity = verdict.state.severity
    if severity is not Severity.OK:
        known = verdict.state is not KillState.UNKNOWN
        drill = " in a DRILL" if known and trip is not None and trip.drilling else ""
        yield Alert("kill switch", severity, f"{verdict.title}{drill}: {verdict.words}")


def panel_alerts(column: PanelColumn) -> Iterator[Alert]:
    panel, total = column.panel, column.total
    if total is not None and total.severity is not Severity.OK:
        yield Alert(panel.name, total.severity, _in_words(panel, total))
        if total.number is None:
            return
    for place in column.off():
        value = column.judged(place)
        yield Alert(panel.name, value.severity, _in_words(panel, value), column.ground.names[place])


def _in_words(panel: Panel, value: Judged) -> str:
    if value.number is None:
        return value.reason
    return f"{figure_of(panel).say(value.number)} {value.reason}".rstrip()


def key_metric_alerts(keys: Iterable[KeyMetricStatus]) -> Iterator[Alert]:
    for key in keys:
        if key.value.severity is not Severity.OK:
            yield Alert(key.metric.name, key.value.severity, _against_target(key), key.symbol)


def _against_target(key: KeyMetricStatus) -> str:
    value, metric = key.value, key.metric
    if value.number is None or value.severity is Severity.UNKNOWN:
        return value.reason
    limit, word = (metric.alert, "alert") if value.severity is Severity.HIGH else (metric.target, "target")
    shown = key_metric_value(metric, value.number, "")
    return f"{shown}, {word} {condition(limit, metric.scale, metric.unit)}"


def rollout_alerts(status: RolloutStatus) -> Iterator[Alert]:
    """One for each feature in which the engine doesn't follow the flags file, one for what trades on."""
    name = "restart needed" if status.at_start else "rollout drift"
    for one in status.drifting:
        differs = one.difference
        severity = Severity.HIGH if differs.trades_against_the_file else Severity.WARNING
        where = one.worst if one.symbols == 1 else f"{one.symbols:,} symbols, {one.worst}"
        stages = f"has {differs.loaded.word} loaded, the file says {differs.desired.word}"
        lasts = seconds((status.compared_at or differs.since) - differs.since)
        yield Alert(name, severity, f"{one.feature}: {where} {stages}, for {lasts}")
    if traded := status.traded_on:
        symbol, at = max(traded.items(), key=itemgetter(1))
        more = f" and {len(traded) - 1:,} more" if len(traded) > 1 else ""
        ago = seconds(max(0.0, status.at - at))
        yield Alert(name, Severity.HIGH, f"the flags file has stopped {symbol}{more}, traded {ago} ago")


def account_alerts(accounts: Collection[AccountStatus]) -> Iterator[Alert]:
    if not accounts:
        yield Alert("accounts", Severity.UNKNOWN, "none is in the database")
    for status in accounts:
        if status.severity is not Severity.OK:
            yield Alert(f"account {status.account.id}", status.severity, status.reason)


def surface_alerts(snapshot: Snapshot) -> Iterator[Alert]:
    """What a fresh answer of the database, the exchange, the log or the engine's files says is wrong."""
    now = snapshot.at
    if (metrics := snapshot.metrics.fresh(now)) is not None:
        yield from (Alert("metrics", Severity.WARNING, note) for note in metrics.notes)
    if (books := snapshot.database.fresh(now)) is not None:
        yield from (Alert("database", Severity.WARNING, part) for part in books.missing)
        if books.response_time > SLOW_DATABASE:
            yield Alert("database", Severity.WARNING, f"answers in {books.response_time:.1f} s, above 1 s")
    if (flags := snapshot.flags.fresh(now)) is not None:
        yield from (Alert("flags", Severity.WARNING, f"{flags.path}:{found}") for found in flags.findings)
    if (exchange := snapshot.exchange.fresh(now)) is not None:
        for venue in exchange.venues:
            if abs(venue.clock_skew) > LARGE_SKEW:
                skew = f"{venue.market} clock differs by {venue.clock_skew:+.1f} s"
                yield Alert("exchange", Severity.WARNING, skew)
    if (log := snapshot.log.fresh(now)) is not None and (log.errors or log.criticals):
        kinds = (
            f"{log.errors} ERROR" if log.errors else "",
            f"{log.criticals} CRITICAL" if log.criticals else "",
        )
        counted = f"{', '.join(filter(None, kinds))} in {log.window / 60:.0f} min"
        yield Alert("log", Severity.WARNING, counted if log.complete else f"at least {counted}")
    if (engine := snapshot.engine.fresh(now)) is not None and engine.state_error is not None:
        yield Alert("engine", Severity.WARNING, engine.state_error)
    if snapshot.last_trip.last is not None and snapshot.last_trip.last.error is not None:
        yield Alert("kill switch", Severity.WARNING, f"its last trip: {snapshot.last_trip.last.error}")
