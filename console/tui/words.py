"""Words that several screens say in the same way."""

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
