"""The overview's texts around the table: from an assessment to lines for a size."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.domain.figures import condition, key_metric_value, money, seconds
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import (
    NOT_EXPORTED,
    AccountStatus,
    Assessment,
    KeyMetricStatus,
    SourceStatus,
)
from console.tui.headline import Statement, all_well
from console.tui.text import Line, Span, fit, fit_line, joined, line_width, spread, width
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.view import View

Lines = tuple[Line, ...]


def headline_lines(view: View, size: Size) -> Lines:
    """What is wrong, the worst first, one statement to a line; the last line says how many more there are."""
    if view.assessment is not None and not view.statements:
        return (_statement(all_well(view.assessment), view.glyphs, size.width),)
    return _first_of(view.statements, size, view.glyphs)


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
    return fit_line((Span(f"{glyphs.of(said.severity)} {said.words}", tone),), cells, glyphs.ellipsis)


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


_APART = 2
"""Cells between two accounts."""
_AMOUNT, _CHANGE = 10, 9
"""Cells of an amount and of a profit or loss: up to a million and to ten thousand nothing moves sideways."""


def account_lines(view: View, size: Size) -> Lines:
    """Each account's equity and what it is made of, in equal shares; long names give way to the figures."""
    accounts = () if view.assessment is None else view.assessment.accounts
    if not accounts:
        return ()
    ellipsis = view.glyphs.ellipsis
    figures = [_account(account, view.glyphs, size.width >= 150) for account in accounts]
    longest = max(width(_account_name(account)) for account in accounts)
    share = (size.width - _APART * (len(accounts) - 1)) // len(accounts)
    room = max(4, min(longest, share - 1 - max(map(line_width, figures))))
    names = [Span(f"{fit(_account_name(status), room, 'left', ellipsis)} ", Tone.DIM) for status in accounts]
    parts: list[Line] = [(name, *line) for name, line in zip(names, figures, strict=True)]
    if all(line_width(part) <= share for part in parts):
        parts = [spread(part, (), share, ellipsis) for part in parts]
    return (fit_line(joined(parts, " " * _APART), size.width, ellipsis),)


def _account_name(status: AccountStatus) -> str:
    return status.account.name or f"account {status.account.id}"


def _account(status: AccountStatus, glyphs: Glyphs, full: bool) -> Line:
    account, tone = status.account, tone_of(status.severity)
    known = Tone.STRONG if status.severity is Severity.OK else tone
    equity, change = account.total_equity, account.unrealized_pnl
    line = [Span(f"{glyphs.of(status.severity)} {money(equity, glyphs.none):>{_AMOUNT}}", known)]
    if full:
        line.append(Span(f"  free {money(account.current_balance, glyphs.none):>{_AMOUNT}}", Tone.DIM))
        line.append(Span(f"  frozen {money(account.frozen_balance, glyphs.none):>{_AMOUNT}}", Tone.DIM))
    line.append(Span(f"  uPnL {money(change, glyphs.none, signed=True):>{_CHANGE}}", Tone.DIM))
    return tuple(line)


def alert_lines(view: View, size: Size) -> Lines:
    """What is wrong, in as many lines as there are, under the number of alerts."""
    if view.assessment is None or not view.answered:
        return ((Span("ALERTS", Tone.DIM),),)
    cells, count = max(0, size.width - 2), len(view.assessment.alerts)
    title = (Span(f"ALERTS {count or 'none'}", Tone.DIM),)
    return (title, *_first_of(view.statements, Size(cells, max(0, size.height - 1)), view.glyphs))


def source_lines(view: View, size: Size) -> Lines:
    """Each source's age, latency and cause; then what the engine says of itself."""
    if view.assessment is None:
        return ((Span("SOURCES", Tone.DIM),), (Span("connecting", Tone.UNKNOWN),))
    glyphs = view.glyphs
    lines: list[Line] = [(Span(f"{'SOURCES':<11}{'age':>6}  {'answers in':>10}", Tone.DIM),)]
    lines += [_source(source, glyphs) for source in view.assessment.sources]
    lines.append((Span("engine says ", Tone.DIM), *_engine(view.assessment, glyphs)))
    return tuple(fit_line(line, size.width, glyphs.ellipsis) for line in lines)


def _source(source: SourceStatus, glyphs: Glyphs) -> Line:
    if source.health is Health.OFF:
        return (Span(f"{glyphs.none} {source.name:<9} not configured", Tone.DIM),)
    age = glyphs.none if source.age is None else seconds(source.age)
    latency = glyphs.none if source.latency is None else f"{source.latency * 1000:.0f} ms"
    words = f"{glyphs.of(source.severity)} {fit(source.name, 9, 'left', glyphs.ellipsis)}{age:>6}  "
    tone = tone_of(source.severity)
    return (Span(words, tone), Span(f"{latency:>10}  ", Tone.DIM), Span(source.cause or "", tone))


def _engine(assessment: Assessment, glyphs: Glyphs) -> Iterator[Span]:
    engine = assessment.engine
    if engine.version is None and engine.mode is None:
        yield Span(glyphs.none, Tone.DIM)
        return
    yield Span(f"{engine.mode or 'mode unknown'}, version {engine.version or 'unknown'}")
    if engine.pid is not None:
        yield Span(f", pid {engine.pid}")
