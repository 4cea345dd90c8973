"""What was measured, as values and as the tables that are printed and kept in RESULTS.md."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure over several runs. Formatted as `median (lowest to highest)`."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        values = list(values)
        return cls(statistics.median(values), min(values), max(values))

    def __format__(self, spec: str) -> str:
        return f"{self.median:{spec}} ({self.low:{spec}} to {self.high:{spec}})"


@dataclass(frozen=True, slots=True)
class Figures:
    """One program on one kind of world.

    `first_live` is in seconds, `cpu` in percent of a core, `written` in kB/s, memory in MB, keys in ms.
    """

    name: str
    first_live: Spread
    cpu: Spread
    written: Spread
    resident: Spread
    proportional: Spread
    key_median: Spread
    key_late: Spread


COLUMNS: Sequence[tuple[str, str, str]] = (
    ("first_live", "first live value, s", ".2f"),
    ("cpu", "CPU, % of a core", ".1f"),
    ("written", "written, kB/s", ".2f"),
    ("resident", "RSS, MB", ".0f"),
    ("proportional", "PSS, MB", ".0f"),
    ("key_median", "key p50, ms", ".1f"),
    ("key_late", "key p95, ms", ".1f"),
)


def table(measured: Sequence[Figures]) -> str:
    """Medians with their range, a program to a line, in Markdown."""
    lines = _head(["", *(title for _, title, _ in COLUMNS)])
    lines += [
        _row([one.name, *(format(getattr(one, field), spec) for field, _, spec in COLUMNS)])
        for one in measured
    ]
    return "\n".join(lines)


def ratios(measured: Sequence[Figures], against: Figures) -> str:
    """The medians as multiples of those of `against`."""
    lines = _head([f"× {against.name}", *(title.split(",")[0] for _, title, _ in COLUMNS)])
    for one in measured:
        times = (getattr(one, field).median / getattr(against, field).median for field, _, _ in COLUMNS)
        lines.append(_row([one.name, *(f"{ratio:.3f}" for ratio in times)]))
    return "\n".join(lines)


def _head(titles: Sequence[str]) -> list[str]:
    return [_row(titles), _row(["---"] * len(titles))]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
