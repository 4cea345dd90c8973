"""The words above screen 2's tables: the panes' names, how the exchange agrees, why there may be nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence

from console.domain.agreement import Agreement
from console.domain.assessment import Assessment
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.surfaces import Books
from console.tui.screens.positions.panes import POSITIONS, Matter
from console.tui.text import Line, Span, line_width, spread
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.view import View

Verdict = tuple[Line, ...]
"""The same in a few words and in fewer, the longest first."""


def tabs(names: Iterable[str], chosen: str, matter: Matter) -> Line:
    """The panes' names, the chosen one as a key."""
    return tuple(Span(f" {title(name, matter)} ", Tone.KEY if name == chosen else Tone.DIM) for name in names)


def with_verdict(line: Line, verdict: Verdict, cells: int, ellipsis: str) -> Line:
    """`line`, and at its right end as much of the verdict as there is room for."""
    room = cells - line_width(line) - 2
    right = next((words for words in verdict if line_width(words) <= room), ())
    return spread(line, right, cells, ellipsis)


def title(name: str, matter: Matter) -> str:
    """A pane's name with the number of its rows; `?` where the database doesn't say."""
    books = matter.books
    rows: Sequence[object] | None = None
    if name == POSITIONS:
        rows = None if books is None or books.positions is None else matter.holdings.rows
    elif name in ("orders", "trades", "failures"):
        rows = None if books is None else getattr(books, name)
    else:
        return name
    return f"{name} {'?' if rows is None else f'{len(rows):,}' if rows else 'none'}"


def verdict_on(matter: Matter, view: View) -> Verdict:
    """How the exchange's word stands to the database's."""
    rows, glyphs = matter.holdings.rows, view.glyphs
    if not rows:
        return ()
    counts = Counter(row.comparison.agreement for row in rows)
    unknown = counts[Agreement.UNKNOWN]
    wrong = len(rows) - counts[Agreement.SAME] - unknown
    if wrong:
        return _said(Severity.HIGH, glyphs, f"{wrong:,} not as at the exchange", f"{wrong:,} differ")
    if unknown:
        found = next(row.comparison.why for row in rows if row.comparison.agreement is Agreement.UNKNOWN)
        why = "PAUSED" if _held_too_long(view) else found
        counted = f"{unknown:,} not compared"
        return _said(Severity.UNKNOWN, glyphs, f"{counted}: {why}", counted)
    return _said(Severity.OK, glyphs, "as at the exchange", "same")


def _held_too_long(view: View) -> bool:
    """Whether database or exchange of a held picture have grown old in it, which is no fault of theirs."""
    if view.paused_for is None or view.assessment is None:
        return False
    return bool(view.assessment.books_doubt) or view.assessment.source("exchange").health is Health.STALE


def _said(severity: Severity, glyphs: Glyphs, *forms: str) -> Verdict:
    return tuple((Span(f"{glyphs.of(severity)} {words}", tone_of(severity)),) for words in forms)


def notice(view: View, matter: Matter) -> Span | None:
    """Why there is nothing to see, or why what is seen can't be taken for the present."""
    if view.assessment is None:
        return Span("connecting", Tone.UNKNOWN)
    if view.assessment.source("database").health is Health.OFF:
        return Span("no database is configured in this context", Tone.DIM)
    doubt = _doubt(view, view.assessment, matter.books)
    if doubt:
        return Span(f"{view.glyphs.of(Severity.UNKNOWN)} {doubt}", Tone.BLIND)
    return None if matter.holdings.rows else Span("no open positions", Tone.DIM)


def _doubt(view: View, assessment: Assessment, books: Books | None) -> str:
    source = assessment.source("database")
    if view.paused_for is not None and assessment.books_doubt:
        return assessment.books_doubt  # of a held picture: the source may be well by now
    if books is None:
        return f"the database has not answered: {source.cause}"
    if source.health is Health.STALE:
        return f"database stale for {view.age(source.age or 0.0)}: {source.cause}"
    if books.positions is None:
        why = next((part for part in books.missing if part.startswith("futures_positions: ")), "")
        return f"positions can't be read: {why.partition(': ')[2]}"
    return assessment.books_doubt
