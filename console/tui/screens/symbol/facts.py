"""The texts of a symbol's detail: its state in words, and every fact with what each source says of it."""

from collections.abc import Iterator, Sequence

from console.domain.amounts import span
from console.domain.assessment import Assessment
from console.domain.figures import breach, figure_of
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import SymbolStatus
from console.domain.symbol_detail import SOURCES, Fact, Said, SymbolDetail
from console.domain.symbols import OUTLOOK
from console.tui.screens.overview.summary import source_age
from console.tui.text import Line, Span, fit, fit_line, short_name
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.view import View
from console.tui.words import going

_MOST_NAMED = 3
"""Facts that sources differ on which the summary names; the table marks them all."""


def summary_lines(view: View, detail: SymbolDetail, gone: bool, cells: int) -> tuple[Line, ...]:
    """Two lines: how the symbol is and where it is going, and whether its sources agree."""
    if view.assessment is None or (detail.row is None and not gone):
        connecting = Span(
            "connecting" if view.assessment is None else "no source knows this symbol", Tone.UNKNOWN
        )
        return ((Span(f"{detail.symbol}  ", Tone.STRONG), connecting), ())
    if gone:
        words = f" {detail.symbol} is gone: no source names it any more; these are its last known values "
        return (fit_line((Span(words, Tone.BLIND),), cells, view.glyphs.ellipsis), ())
    lines = (_state(view.assessment, detail, view.glyphs), _agreement(detail, view.glyphs))
    return tuple(fit_line(line, cells, view.glyphs.ellipsis) for line in lines)


def _state(assessment: Assessment, detail: SymbolDetail, glyphs: Glyphs) -> Line:
    row = detail.row
    if row is None:
        return ()
    tone = Tone.ALARM if row.severity is Severity.CRITICAL else tone_of(row.severity)
    line = [
        Span(f"{short_name(detail.symbol)}  ", Tone.STRONG),
        Span(f"{glyphs.of(row.severity)} {row.severity.word}", tone),
    ]
    for words in _reasons(assessment, row):
        line.append(Span(f"  {words}", tone_of(row.severity) if row.severity else Tone.PLAIN))
    if row.next_funding is not None and not row.doubts.exchange:
        line.append(Span(f"  next funding in {span(row.next_funding - assessment.at)}", Tone.DIM))
    return tuple(line)


def _reasons(assessment: Assessment, row: SymbolStatus) -> Iterator[str]:
    """What is wrong with the row, panel by panel, and where its margin ratio is going."""
    if row.doubts.metrics:
        yield row.doubts.metrics
        return
    trend = going(assessment.symbols.outlook(row.symbol))
    for panel in assessment.panels:
        value, figure = row.values[panel.key], figure_of(panel)
        moves = trend if panel.key == OUTLOOK else ""
        if value.number is None or not (value.severity or moves):
            continue
        said = f"{figure.title} {figure.write(value.number)} {breach(panel, value.number)}".rstrip()
        yield f"{said} and {moves}" if moves else said


def _agreement(detail: SymbolDetail, glyphs: Glyphs) -> Line:
    differing = [fact.name for fact in detail.facts if fact.differs]
    if not differing:
        return (Span(_no_difference(detail), Tone.DIM),)
    named = ", ".join(differing[:_MOST_NAMED])
    more = f" and {len(differing) - _MOST_NAMED} more" if len(differing) > _MOST_NAMED else ""
    words = f"{glyphs.of(Severity.HIGH)} sources differ on {named}{more}"
    return (Span(words, tone_of(Severity.HIGH)),)


def _no_difference(detail: SymbolDetail) -> str:
    """That nothing differs is only good to know where two sources could be compared."""
    fresh = [not doubt for doubt in detail.doubts]
    for fact in detail.facts:
        if sum(said is not None and known for said, known in zip(fact.said, fresh, strict=True)) > 1:
            return "sources agree"
    return "nothing to compare: fewer than two sources are fresh"


_GUTTER, _LONGEST_NAME, _WIDEST_VALUE = 2, 28, 24


def fact_lines(view: View, detail: SymbolDetail, gone: bool, cells: int) -> list[Line]:
    """A line for each fact, under the sources with their ages; grey what is not the present."""
    value = min(_WIDEST_VALUE, (cells - _GUTTER - 20) // len(SOURCES) - 1)
    name = min(_LONGEST_NAME, cells - _GUTTER - len(SOURCES) * (value + 1))
    glyphs = view.glyphs
    lines: list[Line] = [_head(view, name, value)]
    for fact in detail.facts:
        mark = f"{glyphs.of(Severity.HIGH)} " if fact.differs else "  "
        spans = [
            Span(mark, tone_of(Severity.HIGH)),
            Span(fit(fact.name, name, "left", glyphs.ellipsis), _name_tone(fact)),
        ]
        for said, doubt in zip(fact.said, detail.doubts, strict=True):
            spans.append(_said(said, value, glyphs, old=bool(doubt) or gone, differs=fact.differs))
        lines.append(tuple(spans))
    return [fit_line(line, cells, glyphs.ellipsis) for line in lines]


def _name_tone(fact: Fact) -> Tone:
    return tone_of(Severity.HIGH) if fact.differs else Tone.DIM


def _head(view: View, name: int, value: int) -> Line:
    spans = [Span("  " + fit("FACT", name, "left", ""), Tone.DIM)]
    for source_name, (title, short) in zip(SOURCES, _TITLES, strict=True):
        source = None if view.assessment is None else view.assessment.source(source_name)
        if source is None or source.health is Health.OFF:
            words, tone = f"{title} off", Tone.DIM
        else:
            words = f"{title if value >= len(title) + 5 else short} {source_age(view, source)}"
            tone = tone_of(source.severity) if source.severity else Tone.PLAIN
        spans.append(Span(" " + fit(words, value, "right", view.glyphs.ellipsis), tone))
    return tuple(spans)


_TITLES = (("engine", "engine"), ("database", "db"), ("exchange", "exch"), ("flags", "flags"))
"""What the sources' columns are called, and in short."""


def _said(said: Said | None, cells: int, glyphs: Glyphs, *, old: bool, differs: bool) -> Span:
    """One value; `old` ones are grey whatever they say."""
    if said is None:
        return Span(" " * (cells + 1))
    tone = tone_of(said.severity) if said.severity else Tone.STRONG if differs else Tone.PLAIN
    text = fit(said.words, cells, "right", glyphs.ellipsis)
    return Span(f" {text}", Tone.UNKNOWN if old else tone)


def log_lines(lines: Sequence[str], cells: int, glyphs: Glyphs) -> list[Line]:
    """The log's newest lines that name the symbol, newest first."""
    if not lines:
        return [(Span("no line of late names this symbol", Tone.DIM),)]
    return [fit_line((Span(line),), cells, glyphs.ellipsis) for line in lines]


def tab_line(names: Sequence[tuple[str, Tone]], cells: int, glyphs: Glyphs) -> Line:
    """The parts of the screen by name."""
    return fit_line((Span(f" {name} ", tone) for name, tone in names), cells, glyphs.ellipsis)
