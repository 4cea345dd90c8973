"""A backup of an engine's book as values: what its manifest says, and what was found to differ from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from console.domain.surfaces import ServerIdentity

FORMAT = 1
"""The version of the manifest that this console writes, and the only one that it reads."""


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
    `seconds` is how long it took, `held` for how long of that the engine's writes waited.
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
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


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
