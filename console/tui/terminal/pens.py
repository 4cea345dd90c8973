"""A terminal's pen: how the next character is drawn, and the shortest sequence from one pen to another.

A pen is what a style comes to in this terminal's colours. Only what shows counts: a blank has a background,
and a foreground at most where it is underlined or reversed.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from rich.color import ColorSystem
from rich.style import Style

_SET = {
    "bold": "1",
    "dim": "2",
    "italic": "3",
    "underline": "4",
    "blink": "5",
    "blink2": "6",
    "reverse": "7",
    "conceal": "8",
    "strike": "9",
    "underline2": "21",
    "frame": "51",
    "encircle": "52",
    "overline": "53",
}
"""Codes that set what rich's styles have (ECMA-48, Select Graphic Rendition)."""
_UNSET = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29"}
_UNSET |= {"21": "24", "51": "54", "52": "54", "53": "55"}
_FAINT = 100
"""How far apart text and ground are at most, of 255, where the text is meant to step back."""
_ON_BLANKS = frozenset({"4", "5", "6", "7", "9", "21", "51", "52", "53"})
"""What is to be seen on a blank, in the colour of the foreground."""


@dataclass(frozen=True, slots=True)
class Pen:
    """SGR codes by what they set; empty is the terminal's default. `link` is what OSC 8 is given."""

    attributes: frozenset[str] = frozenset()
    colour: str = ""
    background: str = ""
    link: str = ""


PLAIN = Pen()


class Pens:
    """The pens of one terminal, each of them made once, so that they compare by identity."""

    def __init__(self, colours: ColorSystem | None, greys: Callable[[], bool] | None = None) -> None:
        """`colours` is what the terminal can show; None for nothing but text.

        With `greys` no colours are wanted: styles have greys alone, and what these say is said by dim and
        reversed text. It answers whether they are those of a dark theme.
        """
        self._colours = colours
        self._greys = greys
        self._pens: dict[Style, Pen] = {}
        self._same: dict[Pen, Pen] = {PLAIN: PLAIN}
        self._blanks: dict[int, Pen] = {}

    def of(self, style: Style | None) -> Pen:
        """The pen that draws `style`."""
        if style is None:
            return PLAIN
        pen = self._pens.get(style)
        if pen is None:
            pen = self._pens[style] = self._one(self._made(style))
        return pen

    def blank(self, pen: Pen) -> Pen:
        """The pen of a blank that `pen` draws: all that differ only in what a blank doesn't show are one."""
        found = self._blanks.get(id(pen))
        if found is None:
            seen = pen.attributes & _ON_BLANKS
            found = self._blanks[id(pen)] = self._one(
                replace(pen, attributes=seen, colour=pen.colour if seen else "")
            )
        return found

    def _one(self, pen: Pen) -> Pen:
        return self._same.setdefault(pen, pen)

    def _made(self, style: Style) -> Pen:
        link = f"id={style.link_id};{style.link}" if style.link else ""
        if self._colours is None:
            return Pen(link=link)
        attributes = frozenset(code for name, code in _SET.items() if getattr(style, name))
        if self._greys is not None:
            return Pen(attributes | _said_by_greys(style, is_dark=self._greys()), link=link)
        colour, background = style.color, style.bgcolor
        return Pen(
            attributes,
            "" if colour is None else _codes(colour.downgrade(self._colours).get_ansi_codes(), "39"),
            ""
            if background is None
            else _codes(background.downgrade(self._colours).get_ansi_codes(foreground=False), "49"),
            link,
        )


def _said_by_greys(style: Style, *, is_dark: bool) -> frozenset[str]:
    """The attributes that stand for a text's greys: hardly apart is dim, the other way round is reversed."""
    text, ground = (None if colour is None else colour.triplet for colour in (style.color, style.bgcolor))
    if text is None or ground is None:
        return frozenset()
    apart = (sum(text) - sum(ground)) / 3 * (1 if is_dark else -1)
    if apart < 0:
        return frozenset({_SET["reverse"]})
    return frozenset({_SET["dim"]}) if apart < _FAINT and not style.bold else frozenset()


def _codes(codes: tuple[str, ...], default: str) -> str:
    joined = ";".join(codes)
    return "" if joined == default else joined


@functools.lru_cache(maxsize=4096)
def change(before: Pen, after: Pen) -> str:
    """The shortest sequence that turns `before` into `after`."""
    if before == after:
        return ""
    link = "" if before.link == after.link else f"\x1b]8;{after.link or ';'}\x1b\\"
    anew = ";".join(
        ["0", *sorted(after.attributes, key=int), *filter(None, (after.colour, after.background))]
    )
    ways = ["" if anew == "0" else anew, *_step(before, after)]
    shortest = min(ways, key=len) if _graphics(before) != _graphics(after) else None
    return link if shortest is None else f"{link}\x1b[{shortest}m"


def _graphics(pen: Pen) -> tuple[frozenset[str], str, str]:
    return pen.attributes, pen.colour, pen.background


def _step(before: Pen, after: Pen) -> list[str]:
    """Only what differs; nothing where one attribute can't be unset without another that stays."""
    ended = {_UNSET[code] for code in before.attributes - after.attributes}
    if any(_UNSET[code] in ended for code in after.attributes & before.attributes):
        return []
    codes = [*sorted(ended), *sorted(after.attributes - before.attributes, key=int)]
    if before.colour != after.colour:
        codes.append(after.colour or "39")
    if before.background != after.background:
        codes.append(after.background or "49")
    return [";".join(codes)]
