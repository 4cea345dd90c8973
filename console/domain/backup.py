"""A backup of an engine's book as values: what its manifest says, and what was found to differ from it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from console.domain.book_marks import BookMarks
from console.domain.surfaces import ServerIdentity

FORMAT = 2
"""The version of the manifest that this console writes."""
WITHOUT_MD5 = 3
"""The version that it writes of a server without MD5(): its checksums come from SHA-256."""
READ = (1, FORMAT, WITHOUT_MD5)
"""Those that it reads. The first had other checksums, and neither marks nor the length of the copy."""


@dataclass(frozen=True, slots=True)
class TableSum:
    """What a table holds; `checksum` is the same for the same rows, in whatever order they lie."""

    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Copy:
    """The compressed copy beside the manifest: its name, its bytes, and their SHA-256 in hexadecimal."""

    name: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Held:
    """A position as the exchange had it; `quantity` is signed, on COIN-M in contracts."""

    market: str
    symbol: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the exchange held; `unknown` says why that couldn't be told, and is no word on positions then."""

    positions: tuple[Held, ...] = ()
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of, from when (seconds since 1970), and what has to be in it.

    `columns` are each table's, as `name type`; `engine` is the engine's version, `flags` the text of its
    flags file, `journal` the number and hash of the journal's last record: None where they weren't known.
    `seconds` is how long it took, `held` for how long of that the engine's writes waited. `marks` say how far
    the book had come, and `length` is the copy's in bytes before it was compressed: None in the first format.
    """

    context: str
    made: float
    by: str
    server: ServerIdentity
    database: str
    columns: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, TableSum]
    copy: Copy
    seconds: float
    held: float
    engine: str | None = None
    flags: str | None = None
    journal: tuple[int, str] | None = None
    exchange: Exchange = field(default_factory=Exchange)
    marks: BookMarks | None = None
    length: int | None = None
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


def told_column(name: str, kind: str) -> str:
    """A column as manifests have it, `name type`; a name in which a space is stands in backticks."""
    if " " in name or name.startswith("`"):
        name = "`" + name.replace("`", "``") + "`"
    return f"{name} {kind}"


def column_parts(told: str) -> tuple[str, str]:
    """The name and the type of a column that `told_column` has told."""
    quoted = _QUOTED.fullmatch(told)
    if quoted is not None:
        return quoted[1].replace("``", "`"), quoted[2]
    name, _space, kind = told.partition(" ")
    return name, kind


def imprecise(columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The columns of MySQL and MariaDB whose values no dump writes in full, as `table.name`."""
    for table, told_of in columns.items():
        for name, kind in map(column_parts, told_of):
            if kind.startswith("float"):
                yield f"{table}.{name}"


def differences(wanted: Mapping[str, TableSum], found: Mapping[str, TableSum]) -> tuple[str, ...]:
    """What `found` has otherwise than `wanted`, a line for each table; nothing where they are the same."""
    lines = []
    for name, table in wanted.items():
        other = found.get(name)
        if other is None:
            lines.append(f"{name}: missing, {table.rows:,} rows were wanted")
        elif other.rows != table.rows:
            lines.append(f"{name}: {other.rows:,} rows, {table.rows:,} were wanted")
        elif other.checksum != table.checksum:
            lines.append(f"{name}: {table.rows:,} rows, but not the same ones")
    return (*lines, *(f"{name}: wasn't wanted" for name in found if name not in wanted))


def changed_columns(wanted: Manifest, found: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What the database's tables have otherwise than the backup's, a line for each table."""
    lines = []
    for name, columns in wanted.columns.items():
        there = found.get(name)
        if there is None:
            lines.append(f"{name}: the database has no such table")
        elif set(there) != set(columns):
            lacks = sorted(set(columns) - set(there))
            more = sorted(set(there) - set(columns))
            told = [f"lacks {', '.join(lacks)}"] * bool(lacks) + [f"has also {', '.join(more)}"] * bool(more)
            lines.append(f"{name}: the database {' and '.join(told)}")
    return tuple(lines)


def pruned(made: Sequence[float], now: float, *, keep: int, days: int) -> frozenset[float]:
    """Of backups `made` at these instants (seconds since 1970) those that may go at `now`.

    The newest `keep` stay, and the newest of each of the last `days` days, counted back from now.
    """
    newest_first = sorted(made, reverse=True)
    of_a_day: dict[int, float] = {}
    for at in newest_first:
        of_a_day.setdefault(int((now - at) // _DAY), at)
    stay = {*newest_first[:keep], *(at for day, at in of_a_day.items() if 0 <= day < days)}
    return frozenset(made) - stay


_DAY = 86_400.0
_QUOTED = re.compile(r"`((?:[^`]|``)*)` (.*)", re.DOTALL)
