"""How one line of a log is laid out: time, level, logger, message, each clipped to its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len

from console.domain.severity import Severity
from console.sources.logs.lines import LogLine
from console.tui.text import fit, visible
from console.tui.theme import Glyphs, Tone, tone_of

_LOGGER = 16
_LOGGER_VAST = 24
_WIDE = 108
"""Cells from which on date, milliseconds and logger have room."""
_VAST = 160

_SEVERITIES = {
    "WARNING": Severity.WARNING,
    "WARN": Severity.WARNING,
    "ERROR": Severity.HIGH,
    "CRITICAL": Severity.CRITICAL,
    "FATAL": Severity.CRITICAL,
}


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that has been made inert and cut to its place; `marked` is what a search has found."""

    text: str
    tone: Tone = Tone.PLAIN
    marked: bool = False


Row = tuple[Piece, ...]


def log_row(line: LogLine, cells: int, glyphs: Glyphs) -> Row:
    """The line in `cells` cells at most. What belongs to a record further up begins under its message."""
    wide = cells >= _WIDE
    head = (*_time(line, wide), *_level(line, glyphs))
    if wide:
        name = line.logger if line.begins else ""
        room = _LOGGER_VAST if cells >= _VAST else _LOGGER
        head += (Piece(fit(name, room, "left", glyphs.ellipsis) + " ", Tone.DIM),)
    room = cells - sum(cell_len(piece.text) for piece in head)
    return (*head, *_message(line, room, glyphs.ellipsis))


def tone_of_level(level: str) -> Tone:
    if level == "DEBUG":
        return Tone.DIM
    severity = _SEVERITIES.get(level)
    return Tone.PLAIN if severity is None else tone_of(severity)


def clock_time(at: float | None, form: str = "%H:%M:%S") -> str:
    """A local time; empty where there is none, or no calendar has it."""
    try:
        return "" if at is None else datetime.fromtimestamp(at).strftime(form)
    except (ValueError, OverflowError, OSError):
        return ""


def _time(line: LogLine, wide: bool) -> Iterator[Piece]:
    at = line.at if line.begins else None
    if wide:
        yield Piece(f"{clock_time(at, '%Y-%m-%d'):<10} ", Tone.DIM)
        fraction = "" if at is None else f".{int(at * 1000 + 0.5) % 1000:03}"
        yield Piece(f"{clock_time(at)}{fraction}".ljust(12) + "  ")
    else:
        yield Piece(f"{clock_time(at):<8} ")


def _level(line: LogLine, glyphs: Glyphs) -> Iterator[Piece]:
    severity = _SEVERITIES.get(line.level)
    glyph = " " if severity is None or not line.begins else glyphs.of(severity)
    word = line.level if line.begins else ""
    yield Piece(f"{glyph} {fit(word, 8, 'left', glyphs.ellipsis)} ", tone_of_level(line.level))


def _message(line: LogLine, cells: int, ellipsis: str) -> Iterator[Piece]:
    tone = tone_of_level(line.level)
    most = 3 * max(0, cells) + 3  # a letter has two marks upon it at most
    begin, end = line.message_at, min(len(line.text), line.message_at + most)
    whole = end == len(line.text) and not line.cut
    pieces = [(visible(line.text[a:b]), marked) for a, b, marked in _parts(line, begin, end) if a < b]
    whole = whole and sum(cell_len(text) for text, _ in pieces) <= cells
    room = cells if whole else cells - cell_len(ellipsis)
    for text, marked in pieces:
        if cell_len(text) > room:
            shown = _cut(text, room)
            if shown:
                yield Piece(shown, tone, marked)
            break
        room -= cell_len(text)
        yield Piece(text, tone, marked)
    if not whole:
        yield Piece(ellipsis, Tone.DIM)


def _parts(line: LogLine, begin: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """The text from `begin` to `end` in parts that are a match each, or none."""
    for first, last in line.marks:
        if last > begin and first < end:
            yield begin, max(begin, first), False
            yield max(begin, first), min(last, end), True
            begin = min(last, end)
    yield begin, end, False


def _cut(text: str, cells: int) -> str:
    used = 0
    for number, character in enumerate(text):
        used += cell_len(character)
        if used > cells:
            return text[:number]
    return text
