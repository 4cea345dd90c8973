"""An Assessment as text and as JSON: what `opsconsole status` prints.

The JSON has a `version`, which grows when a field changes its meaning or goes; new fields may come without.
Numbers that JSON doesn't know (NaN, infinities) are null, with the reason beside them; money is a string.
"""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from console.cli.alerts_told import row_json, trigger_json, trigger_lines
from console.domain.aftermath import Aftermath
from console.domain.alert_severity import engine_severity, triggers_met
from console.domain.assessment import Assessment
from console.domain.figures import condition, key_metric_value, seconds
from console.domain.foreign import visible
from console.domain.kill_state import Seen, Written
from console.domain.last_trip import document_of
from console.domain.severity import Severity
from console.domain.status import AccountStatus, Alert, Judged, KeyMetricStatus, SourceStatus, SymbolStatus
from console.domain.surfaces import Books

VERSION = 1
_MOST_ALERTS = 12
_SOURCES = {"flag file": "engine", "state file": "engine", "feature flags": "flags", "database": "database"}
"""By which source each surface of the kill switch is read back."""
_SET = {True: "set", False: "not set", None: "unknown"}
_WORD = {True: "tripped", False: "clear", None: ""}
"""What the engine says, where it says anything that counts."""

Json = dict[str, object]


def as_json(
    assessment: Assessment, context: str, environment: str, wall: float, *, indent: int | None = 2
) -> str:
    """The whole assessment; `wall` is the time of day that it is for, in seconds since 1970."""
    metrics_age = assessment.source("metrics").age
    database_age = assessment.source("database").age
    severity = engine_severity(assessment)
    document: Json = {
        "version": VERSION,
        "context": context,
        "environment": environment,
        "time": datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds"),
        "severity": severity.word,
        "exit_code": severity.exit_code,
        "sources": {source.name: _source(source) for source in assessment.sources},
        "engine": {
            "version": assessment.engine.version,
            "mode": assessment.engine.mode,
            "heartbeat_age": _number(assessment.engine.heartbeat_age),
            "pid": assessment.engine.pid,
            "started_at": _number(assessment.engine.started_at),
            "alive": assessment.engine.alive,
            "uptime": _number(assessment.engine.uptime),
        },
        "kill_switch": kill_switch_json(assessment),
        "database": _database(assessment.books, database_age),
        "symbols": {row.symbol: _symbol(row, assessment, metrics_age) for row in assessment.symbols},
        "totals": {key: _judged(value, metrics_age) for key, value in assessment.totals.items()},
        "accounts": [_account(status, database_age) for status in assessment.accounts],
        "key_metrics": [_key_metric(key, metrics_age) for key in assessment.key_metrics],
        "alerts": [_alert(alert) for alert in assessment.alerts],
        "alert_rules": [row_json(row, assessment.ruled) for row in assessment.alert_rows],
        "triggers": [trigger_json(judgement) for judgement in assessment.triggers],
    }
    return json.dumps(document, indent=indent, allow_nan=False)


def as_text(assessment: Assessment, context: str, environment: str) -> str:
    """A plugin's first line, then what is wrong, worst first, then sources, accounts and key metrics."""
    lines = [summary(assessment, context, environment), ""]
    lines += _alert_lines(assessment.alerts)
    lines += ["sources"] + [_source_line(source) for source in assessment.sources] + [""]
    lines += kill_switch_lines(assessment)
    for account in assessment.accounts:
        equity = "unknown" if account.account.total_equity is None else f"{account.account.total_equity:,.2f}"
        name = account.account.name or ""
        lines.append(f"account {account.account.id}    equity {equity} {name} {account.reason}".rstrip())
    if assessment.key_metrics:
        lines += ["", "key metrics"] + [_key_metric_line(key) for key in assessment.key_metrics]
    lines += trigger_lines(assessment.triggers)
    return "\n".join(visible(line) for line in lines)


def kill_switch_json(assessment: Assessment) -> Json:
    """The kill switch's state with its grounds, the last trip of ours, and what is left at the market."""
    verdict, evidence, watch = assessment.kill, assessment.kill_evidence, assessment.kill_watch
    trip, left = assessment.last_trip, assessment.aftermath
    return {
        "state": verdict.state.value,
        "title": verdict.title,
        "severity": verdict.state.severity.word,
        "reason": verdict.words,
        "scope": verdict.scope,
        "acknowledged": verdict.acknowledged,
        "acknowledged_at": _number(watch.acknowledged),
        "lost_at": _number(watch.lost),
        "surfaces": dict(evidence.surfaces),
        "engine": _seen(evidence.engine),
        "fills": _seen(evidence.fills),
        "processes": [
            {"name": each.name, "alive": each.alive, "held": each.held} for each in evidence.processes
        ],
        "last_trip": None if trip is None else document_of(trip),
        "aftermath": None if left is None else {name: _seen(each) for name, each in _left(left)},
    }


def kill_switch_lines(assessment: Assessment) -> list[str]:
    """The kill switch's state in words; while a trip stands who made it, and what is left at the market."""
    verdict, trip, left = assessment.kill, assessment.last_trip, assessment.aftermath
    lines = [f"kill switch  {verdict.title}: {verdict.words}"]
    if trip is not None and trip.reset is None:
        at = datetime.fromtimestamp(trip.at, UTC).isoformat(sep=" ", timespec="seconds")
        lines.append(f"  {'drill' if trip.drill else 'tripped'} {at} by {trip.by}: {trip.reason}")
        lines += [f"  {_written_line(each)}" for each in trip.written]
    if left is not None:
        lines += [f"  {name.replace('_', ' '):<16} {_seen_words(each)}" for name, each in _left(left)]
    return lines


def kill_answer_lines(assessment: Assessment) -> Iterator[str]:
    """What the engine and each surface say and, while a trip stands, what the market shows; with ages."""
    evidence, left = assessment.kill_evidence, assessment.aftermath
    word = _WORD[assessment.kill.acknowledged]
    yield f"{'engine':<16} {f'{word}, {_ago(evidence.engine.age)}' if word else _seen_words(evidence.engine)}"
    for name, is_set in evidence.surfaces.items():
        age = assessment.source(_SOURCES[name]).age if name in _SOURCES else None
        yield f"{name:<16} {_SET[is_set]}{'' if age is None else f', {_ago(age)}'}"
    if left is not None:
        counted = "changes" if evidence.by_exchange else "fills"
        rows = ((f"{counted} since", evidence.fills), *_left(left)[1:])
        yield from (f"{name.replace('_', ' '):<16} {_seen_words(each)}" for name, each in rows)


def summary(assessment: Assessment, context: str, environment: str) -> str:
    """`CRITICAL - paper: 12 symbols, 3 alerts, worst …`: the one line that a monitoring system keeps."""
    word = ("OK", "WARNING", "CRITICAL", "UNKNOWN")[engine_severity(assessment).exit_code]
    told = f"{_counted(len(assessment.symbols), 'symbol')}, {_alerts_counted(assessment.alerts)}"
    return f"{word} - {context} ({environment}): {told}{_worst_words(assessment)}"


def _worst_words(assessment: Assessment) -> str:
    """The worst alert, or the first rollback trigger that is met, where no alert is as bad as that."""
    met, alerts = triggers_met(assessment), assessment.alerts
    if met and (not alerts or alerts[0].severity < Severity.CRITICAL):
        return f"; rollback trigger met: {met[0].trigger.condition}: {met[0].words}"
    return f"; {_alert_words(alerts[0])}" if alerts else ""


def _alerts_counted(alerts: tuple[Alert, ...]) -> str:
    """How many there are; and how many of them are as bad as the worst, where not all are."""
    as_bad = sum(alert.severity is alerts[0].severity for alert in alerts)
    of_them = f", {as_bad} of them {alerts[0].severity.word}" if as_bad < len(alerts) else ""
    return f"{_counted(len(alerts), 'alert')}{of_them}"


def _counted(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def _alert_lines(alerts: tuple[Alert, ...]) -> list[str]:
    if not alerts:
        return []
    shown = [
        f"  {alert.severity.word:<9} {'muted: ' if alert.muted else ''}{_alert_words(alert)}"
        for alert in alerts[:_MOST_ALERTS]
    ]
    if len(alerts) > _MOST_ALERTS:
        shown.append(f"  … and {len(alerts) - _MOST_ALERTS} more")
    return ["alerts", *shown, ""]


def _left(left: Aftermath) -> tuple[tuple[str, Seen], ...]:
    return (
        ("fills", left.fills),
        ("resting_orders", left.resting_orders),
        ("open_at_exchange", left.at_exchange),
        ("open_in_books", left.in_books),
    )


def _seen(seen: Seen) -> Json:
    """The number, whatever its age, and why it doesn't count, if it doesn't."""
    return {
        "value": None if seen.value is None else _number(seen.value),
        "age": _number(seen.age),
        "doubt": seen.why_not,
    }


def _seen_words(seen: Seen) -> str:
    if seen.known is None:
        return f"unknown: {seen.why_not}"
    return f"{seen.known:g}, {_ago(seen.age)}"


def _ago(age: float | None) -> str:
    return f"{seconds(age or 0.0)} ago"


def _written_line(written: Written) -> str:
    state = {None: "under way", True: "done", False: "NOT DONE"}[written.done]
    return f"{written.name:<16} {state}{f': {written.words}' if written.words else ''}"


def _alert_words(alert: Alert) -> str:
    where = f" {alert.symbol}" if alert.symbol is not None else ""
    return f"{alert.name}{where}: {alert.summary}"


def _source_line(source: SourceStatus) -> str:
    age = "" if source.age is None else f"{source.age:.1f} s old"
    latency = "" if source.latency is None else f"answered in {source.latency * 1000:.0f} ms"
    parts = [part for part in (age, latency, source.cause or "") if part]
    return f"  {source.name:<9} {source.health.value:<8} {', '.join(parts)}".rstrip()


def _key_metric_line(key: KeyMetricStatus) -> str:
    metric, value = key.metric, key.value
    shown = key_metric_value(metric, value.number, "unknown")
    target, alert = (condition(c, metric.scale, metric.unit) for c in (metric.target, metric.alert))
    return f"  {metric.name:<17} {shown:>10}  {value.severity.word:<9} target {target}, alert {alert}"


def _database(books: Books | None, age: float | None) -> Json | None:
    """Who the server says it is, and how fresh what stands in its tables was when it was read."""
    if books is None:
        return None
    server = books.identity
    return {
        "product": server.product,
        "version": server.version,
        "host": server.host,
        "uuid": server.uuid,
        "read_only": server.read_only,
        "response_time": _number(books.response_time),
        "price_age": _number(books.price_age),
        "kline_ages": {timeframe: _number(at) for timeframe, at in (books.kline_ages or {}).items()},
        "quiet_for": _number(books.quiet_for),
        "open_positions": None if books.positions is None else len(books.positions),
        "missing": list(books.missing),
        "age": _number(age),
    }


def _symbol(row: SymbolStatus, assessment: Assessment, age: float | None) -> Json:
    """Beside the panels' values what else is known, and which sources' word isn't the present."""
    outlook, stage, doubts = assessment.symbols.outlook(row.symbol), row.stage, row.doubts
    told = (("metrics", doubts.metrics), ("database", doubts.database), ("exchange", doubts.exchange))
    return {
        "severity": row.severity.word,
        "values": {key: _judged(value, age) for key, value in row.values.items()},
        "side": row.side,
        "quantity": _money(row.quantity),
        "mark_price": _number(row.mark_price),
        "liquidation_distance": _number(row.liquidation_distance),
        "unrealized_pnl": _money(row.unrealized_pnl),
        "slippage": _number(row.slippage),
        "stage": None if stage is None else stage.stage,
        "next_funding": _number(row.next_funding),
        "margin_direction": None if outlook is None else outlook.direction.value,
        "doubts": {source: doubt for source, doubt in told if doubt},
    }


def _source(source: SourceStatus) -> Json:
    return {
        "state": source.health.value,
        "severity": source.severity.word,
        "age": _number(source.age),
        "latency": _number(source.latency),
        "stale_after": source.stale_after,
        "error": source.cause,
    }


def _judged(value: Judged, age: float | None) -> Json:
    return {
        "value": _number(value.number),
        "severity": value.severity.word,
        "age": _number(age),
        "reason": value.reason,
    }


def _account(status: AccountStatus, age: float | None) -> Json:
    account = status.account
    return {
        "id": account.id,
        "name": account.name,
        "current_balance": _money(account.current_balance),
        "frozen_balance": _money(account.frozen_balance),
        "unrealized_pnl": _money(account.unrealized_pnl),
        "realized_pnl": _money(account.realized_pnl),
        "total_equity": _money(account.total_equity),
        "severity": status.severity.word,
        "age": _number(age),
        "reason": status.reason,
    }


def _key_metric(key: KeyMetricStatus, age: float | None) -> Json:
    metric = key.metric
    return {
        "name": metric.name,
        "unit": metric.unit,
        "scale": metric.scale,
        "target": str(metric.target),
        "alert": str(metric.alert),
        **_judged(key.value, age),
    }


def _alert(alert: Alert) -> Json:
    return {
        "name": alert.name,
        "severity": alert.severity.word,
        "symbol": alert.symbol,
        "summary": alert.summary,
        "muted": alert.muted,
    }


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _money(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")
