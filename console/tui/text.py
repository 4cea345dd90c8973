"""Text on its way to the screen: made inert, measured in terminal cells, fitted to a width.

What comes from outside (symbols, errors, log lines, names) can hold anything. Nothing here or after it
parses markup, and nothing that a terminal obeys instead of drawing gets past `visible`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len, chop_cells

from console.domain import foreign
from console.tui.theme import Tone

Align = Literal["left", "right"]

_LONGEST = 4096
"""Characters of one text that are looked at; no line of a terminal is longer."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line in one tone."""

    text: str
    tone: Tone = Tone.PLAIN


Line = tuple[Span, ...]


_KEPT = 256
"""Characters of the longest text whose visible form is kept for the next time: almost any but a log line."""
_MOST_KEPT = 512
"""Texts of which that is done: all that a screen shows at once, and no hour's worth of them."""
_DRAWN = re.compile(
    "[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u22ff\u2500-\u25fc\u2713-\u2718]*"
)
"""Signs that are what they look like and take a cell each: ASCII's, and the blocks of those that we draw."""


def visible(text: str) -> str:
    """`text` made inert, with what terminals may merge into one sign of another width shown as escapes too.

    Doing it twice changes nothing.
    """
    if _is_plain(text):
        return text[:_LONGEST]
    return _kept_visible(text) if len(text) <= _KEPT else _visible(text[:_LONGEST])


def _visible(text: str) -> str:
    shown = foreign.visible(text)
    shown = shown if shown.isascii() else "".join(map(_apart, shown))
    return text if shown == text else shown  # one object in every cache that keeps both


_kept_visible = lru_cache(maxsize=_MOST_KEPT)(_visible)


@lru_cache(maxsize=4096)
def _apart(character: str) -> str:
    code = ord(character)
    joins = (
        0x1F1E6 <= code <= 0x1F1FF  # the letters that make flags
        or 0x1F3FB <= code <= 0x1F3FF  # skin tones
        # No width of their own, though they aren't marks upon a letter: they may change a neighbour's.
        or (cell_len(character) == 0 and not _is_mark(character))
    )
    return character.encode("ascii", "backslashreplace").decode("ascii") if joins else character


def _is_mark(character: str) -> bool:
    """Whether terminals agree that it stands upon the letter before it and takes no cell."""
    return unicodedata.combining(character) != 0 and unicodedata.category(character) != "Mc"


def folded(texts: Sequence[str]) -> list[str]:
    """All of `texts` as they are compared with what is typed: made visible, without upper case."""
    whole = "\n".join(texts)
    if whole.isascii() and whole.replace("\n", "").isprintable():
        lower = whole.lower().split("\n")
        if len(lower) == len(texts):
            return lower
    forms = {text: visible(text).casefold() for text in set(texts)}
    return [forms[text] for text in texts]


_SIGNS = str.maketrans({"µ": "u", "…": "~", "↑": "^", "↓": "v", "←": "<", "→": ">"})
"""Our own signs that ASCII has something like."""


@lru_cache(maxsize=_MOST_KEPT)
def plain_ascii(text: str) -> str:
    """`text` for a terminal that shows ASCII only, as wide as before: what it can't show becomes `?`."""
    if text.isascii():
        return text
    return "".join(c if c.isascii() else "?" * cell_len(c) for c in text.translate(_SIGNS))


def width(text: str) -> int:
    """How many cells `text` takes once it is drawn."""
    return _width(visible(text))


def _is_plain(text: str) -> bool:
    """Whether nobody need look at its characters. Such texts, which change all day, are never kept."""
    return (text.isascii() and text.isprintable()) or _DRAWN.fullmatch(text) is not None


def _width(shown: str) -> int:
    """The same of a text that was made visible."""
    return len(shown) if _is_plain(shown) else cell_len(shown)


def clip(text: str, cells: int, ellipsis: str) -> str:
    """`text` made visible, in at most `cells` cells; where something is left out, it ends in `ellipsis`."""
    if len(text) <= cells and _is_plain(text):
        return text
    # No more characters than these have room: a letter has two marks upon it at most.
    return _clip(text[: 3 * max(0, cells) + 3], cells, ellipsis)


@lru_cache(maxsize=_MOST_KEPT)
def _clip(text: str, cells: int, ellipsis: str) -> str:
    shown = visible(text)
    if _width(shown) <= cells:
        return shown
    room = cells - cell_len(ellipsis)
    if room < 0:
        return ""
    if _is_plain(shown):
        return shown[:room] + ellipsis
    used, kept = 0, 0
    for character in shown:
        used += cell_len(character)
        if used > room:
            break
        kept += 1
    return shown[:kept] + ellipsis


def short_name(text: str) -> str:
    """A foreign name inside a sentence, in at most 20 cells, so that the sentence still says something."""
    return clip(text, 20, "…")


def fit(text: str, cells: int, align: Align, ellipsis: str) -> str:
    """`text` clipped and padded with spaces to exactly `cells` cells."""
    shown = clip(text, cells, ellipsis)
    if _is_plain(shown):
        return shown.rjust(cells) if align == "right" else shown.ljust(cells)
    padding = " " * (cells - cell_len(shown))
    return padding + shown if align == "right" else shown + padding


def fit_line(line: Iterable[Span], cells: int, ellipsis: str) -> Line:
    """`line` clipped to at most `cells` cells, at a span's edge or inside one."""
    spans = tuple(line)
    if line_width(spans) <= cells:
        return spans
    return tuple(_clipped(spans, cells, ellipsis))


def _clipped(spans: Line, cells: int, ellipsis: str) -> Iterator[Span]:
    for number, span in enumerate(spans):
        wide = width(span.text)
        rest = line_width(spans[number + 1 :])
        if wide + min(rest, cell_len(ellipsis)) <= cells:
            cells -= wide
            yield span
        else:
            # The padding makes `clip` see that something follows, even where this span alone would fit.
            yield Span(clip(span.text + " " * rest, cells, ellipsis), span.tone)
            return


def line_width(line: Iterable[Span]) -> int:
    return sum(width(span.text) for span in line)


def spread(left: Line, right: Line, cells: int, ellipsis: str) -> Line:
    """`left` and `right` at the two ends of a line of `cells`; `left` is clipped where both don't fit."""
    room = max(0, cells - line_width(right) - 1) if right else cells
    fitted = fit_line(left, room, ellipsis)
    gap = max(0, cells - line_width(fitted) - line_width(right))
    return fit_line((*fitted, Span(" " * gap), *right), cells, ellipsis)


def joined(parts: Iterable[Line], separator: str, tone: Tone = Tone.DIM) -> Line:
    """The lines one after the other with `separator` between them."""
    spans: list[Span] = []
    for part in parts:
        if spans:
            spans.append(Span(separator, tone))
        spans.extend(part)
    return tuple(spans)


def wrap(text: str, cells: int) -> list[str]:
    """`text` made visible in lines of at most `cells` cells, broken between words where that is possible."""
    shown = visible(text)
    if cell_len(shown) <= cells:
        return [shown]
    lines: list[str] = []
    for word in shown.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and cell_len(longer) <= cells:
            lines[-1] = longer
        else:
            lines += chop_cells(word, max(2, cells)) or [""]
    return lines


def told_apart(names: Sequence[str], cells: int) -> list[str]:
    """The names, without the last words that all of them share where one is longer than `cells`."""
    shown = list(names)
    while len(shown) > 1 and max(map(width, shown)) > cells:
        parts = [name.rpartition(" ") for name in shown]
        if any(not first for first, _, _ in parts) or len({last for _, _, last in parts}) > 1:
            break
        shown = [first for first, _, _ in parts]
    return shown


def one_colon(text: str) -> str:
    """`text` for a single line: only its first colon introduces something, the others become commas."""
    head, colon, rest = text.partition(": ")
    return head + colon + rest.replace(": ", ", ")
