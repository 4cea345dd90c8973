"""What stands beside the alerts: whether all rules are evaluated, and how every source is."""

from collections.abc import Iterator, Sequence

from console.domain.alert_book import AlertBook
from console.domain.alert_rows import AlertState
from console.domain.assessment import Assessment
from console.domain.figures import seconds
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import SourceStatus
from console.tui.drill import drill_lines
from console.tui.screens.kill.asking import key_of
from console.tui.screens.overview.summary import source_age
from console.tui.text import Line, Span, fit_line, spread
from console.tui.theme import Tone, tone_of
from console.tui.view import View


def rules_line(view: View, cells: int) -> Sequence[Line]:
    """How many rules are evaluated, when last, by which server, and how many of them can't tell.

    Before it what a drill has brought about, if one is under way.
    """
    return *drill_lines(view, cells), *_rules(view, cells)


def _rules(view: View, cells: int) -> Sequence[Line]:
    live = view.live
    if live is None:
        return ()
    severity, words = _standing(view, live)
    tone = tone_of(severity) if severity else Tone.PLAIN
    left = (Span(f"{view.glyphs.of(severity)} ", tone_of(severity)), Span(words, tone))
    if live.ruled.book is None:
        return (fit_line(left, cells, view.glyphs.ellipsis),)
    hint = (Span(f" {key_of(view, 'rule_holes')} ", Tone.KEY), Span(" holes ", Tone.DIM))
    return (spread(left, hint, cells, view.glyphs.ellipsis),)


def _standing(view: View, live: Assessment) -> tuple[Severity, str]:
    book, doubt = live.ruled.book, live.ruled.doubt
    if book is None:
        if not live.snapshot.alerts.configured:
            return Severity.UNKNOWN, "no alert rules are evaluated here"
        return Severity.UNKNOWN, f"alert rules: {doubt or 'not evaluated yet'}"
    usable = live.snapshot.alerts.usable(live.at)
    if not usable:
        return Severity.UNKNOWN, f"the alert rules are not evaluated: {doubt}"
    failing = sum(standing.error is not None for standing in book.rules)
    blind = failing or any(row.state is AlertState.NO_DATA and row.matters for row in live.alert_rows)
    severity = Severity.UNKNOWN if blind else Severity.WARNING if book.notes else Severity.OK
    return severity, ", ".join(_counted(view, live, book, failing))


def _counted(view: View, live: Assessment, book: AlertBook, failing: int) -> Iterator[str]:
    """The parts of the sentence."""
    total = len(book.rules)
    evaluated = [one.evaluated_at for one in book.rules if one.evaluated_at is not None]
    many = "all" if len(evaluated) == total and not failing else f"{len(evaluated) - failing} of"
    noun = "rule" if total == 1 else "rules"
    ago = "" if not evaluated else f" {_ago(view, live.at - max(evaluated))} ago"
    yield f"{many} {total} {noun} evaluated{ago}"
    if failing:
        yield f"{failing} failing"
    if warming := sum(one.warming and one.error is None for one in book.rules):
        yield f"{warming} {AlertState.WARMING.word}"
    if silent := sum(one.no_data_since is not None for one in book.rules):
        yield f"{silent} {AlertState.NO_DATA.word}"
    yield from book.notes[:1]
    if book.evaluated_by:
        yield f"by {book.evaluated_by}"


def _ago(view: View, age: float) -> str:
    """An age in whole seconds, as the sources have it."""
    if view.slow or age >= 60:
        return view.age(max(0.0, age))
    return f"{int(age)} s" if age >= 1 else "<1 s"


def source_lines(view: View, cells: int) -> Sequence[Line]:
    """Each source with its age, its limit and why it isn't fresh."""
    title = f"{'SOURCES':<20}{'age':>7}  {'limit':>6}  answers in"
    line: list[Span] = [Span(title, Tone.DIM)]
    if view.paused_for is not None:
        line += Span("  "), Span(" PAUSED, but not here ", Tone.BLIND)
    lines: list[Line] = [fit_line(line, cells, view.glyphs.ellipsis)]
    if view.live is not None:
        lines += [_source(source, view, cells) for source in view.live.sources]
    return lines


def _source(source: SourceStatus, view: View, cells: int) -> Line:
    """State, age with its limit, latency and cause, as far as they fit: an alert has all of the cause."""
    glyphs = view.glyphs
    if source.health is Health.OFF:
        return (Span(f"{glyphs.none} {source.name:<9}not configured", Tone.DIM),)
    tone = tone_of(source.severity)
    age = "no data" if source.age is None else source_age(view, source)
    latency = glyphs.none if source.latency is None else f"{source.latency * 1000:.0f} ms"
    line = (
        Span(f"{glyphs.of(source.severity)} {source.name:<9}{source.health.value:<9}{age:>7}  ", tone),
        Span(f"{seconds(source.stale_after):>6}  {latency:>10}  ", Tone.DIM),
        Span(source.cause or "", tone),
    )
    return fit_line(line, cells, glyphs.ellipsis)
