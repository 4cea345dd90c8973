"""The engine's log as a source: how much went wrong in the last minutes, from the newest lines."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from console.domain.clock import Clock
from console.domain.reading import Dated
from console.domain.surfaces import LogTail
from console.sources.errors import SourceError

WINDOW = 300.0
"""Seconds over which lines are counted."""
_TAIL = 512 * 1024
"""Bytes read from the end: a log of any size costs the same."""

LINE = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(?P<ms>\d{3}) "
    r"\[(?P<level>[A-Z]+)\] (?P<logger>[^:]*): (?P<message>.*)",
    re.ASCII,
)
"""Python logging's `2026-01-02 03:04:05,678 [LEVEL] logger: message`, in local time."""


class LogSource:
    """Reads `LogTail` from one log file, through rotation and truncation."""

    def __init__(self, file: Path, *, clock: Clock, window: float = WINDOW) -> None:
        self._file = file
        self._clock = clock
        self._window = window

    def read(self) -> Dated[LogTail]:
        try:
            tail = _Tail.of(self._file, _TAIL)
        except OSError as error:
            raise SourceError(f"{self._file}: {error.strerror or error}") from None
        count = _Count(self._clock.wall() - self._window)
        complete = count.reaches_back(tail) or (tail.whole and self._goes_on(count, tail))
        return Dated(
            LogTail(
                path=str(self._file),
                size=tail.size,
                window=self._window,
                complete=complete,
                last_line_at=count.newest,
                last_problem=count.problem,
                **count.of,
            )
        )

    def _goes_on(self, count: "_Count", newer: "_Tail") -> bool:
        """Count on in what was rotated away; whether all of the window has been seen then.

        Rotation by size names the file before this one `.1`, and the one before that `.2`.
        """
        left = _TAIL - newer.size
        seen = {newer.identity}
        for number in range(1, 10):
            try:
                tail = _Tail.of(self._file.with_name(f"{self._file.name}.{number}"), left)
            except FileNotFoundError:
                return True
            except OSError:
                return False
            if tail.identity in seen:  # rotated between the two looks
                continue
            seen.add(tail.identity)
            left -= tail.size
            if count.reaches_back(tail):
                return True
            if not tail.whole:
                return False
        return False


@dataclass(frozen=True, slots=True)
class _Tail:
    """The end of one file: its lines, the newest first, and whether they are all of it."""

    size: int
    identity: tuple[int, int]
    whole: bool
    content: bytes

    @classmethod
    def of(cls, file: Path, most: int) -> "_Tail":
        with file.open("rb") as stream:
            status = os.fstat(stream.fileno())
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - most))
            return cls(size, (status.st_dev, status.st_ino), size <= most, stream.read(most))

    def lines(self) -> Iterator[str]:
        lines = self.content.decode("utf-8", "replace").split("\n")
        return reversed(lines if self.whole else lines[1:])  # the first one is cut


@dataclass(slots=True)
class _Count:
    """What stands in lines written at `since` or later, seconds since 1970."""

    since: float
    of: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("lines", "errors", "criticals", "liquidations", "sync_errors"), 0
        )
    )
    newest: float | None = None
    problem: str | None = None

    def reaches_back(self, tail: _Tail) -> bool:
        """Count the tail's lines; whether one of them is from before."""
        for line in tail.lines():
            match = LINE.match(line)
            at = None if match is None else _moment(match)
            if match is None or at is None:
                continue
            if self.newest is None:
                self.newest = at
            if at < self.since:
                return True
            self._add(line, match["level"], match["message"])
        return False

    def _add(self, line: str, level: str, message: str) -> None:
        serious = level in ("ERROR", "CRITICAL")
        self.of["lines"] += 1
        self.of["errors"] += level == "ERROR"
        self.of["criticals"] += level == "CRITICAL"
        self.of["liquidations"] += "LIQUIDATION" in message
        self.of["sync_errors"] += serious and "position_sync" in line
        if serious and self.problem is None:
            self.problem = line


def _moment(line: re.Match[str]) -> float | None:
    """Seconds since 1970; None for what only looks like a time, such as the month 99."""
    try:
        return datetime.fromisoformat(line["at"]).timestamp() + int(line["ms"]) / 1000
    except (ValueError, OverflowError):
        return None
