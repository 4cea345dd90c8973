"""One line of a log: where it stands, and what Python logging's header says of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

LONGEST = 64 * 1024
"""Bytes of one line that are looked at; what is beyond is only counted."""

LINE = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(?P<ms>\d{3}) "
    r"\[(?P<level>[A-Z]+)\] (?P<logger>[^:]*): (?P<message>.*)",
    re.ASCII,
)
"""Python logging's `2026-01-02 03:04:05,678 [LEVEL] logger: message`, in local time."""

_HEADER = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[[A-Z]+\] [^:\n]*: ")
_HEADERS = re.compile(rb"^" + _HEADER.pattern, re.MULTILINE)


class Place(NamedTuple):
    """Where a line begins: the file of the log that it is in, counted through rotations, and its byte."""

    generation: int
    offset: int


class Chunk(NamedTuple):
    """Whole lines that stand behind one another in one file.

    A line that is longer than a block comes alone, with only the beginning of it in `data`.
    """

    begin: Place
    end: Place
    data: bytes

    @property
    def cut(self) -> int:
        """Bytes that are left out."""
        return self.end.offset - self.begin.offset - len(self.data)


class Raw(NamedTuple):
    """A line as it stands in the file, without its end."""

    begin: Place
    end: Place
    data: bytes


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line to be shown; it has been decoded, and may hold anything.

    `at` (seconds since 1970) and `level` are those of the record that the line belongs to, which begins
    further up where `begins` is False; None and "" where that isn't known. `message_at` is the character that
    the message begins at, `cut` counts the bytes that `text` leaves out, `marks` are the searched matches.
    """

    begin: Place
    end: Place
    text: str
    at: float | None = None
    level: str = ""
    logger: str = ""
    message_at: int = 0
    begins: bool = False
    cut: int = 0
    marks: tuple[tuple[int, int], ...] = ()

    @property
    def message(self) -> str:
        return self.text[self.message_at :]


def split(chunk: Chunk) -> list[Raw]:
    """The chunk's lines."""
    if chunk.cut:
        return [Raw(chunk.begin, chunk.end, chunk.data)]
    lines: list[Raw] = []
    begin = chunk.begin
    for data in chunk.data.split(b"\n"):
        end = min(Place(begin.generation, begin.offset + len(data) + 1), chunk.end)
        if begin < end:
            lines.append(Raw(begin, end, data))
        begin = end
    return lines


def last_lines(chunk: Chunk, count: int) -> Chunk:
    """The end of the chunk: so many of its lines, if there are."""
    begin = len(chunk.data)
    for _ in range(count):
        if begin == 0 or chunk.cut:
            return chunk
        begin = chunk.data.rfind(b"\n", 0, begin - 1) + 1
    return Chunk(Place(chunk.begin.generation, chunk.begin.offset + begin), chunk.end, chunk.data[begin:])


def decoded(data: bytes) -> str:
    """A line as text, without the carriage return that some writers end it with."""
    return data[:LONGEST].decode("utf-8", "replace").removesuffix("\r")


def read_line(raw: Raw) -> LogLine:
    """What the line says by itself."""
    text = decoded(raw.data)
    cut = max(0, raw.end.offset - raw.begin.offset - 1 - min(len(raw.data), LONGEST))
    match = LINE.match(text)
    at = None if match is None else moment(match)
    if match is None or at is None:
        return LogLine(raw.begin, raw.end, text, cut=cut)
    return LogLine(
        raw.begin, raw.end, text, at, match["level"], match["logger"], match.start("message"), True, cut
    )


def newest_header(data: bytes) -> bytes | None:
    """The last line of `data` that has a header."""
    end = len(data)
    while end > 0:
        begin = data.rfind(b"\n", 0, end - 1) + 1
        if _HEADER.match(data, begin):
            return data[begin:end].rstrip(b"\n")
        end = begin
    return None


def newest_time(chunk: Chunk) -> float | None:
    """When the last line of the chunk was written that says so, in seconds since 1970."""
    header = newest_header(chunk.data)
    match = None if header is None else LINE.match(decoded(header))
    return None if match is None else moment(match)


def times(chunk: Chunk) -> Iterator[tuple[Place, float]]:
    """The chunk's lines that say when they were written, and when."""
    for header in _HEADERS.finditer(chunk.data):
        match = LINE.match(header[0].decode("ascii", "replace"))
        at = None if match is None else moment(match)
        if at is not None:
            yield Place(chunk.begin.generation, chunk.begin.offset + header.start()), at


def moment(line: re.Match[str]) -> float | None:
    """Seconds since 1970; None for what only looks like a time, such as the month 99."""
    try:
        return datetime.fromisoformat(line["at"]).timestamp() + int(line["ms"]) / 1000
    except (ValueError, OverflowError):
        return None
