"""One procedure in full: what it undoes and what it can't, what it would lose, needs, and its last drill."""

from collections.abc import Iterable, Iterator, Sequence

from textual.geometry import Size

from console.domain.figures import seconds
from console.domain.rollback import Advice, Drilled, Need, Way
from console.runbooks.model import Risk, Runbook
from console.tui.screens.recovery.detail import LABEL, labelled
from console.tui.screens.recovery.words import answer_of, progress, run_sign
from console.tui.screens.rollback.losses import lost_in_full
from console.tui.screens.rollback.rows import Row
from console.tui.text import Line, Span, clip, fit_line, line_width, spread
from console.tui.theme import Glyphs, Tone

Part = Sequence[Line]
"""The lines of one thing that is said of a procedure; none has none."""
_CHOSEN_BY = ("UNDOES", "CAN'T")
"""What of a procedure stands nowhere else on the screen: the table tells needs, drill and losses in brief."""


def chosen_lines(row: Row, now: float, size: Size, key: str, glyphs: Glyphs) -> Sequence[Line]:
    """The procedure in so many lines: apart where there is room, else of each part its beginning.

    `key` shows all of it.
    """
    cells, room = size.width, size.height
    title, parts = _title(row, (), cells, glyphs), list(_parts(row, now, cells, glyphs))
    lines = sum(map(len, parts))
    if lines + len(parts) + 1 <= room:
        return [title, *(line for part in parts for line in ((), *part))]
    if lines + 1 <= room:
        return [title, *(line for part in parts for line in part)]
    more = Span(" "), Span(f" {key} ", Tone.KEY), Span(" all of it", Tone.DIM)
    shown = _beginnings(parts, room - 1, cells, glyphs)
    return [_title(row, more, cells, glyphs), *shown][:room]


def full_lines(row: Row, now: float, cells: int, glyphs: Glyphs) -> list[Line]:
    """All of it but the title, in as many lines as it takes."""
    parts = _parts(row, now, cells, glyphs)
    return [fit_line(_facts(row), cells, glyphs.ellipsis), *(line for part in parts for line in ((), *part))]


def _beginnings(parts: Sequence[Part], room: int, cells: int, glyphs: Glyphs) -> Iterator[Line]:
    """A line of each part; more of what is chosen by, then of what is true now, which comes last."""
    spare, shown = room - len(parts), dict[int, int]()
    wanted = sorted((_label(part) not in _CHOSEN_BY, -place) for place, part in enumerate(parts))
    for place in (-minus for _, minus in wanted):
        shown[place] = min(len(parts[place]), 1 + max(0, spare))
        spare -= shown[place] - 1
    for place, part in enumerate(parts):
        count = shown[place]
        yield from part[: count - 1]
        yield part[count - 1] if count == len(part) else _cut(part[count - 1], cells, glyphs)


def _label(part: Part) -> str:
    """What the part is called."""
    return part[0][0].text.strip()


def _cut(line: Line, cells: int, glyphs: Glyphs) -> Line:
    """The line, which says by its end that more follows."""
    *before, last = line
    room = cells - line_width(before)
    return *before, Span(clip(f"{last.text} {glyphs.ellipsis}", room, glyphs.ellipsis), last.tone)


def _parts(row: Row, now: float, cells: int, glyphs: Glyphs) -> Iterator[Part]:
    if row.refusal:
        yield _part("NOT HERE", row.refusal, cells, Tone.UNKNOWN)
    if row.run is not None:
        sign = run_sign(row.run, glyphs)
        where = f"{row.run.id}, {progress(row.run)}: enter opens it"
        yield _part("RUN", f"{sign.glyph} {where}", cells, sign.tone)
    for advice in row.advice:
        yield _part("ADVISED", _why(advice), cells, Tone.CRITICAL)
        if advice.feature:
            why = f": {advice.why_feature}" if advice.why_feature else ""
            yield _part("FEATURE", f"{advice.feature}{why}", cells, Tone.STRONG)
        elif advice.why_feature:
            yield _part("FEATURE", f"for you to say: {advice.why_feature}", cells, Tone.UNKNOWN)
    if row.way is None:
        book = None if row.offered is None else row.offered.runbook
        yield from _of_no_way(book, cells, glyphs)
    else:
        yield from _of_way(row.way, now, cells, glyphs)


def _title(row: Row, more: Line, cells: int, glyphs: Glyphs) -> Line:
    """The procedure's name, what its runbook does to the risk that the engine runs, and what is `more`."""
    facts = _facts(row)[-1:] if more else _facts(row)
    return spread((Span(row.title, Tone.STRONG),), (*facts, *more), cells, glyphs.ellipsis)


def _facts(row: Row) -> Line:
    """The runbook, and what it does to the risk that the engine runs, which comes last."""
    if row.offered is None:
        return ()
    book = row.offered.runbook
    risk = Span(f"risk: {book.risk.value}", Tone.HIGH if book.risk is Risk.RAISES else Tone.DIM)
    return Span(f"{row.name}, {len(book.steps)} steps, ", Tone.DIM), risk


def _why(advice: Advice) -> str:
    return f"{advice.condition}: {advice.evidence}"


def _of_no_way(book: Runbook | None, cells: int, glyphs: Glyphs) -> Iterator[Part]:
    """A runbook that the guide names and that is no rollback, or one that nobody has looked at yet."""
    if book is None:
        yield _part("", "not looked at yet", cells, Tone.UNKNOWN)
        return
    yield _part("USE", book.use, cells, Tone.PLAIN)
    if book.rollback is not None:
        yield _list("UNDOES", book.rollback.undoes, cells, glyphs)
        yield _list("CAN'T", book.rollback.cannot, cells, glyphs)
        yield _part("NEEDS", "not looked at yet", cells, Tone.UNKNOWN)


def _of_way(way: Way, now: float, cells: int, glyphs: Glyphs) -> Iterator[Part]:
    yield _list("UNDOES", way.undoes, cells, glyphs)
    yield _list("CAN'T", way.cannot, cells, glyphs)
    yield _toned("LOSES", lost_in_full(way), cells)
    yield _toned("NEEDS", (_need(need, glyphs) for need in _worst_first(way.needs)), cells)
    yield _toned("DRILLED", _drill(way.runbook, way.drilled, way.late, now, glyphs), cells)


def _worst_first(needs: Iterable[Need]) -> Sequence[Need]:
    return sorted(needs, key=lambda need: (need.met is not False, need.met is not None))


def _need(need: Need, glyphs: Glyphs) -> tuple[str, Tone]:
    glyph, tone = answer_of(need.met, glyphs)
    return f"{glyph} {need.name}: {need.words}" if need.words else f"{glyph} {need.name}", tone


def _drill(
    runbook: str, last: Drilled | None, late: bool, now: float, glyphs: Glyphs
) -> Iterator[tuple[str, Tone]]:
    if last is None:
        again = runbook.removeprefix("rollback_")
        yield f"{glyphs.warning} never: opsconsole drill rollback {again} practises it on paper", Tone.WARNING
        return
    ago, took = f"{seconds(now - last.at)} ago", seconds(last.seconds)
    scenario = f", scenario {last.scenario}" if last.scenario else ""
    if not last.passed:
        yield f"{glyphs.critical} FAILED {ago} after {took}{scenario}: {last.words}", Tone.CRITICAL
    elif late:
        yield f"{glyphs.warning} LATE: {ago}, passed in {took}{scenario}", Tone.WARNING
    else:
        yield f"{glyphs.ok} {ago}, passed in {took}{scenario}", Tone.OK


def _part(label: str, words: str, cells: int, tone: Tone) -> list[Line]:
    return list(labelled(label, words, cells, tone))


def _list(label: str, each: Sequence[str], cells: int, glyphs: Glyphs) -> list[Line]:
    """Several things, each with a dash before it."""
    if len(each) == 1:
        return _part(label, each[0], cells, Tone.PLAIN)
    lines = list[Line]()
    for words in each:
        for number, (gap, line) in enumerate(labelled("", words, cells - 2, Tone.PLAIN)):
            dash = Span("  " if number else f"{glyphs.none} ", Tone.DIM)
            lines.append((gap if lines else Span(f"{label:<{LABEL}}", Tone.DIM), dash, line))
    return lines or _part(label, "nothing", cells, Tone.DIM)


def _toned(label: str, each: Iterable[tuple[str, Tone]], cells: int) -> list[Line]:
    """Each on lines of its own; the label is beside the first."""
    lines = list[Line]()
    for words, tone in each:
        lines += labelled("" if lines else label, words, cells, tone)
    return lines or list(labelled(label, "nothing", cells, Tone.DIM))
