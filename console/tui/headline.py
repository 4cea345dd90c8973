"""What matters most, in words: statements about the whole, the worst first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from console.domain.kill_switch import KillState
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import Alert, Assessment, SourceStatus, SymbolStatus
from console.domain.thresholds import Ladder, Panel
from console.tui.figures import badness, figure_of, passed_bound
from console.tui.text import seconds, short_name


@dataclass(frozen=True, slots=True)
class Statement:
    severity: Severity
    words: str


def headline(assessment: Assessment | None) -> tuple[Statement, ...]:
    """Never empty; one statement for all that is well, or one for each thing that isn't."""
    if assessment is None:
        return (Statement(Severity.UNKNOWN, "connecting: nothing is known yet"),)
    found = sorted(_statements(assessment), key=lambda statement: -statement.severity)
    return tuple(found) or tuple(Statement(Severity.OK, words) for words in _all_well(assessment))


def alert_words(alert: Alert) -> str:
    """One alert in a line: `SOL/USD Margin Ratio 1.07 below 1.2`."""
    symbol = None if alert.symbol is None else short_name(alert.symbol)
    return " ".join(part for part in (symbol, alert.name, alert.summary) if part)


def _all_well(assessment: Assessment) -> Iterator[str]:
    number = len(assessment.symbols)
    if number == 0:
        yield "no symbols yet; every source answers"
        return
    yield f"all {number} symbols inside their limits" if number > 1 else "the one symbol is inside its limits"
    for panel in assessment.panels:
        rows = [row for row in assessment.symbols if row.values[panel.key].number is not None]
        if rows and isinstance(panel.rule, Ladder):
            yield f"closest: {_worst_of(panel, rows)}, limit {figure_of(panel).bound(panel.rule.steps[0][0])}"
            return


def _statements(assessment: Assessment) -> Iterator[Statement]:
    switch = assessment.kill_switch
    if switch.state in (KillState.TRIPPED, KillState.UNCONFIRMED):
        yield Statement(switch.state.severity, f"kill switch {switch.state.value.upper()}: {switch.reason}")
    yield from _of_sources(assessment.sources)
    if assessment.source("metrics").health in (Health.FRESH, Health.FAILING):
        for panel in assessment.panels:
            yield from _of_panel(panel, assessment)
    if switch.state is KillState.UNKNOWN and assessment.source("metrics").health is not Health.WAITING:
        yield Statement(switch.state.severity, f"kill switch unknown: {switch.reason}")
    yield from _of_the_rest(assessment)


def _of_sources(sources: Sequence[SourceStatus]) -> Iterator[Statement]:
    asked = [source for source in sources if source.health is not Health.OFF]
    if asked and all(source.health is Health.WAITING for source in asked):
        yield Statement(Severity.UNKNOWN, "connecting: no source has answered yet")
        return
    for source in asked:
        if source.severity is not Severity.OK:
            yield Statement(source.severity, _of_source(source))


def _of_source(source: SourceStatus) -> str:
    if source.health is Health.STALE and source.age is not None:
        return f"{source.name} stale for {seconds(source.age)}: {source.cause}"
    return f"{source.name} {source.health.value}: {source.cause}"


def _of_panel(panel: Panel, assessment: Assessment) -> Iterator[Statement]:
    name, figure = panel.name.lower(), figure_of(panel)
    total = assessment.totals.get(panel.key)
    if total is not None:
        if total.severity is not Severity.OK:
            said = total.reason if total.number is None else figure.write(total.number).strip()
            yield Statement(total.severity, f"{name} {said}")
        return
    rows = [row for row in assessment.symbols if row.values[panel.key].severity is not Severity.OK]
    urgent = [row for row in rows if row.values[panel.key].severity >= Severity.HIGH]
    unknown = [row for row in rows if row.values[panel.key].severity is Severity.UNKNOWN]
    warned = [row for row in rows if row.values[panel.key].severity is Severity.WARNING]
    for group in (urgent, warned):
        if group:
            yield _of_group(panel, group)
            break
    if unknown:
        yield Statement(Severity.UNKNOWN, f"{name} unknown for {_counted(unknown)}")


def _of_group(panel: Panel, rows: Sequence[SymbolStatus]) -> Statement:
    """How many symbols have passed a limit, the mildest that they all have, and the worst of them."""
    values = [row.values[panel.key] for row in rows]
    limit = passed_bound(panel, min(value.severity for value in values))
    severity = max(value.severity for value in values)
    if len(rows) == 1:
        return Statement(severity, f"{_worst_of(panel, rows)}, {limit}")
    worst = _worst_row(panel, rows)
    return Statement(
        severity,
        f"{len(rows)} symbols with {panel.name.lower()} {limit},"
        f" worst {short_name(worst.symbol)} {_written(panel, worst)}",
    )


def _worst_row(panel: Panel, rows: Sequence[SymbolStatus]) -> SymbolStatus:
    return min(rows, key=lambda row: badness(panel, row.values[panel.key].number) or 0.0)


def _worst_of(panel: Panel, rows: Sequence[SymbolStatus]) -> str:
    """The row nearest to its limit or furthest beyond: `SOL/USD margin ratio 1.07`."""
    row = _worst_row(panel, rows)
    return f"{short_name(row.symbol)} {panel.name.lower()} {_written(panel, row)}"


def _written(panel: Panel, row: SymbolStatus) -> str:
    number = row.values[panel.key].number
    return "" if number is None else figure_of(panel).write(number).strip()


def _counted(rows: Sequence[SymbolStatus]) -> str:
    return short_name(rows[0].symbol) if len(rows) == 1 else f"{len(rows)} symbols"


def _of_the_rest(assessment: Assessment) -> Iterator[Statement]:
    """Alerts that no statement above has told."""
    told = {panel.name for panel in assessment.panels} | {"kill switch"}
    told |= {key.metric.name for key in assessment.key_metrics}  # they have their own strip
    told |= {source.name for source in assessment.sources if source.severity is not Severity.OK}
    for alert in assessment.alerts:
        if alert.name not in told:
            yield Statement(alert.severity, f"{alert.name}: {alert.summary}")
