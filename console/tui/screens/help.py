"""What the focused place shows and what its keys do: made from the registry, read like a text."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from functools import partial

from console.tui.actions import STEP_BACK, Action, Place
from console.tui.key_names import key_sign
from console.tui.places import Offer
from console.tui.screens.reading import Reading
from console.tui.text import Line, Span, fit, joined, width, wrap
from console.tui.theme import Glyphs, Tone
from console.tui.view import View

_EVERYWHERE: tuple[Place, ...] = ("app", "anywhere", "replay")
_WIDEST_KEYS = 16


class Help(Reading):
    """The help of the place that had the focus: `offers` is what could be done there.

    `typing` are the actions where a line is typed, which has no help of its own: all keys are text there.
    """

    def __init__(self, view: View, about: str, offers: Sequence[Offer], typing: Sequence[Action]) -> None:
        super().__init__(view, "Help", partial(help_lines, about, offers, typing, view.glyphs))


def help_lines(
    about: str, offers: Sequence[Offer], typing: Sequence[Action], glyphs: Glyphs, cells: int
) -> list[Line]:
    """What the place shows, its own keys, everybody's, those of a typed line, and what the signs mean."""
    here = [offer.action for offer in offers if offer.place not in _EVERYWHERE]
    everywhere = [offer.action for offer in offers if offer.place in _EVERYWHERE]
    taken = {key for action in here for key in action.keys} - {STEP_BACK}
    everywhere = [_beside(action, taken) for action in everywhere]
    lines: list[Line] = []
    if about:
        lines += [(Span(line),) for line in wrap(about, cells)]
        lines.append(())
    keys = min(_WIDEST_KEYS, max(width(_keys(action)) for action in (*here, *everywhere, *typing)))
    for title, group in (("HERE", here), ("EVERYWHERE", everywhere), ("WHERE A LINE IS TYPED", typing)):
        if group:
            lines.append((Span(title, Tone.DIM),))
            lines += [line for action in group for line in _action_lines(action, keys, cells, glyphs)]
            lines.append(())
    lines.append((Span("SIGNS", Tone.DIM),))
    lines += legend(glyphs, cells)
    return lines


def _beside(action: Action, taken: Set[str]) -> Action:
    """The action without keys that mean something else here; by its name where it has no other."""
    keys = tuple(key for key in action.keys if key not in taken)
    return replace(
        action, keys=keys or ("colon",), help=action.help if keys else f"{action.id}: {action.help}"
    )


def _action_lines(action: Action, keys: int, cells: int, glyphs: Glyphs) -> Iterator[Line]:
    shown = fit(_keys(action), keys, "left", glyphs.ellipsis)
    for number, words in enumerate(wrap(action.help, max(20, cells - keys - 2))):
        yield (Span(shown if number == 0 else " " * keys, Tone.STRONG), Span(f"  {words}"))


def _keys(action: Action) -> str:
    """All the keys; of a row of digits that there is no room for, its ends."""
    shown = " ".join(key_sign(key) for key in action.keys)
    is_long = width(shown) > _WIDEST_KEYS and all(map(str.isdigit, action.keys))
    return f"{action.keys[0]} to {action.keys[-1]}" if is_long else shown


def legend(glyphs: Glyphs, cells: int) -> Iterator[Line]:
    """What the signs of severity and freshness mean."""
    signs: tuple[Line, ...] = (
        (Span(f"{glyphs.ok} ok", Tone.OK),),
        (Span(f"{glyphs.warning} warning", Tone.WARNING),),
        (Span(f"{glyphs.high} high", Tone.HIGH),),
        (Span(f"{glyphs.critical} critical", Tone.CRITICAL),),
        (Span(f"{glyphs.unknown} stale or unknown", Tone.UNKNOWN),),
    )
    yield joined(signs, "  ")
    sources = "M metrics, D database, X exchange, F flags, E engine, L log"
    for line in wrap(f"{sources}: {glyphs.ok} fresh, {glyphs.none} not configured", cells):
        yield (Span(line),)
