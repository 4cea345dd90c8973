"""What goes to the terminal: of each frame only the cells that differ from what it shows.

Textual draws a changed region again from its widget's left edge on, and says the style of every piece of text
anew. On a bad line that is most of what is sent. Here every cell that the terminal shows is remembered, and a
frame becomes the shortest text that changes those which differ: short cursor moves, each style said once.
"""

import functools
import itertools
import operator
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import category

from rich.cells import split_graphemes
from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

from console.tui.terminal.pens import PLAIN, Pen, Pens, change

_PIECES = 1024
"""Pieces of text whose cells are remembered: most of a changed line's are as they were."""
_BRIDGE = 4
"""Unchanged cells up to which it is cheaper to write them again than to move past them."""

_Strips = Mapping[int, Strip | None]
"""A line as the compositor cuts it: strips by their first column, None where there is nothing new."""

Position = tuple[int, int | None]
"""Line and column of the terminal's cursor; the column is None where it isn't known for certain."""


class Output:
    """Turns compositor updates into text for the terminal, and remembers what it shows then."""

    def __init__(self, colours: ColorSystem | None, greys: Callable[[], bool] | None = None) -> None:
        """`colours` and `greys` as `Pens` has them."""
        self._pens = Pens(colours, greys)
        self._piece = functools.lru_cache(maxsize=_PIECES)(self._drawn)
        self._lines: list[_Line] = []
        self._width = 0

    def forget(self) -> None:
        """The terminal shows something unknown: the next frame has to be a full one, and is sent whole."""
        self._lines = []

    def frame(self, update: CompositorUpdate, size: Size) -> str | None:
        """The text that makes the terminal show `update`; empty where it does already.

        None where that can't be told: the update is of another kind than those of a full screen, or doesn't
        cover all of it while the terminal shows something unknown.
        """
        whole = isinstance(update, LayoutUpdate) and update.region == size.region
        fresh = len(self._lines) != size.height or self._width != size.width
        if fresh and not whole:
            return None
        if fresh:
            self._lines, self._width = [_Line(size.width) for _ in range(size.height)], size.width
        if isinstance(update, LayoutUpdate):
            lines = _lines_of_layout(update)
        elif isinstance(update, ChopsUpdate):
            lines = _lines_of_chops(update)
        else:
            return None
        runs = [run for y, strips in lines for run in self._changes(y, strips)]
        return self._text(runs if whole else self._by_pen(runs))

    def _changes(self, y: int, strips: _Strips) -> "Iterator[_Run]":
        line, cuts = self._lines[y], tuple(strips)
        if line.cuts != cuts:
            line.cuts, line.strips = cuts, {}
        for x, strip in strips.items():
            if strip is not None and line.strips.get(x) is not strip:
                line.strips[x] = strip
                yield from self._changes_of(strip, y, x, line)

    def _changes_of(self, strip: Strip, y: int, x: int, line: "_Line") -> "Iterator[_Run]":
        cells, pens = self._cells(strip, self._width - x)
        place = slice(x, x + len(cells))
        if line.cells[place] == cells and line.pens[place] == pens:
            return
        written_anew = map(operator.ne, line.cells[place], cells)
        drawn_anew = map(operator.is_not, line.pens[place], pens)
        differ = map(operator.or_, written_anew, drawn_anew)
        changed = list(itertools.compress(range(place.start, place.stop), differ))
        line.cells[place], line.pens[place] = cells, pens
        yield from self._runs(y, changed, line)

    def _cells(self, strip: Strip, most: int) -> "tuple[list[str], list[Pen]]":
        """The strip cell by cell; the second cell of a wide character is empty."""
        cells: list[str] = []
        pens: list[Pen] = []
        for text, style, control in strip:
            if not control:
                drawn, drawn_by = self._piece(text, style)
                cells += drawn
                pens += drawn_by
        return cells[:most], pens[:most]

    def _drawn(self, text: str, style: Style | None) -> "tuple[Sequence[str], Sequence[Pen]]":
        """The cells of a piece of text, and the pen of each."""
        pen = self._pens.of(style)
        cells = tuple(text) if text.isascii() and text.isprintable() else _graphemes(text)
        blank = self._pens.blank(pen)
        return cells, [blank if cell == " " else pen for cell in cells]

    def _runs(self, y: int, columns: list[int], line: "_Line") -> "Iterator[_Run]":
        """The changed columns as runs of one pen each, with short gaps closed."""
        start = end = columns[0]
        pen = line.pens[start]
        for column in columns:
            near = column - end <= _BRIDGE
            fitting = self._fitting(line, slice(start, end), column, pen) if near else None
            if fitting is None:
                yield _Run(y, start, "".join(line.cells[start:end]), pen, end)
                start, fitting = column, line.pens[column]
            end, pen = column + 1, fitting
        yield _Run(y, start, "".join(line.cells[start:end]), pen, end)

    def _fitting(self, line: "_Line", run: slice, column: int, pen: Pen) -> Pen | None:
        """The pen that draws the run, by `pen` so far, and on to `column`; None where none does both."""
        blank = self._pens.blank
        for further in range(run.stop, column + 1):
            cell = line.pens[further]
            if cell is pen or (cell is blank(pen) and line.cells[further] == " "):
                continue
            if blank(cell) is not pen or set(line.cells[run.start : further]) != {" "}:
                return None
            pen = cell
        return pen

    def _by_pen(self, runs: "list[_Run]") -> "list[_Run]":
        """The runs in an order in which the pen changes least; blanks go with any pen that draws them."""
        groups: dict[Pen, list[_Run]] = {}
        for run in runs:
            groups.setdefault(run.pen, []).append(run)
        drawing = {self._pens.blank(pen): pen for pen in groups}
        for pen in list(groups):
            host = drawing.get(pen, pen)
            if host is not pen and all(run.text.isspace() for run in groups[pen]):
                groups[host] = sorted(groups[host] + groups.pop(pen), key=_reading_order)
        return [run for pen in sorted(groups, key=_likeness) for run in groups[pen]]

    def _text(self, runs: "list[_Run]") -> str:
        parts: list[str] = []
        at: Position | None = None
        pen = PLAIN
        for run in runs:
            parts.append(_move(at, run.y, run.x))
            if not (run.pen is self._pens.blank(pen) and run.text.isspace()):
                parts.append(change(pen, run.pen))
                pen = run.pen
            parts.append(run.text)
            certain = run.text.isascii() and run.end < self._width
            at = (run.y, run.end if certain else None)
        parts.append(change(pen, PLAIN))
        return "".join(parts)


class _Line:
    """One line of the terminal: its cells, how each is drawn, and the strips that it was cut into last."""

    __slots__ = ("cells", "cuts", "pens", "strips")

    def __init__(self, width: int) -> None:
        self.cells = ["\0"] * width  # nothing that a frame can hold, so that everything differs
        self.pens = [PLAIN] * width
        self.cuts: tuple[int, ...] = ()
        self.strips: dict[int, Strip] = {}


@dataclass(frozen=True, slots=True)
class _Run:
    """Text of one pen, from column `x` to `end` on line `y`."""

    y: int
    x: int
    text: str
    pen: Pen
    end: int


def _reading_order(run: _Run) -> tuple[int, int]:
    return run.y, run.x


def _likeness(pen: Pen) -> tuple[str, list[str], str]:
    return pen.background, sorted(pen.attributes), pen.colour


def _lines_of_layout(update: LayoutUpdate) -> Iterator[tuple[int, _Strips]]:
    for y, strips in enumerate(update.strips, update.region.y):
        line: dict[int, Strip] = {}
        x = update.region.x
        for strip in strips:
            line[x] = strip
            x += strip.cell_length
        yield y, line


def _lines_of_chops(update: ChopsUpdate) -> Iterator[tuple[int, _Strips]]:
    """Of each changed line the strips that reach into its changed spans.

    What stands beside these is no good: a widget that doesn't reach into the changed region isn't rendered,
    and what lies behind it, mostly blank, has taken its place.
    """
    for y, begin, end in update.spans:
        ends = zip(update.chop_ends[y], update.chops[y].items(), strict=False)
        yield y, {x: strip if x < end and begin < its_end else None for its_end, (x, strip) in ends}


def _graphemes(text: str) -> tuple[str, ...]:
    """What each cell of `text` holds; marks go with what they stand on, control characters are left out.

    The same few signs fill thousands of remembered cells: each is one object.
    """
    cells: list[str] = []
    for start, end, width in split_graphemes(text)[0]:
        grapheme = "".join(
            sign for sign in text[start:end] if category(sign) not in _INERT or sign == _JOINER
        )
        if width == 0:
            cells[-1:] = [cells[-1] + grapheme] if cells else []
        else:
            cells += [grapheme or " " * width, *[""] * (width - 1)]
    return tuple(map(sys.intern, cells))


_INERT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of signs that draw nothing and may steer the terminal."""
_JOINER = "\u200d"


def _move(at: Position | None, y: int, x: int) -> str:
    """The shortest sequence that takes the cursor from `at` to column `x` of line `y`, counted from 0."""
    if at == (y, x):
        return ""
    ways = [f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H" if y else "\x1b[H"]
    if at is not None:
        ways += _steps(*at, y, x)
    return min(ways, key=len)


def _steps(line: int, column: int | None, y: int, x: int) -> Iterator[str]:
    """Ways that begin at the cursor's place, as far as that is known."""
    if y == line:
        yield f"\x1b[{x + 1}G"
        if x == 0:
            yield "\r"
        if column is not None and x > column:
            yield "\x1b[C" if x == column + 1 else f"\x1b[{x - column}C"
    elif x == 0 and y == line + 1:
        yield "\r\n"
    elif x == column:
        yield f"\x1b[{y + 1}d"
        if y == line + 1:
            yield "\x1b[B"
