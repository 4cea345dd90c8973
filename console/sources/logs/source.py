"""The engine's log as a source: how much went wrong in the last minutes, from the newest lines.

The first poll reads back from the log's end, every other one only what has been written since.
"""

import os
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from console.domain.clock import Clock
from console.domain.reading import Dated
from console.domain.surfaces import LogTail
from console.sources.errors import SourceError
from console.sources.focus import Focus
from console.sources.logs.blocks import Identity, identity_of
from console.sources.logs.counts import RecentLines

WINDOW = 300.0
"""Seconds over which lines are counted."""
_TAIL = 512 * 1024
"""Bytes read from the end, or since the last poll: a log of any size costs the same."""
_REMEMBERED = 64
"""Bytes before the end that are looked at again: when they differ, it isn't the same log any more."""
_MOST_ROTATED = 10
_FOCUS_LINES = 50


class LogSource:
    """Reads `LogTail` from one log file, through rotation and truncation."""

    def __init__(
        self, file: Path, *, clock: Clock, window: float = WINDOW, focus: Focus | None = None
    ) -> None:
        self._file = file
        self._clock = clock
        self._window = window
        self._focus = Focus() if focus is None else focus
        self._recent = RecentLines()
        self._seen: _Seen | None = None
        self._symbol: str | None = None
        self._focus_lines: deque[str] = deque(maxlen=_FOCUS_LINES)

    def read(self) -> Dated[LogTail]:
        since = self._clock.wall() - self._window
        try:
            if self._focus.symbol != self._symbol or self._seen is None or not self._read_on(self._seen):
                self._read_back(since)
        except OSError as error:
            self._seen = None
            raise SourceError(f"{self._file}: {error.strerror or error}") from None
        counts, problem = self._recent.since(since)
        return Dated(
            LogTail(
                path=str(self._file),
                size=0 if self._seen is None else self._seen.size,
                window=self._window,
                complete=self._recent.covered_from <= since,
                lines=counts.lines,
                errors=counts.errors,
                criticals=counts.criticals,
                liquidations=counts.liquidations,
                sync_errors=counts.sync_errors,
                last_line_at=self._recent.newest,
                last_problem=problem,
                focus_lines=tuple(self._focus_lines),
            )
        )

    def _read_on(self, seen: "_Seen") -> bool:
        """Count what has come since; False when that isn't all, or the file is another one."""
        tail = _Tail.of(self._file, _TAIL, begin=seen.end - len(seen.memory))
        if tail.identity != seen.identity or not tail.whole or not tail.content.startswith(seen.memory):
            return False
        whole = tail.content.rfind(b"\n") + 1
        lines = _decoded(tail.content[len(seen.memory) : max(whole, len(seen.memory))])
        self._recent.take_newer(iter(lines))
        self._focus_lines.extendleft(line for line in lines if self._names_focus(line))
        self._seen = _Seen.to(tail)
        return True

    def _read_back(self, since: float) -> None:
        """Count anew, from the log's end back to `since`, or as far as the limit allows."""
        recent, tail = RecentLines(), _Tail.of(self._file, _TAIL)
        complete = recent.take_older(tail.newest_first(), since)
        if complete or (tail.whole and self._goes_on(recent, tail, since)):
            recent.covered_from = since
        else:
            recent.covered_from = min(recent.oldest, since + self._window)
        self._recent, self._seen, self._symbol = recent, _Seen.to(tail), self._focus.symbol
        self._focus_lines.clear()
        if self._symbol is not None:
            named = (line for line in tail.newest_first() if self._names_focus(line))
            self._focus_lines.extend(line for _, line in zip(range(_FOCUS_LINES), named, strict=False))

    def _goes_on(self, recent: RecentLines, newer: "_Tail", since: float) -> bool:
        """Count on in what was rotated away; whether all lines back to `since` have been seen then.

        Rotation by size names the file before this one `.1`, and the one before that `.2`.
        """
        left = _TAIL - newer.size
        seen = {newer.identity}
        for number in range(1, _MOST_ROTATED):
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
            if recent.take_older(tail.newest_first(), since):
                return True
            if not tail.whole:
                return False
        return False

    def _names_focus(self, line: str) -> bool:
        symbol = self._symbol
        if symbol is None or symbol not in line:
            return False
        return re.search(rf"(?<!\w){re.escape(symbol)}(?!\w)", line) is not None


@dataclass(frozen=True, slots=True)
class _Tail:
    """The end of one file: its content from `begin` on, and whether that is all there is from there."""

    size: int
    identity: Identity
    begin: int
    whole: bool
    content: bytes

    @classmethod
    def of(cls, file: Path, most: int, begin: int = 0) -> "_Tail":
        """The newest `most` bytes, but none before `begin`."""
        with file.open("rb") as stream:
            status = os.fstat(stream.fileno())
            size = stream.seek(0, os.SEEK_END)
            first = max(begin, size - most)
            stream.seek(first)
            return cls(size, identity_of(status), first, first == begin, stream.read(most))

    def newest_first(self) -> Iterator[str]:
        """The lines, without a first one that is cut and a last one that is still being written."""
        content = self.content[: self.content.rfind(b"\n") + 1]
        lines = _decoded(content)
        return reversed(lines if self.whole else lines[1:])


@dataclass(frozen=True, slots=True)
class _Seen:
    """How far a file has been read: `end` is behind its last whole line, `memory` what stood before that."""

    identity: Identity
    size: int
    end: int
    memory: bytes

    @classmethod
    def to(cls, tail: _Tail) -> "_Seen":
        whole = tail.content.rfind(b"\n") + 1
        memory = tail.content[max(0, whole - _REMEMBERED) : whole]
        return cls(tail.identity, tail.size, tail.begin + whole, memory)


def _decoded(content: bytes) -> list[str]:
    return content.decode("utf-8", "replace").split("\n")[:-1] if content else []
