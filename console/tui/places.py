"""What can be done where the focus is, from the registry: the source of key hints, help and palette."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from textual.dom import DOMNode
from textual.screen import Screen

from console.tui.actions import Action, Place

Table = Sequence[Action]


@dataclass(frozen=True, slots=True)
class Offer:
    """An action that can be done now, the place that it belongs to, and the node whose method does it."""

    action: Action
    place: Place
    owner: DOMNode


def offers(screen: Screen[Any], table: Table, *, beyond: bool = False) -> tuple[Offer, ...]:
    """Every action that can be done now, those of the focused place first; `table` is the whole registry.

    `beyond` adds what could be done once a dialog is left.
    """
    found: dict[str, Offer] = {}
    app: tuple[tuple[Place, DOMNode], ...] = (("app", screen.app),) if beyond else ()
    for place, owner in (*_places(screen), *app):
        for action in table:
            if place in action.places and action.id not in found and owner.check_action(action.id, ()):
                found[action.id] = Offer(action, place, owner)
    return tuple(found.values())


def active_places(screen: Screen[Any]) -> tuple[Place, ...]:
    """The places of a replay, the focused widget, its ancestors and the screen, then the app's."""
    return tuple(place for place, _ in _places(screen))


def _places(screen: Screen[Any]) -> Iterator[tuple[Place, DOMNode]]:
    nodes = [screen] if screen.focused is None else screen.focused.ancestors_with_self
    of_the_app: tuple[Place, ...] = ("anywhere",) if screen.is_modal else ("app", "anywhere")
    if not screen.is_modal:
        yield "replay", screen.app  # where there is one, the keys for it matter most
    for node in nodes:
        place: Place | None = getattr(node, "PLACE", None)
        if place is not None and place not in of_the_app:
            yield place, node
        if node is screen:
            break
    yield from ((place, screen.app) for place in of_the_app)
