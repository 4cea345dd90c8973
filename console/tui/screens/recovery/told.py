"""What is said of the row under the cursor on screen 5, and above the rows."""

from collections.abc import Iterator, Sequence

from textual.geometry import Size

from console.domain.amounts import span
from console.runbooks.run import Run, Standing
from console.runbooks.seen import Hands, Listing, Offered
from console.tui.screens.recovery.rows import Part, Row
from console.tui.screens.recovery.words import clock, current, progress, run_sign, who
from console.tui.text import Line, Span, clip, fit_line, spread, wrap
from console.tui.theme import Glyphs, Tone

LINES, LINES_HIGH = 5, 12
"""Lines of the row in full, at most: on a low screen, and where it is high."""


def header_lines(rows: Sequence[Row], unread: str, cells: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """What is open, and what fires now that a runbook is for."""
    if unread:
        blind = Span(" NOT READ ", Tone.BLIND), Span(f" {unread}", Tone.UNKNOWN)
        return fit_line(blind, cells, glyphs.ellipsis), ()
    opened = [row for row in rows if row.part is Part.OPEN]
    over = next((row.run for row in rows if row.part is Part.OVER), None)
    wanted = [row for row in rows if row.why and row.part is Part.OFFERED]
    return (
        fit_line(_open_line(opened, over), cells, glyphs.ellipsis),
        fit_line(_firing_line(wanted), cells, glyphs.ellipsis),
    )


def _open_line(opened: Sequence[Row], over: Run | None) -> Line:
    """What is open; where nothing is, that the run before has failed, which whoever comes back looks for."""
    if not opened:
        nothing = Span(" no run is open", Tone.DIM)
        if over is None or over.standing is not Standing.FAILED:
            return (nothing,)
        return nothing, Span(f"; the last one failed: {over.id}", Tone.HIGH)
    counted = "1 run is open" if len(opened) == 1 else f"{len(opened)} runs are open"
    names = ", ".join(row.name for row in opened)
    return Span(f" {counted}", Tone.STRONG), Span(f": {names}")


def _firing_line(wanted: Sequence[Row]) -> Line:
    if not wanted:
        return (Span(" nothing fires that a runbook is for", Tone.DIM),)
    why = dict.fromkeys(words for row in wanted for words in row.why)
    named = ", ".join(row.name for row in wanted)
    return Span(f" {'; '.join(why)}", Tone.HIGH), Span(f": {named}")


def chosen_lines(row: Row, listing: Listing, size: Size, glyphs: Glyphs) -> Sequence[Line]:
    """The row under the cursor, in as many lines as it takes or the size has."""
    cells, most = size.width, size.height
    lines = list(_chosen(row, listing, cells, glyphs))
    if len(lines) > most:
        last = fit_line(lines[most - 1], cells - 2, glyphs.ellipsis)
        lines[most - 1 :] = [(*last, Span(f" {glyphs.ellipsis}", Tone.DIM))]
    return lines


def _chosen(row: Row, listing: Listing, cells: int, glyphs: Glyphs) -> Iterator[Line]:
    if row.offered is not None:
        yield from _of_runbook(row, row.offered, cells, glyphs)
    elif row.run is not None:
        yield from _of_run(row.run, row.hands, listing.at, cells, glyphs)
    elif row.unread is not None:
        yield (Span(f"{glyphs.unknown} unread ", Tone.UNKNOWN), Span(row.unread.id, Tone.STRONG))
        yield from ((Span(line, Tone.UNKNOWN),) for line in wrap(row.unread.why, cells))
    else:
        yield (Span(f"{row.name}.yaml is no runbook", Tone.WARNING),)
        yield from ((Span(line, Tone.WARNING),) for words in row.why for line in wrap(words, cells))


def _of_runbook(row: Row, offered: Offered, cells: int, glyphs: Glyphs) -> Iterator[Line]:
    book = offered.runbook
    right: Line = (Span(f"{len(book.steps)} steps, risk: {book.risk.value}", Tone.DIM),)
    yield spread((Span(book.title, Tone.STRONG),), right, cells, glyphs.ellipsis)
    yield from ((Span(line),) for line in wrap(book.use, cells))
    if row.why:
        yield from ((Span(line, Tone.HIGH),) for line in wrap("; ".join(row.why), cells))
    if offered.refusal:
        yield from ((Span(line, Tone.UNKNOWN),) for line in wrap(f"not here: {offered.refusal}", cells))


def _of_run(run: Run, hands: Hands, now: float, cells: int, glyphs: Glyphs) -> Iterator[Line]:
    sign, step = run_sign(run, glyphs), current(run)
    began = f"began {clock(run.began)}, {span(now - run.began)} ago"
    left = Span(f"{sign.glyph} {sign.word} ", sign.tone), Span(run.id, Tone.STRONG)
    yield spread(left, (Span(began, Tone.DIM),), cells, glyphs.ellipsis)
    if run.values:
        values = ", ".join(f"{name}={value}" for name, value in run.values.items())
        yield (Span(clip(values, cells, glyphs.ellipsis), Tone.DIM),)
    if run.standing.over:
        yield (Span(f"last driven by {run.driver}" if run.driver else "nobody drove it", Tone.DIM),)
    elif step is not None:
        yield (Span(f"{progress(run)}, {step.name}; {who(run.driver, hands)}"),)
        yield from ((Span(line, sign.tone),) for line in wrap(step.words, cells) if step.words)
