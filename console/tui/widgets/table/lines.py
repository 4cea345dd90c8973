"""What stands on each line of a table: values, to be compared with what stood there before."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, TypeVar

from textual.geometry import Region

from console.tui.text import Line, Span, clip, fit_line, line_width, spread
from console.tui.theme import Glyphs, Tone, tone_of
from console.tui.widgets.table.across import Across, Placed
from console.tui.widgets.table.columns import Cell, Column
from console.tui.widgets.table.rows import Rows

T = TypeVar("T")


class Kind(StrEnum):
    """What a line is, by the component class that dresses it."""

    TITLES = "table--header"
    ROW = "table--row"
    CURSOR = "table--cursor"
    BLURRED = "table--cursor-blurred"
    """The row under the cursor, while something else has the focus."""


class Piece(NamedTuple):
    """A cell as it is drawn: its mark may be quieter than its text."""

    text: str
    tone: Tone = Tone.PLAIN
    mark: str = ""
    mark_tone: Tone = Tone.PLAIN


class TableLine(NamedTuple):
    """Pieces in their columns. `chosen` is which of them is in the chosen column, -1 for none.

    `less` and `more` are the signs that columns are scrolled out, on either side of the titles.
    """

    kind: Kind
    pieces: tuple[Piece, ...]
    gutter: str = "  "
    chosen: int = -1
    less: str = ""
    more: str = ""


Drawn = TableLine | Line


def mark_sign(glyphs: Glyphs) -> str:
    """The sign of a marked row."""
    return "*" if glyphs.ascii_only else "•"


def piece_of(cell: Cell, way: int, glyphs: Glyphs) -> Piece:
    """A cell with its own mark; where it has none, with the way that its number went, quietly."""
    tone = Tone.UNKNOWN if cell.stale else cell.tone
    if cell.mark or cell.stale or not way:
        own = None if cell.stale else cell.mark_tone
        return Piece(cell.text, tone, cell.mark, own or tone)
    return Piece(cell.text, tone, glyphs.up if way > 0 else glyphs.down, Tone.DIM)


def row_line(pieces: Sequence[Piece], kind: Kind, marked: bool, chosen: int, glyphs: Glyphs) -> TableLine:
    """A row; the cursor's sign and the chosen cell are there only where `kind` has the cursor."""
    sign = " " if kind is Kind.ROW else glyphs.cursor
    gutter = sign + (mark_sign(glyphs) if marked else " ")
    return TableLine(kind, tuple(pieces), gutter, chosen if kind is Kind.CURSOR else -1)


def title_line(
    across: Across[T], first: Piece, sort: Column[T], arrow: str, *, focused: bool, glyphs: Glyphs
) -> TableLine:
    """The titles, the first one being `first`; `arrow` is the way that the column `sort` is sorted."""
    less = "<" if glyphs.ascii_only else "‹"
    return TableLine(
        Kind.TITLES,
        (first, *(_title(placed.column, sort, arrow) for placed in across.placed[1:])),
        chosen=across.chosen_number if focused else -1,
        less=less if across.more_left else "",
        more=glyphs.more if across.more_right else "",
    )


def _title(column: Column[T], sort: Column[T], arrow: str) -> Piece:
    if column is not sort:
        return Piece(column.title)
    return Piece(column.title, mark=arrow) if column.marked else Piece(f"{column.title} {arrow}")


def counting_title(title: str, rows: Rows[T], top: int, page: int, *, cells: int, glyphs: Glyphs) -> Piece:
    """A title and the cursor's place; then, as far as `cells` allow, worse rows off the page, and marks.

    Title and place never move; where there is no room for both whole, the title is clipped.
    """
    marked = f" {mark_sign(glyphs)}{rows.marked}" if rows.marked else ""
    placed = _with_place(title, f" {rows.cursor + 1}/{len(rows)}" if len(rows) else "", cells, glyphs)
    worse = rows.worse(top, page)
    if worse is None:
        return Piece(_widest(cells, placed + marked, placed))
    words = worse.words(glyphs.up, glyphs.down, glyphs.of(worse.severity))
    warnings = [f"{placed} {form}{more}" for form in words for more in dict.fromkeys((marked, ""))]
    text = _widest(cells, *warnings, placed + marked, placed)
    return Piece(text, tone_of(worse.severity) if text in warnings else Tone.PLAIN)


_LEAST_TITLE = 2
"""Cells below which a clipped title would say nothing."""


def _with_place(title: str, place: str, cells: int, glyphs: Glyphs) -> str:
    """The title and the place after it; of a title that is too long, its word goes before its arrow."""
    word, space, arrow = title.rpartition(" ")
    if arrow not in (glyphs.up, glyphs.down):
        word, space, arrow = title, "", ""
    room = cells - len(place) - len(space + arrow)
    if room < _LEAST_TITLE:
        return title
    return clip(word, room, glyphs.ellipsis) + space + arrow + place


def _widest(cells: int, *forms: str) -> str:
    """The first of `forms` that fits, else the last."""
    return next((form for form in forms if len(form) <= cells), forms[-1])


def narrowed_line(rows: Rows[T], cells: int, glyphs: Glyphs) -> Line:
    """Which rows are asked for, how many of all there are, and that worse ones are among the others."""
    asked = "marked only" if rows.filter is None else f"/{rows.filter.text}"
    if rows.filter is not None and rows.marked_only:
        asked += ", marked only"
    counts = [Span(f" {len(rows)} of {rows.total}", Tone.STRONG)]
    number, severity = rows.worse_hidden()
    if number:
        counts.append(Span(f"  {glyphs.of(severity)} {number} worse hidden", tone_of(severity)))
    if rows.marked:
        counts.append(Span(f"  {mark_sign(glyphs)}{rows.marked} marked"))
    if rows.holds:
        counts.append(Span("  cursor's row no longer matches", Tone.DIM))
    room = max(0, cells - line_width(counts))
    line = (*fit_line((Span(f" {asked} ", Tone.KEY),), room, glyphs.ellipsis), *counts)
    hint: Line = (Span("esc all rows ", Tone.DIM),)
    fits = line_width(line) + 2 + line_width(hint) <= cells
    return spread(line, hint, cells, glyphs.ellipsis) if fits else fit_line(line, cells, glyphs.ellipsis)


def changes(y: int, before: Drawn, now: Drawn, placed: Sequence[Placed[T]], cells: int) -> Region:
    """The part of line `y` to draw again, `now` standing there instead of `before`."""
    if not isinstance(before, TableLine) or not isinstance(now, TableLine) or before[2:] != now[2:]:
        return Region(0, y, cells, 1)
    if before.kind is not now.kind or len(before.pieces) != len(now.pieces):
        return Region(0, y, cells, 1)
    differ = [at for at, one, other in zip(placed, before.pieces, now.pieces, strict=True) if one != other]
    first, last = differ[0], differ[-1]
    return Region(first.x, y, last.x + last.width - first.x, 1)
