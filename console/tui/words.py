"""Words that several screens say in the same way."""

from decimal import Decimal

from console.domain.amounts import about_in_words
from console.domain.trend import Direction, Outlook


def going(outlook: Outlook | None) -> str:
    """Where a figure is going: `falling, ~4 min to critical`; empty where it is steady or unknown."""
    if outlook is None or outlook.direction is Direction.STEADY:
        return ""
    word: str = outlook.direction.value
    if outlook.seconds is None or outlook.next_severity is None:
        return word
    return f"{word}, {about_in_words(outlook.seconds)} to {outlook.next_severity.word}"


def decimals_left(share: float | Decimal) -> int:
    """Of how many decimals a way to liquidation is told, in percent: near it `0.0%` would be none at all."""
    return 2 if abs(float(share)) < 0.01 else 1
