"""What a change makes of the flags file, and what two people made of it at once, as lines to be shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum

_CONTEXT = 2
"""Lines around a change that show where it is."""


class Side(Enum):
    """Who made a line what it is."""

    BOTH = "both"
    MINE = "mine"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a three-way difference: left (` `), taken out (`-`) or put in (`+`) by a side.

    `number` is the line's in the file as it was seen, from 1; None for one that is put in.
    """

    side: Side
    sign: str
    number: int | None
    text: str

    def __str__(self) -> str:
        side = "" if self.sign == " " else self.side.value
        number = "" if self.number is None else self.number
        return f"{side:<6} {number:>5} {self.sign} {self.text}".rstrip()


def unified(before: bytes, after: bytes) -> tuple[str, ...]:
    """The changed lines with some around them, signed ` `, `-` and `+`, each group under its `@@`."""
    offset, old, new = _window(_lines(before), _lines(after), _CONTEXT)
    told = []
    for group in _matcher(old, new).get_grouped_opcodes(_CONTEXT):
        (_, start, _, new_start, _), (*_, end, _, new_end) = group[0], group[-1]
        was = _range(offset + start, end - start)
        becomes = _range(offset + new_start, new_end - new_start)
        told.append(f"@@ -{was} +{becomes} @@")
        for kind, first, last, new_first, new_last in group:
            told += [f"{' ' if kind == 'equal' else '-'}{_bare(line)}" for line in old[first:last]]
            if kind != "equal":
                told += [f"+{_bare(line)}" for line in new[new_first:new_last]]
    return tuple(told)


def three_way(seen: bytes, mine: bytes, theirs: bytes | None) -> tuple[Line, ...]:
    """What either side did to the file that both have seen, with some lines around it.

    `theirs` is None where they removed the file.
    """
    base = _lines(seen)
    my_cuts, my_lines = _changes(base, _lines(mine))
    their_cuts, their_lines = _changes(base, _lines(theirs or b""))
    cuts, gaps = my_cuts | their_cuts, my_lines.keys() | their_lines.keys()
    near = {cut + away for cut in cuts for away in range(-_CONTEXT, _CONTEXT + 1)}
    near |= {gap + away for gap in gaps for away in range(-_CONTEXT, _CONTEXT)}
    told: list[Line] = []
    for index in range(len(base) + 1):
        told += _put_in(my_lines.get(index, ()), their_lines.get(index, ()))
        if index < len(base) and index in near:
            side = _side(mine=index in my_cuts, theirs=index in their_cuts)
            told.append(Line(side or Side.BOTH, "-" if side else " ", index + 1, _bare(base[index])))
    return tuple(told)


def _changes(base: Sequence[str], changed: Sequence[str]) -> tuple[set[int], dict[int, Sequence[str]]]:
    """Which lines of `base` are taken out, and which are put in before which of them."""
    cuts, lines = set[int](), dict[int, Sequence[str]]()
    offset, old, new = _window(base, changed, 0)
    for kind, start, end, new_start, new_end in _matcher(old, new).get_opcodes():
        if kind != "equal":
            cuts.update(range(offset + start, offset + end))
            if new_start < new_end:
                lines[offset + end] = new[new_start:new_end]
    return cuts, lines


def _put_in(mine: Sequence[str], theirs: Sequence[str]) -> Iterator[Line]:
    """Lines that come at one place: theirs and then mine, or once where both put in the same."""
    if mine == theirs:
        yield from (Line(Side.BOTH, "+", None, _bare(line)) for line in mine)
        return
    yield from (Line(Side.THEIRS, "+", None, _bare(line)) for line in theirs)
    yield from (Line(Side.MINE, "+", None, _bare(line)) for line in mine)


def _side(*, mine: bool, theirs: bool) -> Side | None:
    """Who of the two did it; None for nobody."""
    if mine and theirs:
        return Side.BOTH
    return Side.MINE if mine else Side.THEIRS if theirs else None


def _window(old: Sequence[str], new: Sequence[str], context: int) -> tuple[int, Sequence[str], Sequence[str]]:
    """Both without what they begin and end with alike, but for `context` lines; first, where that begins."""
    shorter = min(len(old), len(new))
    head = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    rest = shorter - head
    tail = next((index for index in range(rest) if old[-1 - index] != new[-1 - index]), rest)
    begin, left = max(head - context, 0), max(tail - context, 0)
    return begin, old[begin : len(old) - left], new[begin : len(new) - left]


def _matcher(old: Sequence[str], new: Sequence[str]) -> SequenceMatcher[str]:
    """Every line counts: of sixty features many say the same."""
    return SequenceMatcher(None, old, new, autojunk=False)


def _range(start: int, length: int) -> str:
    """Lines as a patch names them: an empty range by the line before it."""
    return f"{start + 1 if length else start},{length}"


def _lines(content: bytes) -> list[str]:
    """The lines with their ends, which count too."""
    *whole, rest = content.decode("utf-8", "backslashreplace").split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]


def _bare(line: str) -> str:
    return line.rstrip("\r\n")
