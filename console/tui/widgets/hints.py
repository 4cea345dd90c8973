"""The last line of a screen: where we are, what the keys do here, and how to get help or leave."""

from collections.abc import Iterator, Sequence

from console.domain.figures import seconds
from console.tui.actions import STEP_BACK, Action
from console.tui.text import Line, Span, clip, line_width
from console.tui.theme import Glyphs, Tone

_STOPS = ("trip", "kill_switch")
"""What stops the engine: the key that does, or else the one that leads there."""
_LAST = ("help", "quit")
_FIRST = (
    "next_pane",
    "write_change",
    "confirm_marking",
    "switch_off",
    "promote",
    "set_stage",
    "demote",
    "disable",
    "acknowledge",
    "silence",
)
"""What comes before all other hints: where tab leads, part of the screen isn't seen without it; then what
changes the world."""
_SHORTEST_PATH = 12
"""Cells in which the end of a path still says something."""


def hint_line(
    crumbs: Sequence[str], actions: Sequence[Action], paused: float | None, cells: int, glyphs: Glyphs
) -> Line:
    """Crumbs at the left, after them as many hints as fit whole.

    What stops the engine stands at the right end, before the way back, help and quit: none of these is ever
    left out. `actions` come with the most important first, but for those of _FIRST. `paused` is for how many
    seconds the picture has been held.
    """
    named = sorted((action for action in actions if action.label), key=_rank)
    back = [action for action in named if STEP_BACK in action.keys]
    stops = _called(_STOPS, named)
    ends = [*stops[:1], *back[:1], *_called(_LAST, named)]
    right = tuple(span for action in ends for span in _hint(action))
    left = list(_paused(paused))
    room = cells - line_width(right) - line_width(left)
    rest = [action for action in named if action not in (*ends, *back, *stops)]
    path = tuple(_path(crumbs, _path_cells(rest, min(cells // 2, room), room), glyphs))
    left += path
    room -= line_width(path)
    hints = hints_within(rest, room)
    return (*left, *hints, Span(" " * (room - line_width(hints))), *right)


def hints_within(actions: Sequence[Action], cells: int) -> Line:
    """As many of the hints, from the first one on, as fit whole."""
    line: Line = ()
    for hint in map(_hint, actions):
        if line_width(line) + line_width(hint) > cells:
            break
        line += hint
    return line


def _path_cells(rest: Sequence[Action], most: int, room: int) -> int:
    """The cells of the path: a hint of _FIRST is worth more than its beginning, or the end of a long name."""
    first = line_width(_hint(rest[0])) if rest and rest[0].id in _FIRST else 0
    return max(min(most, room - first), min(_SHORTEST_PATH, most))


def _rank(action: Action) -> int:
    return _FIRST.index(action.id) if action.id in _FIRST else len(_FIRST)


def _called(names: Sequence[str], actions: Sequence[Action]) -> list[Action]:
    return [action for name in names for action in actions if action.id == name]


def _hint(action: Action) -> Line:
    return Span(f" {action.shown} ", Tone.KEY), Span(f" {action.label} ", Tone.DIM)


def _paused(paused: float | None) -> Iterator[Span]:
    if paused is not None:
        yield Span(f" PAUSED {_whole(paused)} ", Tone.BLIND)


def _whole(paused: float) -> str:
    return f"{int(paused)} s" if paused < 10 else seconds(paused)


def _path(crumbs: Sequence[str], cells: int, glyphs: Glyphs) -> Iterator[Span]:
    """The path to this screen, its last part standing out; where it is too long, its beginning goes."""
    if not crumbs:
        return
    here, room = clip(crumbs[-1], cells - 2, glyphs.ellipsis), cells - 2
    before: list[str] = []
    room -= line_width((Span(here),))
    for crumb in reversed(crumbs[:-1]):
        part = f"{crumb} {glyphs.more} "
        room -= line_width((Span(part),))
        if room < 0:
            break
        before.insert(0, part)
    yield Span(" " + "".join(before), Tone.DIM)
    yield Span(f"{here} ", Tone.STRONG)
