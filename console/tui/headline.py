"""What is wrong, in words: one statement for each thing, the worst first, near-equal alerts as one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from console.domain.alert_rows import AlertRow, AlertState
from console.domain.assessment import Assessment
from console.domain.figures import figure_of, passed_bound, seconds
from console.domain.kill_state import KillState
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import Alert, SourceStatus
from console.domain.symbols import OUTLOOK, SymbolRows
from console.domain.thresholds import Panel
from console.domain.told_by_rules import metrics_in
from console.domain.triggers import Standing
from console.domain.worst import told_by_panel, worst_of_panel, worst_symbol
from console.tui.foretold import foretold
from console.tui.text import one_colon, short_name
from console.tui.words import going


@dataclass(frozen=True, slots=True)
class Statement:
    """What is wrong; `brief` says it where there is no room for all of its words.

    `first` is set of a loss that has happened, which is told before what may yet be prevented, and of what
    waits for a person.
    """

    severity: Severity
    words: str
    brief: str = ""
    first: bool = False


CONNECTING = Statement(Severity.UNKNOWN, "connecting: no source has answered yet")
_LIQUIDATIONS = "liquidation_count"
"""The key of the panel that counts them."""


def statements(
    shown: Assessment,
    of_symbols: Sequence[Statement],
    live: Assessment,
    paused_for: float | None = None,
    of_rules: Sequence[Statement] = (),
) -> tuple[Statement, ...]:
    """Everything that is wrong; empty when nothing is. `of_symbols` are those of `symbol_statements(shown)`,
    and `of_rules` those of `rule_statements(shown, live)`.

    Sources, kill switch and rules are those of `live`, the present. The rest is that of what is `shown`, told
    as of the past where that is stale, or has been held for `paused_for` seconds.
    """
    asked = [source for source in live.sources if source.health is not Health.OFF]
    if asked and all(source.health is Health.WAITING for source in asked):
        return (CONNECTING,)
    of_sources, of_switch = list(_of_sources(asked)), list(_of_kill_switch(live))
    now, then = _of_the_rest(shown, live)
    now += [*of_rules, *_of_triggers(live)]
    if paused_for is not None:
        past = _sorted([*of_symbols, *then])
        older = [_as_of_the_past("then", said) for said in past[1:]]
        return _paused(shown, past[:1], paused_for), *_sorted([*of_sources, *of_switch, *now, *older])
    if shown.seen is None:
        return _sorted([*of_sources, *of_switch, *of_symbols, *now, *then])
    since = f"last seen {seconds(shown.source('metrics').age or 0)} ago"
    last_seen = [_as_of_the_past(since, said) for said in _sorted(of_symbols)]
    cause = of_sources[:1]  # what was last seen comes after why it isn't any more
    return _sorted([*cause, *last_seen, *of_sources[1:], *of_switch, *now, *then])


def symbol_statements(assessment: Assessment) -> Iterator[Statement]:
    """What the dashboard's panels say is wrong, or said last: one statement for each group of symbols.

    Of thousands of symbols only those that are not well are looked at.
    """
    symbols, stale = last_judged(assessment), assessment.seen is not None
    for panel in assessment.panels:
        for said in _of_panel(panel, symbols):
            if not (stale and said.severity is Severity.UNKNOWN):  # else that it is stale says it for all
                yield said


def rule_statements(shown: Assessment, live: Assessment) -> Iterator[Statement]:
    """What the alert rules say at present that no panel does; one statement for each rule.

    What somebody has muted comes after the rest. A panel of a held picture tells of the past only.
    """
    of_panels = {metric: panel for panel in live.panels for metric in metrics_in(panel.query)}
    if shown is not live:
        of_panels = {}
    by_rule: dict[tuple[str, AlertState, bool], list[AlertRow]] = {}
    for row in live.alert_rows:
        if row.matters and not _told_by_its_panel(row, of_panels, live.symbols):
            by_rule.setdefault((row.rule.name, row.state, row.muted), []).append(row)
    for (_, _, muted), rows in sorted(by_rule.items(), key=lambda each: each[0][2]):
        yield _of_rule(rows, muted=muted)


def last_judged(assessment: Assessment) -> SymbolRows:
    """The symbols by their values, whether these are the present or only the last that was seen."""
    return assessment.symbols if assessment.seen is None else assessment.seen.symbols


def all_well(assessment: Assessment) -> Statement:
    """What to say where nothing is wrong, and of the lowest margin ratio when that would change."""
    symbols = assessment.symbols
    if len(symbols) == 0:
        return Statement(Severity.OK, "no symbols yet; every source answers")
    said = f"all {len(symbols)} symbols inside their limits"
    if len(symbols) == 1:
        said = "the one symbol is inside its limits"
    coming = foretold(symbols)
    return Statement(Severity.OK, f"{said}; {coming}", coming) if coming else Statement(Severity.OK, said)


def short_alert(alert: Alert, panels: Iterable[Panel]) -> tuple[str, ...]:
    """One alert in few words, `SOL/USD margin 1.070 below 1.2`, in fewer and fewer, and in one.

    Of a panel's the figure goes after its limit: `SOL/USD margin 1.070`, then `SOL/USD margin`.
    """
    judged_by = next((panel for panel in panels if panel.name == alert.name), None)
    title = alert.name if judged_by is None else figure_of(judged_by).title
    muted = "muted " if alert.muted else ""
    named = muted + (title if alert.symbol is None else short_name(alert.symbol))
    meant = named if alert.symbol is None else f"{named} {title}"
    if alert.symbol is not None and alert.symbol in alert.summary:  # as rules write it
        return one_colon(f"{muted}{title}: {alert.summary}"), f"{muted}{alert.summary}", meant, named
    value = alert.summary.partition(" ")[0] if judged_by is not None else ""
    figures = (f"{meant} {value}",) if value.lstrip("-")[:1].isdigit() else ()
    return one_colon(f"{meant} {alert.summary}"), *figures, meant, named


def by_its_figure(alert: Alert, assessment: Assessment) -> tuple[str, ...]:
    """`SOL/USD margin 1.030`, of a rule's alert: what the panel of its only metric is called, and says now.

    Then the same without the figure, which may not be known; nothing without such a panel.
    """
    book = assessment.ruled.book
    rules = () if book is None or alert.symbol is None else book.rules
    metrics = next((standing.rule.metrics for standing in rules if standing.rule.name == alert.name), ())
    told = (panel for panel in assessment.panels if {*metrics} & metrics_in(panel.query))
    panel = next(told, None) if len(metrics) == 1 else None
    if panel is None or alert.symbol is None:
        return ()
    place, figure = assessment.symbols.place(alert.symbol), figure_of(panel)
    number = None if place is None else assessment.symbols.columns[panel.key].judged(place).number
    named = f"{'muted ' if alert.muted else ''}{short_name(alert.symbol)} {figure.title}"
    return (named,) if number is None else (f"{named} {figure.write(number)}", named)


def worst_alert(assessment: Assessment) -> Alert | None:
    """The alert to name where there is room for one: a rule's; of a panel's, that of its worst symbol."""
    first, found = _first_of_the_worst(assessment), worst_symbol(last_judged(assessment))
    of_panels = {panel.name for panel in assessment.panels}
    if first is None or first.symbol is None or first.name not in of_panels or found is None:
        return first
    panel, symbol = found
    meant = (one for one in assessment.alerts if one.symbol == symbol and one.name == panel.name)
    return next(meant, first)


def _first_of_the_worst(assessment: Assessment) -> Alert | None:
    """Of the alerts that are as bad as the first, and as loud, that of a rule if there is one."""
    if not assessment.alerts:
        return None
    rules, first = _rule_names(assessment), assessment.alerts[0]
    alike = takewhile(
        lambda alert: (alert.severity, alert.muted) == (first.severity, first.muted), assessment.alerts
    )
    return next((alert for alert in alike if alert.name in rules), first)


def _rule_names(assessment: Assessment) -> set[str]:
    book = assessment.ruled.book
    return set() if book is None else {standing.rule.name for standing in book.rules}


def in_a_drill(assessment: Assessment | None) -> bool:
    """Whether it is a drill that has tripped the kill switch."""
    last = None if assessment is None else assessment.last_trip
    return last is not None and last.drilling


def sources_told(assessment: Assessment) -> tuple[SourceStatus, ...]:
    """The sources as they are marked: a database into which the engine writes nothing is in doubt."""
    if not assessment.books_doubt:
        return assessment.sources
    return tuple(
        replace(source, severity=Severity.UNKNOWN, cause=assessment.books_doubt)
        if source.name == "database" and source.severity < Severity.UNKNOWN
        else source
        for source in assessment.sources
    )


def _sorted(found: Iterable[Statement]) -> tuple[Statement, ...]:
    return tuple(sorted(found, key=lambda said: (not said.first, -said.severity)))


def _paused(shown: Assessment, worst: Sequence[Statement], seconds_held: float) -> Statement:
    """How long ago the held picture was the present, and what mattered most in it."""
    ago = f"{int(seconds_held)} s" if seconds_held < 10 else seconds(seconds_held)
    held = f"PAUSED, as it was {ago} ago"
    if worst:
        return _as_of_the_past(held, worst[0])
    return Statement(Severity.UNKNOWN, f"{held}: {all_well(shown).words}" if _was_well(shown) else held)


def _was_well(shown: Assessment) -> bool:
    """Whether, of what was not wrong, it is known that it was well."""
    if shown.seen is None:
        return True
    symbols = shown.seen.symbols
    return len(symbols) > 0 and not any(symbols.off(key) for key in symbols.columns)


def _as_of_the_past(since: str, said: Statement) -> Statement:
    """A statement that was true: it may be better by now, or worse."""
    brief = one_colon(f"{since}: {said.brief}") if said.brief else ""
    return Statement(Severity.UNKNOWN, one_colon(f"{since}: {said.words}"), brief)


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
    kill = assessment.kill
    if kill.state is KillState.UNKNOWN:
        metrics = assessment.source("metrics")
        told = metrics.severity >= Severity.UNKNOWN  # then the cause has a statement of its own
        reason = f"metrics {metrics.health.value}" if told else kill.words
        yield Statement(kill.state.severity, one_colon(f"kill switch unknown: {reason}"))
    elif kill.state is not KillState.CLEAR:
        drill = " in a DRILL" if in_a_drill(assessment) else ""
        yield Statement(kill.state.severity, one_colon(f"kill switch {kill.title}{drill}: {kill.words}"))


def _of_triggers(assessment: Assessment) -> Iterator[Statement]:
    """The triggers that call for a rollback, and where that is done."""
    for met in assessment.triggers:
        procedure = met.trigger.procedure
        if met.standing is Standing.MET and procedure.runbook.startswith("rollback_"):
            where = f"{procedure.name}, on screen 6"
            said = f"{met.trigger.condition}: {met.words}: {where}"
            yield Statement(Severity.CRITICAL, one_colon(said), f"{met.trigger.condition}: {where}")


def _of_panel(panel: Panel, symbols: SymbolRows) -> Iterator[Statement]:
    name, total = panel.name.lower(), symbols.totals.get(panel.key)
    if total is not None:
        if total.severity is not Severity.OK:
            said = total.reason if total.number is None else figure_of(panel).say(total.number)
            yield Statement(total.severity, f"{name} {said}", first=_has_happened(panel, total.severity))
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


def _has_happened(panel: Panel, severity: Severity) -> bool:
    return panel.key == _LIQUIDATIONS and severity >= Severity.HIGH


def _of_group(panel: Panel, places: Sequence[int], symbols: SymbolRows) -> Statement:
    """How many symbols have passed a limit, the mildest that they all have, and the worst of them.

    How many of them are as bad as the sign beside it says is told where not all are, and where the worst
    one's figure is going, if it is known.
    """
    column = symbols.columns[panel.key]
    severities = [column.severities[place] for place in places]
    limit, severity = passed_bound(panel, Severity(min(severities))), Severity(max(severities))
    number = column.numbers.__getitem__
    worst = worst_of_panel(panel, places, symbols)
    who, value = short_name(symbols.names[worst]), figure_of(panel).say(number(worst))
    counted = f"{len(places)} symbols"
    if panel.key == _LIQUIDATIONS:
        told = (
            f"{who} liquidated: {value}" if len(places) == 1 else f"{counted} liquidated, worst {who} {value}"
        )
        return Statement(severity, f"{told}{_within(panel)}", first=_has_happened(panel, severity))
    name, trend = panel.name.lower(), _trend(panel, symbols, worst)
    brief = "" if panel.key == OUTLOOK else f"{figure_of(panel).title} "  # a ratio goes without saying
    if len(places) == 1:
        told = f"{value}, {limit}{trend}"
        return Statement(severity, f"{who} {name} {told}", f"{who} {brief}{told}")
    as_bad = severities.count(severity)
    of_them = "" if as_bad == len(places) else f"{as_bad} of them {passed_bound(panel, severity)}, "
    told = f"worst {who} {value}{trend}"
    return Statement(
        severity,
        f"{counted} with {name} {limit}, {of_them}{told}",
        f"{counted} {brief}{limit}, {of_them.replace(' of them', '')}{told}",
    )


def _within(panel: Panel) -> str:
    return f" in {panel.window / 3600:.2g} h" if panel.window else ""


def _trend(panel: Panel, symbols: SymbolRows, place: int) -> str:
    """Where the figure is going; not of a symbol that is being liquidated, whose margin that moves."""
    if panel.key != OUTLOOK or _liquidated(symbols, place):
        return ""
    words = going(symbols.outlook(symbols.names[place]))
    return f" and {words}" if words else ""


def _liquidated(symbols: SymbolRows, place: int) -> bool:
    """Whether the symbol is being liquidated, or any, where they are counted together."""
    column = symbols.columns.get(_LIQUIDATIONS)
    if column is None:
        return False
    counted = column.judged(place) if column.total is None else column.total
    return counted.severity >= Severity.HIGH


def _told_by_its_panel(row: AlertRow, of_panels: Mapping[str, Panel], symbols: SymbolRows) -> bool:
    """Whether the panel of the only metric that the rule looks at says as much of the same symbol."""
    panel = of_panels.get(row.rule.metrics[0]) if len(row.rule.metrics) == 1 else None
    if panel is None:
        return False
    place = None if row.symbol is None else symbols.place(row.symbol)
    if place is not None:
        told = Severity(symbols.columns[panel.key].severities[place])
    elif row.symbol is None and panel.key in symbols.totals:
        told = symbols.totals[panel.key].severity
    else:
        return False
    return told >= row.severity and (told is Severity.UNKNOWN) == (row.severity is Severity.UNKNOWN)


def _of_rule(rows: Sequence[AlertRow], *, muted: bool) -> Statement:
    """One rule's alerts in one state, the worst first: how many there are, and what the first one says."""
    first = rows[0]
    state = "" if first.state is AlertState.FIRING else f" {first.state.word}"
    words = first.summary or first.rule.expression
    if len(rows) > 1:
        symbols = len({row.symbol for row in rows})
        words = f"{len(rows)} alerts" if symbols == 1 else f"{symbols} symbols"
        words += "" if first.symbol is None else f", first {short_name(first.symbol)}"
    quiet = ", muted" if muted else ""
    return Statement(first.severity, one_colon(f"{first.rule.name}{state}: {words}{quiet}"))


def _of_the_rest(shown: Assessment, live: Assessment) -> tuple[list[Statement], list[Statement]]:
    """Alerts that no statement above has told: of sources at present, and what else is shown.

    Of a figure that a panel has too, the panel's statement is enough, unless the key metric's is worse.
    """
    sources = {source.name for source in live.sources}
    told = {panel.name for panel in shown.panels} | {"kill switch"}
    told |= {source.name for source in live.sources if source.severity is not Severity.OK}
    untold = sources - told
    figures = {key.metric.name: key.metric for key in shown.key_metrics}
    symbols = last_judged(shown)
    told |= {
        alert.name
        for alert in shown.alerts
        if alert.name in figures and told_by_panel(figures[alert.name], symbols) >= alert.severity
    }
    not_others = sources | told | _rule_names(shown) | _rule_names(live)

    def said(alert: Alert) -> Statement:
        colon = "" if alert.name in figures else ":"
        end = "" if alert.symbol is None else f", worst {short_name(alert.symbol)}"
        return Statement(alert.severity, one_colon(f"{alert.name}{colon} {alert.summary}{end}"))

    of_sources = [said(alert) for alert in live.alerts if alert.name in untold]
    return of_sources, [said(alert) for alert in shown.alerts if alert.name not in not_others]
