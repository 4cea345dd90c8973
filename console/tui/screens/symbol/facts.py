"""The texts of a symbol's detail: its state in words, and every fact with what each source says of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from console.domain.amounts import span
from console.domain.assessment import Assessment
from console.domain.figures import breach, figure_of
from console.domain.positions import distance_severity
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import SourceStatus, SymbolStatus
from console.domain.symbol_detail import SOURCES, Fact, Said, SymbolDetail
from console.domain.symbols import OUTLOOK
from console.tui.held import doubt_in
from console.tui.screens.overview.summary import source_age
from console.tui.text import Line, Span, fit, fit_line, line_width, short_name, width, wrap
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.view import View
from console.tui.words import decimals_left, going

_MOST_NAMED = 3
"""Facts that sources differ on which the summary names; the table marks them all."""


def summary_lines(view: View, detail: SymbolDetail, gone: bool, cells: int) -> tuple[Line, ...]:
    """Two lines: how the symbol is and where it is going; whether its sources agree, and what lies ahead."""
    if view.assessment is None or (detail.row is None and not gone):
        line = (Span(f"{detail.symbol}  ", Tone.STRONG), Span(_unknown(view.assessment), Tone.UNKNOWN))
        return (fit_line(line, cells, view.glyphs.ellipsis), ())
    if gone:
        words = f" {detail.symbol} is gone: no source names it any more; these are its last known values "
        return (fit_line((Span(words, Tone.BLIND),), cells, view.glyphs.ellipsis), ())
    ellipsis = view.glyphs.ellipsis
    beside: tuple[Line, ...] = (_to_liquidation(detail, view.glyphs), _next_funding(view.assessment, detail))
    room = cells - sum(map(line_width, beside))
    second = fit_line(_agreement(view, detail, cells, room), cells, ellipsis)
    for told in beside:
        second = (*second, *told) if line_width(second) + line_width(told) <= cells else second
    return _state(view, view.assessment, detail, cells), second


def _unknown(assessment: Assessment | None) -> str:
    """Why nothing is known of a symbol: nobody knows it, or not everybody has been heard yet."""
    if assessment is None:
        return "connecting"
    snapshot = assessment.snapshot
    states = (snapshot.metrics, snapshot.database, snapshot.exchange)
    awaited = [state.name for state in states if state.configured and state.good is None]
    return (
        f"nothing known yet: waiting for {', '.join(awaited)}" if awaited else "no source knows this symbol"
    )


def _state(view: View, assessment: Assessment, detail: SymbolDetail, cells: int) -> Line:
    """How the symbol is, and why: as many reasons as have room, and how many more there are."""
    row, glyphs = detail.row, view.glyphs
    if row is None:
        return ()
    tone = tone_of(row.severity) if row.severity else Tone.PLAIN
    state = (
        Span(f"{short_name(detail.symbol)}  ", Tone.STRONG),
        Span(
            f"{glyphs.of(row.severity)} {row.severity.word}",
            Tone.ALARM if row.severity is Severity.CRITICAL else tone_of(row.severity),
        ),
    )
    reasons = list(_reasons(view, assessment, row))
    for said in range(len(reasons), 0, -1):
        words = [*reasons[:said], *([f"and {len(reasons) - said} more"] if said < len(reasons) else [])]
        line = (*state, *(Span(f"  {word}", tone) for word in words))
        if line_width(line) <= cells or said == 1:
            return fit_line(line, cells, glyphs.ellipsis)
    return fit_line(state, cells, glyphs.ellipsis)


def _to_liquidation(detail: SymbolDetail, glyphs: Glyphs) -> Line:
    """What is left of the mark price to the nearest liquidation price, where that is of the present."""
    row = detail.row
    if row is None or row.liquidation_distance is None or row.doubts.metrics or row.doubts.database:
        return ()
    left = row.liquidation_distance
    severity = distance_severity(Decimal(left))
    sign = f"{glyphs.of(severity)} " if severity else ""
    tone = tone_of(severity) if severity else Tone.DIM
    return (Span(f"  {sign}{left:.{decimals_left(left)}%} to liquidation", tone),)


def _next_funding(assessment: Assessment, detail: SymbolDetail) -> Line:
    row = detail.row
    if row is None or row.next_funding is None or row.doubts.exchange:
        return ()
    return (Span(f"  next funding in {span(max(0.0, row.next_funding - assessment.at))}", Tone.DIM),)


def _reasons(view: View, assessment: Assessment, row: SymbolStatus) -> Iterator[str]:
    """What is wrong with the row, panel by panel, and where its margin ratio is going."""
    if row.doubts.metrics:
        yield doubt_in(view, "metrics", row.doubts.metrics)
        return
    trend = going(assessment.symbols.outlook(row.symbol))
    for panel in assessment.panels:
        value, figure = row.values[panel.key], figure_of(panel)
        moves = trend if panel.key == OUTLOOK else ""
        if value.number is None or not (value.severity or moves):
            continue
        said = f"{figure.title} {figure.write(value.number)} {breach(panel, value.number)}".rstrip()
        yield f"{said} and {moves}" if moves else said


def _agreement(view: View, detail: SymbolDetail, cells: int, beside: int) -> Line:
    """Who agrees or not, and who could not be compared; a doubt is more than what is beside it."""
    differing = [fact.name for fact in detail.facts if fact.differs]
    if not differing and not detail.compared:
        return (Span("nothing to compare now", Tone.DIM),)
    left_out = f"{_listed(detail.uncompared)} not compared" if detail.uncompared else ""
    why = _why_not(view, detail).replace(": ", ", ")
    reason = f"{left_out}: {why}" if why else left_out
    if differing:
        named = ", ".join(differing[:_MOST_NAMED])
        more = f" and {len(differing) - _MOST_NAMED} more" if len(differing) > _MOST_NAMED else ""
        words, tone = (
            f"{view.glyphs.of(Severity.HIGH)} sources differ on {named}{more}",
            tone_of(Severity.HIGH),
        )
        forms = [f"{words}; {reason}", f"{words}; {left_out}", words]
    else:
        tone = Tone.UNKNOWN if why else Tone.DIM
        words = f"{_listed(detail.compared)} agree"
        # Who agrees is said in any case: what can't be compared may change from one look to the next.
        forms = [f"{words}; {reason}", reason] if why else [f"{words}; {reason}", words]
    if not left_out:
        return (Span(words if differing else "sources agree", tone),)
    room = cells if why else beside
    return (Span(next((form for form in forms if width(form) <= room), forms[-1]), tone),)


def _why_not(view: View, detail: SymbolDetail) -> str:
    """The first doubt about a source that was left out; nothing where it merely could not be compared."""
    doubts = zip(SOURCES, detail.doubts, strict=True)
    told = (doubt_in(view, source, doubt) for source, doubt in doubts if source in detail.uncompared)
    return next(filter(None, told), "")


def _listed(sources: Sequence[str]) -> str:
    """Sources by the names of their columns: `engine and database`, `engine, database, flags`."""
    names = [_TITLES[SOURCES.index(source)].lower() for source in sources]
    return (" and " if len(names) == 2 else ", ").join(names)


_GUTTER, _NAME, _LONGEST_NAME, _STAGE, _WIDEST_VALUE = 2, 20, 28, 10, 24
"""Cells; the flags file says nothing but stages, which leaves the others room for their numbers."""


def fact_lines(view: View, detail: SymbolDetail, gone: bool, cells: int) -> list[Line]:
    """A line for each fact, under the sources and their ages; grey what is not the present."""
    value = min(_WIDEST_VALUE, (cells - _GUTTER - _NAME - _STAGE - 1) // (len(SOURCES) - 1) - 1)
    values = [*[value] * (len(SOURCES) - 1), _STAGE]
    name = min(_LONGEST_NAME, cells - _GUTTER - sum(values) - len(values))
    glyphs = view.glyphs
    lines = list(_head(view, detail.doubts, name, values))
    for fact in detail.facts:
        mark = f"{glyphs.of(Severity.HIGH)} " if fact.differs else "  "
        spans = [
            Span(mark, tone_of(Severity.HIGH)),
            Span(fit(fact.name, name, "left", glyphs.ellipsis), _name_tone(fact)),
        ]
        for said, doubt, room in zip(fact.said, detail.doubts, values, strict=True):
            spans.append(_said(said, room, glyphs, old=bool(doubt) or gone, differs=fact.differs))
        lines.append(tuple(spans))
    return [fit_line(line, cells, glyphs.ellipsis) for line in lines]


def _name_tone(fact: Fact) -> Tone:
    return tone_of(Severity.HIGH) if fact.differs else Tone.DIM


def _head(view: View, doubts: Sequence[str], name: int, values: Sequence[int]) -> tuple[Line, Line]:
    """The sources' names, and below them their ages, with a glyph where these are too old."""
    names = [Span("  " + fit("FACT", name, "left", ""), Tone.DIM)]
    ages = [Span(" " * (_GUTTER + name))]
    for source_name, title, doubt, room in zip(SOURCES, _TITLES, doubts, values, strict=True):
        source = None if view.assessment is None else _as_doubted(view.assessment, source_name, doubt)
        if source is None or source.health is Health.OFF:
            words, tone = "off", Tone.DIM
        elif source.severity:
            words = f"{view.glyphs.of(source.severity)} {source_age(view, source)}"
            tone = tone_of(source.severity)
        else:
            words, tone = source_age(view, source), Tone.DIM
        names.append(Span(" " + title.rjust(room), Tone.DIM))
        ages.append(Span(" " + words.rjust(room), tone))
    return tuple(names), tuple(ages)


def _as_doubted(assessment: Assessment, name: str, doubt: str) -> SourceStatus:
    """The source's status; one that answers, but is in doubt, is as old as what it was last told."""
    source, books = assessment.source(name), assessment.books
    if not doubt or source.severity is Severity.UNKNOWN:
        return source
    quiet = books.quiet_for if name == "database" and books is not None else None
    return replace(source, severity=Severity.UNKNOWN, age=(source.age or 0.0) + (quiet or 0.0))


_TITLES = ("ENGINE", "DATABASE", "EXCHANGE", "FLAGS")
"""What the sources' columns are called."""


def _said(said: Said | None, cells: int, glyphs: Glyphs, *, old: bool, differs: bool) -> Span:
    """One value, after the sign of how bad it is; `old` ones are grey whatever they say."""
    if said is None:
        return Span(" " * (cells + 1))
    tone = tone_of(said.severity) if said.severity else Tone.STRONG if differs else Tone.PLAIN
    sign = f"{glyphs.of(said.severity)} " if said.severity else ""
    text = fit(sign + said.within(cells - width(sign)), cells, "right", glyphs.ellipsis)
    return Span(f" {text}", Tone.UNKNOWN if old else tone)


def log_lines(lines: Sequence[str] | None, cells: int, glyphs: Glyphs) -> list[Line]:
    """The log's newest lines that name the symbol, newest first; None: it hasn't been read for them yet."""
    if lines is None:
        return [(Span("the log has not been read yet", Tone.UNKNOWN),)]
    if not lines:
        return [(Span("no line of late names this symbol", Tone.DIM),)]
    return [(Span(row),) for line in lines for row in _rows(line, cells, glyphs.ellipsis)]


_UNDER, _MOST_ROWS = "  ", 4
"""What a line's second row and those after it begin with, and how many rows one line has at most."""


def _rows(line: str, cells: int, ellipsis: str) -> list[str]:
    """The line in full, or as much of it as has room."""
    if width(line) <= cells:
        return [line]
    first, *rest = wrap(line, cells - width(_UNDER))
    rows = [first, *(f"{_UNDER}{row}" for row in rest)]
    return rows if len(rows) <= _MOST_ROWS else [*rows[: _MOST_ROWS - 1], f"{rows[_MOST_ROWS - 1]}{ellipsis}"]


def tab_line(parts: Sequence[tuple[str, str, Tone]], cells: int, glyphs: Glyphs) -> Line:
    """The parts of the screen by name and title, with as many of the counts in the titles as have room.

    What is empty says so in a word, or where that is too long in a digit.
    """
    whole = [title for _, title, _ in parts]
    forms = whole, [title.replace(" none", " 0") for title in whole], [name for name, _, _ in parts]
    titles = next((form for form in forms if sum(width(title) + 2 for title in form) <= cells), forms[-1])
    spans = (Span(f" {title} ", tone) for title, (_, _, tone) in zip(titles, parts, strict=True))
    return fit_line(spans, cells, glyphs.ellipsis)
