"""Keeps secrets out of the journal: by the name that a value goes by, and by the values that are known.

A net under the rule that nobody hands a secret to the journal, not a replacement for it.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from decimal import Decimal

Json: TypeAlias = "bool | int | float | str | Decimal | Sequence[Json] | Mapping[str, Json] | None"
"""What a record may hold; a Decimal is written as its digits."""

REDACTED = "(redacted)"

_SHORTEST_SECRET = 6
"""A known secret of fewer characters would blot out ordinary words."""

_NAMED = (
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|credential|api[-_ ]?key|access[-_ ]?key|private[-_ ]?key"
    r"|authorization|bearer|cookie|signature)"
)
_NAME = re.compile(_NAMED, re.IGNORECASE)
_VARIABLE = re.compile(rf"{_NAMED}|(?:^|_)KEY$", re.IGNORECASE)
_FOLDERS = ("PWD", "OLDPWD")
"""Variables that are named like passwords, and hold the folders that a shell is and was in."""
_OPTION = re.compile(rf"--?[\w-]{{0,40}}{_NAMED}[\w-]{{0,40}}", re.IGNORECASE)
# The repetitions are bounded, so that a long foreign text costs time in proportion to its length.
_PAIR = re.compile(
    rf"({_NAMED}[\w-]{{0,40}}[\"']?\s{{0,8}}[=:]\s{{0,8}}[\"']?(?:(?:bearer|basic)\s{{1,8}})?)[^\s\"',;&]+",
    re.IGNORECASE,
)
_OPTION_VALUE = re.compile(
    rf"((?<![\w-])--?[\w-]{{0,40}}{_NAMED}[\w-]{{0,40}}[\"']?,?\s{{1,8}}[\"']?)[^\s\"',;&]+", re.IGNORECASE
)
_BEARER = re.compile(r"(\bbearer\s{1,8})[^\s\"',;&]{8,}", re.IGNORECASE)
_IN_URL = re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://[^\s/@:]{0,200}:)[^\s/]{1,400}(?=@)", re.IGNORECASE)


def redacted(value: Json, secrets: Collection[str]) -> Json:
    """`value` as plain JSON with sorted keys, without what is named like a secret or is one of `secrets`.

    Total: NaN and the infinities become their names, and whatever else JSON doesn't know its text.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return redacted_text(value, secrets)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {
            redacted_text(key, secrets): REDACTED if _NAME.search(key) and item else redacted(item, secrets)
            for key, item in sorted((str(key), item) for key, item in value.items())
        }
    if isinstance(value, Sequence):
        return _redacted_list(value, secrets)
    return redacted_text(str(value), secrets)


def redacted_text(text: str, secrets: Collection[str]) -> str:
    """`text` without `secrets`, passwords of URLs, and what follows `password=`, `--token` and the like."""
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    text = _IN_URL.sub(rf"\1{REDACTED}", text)
    text = _BEARER.sub(rf"\1{REDACTED}", text)
    text = _OPTION_VALUE.sub(rf"\1{REDACTED}", text)
    return _PAIR.sub(rf"\1{REDACTED}", text)


def secret_values(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The values of the variables that are named like secrets, longest first."""
    found = {
        value
        for name, value in environ.items()
        if len(value) >= _SHORTEST_SECRET and name not in _FOLDERS and _VARIABLE.search(name) is not None
    }
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def _redacted_list(values: Sequence[Json], secrets: Collection[str]) -> list[Json]:
    """An argument list may hold `--password` and, after it, the password."""
    kept: list[Json] = []
    for place, value in enumerate(values):
        before = values[place - 1] if place else None
        named = isinstance(before, str) and _OPTION.fullmatch(before) is not None
        kept.append(REDACTED if named else redacted(value, secrets))
    return kept
