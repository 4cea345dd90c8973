"""Everything the operator can do on the screen, once: keys, footer and help derive from this table.

An action's `id` is the name of the method that does it (`action_<id>`), of the app or of the table.
"""

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Place = Literal["app", "table", "help"]


@dataclass(frozen=True, slots=True)
class Action:
    """`keys` are textual's names, the first one being what footer and help show as `shown`.

    `label` is the word of the footer, empty where an action is only in the help.
    """

    id: str
    place: Place
    keys: tuple[str, ...]
    shown: str
    label: str
    help: str


ACTIONS = (
    Action(
        "quit", "app", ("q", "ctrl+c", "ctrl+q"), "q", "quit", "Leave the console; the engine is not touched"
    ),
    Action("help", "app", ("question_mark",), "?", "help", "Show the keys"),
    Action("next_theme", "app", ("t",), "t", "theme", "Change between the dark and the light theme"),
    Action("sort", "table", ("s",), "s", "sort", "Sort by the next column; the default is worst first"),
    Action("reverse", "table", ("S",), "S", "reverse", "Turn the order round"),
    Action("cursor_up", "table", ("up",), "↑", "", "One row up"),
    Action("cursor_down", "table", ("down",), "↓", "", "One row down"),
    Action("page_up", "table", ("pageup",), "pgup", "", "One page up"),
    Action("page_down", "table", ("pagedown",), "pgdn", "", "One page down"),
    Action(
        "first_row", "table", ("home",), "home", "", "To the top, and stay there whatever row comes first"
    ),
    Action("last_row", "table", ("end",), "end", "", "To the last row"),
    Action("columns_left", "table", ("left",), "←", "", "One column to the left"),
    Action("columns_right", "table", ("right",), "→", "", "One column to the right"),
    Action("close", "help", ("escape", "question_mark", "enter"), "esc", "back", "Back to the screen before"),
)


def bindings(place: Place) -> list[BindingType]:
    """The key bindings of one place, for textual."""
    return [
        Binding(",".join(action.keys), action.id, action.label, show=False, priority=action.id == "quit")
        for action in ACTIONS
        if action.place == place
    ]


def footer_actions(*places: Place) -> tuple[Action, ...]:
    """The actions that the footer names in these places, in the table's order."""
    return tuple(action for action in ACTIONS if action.place in places and action.label)
