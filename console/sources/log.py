"""The engine's log as a source: how much went wrong in the last minutes, from the newest lines."""

import re
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
    r"\[(?P<level>[A-Z]+)\] (?P<logger>[^:]*): (?P<message>.*)"
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
            with self._file.open("rb") as stream:
                size = stream.seek(0, 2)
                stream.seek(max(0, size - _TAIL))
                tail = stream.read(_TAIL)
        except OSError as error:
            raise SourceError(f"{self._file}: {error.strerror or error}") from None
        lines = tail.decode("utf-8", "replace").split("\n")
        if size > _TAIL:
            lines = lines[1:]  # the first one is cut
        return Dated(self._count(lines, size, whole=size <= _TAIL))

    def _count(self, lines: list[str], size: int, *, whole: bool) -> LogTail:
        since = self._clock.wall() - self._window
        count = dict.fromkeys(("lines", "errors", "criticals", "liquidations", "sync_errors"), 0)
        newest: float | None = None
        problem: str | None = None
        reached = whole
        for line in reversed(lines):
            match = LINE.match(line)
            if match is None:
                continue
            at = datetime.fromisoformat(match["at"]).timestamp() + int(match["ms"]) / 1000
            newest = newest or at
            if at < since:
                reached = True
                break
            level, message = match["level"], match["message"]
            serious = level in ("ERROR", "CRITICAL")
            count["lines"] += 1
            count["errors"] += level == "ERROR"
            count["criticals"] += level == "CRITICAL"
            count["liquidations"] += "LIQUIDATION" in message
            count["sync_errors"] += serious and "position_sync" in line
            if serious and problem is None:
                problem = line
        return LogTail(
            path=str(self._file),
            size=size,
            window=self._window,
            complete=reached,
            last_line_at=newest,
            last_problem=problem,
            **count,
        )
