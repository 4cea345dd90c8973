"""Words that several screens say in the same way."""

from console.domain.amounts import about_in_words
from console.domain.severity import Severity
from console.domain.trend import Direction, Outlook

COLOURS = {Severity.WARNING: "yellow", Severity.HIGH: "red", Severity.CRITICAL: "critical"}
"""What the deployment guide calls a value that has passed a threshold; past red it has no colour."""


def going(outlook: Outlook | None) -> str:
    """Where a figure is going: `falling, ~4 min to critical`; empty where it is steady or unknown."""
    if outlook is None or outlook.direction is Direction.STEADY:
        return ""
    word: str = outlook.direction.value
    if outlook.seconds is None or outlook.next_severity is None:
        return word
    return f"{word}, {about_in_words(outlook.seconds)} to {COLOURS[outlook.next_severity]}"
