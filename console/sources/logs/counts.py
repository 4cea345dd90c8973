"""What stands in a log's lines of the last minutes, kept as counts for each second."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from console.sources.logs.lines import LINE, moment


@dataclass(slots=True)
class Counts:
    """How many lines there are of each kind."""

    lines: int = 0
    errors: int = 0
    criticals: int = 0
    liquidations: int = 0
    sync_errors: int = 0

    def add(self, level: str, message: str, line: str) -> None:
        self.lines += 1
        self.errors += level == "ERROR"
        self.criticals += level == "CRITICAL"
        self.liquidations += "LIQUIDATION" in message
        self.sync_errors += level in ("ERROR", "CRITICAL") and "position_sync" in line


class RecentLines:
    """Lines since some instant that moves on, to the second; times are seconds since 1970.

    `newest` is when the newest line was written that says so, and `covered_from` since when every line is
    counted: infinite as long as that isn't known.
    """

    def __init__(self) -> None:
        self.newest: float | None = None
        self.covered_from = math.inf
        self._seconds: dict[int, Counts] = {}
        self._problem: tuple[float, str] | None = None

    def take_older(self, lines: Iterator[str], since: float) -> bool:
        """Count lines of before, newest first; whether one is from before `since`, where counting ends."""
        for line in lines:
            dated = _dated(line)
            if dated is None:
                continue
            at, level, message = dated
            self.newest = at if self.newest is None else self.newest
            if at < since:
                return True
            self._add(at, level, message, line)
            if level in ("ERROR", "CRITICAL") and self._problem is None:
                self._problem = at, line
        return False

    def take_newer(self, lines: Iterator[str]) -> None:
        """Count lines that have come since, oldest first."""
        for line in lines:
            dated = _dated(line)
            if dated is not None:
                at, level, message = dated
                self.newest = at
                self._add(at, level, message, line)
                if level in ("ERROR", "CRITICAL"):
                    self._problem = at, line

    def since(self, since: float) -> tuple[Counts, str | None]:
        """The counts of what was written then or later, and its newest line at ERROR or above.

        What is older is forgotten.
        """
        for second in [second for second in self._seconds if second < int(since)]:
            del self._seconds[second]
        if self._problem is not None and self._problem[0] < since:
            self._problem = None
        total = Counts()
        for counts in self._seconds.values():
            total.lines += counts.lines
            total.errors += counts.errors
            total.criticals += counts.criticals
            total.liquidations += counts.liquidations
            total.sync_errors += counts.sync_errors
        return total, None if self._problem is None else self._problem[1]

    @property
    def oldest(self) -> float:
        """The second of the oldest line that is counted; infinite without one."""
        return min(self._seconds, default=math.inf)

    def _add(self, at: float, level: str, message: str, line: str) -> None:
        counts = self._seconds.get(int(at))
        if counts is None:
            counts = self._seconds[int(at)] = Counts()
        counts.add(level, message, line)


def _dated(line: str) -> tuple[float, str, str] | None:
    """When a line was written, its level and its message; None for one that says no time."""
    match = LINE.match(line)
    at = None if match is None else moment(match)
    return None if match is None or at is None else (at, match["level"], match["message"])
