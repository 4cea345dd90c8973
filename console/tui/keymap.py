"""The operator's own keys: `keys:` of the settings, checked and put into the registry."""

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from textual.keys import Keys

from console.tui.actions import NEAREST, TOGETHER, Action
from console.tui.key_names import PUNCTUATION, key_name, key_sign

TAKEN: Mapping[str, str] = {
    "ctrl+a": "screen takes it for its own commands",
    "ctrl+b": "tmux takes it for its own commands",
    "ctrl+s": "a terminal stops its output at it",
    "ctrl+z": "a shell stops the program at it",
    "ctrl+backslash": "a terminal ends the program at it",
    "ctrl+h": "a terminal sends it for backspace",
    "ctrl+i": "a terminal sends it for tab",
    "ctrl+j": "a terminal sends it for enter",
    "ctrl+m": "a terminal sends it for enter",
    "ctrl+left_square_bracket": "a terminal sends it for escape",
    "ctrl+at": "a terminal sends it for space",
}
"""Keys that never reach the console, or not as themselves, and why."""

_KNOWN = {key.value for key in Keys} | PUNCTUATION | set(string.ascii_letters + string.digits)


class KeymapError(ValueError):
    """A mistake in the operator's keys, in one line; `action` is the id under which it stands."""

    def __init__(self, action: str, problem: str) -> None:
        super().__init__(problem)
        self.action = action


def rebound(table: Sequence[Action], keys: Mapping[str, Sequence[str]]) -> tuple[Action, ...]:
    """The registry with `keys`, by action, in place of its own. Raises KeymapError."""
    ids = {action.id for action in table}
    for name in keys:
        if name not in ids:
            raise KeymapError(name, f"no such action; allowed: {', '.join(sorted(ids))}")
    changed = tuple(_with_keys(action, keys[action.id]) if action.id in keys else action for action in table)
    for action in changed:
        if action.id in keys:
            for key, other in _clashes(action, changed):
                raise KeymapError(
                    action.id, f"{key_sign(key)} is the key of {other.id} already, in the same place"
                )
    return changed


def textual_keymap(table: Sequence[Action], keys: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What textual wants to be told of the actions that have other keys than the registry's."""
    return {action.id: ",".join(action.keys) for action in table if action.id in keys}


def _with_keys(action: Action, keys: Sequence[str]) -> Action:
    named = tuple(_named(action, key) for key in keys)
    return replace(action, keys=named, shown=key_sign(named[0]))


def _named(action: Action, key: str) -> str:
    """textual's name of a key, as written or as a sign."""
    name = key_name(key)
    if name in TAKEN and name not in action.keys:
        raise KeymapError(action.id, f"{key} can't be used: {TAKEN[name]}")
    if name == "ctrl+c" and action.id != "quit":
        raise KeymapError(action.id, "ctrl+c can't be used: it always quits")
    if name.removeprefix("alt+") not in _KNOWN:
        allowed = "a letter, a sign, or a name such as f5, pageup, shift+tab, ctrl+x, alt+x"
        raise KeymapError(action.id, f"there is no key {key!r}; allowed: {allowed}")
    if "prompt" in action.places and len(key) == 1:
        raise KeymapError(action.id, f"{key} can't be used: it is text where a line is typed")
    return name


def _clashes(action: Action, table: Sequence[Action]) -> Iterator[tuple[str, Action]]:
    """The keys of `action` that mean something else too in a place where both can be active."""
    for other in table:
        together = any(group & set(action.places) and group & set(other.places) for group in TOGETHER)
        if other.id != action.id and together:
            yield from ((key, other) for key in action.keys if key in other.keys and key not in NEAREST)
