"""The journal for other eyes: chosen records as JSON lines, as CSV, or as lines to read.

What comes out is inert: JSON is ASCII with escapes, and neither a terminal nor a spreadsheet finds anything
to obey in the others.
"""

import csv
import io
import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from console.audit.partial import left_undone
from console.audit.record import FIELDS, Phase, Record, iso_time
from console.domain.foreign import visible

_AGO = re.compile(r"-(\d{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FORMULA = re.compile(r"(?:^|(?<=;))(?= *[=+\-@'\uff1d\uff0b\uff0d\uff20])")
"""Where a cell must not begin, as spreadsheets take it for a formula, or for the end of our quoting: many end
a cell at a semicolon, and some know the signs in full width too."""


class InstantError(ValueError):
    """A time that can't be read. The message says what is allowed."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records; an empty field lets all through.

    `since` (inclusive) and `until` (exclusive) are times as `instant` gives them; `action` may hold `*`, as
    in `kill.*`; `user` is a name or a uid.
    """

    since: str = ""
    until: str = ""
    action: str = ""
    user: str = ""
    context: str = ""

    def lets(self, record: Record) -> bool:
        return (
            (not self.since or record.time >= self.since)
            and (not self.until or record.time < self.until)
            and (not self.action or fnmatchcase(record.action, self.action))
            and self.user in ("", record.user, str(record.uid))
            and self.context in ("", record.context)
        )


def instant(text: str, now: float) -> str:
    """`text` as a record's time: ISO (UTC where it says no zone), or `-90s`, `-2h` before `now`.

    Raises InstantError when it is neither.
    """
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return iso_time(max(0.0, now - int(ago[1]) * _SECONDS[ago[2]]))
    try:
        at = datetime.fromisoformat(text)
        return iso_time((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise InstantError(
            f"{visible(text)!r} is no time; give 2026-01-02, 2026-01-02T03:04, or -90s, -15m, -2h, -7d"
        ) from None


def as_json_lines(chosen: Iterable[Record]) -> Iterator[str]:
    """The lines as they stand in the journal: their hashes can be checked wherever they go."""
    return (record.line.decode("ascii") for record in chosen)


def as_csv(chosen: Iterable[Record]) -> Iterator[str]:
    """A heading and a line for each record, every field a column; what isn't text is JSON."""
    yield _csv_line(FIELDS)
    for record in chosen:
        yield _csv_line([_cell(getattr(record, name)) for name in FIELDS])


def as_text(record: Record, width: int) -> Iterator[str]:
    """A record for a person, in lines of `width` characters; what is empty is left out.

    It is one line where that has room for all of it. Else what it tells stands set in below its first line,
    each part of a mapping or a list on its own.
    """
    words = [f"#{record.sequence}", record.time, _who(record), record.context, record.action, record.target]
    words.append(_phase(record))
    words += ["DRILL"] if record.drill else []
    told = [(name, value) for name, value in _details(record) if value not in (None, "")]
    head = visible(" ".join(word for word in words if word))
    line = " ".join([head, *(visible(f"{name}={_compact(value)}") for name, value in told)])
    if len(line) <= width:
        yield line
        return
    yield from _wrapped(head, 0, width)
    for name, value in told:
        yield from _set_in(name, value, 1, width)


def _who(record: Record) -> str:
    place = "".join([f" {record.tty}" * bool(record.tty), f" from {record.ssh}" * bool(record.ssh)])
    return f"{record.user}({record.uid})@{record.host}{place}"


def _phase(record: Record) -> str:
    of = f" of #{record.intent}" if record.intent is not None else ""
    if record.phase is Phase.OUTCOME:
        came = "PARTIAL" if left_undone(record) else "done" if record.done else "NOT DONE"
        return f"{came}{of}"
    return f"{record.phase.value.upper()}{of}"


def _details(record: Record) -> Iterator[tuple[str, object]]:
    for name in ("reason", "before", "after", "approval", "evidence"):
        yield name, getattr(record, name)


_INDENT = 4
_NARROWEST = 30
"""Characters that a line has however far it is set in."""
_DEEPEST = 20
"""Levels down to which parts are set in: below, what is left is told in one."""


def _set_in(name: str, value: object, depth: int, width: int, level: int = 0) -> Iterator[str]:
    """A part under its name; on one line where that has room for all of it."""
    room = max(_NARROWEST, width - _INDENT * depth)
    line = visible(f"{name}: {_compact(value)}" if name else _compact(value))
    parts = _parts(value) if level < _DEEPEST else []
    if len(line) <= room or not parts:
        yield from _wrapped(line, depth, width)
        return
    if name:
        yield from _wrapped(visible(f"{name}:"), depth, width)
    for key, part in parts:
        yield from _set_in(key, part, depth + 1 if name else depth, width, level + 1)


def _parts(value: object) -> list[tuple[str, object]]:
    """What a mapping or a list holds, be it in a text, with the names of what has one."""
    if isinstance(value, str):
        return _held(_read(value)) if value[:1] in ("{", "[") else []
    return _held(value)


def _held(value: object) -> list[tuple[str, object]]:
    if isinstance(value, Mapping):
        return [(str(key), part) for key, part in value.items()]
    return [("", part) for part in value] if isinstance(value, list | tuple) else []


class _Figure(str):
    """A number of a text, as it stands there: to read it would round it."""

    __slots__ = ()


def _read(text: str) -> object:
    """What the JSON in a text says; None where taking it apart would change what it says, or has no end."""
    try:
        value = json.loads(text, parse_float=_Figure, parse_int=_Figure, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    level: list[object] = [value]
    for _ in range(_DEEPEST):
        level = [part for each in level for _name, part in _held(each)]
    return None if level else value


def _once(pairs: Sequence[tuple[str, object]]) -> Mapping[str, object]:
    """A mapping of them. ValueError where a name comes twice: one of its values would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def _wrapped(line: str, depth: int, width: int) -> Iterator[str]:
    """The line in as many as it takes, the further ones set in once more."""
    indent = " " * (_INDENT * depth)
    room = max(_NARROWEST, width - len(indent))
    for number, part in enumerate(textwrap.wrap(line, room - 2, break_on_hyphens=False)):
        yield f"{indent}{'  ' if number else ''}{part}"


def _compact(value: object) -> str:
    return value if isinstance(value, str) else _written(value)


def _written(value: object, depth: int = 0) -> str:
    """As JSON, with the figures of a text as they stood there."""
    if isinstance(value, _Figure):
        return value
    if depth < _DEEPEST and isinstance(value, dict):
        pairs = (f"{json.dumps(name)}:{_written(part, depth + 1)}" for name, part in value.items())
        return f"{{{','.join(pairs)}}}"
    if depth < _DEEPEST and isinstance(value, list):
        return f"[{','.join(_written(part, depth + 1) for part in value)}]"
    return json.dumps(value, separators=(",", ":"))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Phase):
        return value.value
    text = visible(_compact(value))
    return text if isinstance(value, int | float) else _FORMULA.sub("'", text)


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
