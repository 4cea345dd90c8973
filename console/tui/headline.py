"""What is wrong, in words: one statement for each thing, the worst first, near-equal alerts as one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from console.domain.assessment import Assessment
from console.domain.figures import badness, figure_of, passed_bound, seconds
from console.domain.kill_switch import KillState
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import Alert, Judged, SourceStatus
from console.domain.symbols import OUTLOOK, SymbolRows
from console.domain.thresholds import Panel
from console.tui.text import one_colon, short_name
from console.tui.words import going


@dataclass(frozen=True, slots=True)
class Statement:
    """What is wrong; `brief` says it where there is no room for all of its words."""

    severity: Severity
    words: str
    brief: str = ""


CONNECTING = Statement(Severity.UNKNOWN, "connecting: no source has answered yet")


def statements(assessment: Assessment, of_symbols: Iterable[Statement]) -> tuple[Statement, ...]:
    """Everything that is wrong; empty when nothing is. `of_symbols` are those of `symbol_statements`."""
    asked = [source for source in assessment.sources if source.health is not Health.OFF]
    if asked and all(source.health is Health.WAITING for source in asked):
        return (CONNECTING,)
    found = [*_of_sources(asked), *_of_kill_switch(assessment), *of_symbols, *_of_the_rest(assessment)]
    return tuple(sorted(found, key=lambda statement: -statement.severity))


def symbol_statements(assessment: Assessment) -> Iterator[Statement]:
    """What the dashboard's panels say is wrong, one statement for each group of symbols.

    Of thousands of symbols only those that are not well are looked at.
    """
    if _usable(assessment):
        for panel in assessment.panels:
            yield from _of_panel(panel, assessment.totals.get(panel.key), assessment.symbols)


def all_well(assessment: Assessment) -> Statement:
    """What to say where nothing is wrong."""
    number = len(assessment.symbols)
    if number == 0:
        return Statement(Severity.OK, "no symbols yet; every source answers")
    if number == 1:
        return Statement(Severity.OK, "the one symbol is inside its limits")
    return Statement(Severity.OK, f"all {number} symbols inside their limits")


def short_alert(alert: Alert, panels: Iterable[Panel]) -> tuple[str, str]:
    """One alert in few words, `SOL/USD margin 1.070 below 1.2`, and in fewer: `SOL/USD margin`."""
    title = next((figure_of(panel).title for panel in panels if panel.name == alert.name), alert.name)
    meant = title if alert.symbol is None else f"{short_name(alert.symbol)} {title}"
    return one_colon(f"{meant} {alert.summary}"), meant


def _usable(assessment: Assessment) -> bool:
    return assessment.source("metrics").health in (Health.FRESH, Health.FAILING)


def _of_sources(asked: Iterable[SourceStatus]) -> Iterator[Statement]:
    """One for each cause: that comes first, as the status line has the ages too."""
    alike: dict[tuple[Health, str | None], list[SourceStatus]] = {}
    for source in asked:
        if source.severity is not Severity.OK:
            alike.setdefault((source.health, source.cause), []).append(source)
    for (health, cause), group in alike.items():
        oldest = max(source.age or 0 for source in group)
        since = f"stale for {seconds(oldest)}" if health is Health.STALE else health.value
        state = "" if health is Health.FRESH else f" ({since})"
        meant = ", ".join(source.name for source in group) if len(group) < 4 else f"{len(group)} sources"
        severity = max(source.severity for source in group)
        yield Statement(severity, one_colon(f"{meant}: {cause}{state}"))


def _of_kill_switch(assessment: Assessment) -> Iterator[Statement]:
    switch = assessment.kill_switch
    if switch.state in (KillState.TRIPPED, KillState.UNCONFIRMED):
        words = f"kill switch {switch.state.value.upper()}: {switch.reason}"
        yield Statement(switch.state.severity, one_colon(words))
    elif switch.state is KillState.UNKNOWN:
        metrics = assessment.source("metrics")
        told = metrics.severity >= Severity.UNKNOWN  # then the cause has a statement of its own
        reason = f"metrics {metrics.health.value}" if told else switch.reason
        yield Statement(switch.state.severity, one_colon(f"kill switch unknown: {reason}"))


def _of_panel(panel: Panel, total: Judged | None, symbols: SymbolRows) -> Iterator[Statement]:
    name, figure = panel.name.lower(), figure_of(panel)
    if total is not None:
        if total.severity is not Severity.OK:
            said = total.reason if total.number is None else figure.say(total.number)
            yield Statement(total.severity, f"{name} {said}")
        return
    severities = symbols.columns[panel.key].severities
    off = symbols.off(panel.key)
    urgent = [place for place in off if severities[place] >= Severity.HIGH]
    group = urgent or [place for place in off if severities[place] == Severity.WARNING]
    if group:
        yield _of_group(panel, group, symbols)
    unknown = [place for place in off if severities[place] == Severity.UNKNOWN]
    if unknown:
        counted = short_name(symbols.names[unknown[0]]) if len(unknown) == 1 else f"{len(unknown)} symbols"
        yield Statement(Severity.UNKNOWN, f"{name} unknown for {counted}")


def _of_group(panel: Panel, places: Sequence[int], symbols: SymbolRows) -> Statement:
    """How many symbols have passed a limit, the mildest that they all have, and the worst of them.

    Where the worst one's figure is going is said too, if it is known.
    """
    column = symbols.columns[panel.key]
    severities = [column.severities[place] for place in places]
    limit, severity = passed_bound(panel, Severity(min(severities))), Severity(max(severities))
    number = column.numbers.__getitem__
    extremes = (min(places, key=number), max(places, key=number))  # whichever way is worse, it is one of them
    worst = min(extremes, key=lambda place: badness(panel, number(place)) or 0.0)
    symbol = symbols.names[worst]
    words = going(symbols.outlook(symbol)) if panel.key == OUTLOOK else ""
    trend = f" and {words}" if words else ""
    name = panel.name.lower()
    who, value = short_name(symbol), figure_of(panel).say(number(worst))
    if len(places) == 1:
        brief = f"{who} {value}, {limit}{trend}" if trend else ""
        return Statement(severity, f"{who} {name} {value}, {limit}{trend}", brief)
    told = f"{limit}, worst {who} {value}{trend}"
    brief = f"{len(places)} symbols {told}" if trend else ""
    return Statement(severity, f"{len(places)} symbols with {name} {told}", brief)


def _of_the_rest(assessment: Assessment) -> Iterator[Statement]:
    """Alerts that no statement above has told."""
    told = {panel.name for panel in assessment.panels} | {"kill switch"}
    told |= {source.name for source in assessment.sources if source.severity is not Severity.OK}
    figures = {key.metric.name for key in assessment.key_metrics}
    for alert in assessment.alerts:
        if alert.name not in told:
            colon = "" if alert.name in figures else ":"
            yield Statement(alert.severity, one_colon(f"{alert.name}{colon} {alert.summary}"))
