"""How bad something is: one scale for every value, source and alert."""

from collections.abc import Iterable
from enum import IntEnum


class Severity(IntEnum):
    """Ordered by urgency, so that the worst of several is their maximum.

    UNKNOWN stands above WARNING, because what can't be seen may be worse than what is merely off its
    target, and below HIGH, because a fact outranks a doubt.
    """

    OK = 0
    WARNING = 1
    UNKNOWN = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def exit_code(self) -> int:
        """The monitoring-plugin convention: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Severity.OK: 0,
    Severity.WARNING: 1,
    Severity.HIGH: 2,
    Severity.CRITICAL: 2,
    Severity.UNKNOWN: 3,
}


def worst(severities: Iterable[Severity]) -> Severity:
    """The most urgent of `severities`; UNKNOWN when there are none, since nothing was seen."""
    return max(severities, default=Severity.UNKNOWN)
