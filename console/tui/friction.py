"""What stands between an operator's hand and a dangerous answer: two different keys, or a phrase to type.

Pure: keys come in with their instants, and what has been reached so far comes out. A key that follows
another faster than fingers do is not taken, as it was pasted or its key is held down.

On a bad line keys of a hand come together too. What raises risk refuses them all the same; what lowers it
refuses only keys that came together with other text, as in a paste.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from console.tui.key_names import character_of

FASTEST = 0.04
"""Seconds between two keys below which no hand has pressed them."""
FASTEST_AGAIN = 0.1
"""The same for one key twice: a key that is held down repeats faster."""


ERASING = frozenset({"backspace", "ctrl+h", "ctrl+u"})
"""Keys that take back what was typed of a phrase: the last letter, or all of it."""
TOO_FAST = "too fast: pasted or held keys are not taken"
_LINE_ENDS = frozenset({"enter", "ctrl+j", "tab"})
"""Keys that a paste may have between its words, and a hand too."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The newest key, with its instant in seconds, and the key before it.

    `since` is when the first of the keys came that have come together with it, faster than fingers, and
    `text` are those of them that are text. A key that no text has, like escape or ctrl+k, begins anew.
    """

    key: str = ""
    at: float = -math.inf
    key_before: str = ""
    at_before: float = -math.inf
    since: float = math.inf
    text: frozenset[str] = frozenset()

    def then(self, key: str, at: float) -> "Pace":
        """The pace with one key more."""
        is_text = character_of(key) is not None
        together = at - self.at < FASTEST and (is_text or key in _LINE_ENDS)
        since, text = (self.since, self.text) if together else (at, frozenset[str]())
        return Pace(key, at, self.key, self.at, since, text | {key} if is_text else text)

    def among_others(self, own: Collection[str]) -> bool:
        """Whether the newest key came together with text of other keys than its `own`, as in a paste."""
        return not self.text.issubset(own)

    @property
    def repeated(self) -> bool:
        """Whether the newest key is the one before it once more."""
        return self.key == self.key_before

    @property
    def too_fast(self) -> bool:
        """Whether no hand has pressed the newest key so soon after the one before."""
        return self.at - self.at_before < (FASTEST_AGAIN if self.repeated else FASTEST)


@runtime_checkable
class Paced(Protocol):
    """The app, as far as whoever asks for a hand wants it: it knows how fast keys come."""

    pace: Pace


def pace_of(app: object) -> Pace:
    """How fast keys come; where that isn't known, each comes by itself."""
    return app.pace if isinstance(app, Paced) else Pace()


@dataclass(frozen=True, slots=True)
class TwoKeys:
    """Press `first`, then `second`: two different characters. For what lowers risk."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Type `words`, the environment and the target, then press enter. For what raises risk."""

    words: str


Friction = TwoKeys | Phrase


@dataclass(frozen=True, slots=True)
class Attempt:
    """How far the operator has come: what was typed, the last key and when, and why a key wasn't taken.

    `lost` says that the text lacks keys which came too fast: that is said for as long as it does.
    """

    typed: str = ""
    key: str = ""
    at: float = -math.inf
    refused: str = ""
    confirmed: bool = False
    lost: bool = False


def press(friction: Friction, attempt: Attempt, key: str, character: str | None, at: float) -> Attempt:
    """What a key, named as textual names it, makes of `attempt`; `at` is when it came, in seconds."""
    too_fast = Pace(key, at, attempt.key, attempt.at).too_fast
    attempt = replace(attempt, key=key, at=at, refused="")
    if isinstance(friction, TwoKeys):
        return _too_soon(friction, attempt) if too_fast else _of_two(friction, attempt, character)
    after = replace(attempt, lost=True) if too_fast else _of_phrase(friction, attempt, key, character)
    if after.lost and after.typed not in ("", friction.words):
        return replace(after, refused=f"{TOO_FAST}; ctrl+u begins anew")
    return replace(after, lost=False, refused=TOO_FAST if too_fast else after.refused)


def pasted(attempt: Attempt) -> Attempt:
    """What a paste makes of it: nothing."""
    return replace(attempt, refused="pasted text is not taken: type it")


def _of_two(keys: TwoKeys, attempt: Attempt, character: str | None) -> Attempt:
    if character == keys.second and attempt.typed == keys.first:
        return replace(attempt, typed=keys.first + keys.second, confirmed=True)
    if character == keys.first:
        return replace(attempt, typed=keys.first, lost=False)
    if attempt.lost:
        return _too_soon(keys, attempt)
    return replace(attempt, typed="", refused=f"press {keys.first}, then {keys.second}")


def _too_soon(keys: TwoKeys, attempt: Attempt) -> Attempt:
    return replace(
        attempt, typed="", lost=True, refused=f"{TOO_FAST}; press {keys.first}, then {keys.second}"
    )


def _of_phrase(phrase: Phrase, attempt: Attempt, key: str, character: str | None) -> Attempt:
    if key == "enter":
        if attempt.typed == phrase.words:
            return replace(attempt, confirmed=True)
        return replace(attempt, refused="that is not the phrase" if attempt.typed else "nothing is typed")
    if key in ERASING:
        return replace(attempt, typed="" if key == "ctrl+u" else attempt.typed[:-1])
    if character is None or not character.isprintable():
        return attempt
    return replace(attempt, typed=(attempt.typed + character)[: 2 * len(phrase.words)])
