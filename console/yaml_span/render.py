"""Values as YAML text: bare where YAML 1.1 reads them so, else in quotes."""

import re
from collections.abc import Mapping, Sequence

import yaml

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")


def in_flow(value: object) -> str:
    """A value on one line: a scalar, `[a, b]`, or `{a: b}`."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(entry(key, each) for key, each in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(in_flow, value))}]"
    return scalar(value)


def entry(key: object, value: object) -> str:
    """A key with its value on one line."""
    return f"{scalar(key)}: {in_flow(value)}"


def scalar(value: object, quote: str = "") -> str:
    """A bool, int or string as text, in the given quotes where they can hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    simple = value.isascii() and value.isprintable()
    if quote == "'" and simple:
        return "'" + value.replace("'", "''") + "'"
    if not quote and _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    return '"' + "".join(_escaped(letter) for letter in value) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter.isascii() and letter.isprintable():
        return letter
    code = ord(letter)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
