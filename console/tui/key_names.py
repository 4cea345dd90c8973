"""Keys by textual's names and by the signs that people know them by."""

_PUNCTUATION = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "at": "@",
    "comma": ",",
    "full_stop": ".",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "plus": "+",
    "minus": "-",
    "backslash": "\\",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "number_sign": "#",
    "asterisk": "*",
    "equals_sign": "=",
    "exclamation_mark": "!",
    "percent_sign": "%",
    "ampersand": "&",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "semicolon": ";",
    "apostrophe": "'",
    "quotation_mark": '"',
    "underscore": "_",
    "vertical_line": "|",
    "tilde": "~",
    "circumflex_accent": "^",
    "dollar_sign": "$",
}
_SHORT = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
    "backspace": "bksp",
    "delete": "del",
}
_SIGNS = _PUNCTUATION | _SHORT
_NAMES = {sign: name for name, sign in _PUNCTUATION.items()}

PUNCTUATION = frozenset(_PUNCTUATION)
"""The names of the keys that write a sign."""


def key_sign(name: str) -> str:
    """How the screen writes a key: `?` for `question_mark`, `shift+↑` for `shift+up`."""
    held, plus, last = name.rpartition("+")
    return f"{held}{plus}{_SIGNS.get(last, last)}"


def character_of(name: str) -> str | None:
    """What a key types where a line is typed; None for one that types nothing."""
    character = " " if name == "space" else _PUNCTUATION.get(name, name)
    return character if len(character) == 1 else None


def key_name(written: str) -> str:
    """textual's name of a key that is written as its sign, or as its name: `ctrl+backslash` for `ctrl+\\`."""
    held, plus, last = ("", "", written) if written == "+" else written.rpartition("+")
    return f"{held}{plus}{_NAMES.get(last, last)}"
