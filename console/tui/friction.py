"""What stands between an operator's hand and a dangerous answer: two different keys, or a phrase to type.

Pure: keys come in with their instants, and what has been reached so far comes out. A key that follows
another faster than fingers do is not taken, as it was pasted or its key is held down.
"""

import math
from dataclasses import dataclass, replace

FASTEST = 0.04
"""Seconds between two keys below which no hand has pressed them."""
FASTEST_AGAIN = 0.1
"""The same for one key twice: a key that is held down repeats faster."""


TOO_FAST = "too fast: pasted or held keys are not taken"


@dataclass(frozen=True, slots=True)
class Pace:
    """The newest key, with its instant in seconds, and the key before it."""

    key: str = ""
    at: float = -math.inf
    key_before: str = ""
    at_before: float = -math.inf

    def then(self, key: str, at: float) -> "Pace":
        """The pace with one key more."""
        return Pace(key, at, self.key, self.at)

    @property
    def repeated(self) -> bool:
        """Whether the newest key is the one before it once more."""
        return self.key == self.key_before

    @property
    def too_fast(self) -> bool:
        """Whether no hand has pressed the newest key so soon after the one before."""
        return self.at - self.at_before < (FASTEST_AGAIN if self.repeated else FASTEST)


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
    if key in ("backspace", "ctrl+h"):
        return replace(attempt, typed=attempt.typed[:-1])
    if key == "ctrl+u":
        return replace(attempt, typed="")
    if character is None or not character.isprintable():
        return attempt
    return replace(attempt, typed=(attempt.typed + character)[: 2 * len(phrase.words)])
