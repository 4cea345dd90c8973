"""A run's report for the screen: what its Markdown says, without the signs of it."""

import re
from collections.abc import Iterator, Sequence

from console.tui.text import Line, Span, width, wrap
from console.tui.theme import Tone

_ESCAPED = re.compile(r"\\(.)|`")
_BORDER = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\|[\s:|-]+\|")
_FENCE = "```"
_MOST_FIRST = 20
"""Cells that the first column of a table takes at most."""


def report_lines(text: str, cells: int) -> list[Line]:
    """The report in lines of at most so many cells: titles stand out, a table's row is its cells in a row."""
    lines, table, fenced = list[Line](), list[Sequence[str]](), False
    for line in text.splitlines():
        if not fenced and line.startswith("|"):
            if not _RULE.fullmatch(line.strip()):
                table.append([_plain(cell.strip()) for cell in _BORDER.split(line.strip())[1:-1]])
            continue
        lines += _rows(table, cells)
        table.clear()
        if line.startswith(_FENCE):
            fenced = not fenced
        elif fenced:
            lines += [(Span(f"  {part}", Tone.DIM),) for part in wrap(line, cells - 2)]
        elif line.startswith("#"):
            lines += [(Span(part, Tone.STRONG),) for part in wrap(_plain(line.lstrip("# ")), cells)]
        else:
            lines += [(Span(part),) for part in wrap(_plain(line), cells)]
    return [*lines, *_rows(table, cells)]


def _rows(table: Sequence[Sequence[str]], cells: int) -> Iterator[Line]:
    """The first cell in a column of its own, the others behind one another beside it."""
    filled = [row for row in table if any(row)]
    first = min(_MOST_FIRST, max((width(row[0]) for row in filled), default=0))
    for row in filled:
        rest = "  ".join(cell for cell in row[1:] if cell)
        beside = wrap(rest, max(20, cells - first - 2)) if rest else [""]
        for number, part in enumerate(beside):
            yield Span(f"{'' if number else row[0]:<{first}}  ", Tone.DIM), Span(part)


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: found[1] or "", text)
