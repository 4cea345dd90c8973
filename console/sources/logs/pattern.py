"""What is looked for in log lines: a regular expression, which is never trusted to come to an end.

Plain words, and alternatives of them (`ERROR|CRITICAL`), are looked for here. Every other expression is tried
by a process of its own (`matching`), because some take longer than the universe on a harmless line, and
Python can't interrupt them: nobody else could run meanwhile.
"""

import contextlib
import re
import struct
import subprocess
import sys
import warnings
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.sources.logs.lines import Chunk, split

ERRORS = "ERROR|CRITICAL|LIQUIDATION"
SYNC = "position_sync"
MARGIN = "margin_status"
"""The three that the deployment document looks for."""

_WORD = r"(?:[\w ,:;='\"<>/%@#&~`!-]|\\[^\w\s])+"
_WORDS = re.compile(rf"{_WORD}(?:\|{_WORD})*")
_MATCHING = Path(__file__).with_name("matching.py")
_MOST_MARKS = 16
"""Matches in one line that are told apart."""

Spans = tuple[tuple[int, int], ...]
"""Where the matches in a line begin and end, in characters of the decoded line."""


class TooSlowError(Exception):
    """The pattern was given up; why, in one sentence."""

    def __init__(self, pattern: "LinePattern", why: str) -> None:
        super().__init__(why)
        self.pattern = pattern


@dataclass(frozen=True, slots=True)
class LinePattern:
    """A valid regular expression; `words` are its alternatives where it is nothing but plain words."""

    text: str
    words: tuple[str, ...] = ()


def line_pattern(text: str) -> LinePattern:
    """Raises ValueError with what is wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they would be written over the screen
            re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from None
    if not _WORDS.fullmatch(text):
        return LinePattern(text)
    return LinePattern(text, tuple(re.sub(r"\\(.)", r"\1", word) for word in re.findall(_WORD, text)))


class Matcher:
    """Looks for one pattern in lines. To be closed, as there may be a process behind it."""

    def __init__(self, pattern: LinePattern) -> None:
        self.pattern = pattern
        self._words = re.compile("|".join(map(re.escape, pattern.words))) if pattern.words else None
        self._encoded = [word.encode() for word in pattern.words]
        self._process: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._end()

    def matching(self, chunk: Chunk) -> list[int]:
        """Which of the chunk's lines match, counted from 0; raises TooSlowError."""
        words = self._encoded
        if not words:
            return list(dict.fromkeys(number for number, _, _ in self._ask(1, chunk.data)))
        if not any(word in chunk.data for word in words):
            return []
        return [n for n, line in enumerate(split(chunk)) if any(word in line.data for word in words)]

    def spans(self, lines: Sequence[str]) -> list[Spans]:
        """Where the matches are in each of the lines, the first ones of each; raises TooSlowError."""
        if self._words is not None:
            return [
                tuple(match.span() for match in self._words.finditer(line))[:_MOST_MARKS] for line in lines
            ]
        found: list[list[tuple[int, int]]] = [[] for _ in lines]
        if lines:
            for number, begin, end in self._ask(_MOST_MARKS, "\n".join(lines).encode("utf-8", "replace")):
                found[number].append((begin, end))
        return [tuple(spans) for spans in found]

    def _ask(self, most: int, lines: bytes) -> Iterator[tuple[int, int, int]]:
        """Number of the line, begin and end of each match."""
        process = self._process = self._process or self._start()
        if process.stdin is None or process.stdout is None:
            raise TooSlowError(self.pattern, "no process to look for the expression in")
        try:
            process.stdin.write(struct.pack("<II", most, len(lines)) + lines)
            process.stdin.flush()
            (count,) = struct.unpack("<I", process.stdout.read(4))
            numbers = array("I", process.stdout.read(count))
        except (OSError, struct.error):
            self._end()
            why = f"given up: {self.pattern.text} takes too long on some line"
            raise TooSlowError(self.pattern, why) from None
        return zip(*[iter(numbers)] * 3, strict=True)

    def _start(self) -> "subprocess.Popen[bytes]":
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_MATCHING), self.pattern.text],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = f"no process to look for the expression in: {error}"
            raise TooSlowError(self.pattern, why) from None
        return process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            process.wait()
