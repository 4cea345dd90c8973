"""How the lines of a table go to the terminal: texts fitted to their columns, in the styles of the theme."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from console.tui.text import fit, line_width, plain_ascii, visible
from console.tui.theme import Glyphs, Tone
from console.tui.widgets.table.across import GUTTER, Placed
from console.tui.widgets.table.lines import Drawn, Kind, Piece, TableLine

T = TypeVar("T")

CHOSEN = {Kind.TITLES: "table--chosen-title", Kind.CURSOR: "table--chosen-cell"}
"""What dresses the piece of the chosen column, by its line's kind."""

STYLES = {kind.value for kind in Kind} | set(CHOSEN.values())
"""The component classes of a table's own, beside the tones."""

_OWN_GROUND = (Tone.ALARM, Tone.BLIND, Tone.KEY)
"""Tones that keep their background, under the cursor too."""

Dress = Callable[[str], Style]
"""The style of a component class."""


def strip_of(line: Drawn, placed: Sequence[Placed[T]], cells: int, dress: Dress, glyphs: Glyphs) -> Strip:
    """`line` in exactly `cells` cells."""
    if isinstance(line, TableLine):
        base, segments = dress(line.kind), list(_segments(line, placed, dress, glyphs.ellipsis))
        drawn = _end(placed[: len(line.pieces)])
    else:
        base, drawn = dress(Kind.TITLES), line_width(line)
        segments = [Segment(visible(span.text), _over(dress(span.tone), base, span.tone)) for span in line]
    if glyphs.ascii_only:
        segments = [Segment(plain_ascii(segment.text), segment.style) for segment in segments]
    strip = Strip(segments, drawn)
    if isinstance(line, TableLine) and line.more:
        return Strip.join([strip.adjust_cell_length(cells - 1, base), Strip([Segment(line.more, base)])])
    return strip.adjust_cell_length(cells, base)


def _end(placed: Sequence[Placed[T]]) -> int:
    """The first cell after these columns."""
    return placed[-1].x + placed[-1].width if placed else GUTTER


def _segments(line: TableLine, placed: Sequence[Placed[T]], dress: Dress, ellipsis: str) -> Iterator[Segment]:
    base = dress(line.kind)
    yield Segment(line.gutter, base)
    x = GUTTER
    for number, (at, piece) in enumerate(zip(placed, line.pieces, strict=False)):
        if at.x > x:
            gap = " " * (at.x - x)
            yield Segment(gap[:1] + line.less + gap[2:] if line.less and number == 1 else gap, base)
        under = dress(CHOSEN[line.kind]) if number == line.chosen else base
        yield from _piece(piece, at, under, dress, ellipsis)
        x = at.x + at.width


def _piece(piece: Piece, at: Placed[T], base: Style, dress: Dress, ellipsis: str) -> Iterator[Segment]:
    style = _over(dress(piece.tone), base, piece.tone)
    align = at.column.align
    if not at.column.marked:
        yield Segment(fit(piece.text, at.width, align, ellipsis), style)
        return
    text, mark = fit(piece.text, at.width - 2, align, ellipsis), piece.mark or " "
    if piece.mark_tone is piece.tone:
        yield Segment(f"{text} {mark}", style)
    else:
        yield Segment(f"{text} ", style)
        yield Segment(mark, _over(dress(piece.mark_tone), base, piece.mark_tone))


def _over(style: Style, base: Style, tone: Tone) -> Style:
    """`style` upon the ground of `base`; what is plain looks as its line does."""
    if tone is Tone.PLAIN:
        return base
    return style if tone in _OWN_GROUND else _upon(style, base)


@lru_cache(maxsize=256)
def _upon(style: Style, base: Style) -> Style:
    return style + Style(bgcolor=base.bgcolor, underline=base.underline)
