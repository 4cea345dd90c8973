"""The overview's texts around the table: from an assessment to lines for a size.

Each text has its `inputs` beside it: as long as these are equal, so are the lines.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from textual.geometry import Size

from console.domain.amounts import span
from console.domain.assessment import Assessment
from console.domain.figures import condition, key_metric_value
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import NOT_EXPORTED, AccountStatus, KeyMetricStatus, SourceStatus
from console.domain.trails import Moment
from console.tui.headline import Statement, all_well, short_alert, sources_told
from console.tui.navigation import MAIN
from console.tui.screens.positions.cells import as_gain, as_money
from console.tui.text import (
    Line,
    Span,
    fit,
    fit_line,
    joined,
    line_width,
    one_colon,
    spread,
    told_apart,
    width,
)
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.view import Reminder, View
from console.tui.widgets.spark import sampled, spark, values_of

Lines = tuple[Line, ...]


def headline_lines(view: View, size: Size) -> Lines:
    """What is wrong, the worst first, one statement to a line; the last line says how many more there are.

    What keeps the context from being ready to go back comes after what is wrong now. Where a line is left, it
    says what is due next after a deployment, or how ready the context is; what is overdue is a statement.
    """
    said, ready = view.statements, view.readiness
    if view.assessment is not None and not said:
        said = (all_well(view.assessment),)
    if ready is not None and ready.warns:
        said = (*said, Statement(Severity.WARNING, one_colon(ready.words), one_colon(ready.brief)))
    quiet = [one for one in (view.reminder, ready) if one is not None and not one.warns]
    lines = _first_of(said, size, view.glyphs)
    room = size.height - len(lines)
    return (*lines, *(_quiet(one, size.width, view.glyphs) for one in quiet[:room]))


def with_screens(said: Lines, view: View, size: Size) -> Lines:
    """`said`, and in the last line, where that is free, which other screens there are by which keys."""
    free = size.height - len(said)
    if free < 1:
        return said
    keys = {action.id: action.shown for action in view.actions}
    named = [(Span(keys[name], Tone.STRONG), Span(f" {name}", Tone.DIM)) for name in MAIN]
    line = fit_line((Span("  "), *joined(named, "  ")), size.width, view.glyphs.ellipsis)
    return (*said, *((),) * (free - 1), line)


def _quiet(said: Reminder, cells: int, glyphs: Glyphs) -> Line:
    words = said.brief if said.brief and width(said.words) + 2 > cells else said.words
    return fit_line((Span(f"  {words}", Tone.DIM),), cells, glyphs.ellipsis)


def _first_of(statements: Sequence[Statement], size: Size, glyphs: Glyphs) -> Lines:
    """As many of them as there are lines."""
    more = len(statements) - size.height
    lines = [_statement(said, glyphs, size.width) for said in statements[: size.height]]
    if more > 0 and lines:
        rest = (Span(f"+{more} more", Tone.DIM),)
        lines[-1] = spread(lines[-1], rest, size.width, glyphs.ellipsis)
    return tuple(lines)


def _statement(said: Statement, glyphs: Glyphs, cells: int) -> Line:
    tone = Tone.BLIND if said.severity is Severity.UNKNOWN else tone_of(said.severity)
    words = said.brief if said.brief and width(said.words) + 2 > cells else said.words
    return fit_line((Span(f"{glyphs.of(said.severity)} {words}", tone),), cells, glyphs.ellipsis)


def key_metric_lines(view: View, size: Size) -> Lines:
    """Name, value, target and alert of each key metric side by side; where it is low, two lines of three."""
    if view.assessment is None:
        return ()
    keys, glyphs = view.assessment.key_metrics, view.glyphs
    if size.height < 4:
        rows = [keys[start : start + 3] for start in range(0, len(keys), 3)]
        return tuple(_across([_short(key, glyphs) for key in row], size.width, glyphs) for row in rows)
    tiles = [_tile(key, glyphs) for key in keys]
    return tuple(_across([tile[row] for tile in tiles], size.width, glyphs) for row in range(4))


def _short(key: KeyMetricStatus, glyphs: Glyphs) -> Line:
    return (Span(f"{key.metric.name} ", Tone.DIM), _value(key, glyphs))


def _value(key: KeyMetricStatus, glyphs: Glyphs) -> Span:
    severity = key.value.severity
    missing = NOT_EXPORTED if key.value.reason == NOT_EXPORTED else glyphs.none
    words = key_metric_value(key.metric, key.value.number, missing)
    quiet = key.value.number is None and severity is Severity.OK
    return Span(f"{glyphs.of(severity)} {words}", Tone.DIM if quiet else tone_of(severity))


def _tile(key: KeyMetricStatus, glyphs: Glyphs) -> tuple[Line, Line, Line, Line]:
    metric = key.metric
    return (
        (Span(metric.name, Tone.DIM),),
        (_value(key, glyphs),),
        (Span(f"target {condition(metric.target, metric.scale, metric.unit)}", Tone.DIM),),
        (Span(f"alert  {condition(metric.alert, metric.scale, metric.unit)}", Tone.DIM),),
    )


def _across(parts: Sequence[Line], cells: int, glyphs: Glyphs) -> Line:
    """The parts side by side, one cell apart, each as wide as the others and the first a little wider."""
    share = (cells + 1) // max(1, len(parts)) - 1
    first = cells - (share + 1) * (len(parts) - 1)
    widths = [first, *[share] * (len(parts) - 1)]
    fitted = [spread(part, (), width, glyphs.ellipsis) for part, width in zip(parts, widths, strict=True)]
    return joined(fitted, " ")


_EQUITY_CELLS, _EQUITY_SECONDS = 8, 3600.0
_LEAST_EQUITY = 0.002
"""The share of an equity that its trend's whole height stands for, at least."""
_AMOUNT, _GAIN = 10, 9
"""Cells of a balance and of a profit to the cent: what is longer is rounded."""
_LEAST_NAME = 20
"""Cells that a name has where there is room: figures are not to jump with every new account."""


def account_lines(view: View, size: Size) -> Lines:
    """Each account's equity, where it has been going for an hour, and its open profit or loss.

    With a title and what is free where there are lines for it; long names give way to the figures.
    """
    accounts = () if view.assessment is None else view.assessment.accounts
    titled = size.height > 2
    if view.assessment is None or not accounts:
        return ((Span("ACCOUNTS", Tone.DIM),), (Span("not known yet", Tone.UNKNOWN),))[: size.height]
    moments = sampled(view.assessment.equities, _EQUITY_CELLS, _EQUITY_SECONDS)
    figures = [_figures(status, moments, view.glyphs, titled) for status in accounts]
    names = _names(accounts, size.width - line_width(figures[0]) - 1, view.glyphs)
    lines = [(Span(f"{name} ", rest[-1].tone), *rest) for name, rest in zip(names, figures, strict=True)]
    if titled:
        title = f"  {'equity':>{_AMOUNT}} {'1 hour':<8}  {'free':>{_AMOUNT}}  {'uPnL':>{_GAIN}}"
        lines.insert(0, (Span(f"{'ACCOUNTS':<{width(names[0])}} {title}", Tone.DIM),))
    shown = [fit_line(line, size.width, view.glyphs.ellipsis) for line in lines[: size.height]]
    if len(lines) > size.height and shown:
        more = (Span(f"+{len(lines) - size.height} more", Tone.DIM),)
        shown[-1] = spread(shown[-1], more, size.width, view.glyphs.ellipsis)
    return tuple(shown)


def _names(accounts: Sequence[AccountStatus], room: int, glyphs: Glyphs) -> Sequence[str]:
    """The accounts' names in equally many cells; where there is no room, without what all end in."""
    names = told_apart([status.account.name or f"account {status.account.id}" for status in accounts], room)
    cells = max(4, min(room, max(_LEAST_NAME, *map(width, names))))
    return [fit(name, cells, "left", glyphs.ellipsis) for name in names]


def _figures(status: AccountStatus, moments: Sequence[Moment | None], glyphs: Glyphs, titled: bool) -> Line:
    """What stands beside an account's name; without titles a label says what the gain is."""
    account, tone = status.account, tone_of(status.severity)
    known, quiet = (Tone.STRONG, Tone.DIM) if status.severity is Severity.OK else (tone, tone)
    trend = spark(values_of(str(account.id), moments), _EQUITY_CELLS, glyphs, _LEAST_EQUITY)
    equity, free = (
        (glyphs.none if amount is None else as_money(amount, _AMOUNT)).rjust(_AMOUNT)
        for amount in (account.total_equity, account.current_balance)
    )
    gain = glyphs.none if account.unrealized_pnl is None else as_gain(account.unrealized_pnl, _GAIN)
    return (
        Span(f"{glyphs.of(status.severity)} ", tone),
        Span(f"{equity} ", known),
        Span(f"{trend}  {free + '  ' if titled else 'uPnL '}{gain:>{_GAIN}}", quiet),
    )


def engine_lines(view: View, size: Size) -> Lines:
    """What the engine says of itself at present, as many facts to a line as there is room for."""
    if view.live is None:
        return ((Span("ENGINE", Tone.DIM),), (Span("connecting", Tone.UNKNOWN),))[: size.height]
    title: list[Line] = [(Span("ENGINE", Tone.DIM),)] if size.height > 2 else []
    lines = title + _flowing(list(_engine(view, view.live)), size.width)
    return tuple(fit_line(line, size.width, view.glyphs.ellipsis) for line in lines[: size.height])


def _engine(view: View, assessment: Assessment) -> Iterator[Span]:
    engine, glyphs = assessment.engine, view.glyphs
    metrics, process = assessment.source("metrics"), assessment.source("engine")
    told = Tone.PLAIN if metrics.severity < Severity.UNKNOWN else Tone.UNKNOWN
    said = engine.mode is not None and engine.heartbeat_age is not None
    worse = max(metrics.severity, process.severity, Severity.OK if said else Severity.UNKNOWN)
    named = f"{engine.mode or 'mode unknown'} {engine.version or ''}".rstrip()
    yield Span(f"{glyphs.of(worse)} {named}", tone_of(worse) if worse else Tone.STRONG)
    age = f"{source_age(view, metrics):<4}"  # as wide as ever, so that nothing after it moves
    beat = "no heartbeat" if engine.heartbeat_age is None else f"heartbeat {age}"
    yield Span(beat, told if engine.heartbeat_age is not None else Tone.DIM)
    if engine.uptime is not None:
        stale = process.severity is Severity.UNKNOWN
        seen = engine.uptime - (process.age or 0.0 if stale else 0.0)
        yield Span(
            f"{'was ' if stale else ''}up {span(max(0.0, seen))}", Tone.UNKNOWN if stale else Tone.PLAIN
        )
    if engine.pid is not None:
        yield Span(f"pid {engine.pid}", Tone.DIM)
    kill = assessment.kill
    worry = kill.state.severity
    yield Span(f"kill switch {kill.title.lower()}", tone_of(worry) if worry else Tone.DIM)
    drilled = None if assessment.last_trip is None else assessment.last_trip.drilled
    if drilled is not None:
        yield Span(f"last drill passed {span(assessment.at - drilled)} ago", Tone.DIM)


def _flowing(parts: Sequence[Span], cells: int) -> list[Line]:
    """The parts two cells apart, each in the first line with room for it: the first ones never lack it."""
    lines: list[Line] = []
    for part in parts:
        longer = [(*line, Span("  "), part) for line in lines]
        place = next((at for at, line in enumerate(longer) if line_width(line) <= cells), None)
        if place is None:
            lines.append((part,))
        else:
            lines[place] = longer[place]
    return lines


def alert_lines(view: View, size: Size) -> Lines:
    """The single alerts, the worst first, in as many lines as there are, under their number."""
    if view.assessment is None or not view.answered:
        return ((Span("ALERTS", Tone.DIM),),)
    alerts, panels, glyphs = view.assessment.alerts, view.assessment.panels, view.glyphs
    lines: list[Line] = [(Span(f"ALERTS {len(alerts) or 'none'}", Tone.DIM),)]
    for alert in alerts[: max(0, size.height - 1)]:
        words = f"{glyphs.of(alert.severity)} {short_alert(alert, panels)[0]}"
        lines.append(fit_line((Span(words, tone_of(alert.severity)),), size.width, glyphs.ellipsis))
    more = len(alerts) - (size.height - 1)
    if more > 0:
        rest = (Span(f"+{more} more", Tone.DIM),)
        lines[-1] = spread(lines[-1], rest, size.width, glyphs.ellipsis)
    return tuple(lines)


def source_lines(view: View, size: Size) -> Lines:
    """Each source's age, latency and cause: of the present, whatever picture is held."""
    if view.live is None:
        return ((Span("SOURCES", Tone.DIM),), (Span("connecting", Tone.UNKNOWN),))
    lines: list[Line] = [(Span(f"{'SOURCES':<11}{'age':>6}  {'answers in':>10}", Tone.DIM),)]
    lines += [_source(source, view) for source in sources_told(view.live)]
    return tuple(fit_line(line, size.width, view.glyphs.ellipsis) for line in lines)


def _source(source: SourceStatus, view: View) -> Line:
    glyphs = view.glyphs
    if source.health is Health.OFF:
        return (Span(f"{glyphs.none} {source.name:<9} not configured", Tone.DIM),)
    latency = glyphs.none if source.latency is None else f"{source.latency * 1000:.0f} ms"
    name, age = fit(source.name, 9, "left", glyphs.ellipsis), source_age(view, source)
    tone = tone_of(source.severity)
    return (
        Span(f"{glyphs.of(source.severity)} ", tone),
        Span(f"{name}{age:>6}  ", tone if source.severity else Tone.PLAIN),
        Span(f"{latency:>10}  ", Tone.DIM),
        Span(source.cause or "", tone),
    )


def source_age(view: View, source: SourceStatus) -> str:
    """A source's age; in whole seconds as long as it is fresh, as the status line has the tenths."""
    if source.age is None:
        return view.glyphs.none
    if view.slow or source.severity is not Severity.OK or source.age >= 60:
        return view.age(source.age, source.stale_after)
    return f"{int(source.age)} s" if source.age >= 1 else "<1 s"


@dataclass(frozen=True, slots=True)
class Text:
    """`lines` for a view and a size; they change only with `inputs`, and with the size."""

    lines: Callable[[View, Size], Lines]
    inputs: Callable[[View], tuple[object, ...]]


def _told_of(view: View) -> tuple[object, ...]:
    """All that the headline is made of."""
    well = None if view.assessment is None or view.statements else all_well(view.assessment)
    return view.statements, view.reminder, view.readiness, well


def _of_assessment(
    pick: Callable[[View, Assessment], tuple[object, ...]],
) -> Callable[[View], tuple[object, ...]]:
    return lambda view: () if view.assessment is None else pick(view, view.assessment)


TEXTS: Mapping[str, Text] = {
    "headline": Text(headline_lines, _told_of),
    "key-metrics": Text(key_metric_lines, _of_assessment(lambda _, seen: (seen.key_metrics,))),
    "accounts": Text(account_lines, _of_assessment(lambda _, seen: (seen.accounts, seen.equities))),
    "engine": Text(engine_lines, lambda view: () if view.live is None else tuple(_engine(view, view.live))),
    "sources": Text(
        source_lines,
        lambda view: (
            () if view.live is None else tuple(_source(one, view) for one in sources_told(view.live))
        ),
    ),
    "alerts": Text(alert_lines, _of_assessment(lambda view, seen: (seen.alerts, view.answered))),
}
"""The texts by the widget's id."""
