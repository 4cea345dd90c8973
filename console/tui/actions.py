"""Everything the operator can do on the screen, once: keys, footer and help derive from this table.

An action's `id` is the name of the method that does it (`action_<id>`): of the app for `anywhere` and `app`,
else of the widget or screen that its place names.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from textual.binding import Binding, BindingType

Place = Literal["anywhere", "app", "table", "reader", "alerts", "help"]
"""`anywhere` goes past every dialog, and past whatever has the focus."""


@dataclass(frozen=True, slots=True)
class Action:
    """`keys` are textual's names, the first one being what footer and help show as `shown`.

    `label` is the word of the footer, empty where an action is only in the help.
    """

    id: str
    places: tuple[Place, ...]
    keys: tuple[str, ...]
    shown: str
    label: str
    help: str


_ROWS: tuple[Place, ...] = ("table", "reader")

_QUIT = Action(
    "quit",
    ("anywhere",),
    ("q", "ctrl+c", "ctrl+q"),
    "q",
    "quit",
    "Leave the console; the engine is not touched",
)
_QUIT_WITH_ENGINE = replace(_QUIT, label="quit and stop", help="Leave the console, and stop its paper engine")

NO_KILL_SWITCH = "This version can't trip the kill switch: use the engine's own means"

_OTHERS = (
    Action("help", ("app",), ("question_mark",), "?", "help", "Show the keys"),
    Action("next_theme", ("app",), ("t",), "t", "theme", "Change between the dark and the light theme"),
    Action("sort", ("table",), ("s",), "s", "sort", "Sort by the next column; the default is worst first"),
    Action("reverse", ("table",), ("S",), "S", "reverse", "Turn the order round"),
    Action("overview", ("alerts",), ("1", "escape"), "1", "overview", "Every symbol against its limits"),
    Action("alerts", ("app",), ("4",), "4", "alerts", "Every alert and every source in full"),
    Action("kill_switch", ("anywhere",), ("K",), "K", "", NO_KILL_SWITCH),
    Action("cursor_up", _ROWS, ("up",), "↑", "", "One row up"),
    Action("cursor_down", _ROWS, ("down",), "↓", "", "One row down"),
    Action("page_up", _ROWS, ("pageup",), "pgup", "", "One page up"),
    Action("page_down", _ROWS, ("pagedown",), "pgdn", "", "One page down"),
    Action("first_row", _ROWS, ("home",), "home", "", "To the top, and stay there whatever row comes first"),
    Action("last_row", _ROWS, ("end",), "end", "", "To the last row"),
    Action("columns_left", ("table",), ("left",), "←", "", "One column to the left"),
    Action("columns_right", ("table",), ("right",), "→", "", "One column to the right"),
    Action(
        "close", ("help",), ("escape", "question_mark", "enter"), "esc", "back", "Back to the screen before"
    ),
)


def actions(owns_engine: bool) -> tuple[Action, ...]:
    """The whole table; `owns_engine` says that the engine ends with the console."""
    return (_QUIT_WITH_ENGINE if owns_engine else _QUIT, *_OTHERS)


def bindings(*places: Place) -> list[BindingType]:
    """The key bindings of these places, for textual."""
    return [
        Binding(",".join(action.keys), action.id, show=False, priority="anywhere" in action.places)
        for action in _in(places, actions(owns_engine=False))
    ]


def footer_actions(*places: Place, owns_engine: bool) -> tuple[Action, ...]:
    """The actions that the footer names in these places, in the table's order."""
    return tuple(action for action in _in(places, actions(owns_engine)) if action.label)


def _in(places: Iterable[Place], table: tuple[Action, ...]) -> tuple[Action, ...]:
    wanted = set(places)
    return tuple(action for action in table if wanted & set(action.places))
