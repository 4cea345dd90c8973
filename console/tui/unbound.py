"""What is said of a key that means nothing where it was pressed."""

from textual.screen import Screen

from console.tui.actions import IN_A_REPLAY, keys_of
from console.tui.key_names import key_sign
from console.tui.navigation import MAIN
from console.tui.screens.frame import Frame
from console.tui.view import View

_PART_KEYS = ("tab", "shift+tab")
_DEEDS = ("arm", "record_look", "trip", "reset", "approve")
"""What is done in the present only."""


def nothing_done(screen: Screen[object], view: View, key: str, *, is_printable: bool) -> str:
    """Why the key did nothing; empty where that needs no word."""
    table, sign = view.actions, key_sign(key)
    if view.replay is not None and key in keys_of(table, *_DEEDS):
        return IN_A_REPLAY
    if screen.is_modal and key in keys_of(table, "overview", *MAIN):
        return f"{sign} leads to no screen from here: first esc, then {sign}"
    if not isinstance(screen, Frame) or not (is_printable or key in _PART_KEYS):
        return ""
    told = next(action.shown for action in table if action.id == "help")
    return f"{sign} does nothing here: {told} says which keys do"
