"""What stands above the procedures: what calls for one now, what can't be told, what was changed last."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.geometry import Size

from console.domain.figures import seconds
from console.domain.rollback import Advice, Change, Rollbacks
from console.tui.screens.recovery.words import clock
from console.tui.text import Line, Span, fit, fit_line, spread
from console.tui.theme import Glyphs, Tone

_LABEL = 10
"""Cells of what a part is called, at its left."""
_WIDE = 100
"""Cells from which on there is room for a feature."""
_WHO = 12
"""Cells of who has changed something, at most."""
OLD = 20.0
"""Seconds after which it is said how old a look is."""


@dataclass(frozen=True, slots=True)
class Told:
    """`advice` is what the guide says now; `looked` is None until a look has come back.

    `unread` says why none comes, `now` is the time of day, 0.0 before it is known. `drill` names the drill
    that is under way, if one is.
    """

    advice: Sequence[Advice]
    looked: Rollbacks | None
    unread: str = ""
    now: float = 0.0
    drill: Sequence[Line] = ()

    @property
    def is_old(self) -> bool:
        return self.looked is not None and self.now - self.looked.at > OLD


def told_lines(told: Told, size: Size, glyphs: Glyphs) -> Sequence[Line]:
    """All of it in so many lines: the advice has as many as it needs, the changes what is left."""
    lines = [*told.drill, *_unread_lines(told)]
    looked = told.looked
    deployed = [] if looked is None else [_labelled("DEPLOYED", _deployed(looked))]
    unknown = [] if looked is None else list(_unknown_lines(looked.unknown, glyphs))
    changes = [] if looked is None else list(_change_lines(looked.changes, told.now, glyphs))
    room = size.height - len(lines) - len(deployed) - len(unknown[:1]) - len(changes[:1])
    advice = list(_advice_lines(told, size.width, glyphs))
    lines += _first(advice, max(1, room), size.width, glyphs)
    room = size.height - len(lines) - len(deployed) - len(changes[:1])
    lines += _first(unknown, max(0, room - max(0, len(changes) - 1)) or min(1, room), size.width, glyphs)
    lines += changes[: max(0, size.height - len(lines) - len(deployed))]
    return [fit_line(line, size.width, glyphs.ellipsis) for line in (*lines, *deployed)][: size.height]


def _unread_lines(told: Told) -> Iterator[Line]:
    if told.unread:
        yield Span(" NOT READ ", Tone.BLIND), Span(f" {told.unread}", Tone.UNKNOWN)
    elif told.is_old and told.looked is not None:
        ago = seconds(told.now - told.looked.at)
        yield _labelled("", (Span(f" AS OF {clock(told.looked.at)}, {ago} AGO ", Tone.BLIND),))


def _advice_lines(told: Told, cells: int, glyphs: Glyphs) -> Iterator[Line]:
    """Where it is narrow without the feature, which the rows name too: the evidence is to be seen."""
    for number, each in enumerate(told.advice):
        of = f" of {each.feature}" if each.feature and cells >= _WIDE else ""
        sign = Span(f"{glyphs.critical} {each.condition}: {each.action}{of}", Tone.ALARM)
        yield _labelled("" if number else "NOW", (sign, Span(f"  {each.evidence}", Tone.CRITICAL)))
    if told.advice:
        return
    if told.looked is None and not told.unread:
        yield _labelled("NOW", (Span("looking for what calls for a rollback", Tone.UNKNOWN),))
    elif told.looked is None or told.looked.unknown or told.unread or told.is_old:
        words = "nothing that is known calls for a rollback"
        yield _labelled("NOW", (Span(f"{glyphs.unknown} {words}", Tone.UNKNOWN),))
    else:
        yield _labelled("NOW", (Span(f"{glyphs.ok} nothing calls for a rollback", Tone.OK),))


def _unknown_lines(unknown: Sequence[str], glyphs: Glyphs) -> Iterator[Line]:
    for number, words in enumerate(unknown):
        yield _labelled("" if number else "UNKNOWN", (Span(f"{glyphs.unknown} {words}", Tone.UNKNOWN),))


def _change_lines(changes: Sequence[Change], now: float, glyphs: Glyphs) -> Iterator[Line]:
    if not changes:
        yield _labelled("CHANGED", (Span("nothing yet, as far as the journal goes", Tone.DIM),))
    for number, each in enumerate(changes):
        ago = Span(f"{seconds(now - each.at):>5} ago  ", Tone.DIM)
        by = Span(fit(each.by, _WHO, "left", glyphs.ellipsis), Tone.DIM)
        what = Span(f"  {each.what}", Tone.DIM if number else Tone.PLAIN)
        yield _labelled("" if number else "CHANGED", (ago, by, what))


def _deployed(looked: Rollbacks) -> Line:
    return (Span(looked.deployed) if looked.deployed else Span("not known", Tone.UNKNOWN),)


def _labelled(label: str, line: Line) -> Line:
    return Span(f" {label:<{_LABEL}}", Tone.DIM), *line


def _first(lines: Sequence[Line], room: int, cells: int, glyphs: Glyphs) -> Sequence[Line]:
    """As many as there is room for; at the end of the last one how many more there are."""
    if len(lines) <= room or room <= 0:
        return lines[: max(0, room)]
    more = (Span(f" +{len(lines) - room} more ", Tone.STRONG),)
    return [*lines[: room - 1], spread(lines[room - 1], more, cells, glyphs.ellipsis)]
