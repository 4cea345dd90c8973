"""How ready a context is to go back: when each procedure was practised last, and the newest backup.

Instants are wall-clock seconds since 1970. It is for one line of the overview, in a process whose memory
counts: `rollback` says more, and takes more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PROCEDURES = (
    "rollback_shadow",
    "rollback_off",
    "rollback_configuration",
    "rollback_full",
    "rollback_coin_quick",
    "rollback_coin_full",
)
"""The runbooks of the documents' ways back, from the smallest of each engine to its largest."""


def short_name(runbook: str) -> str:
    """A procedure's name where six of them share a line: `coin quick`."""
    return runbook.removeprefix("rollback_").replace("_", " ")


@dataclass(frozen=True, slots=True)
class Drilled:
    """The last time that a procedure was practised: when, for how many seconds, how it ended."""

    at: float
    seconds: float
    passed: bool
    scenario: str
    words: str


@dataclass(frozen=True, slots=True)
class Practice:
    """A procedure's last drill: `at` is None where it never had one; `late`: longer ago than is allowed."""

    procedure: str
    at: float | None
    passed: bool
    late: bool


@dataclass(frozen=True, slots=True)
class NewestBackup:
    """When it was made, and when it was last rehearsed, None for never; `equal`: it restored as it was."""

    made: float
    rehearsed: float | None = None
    equal: bool = False


@dataclass(frozen=True, slots=True)
class Readiness:
    """As it is `at` an instant. `practised` are the procedures in the documents' order, `allowed` the seconds
    since a drill at most.

    `backup` is None where there is none. `unknown` says what can't be told of either, and why.
    """

    at: float
    practised: Sequence[Practice]
    allowed: float
    backup: NewestBackup | None
    unknown: Sequence[str] = ()

    @property
    def is_good(self) -> bool:
        """Whether nothing is to be warned of; what isn't known is."""
        drilled = all(each.passed and not each.late for each in self.practised)
        return not self.unknown and drilled and self.backup is not None and self.backup.equal

    @property
    def words(self) -> str:
        """All of it where all is good, else what is not."""
        return "; ".join(_praise(self, self.at) if self.is_good else _lacks(self, self.at))

    @property
    def brief(self) -> str:
        """The same where there is little room: counted, not named."""
        return "; ".join(_praise_in_brief(self, self.at) if self.is_good else _lacks_in_brief(self, self.at))


def _praise(seen: Readiness, now: float) -> Iterator[str]:
    ages = ", ".join(f"{each.procedure} {_age(now, each.at)}" for each in seen.practised)
    yield f"rollbacks drilled: {ages} ago"
    if seen.backup is not None:
        rehearsed = _age(now, seen.backup.rehearsed)
        yield f"newest backup {_age(now, seen.backup.made)} old, rehearsed {rehearsed} ago"


def _praise_in_brief(seen: Readiness, now: float) -> Iterator[str]:
    longest = max(now - each.at for each in seen.practised if each.at is not None)
    yield f"all rollbacks drilled within {_span(longest)}"
    if seen.backup is not None:
        yield f"newest backup {_age(now, seen.backup.made)} old, rehearsed"


def _lacks(seen: Readiness, now: float) -> Iterator[str]:
    """What speaks against it: what can't be told first, then the drills, then the backup."""
    yield from seen.unknown
    never, failed, late = _by_fault(seen.practised)
    if never and len(never) == len(seen.practised):
        yield "no rollback was ever drilled"
    elif never:
        yield f"never drilled: {_names(never)}"
    if failed:
        yield f"last drill failed: {_names(failed)}"
    if late:
        ages = ", ".join(f"{each.procedure} {_age(now, each.at)}" for each in late)
        yield f"last drill of {ages} ago, allowed {_span(seen.allowed)}"
    old = "" if seen.backup is None else f", {_age(now, seen.backup.made)} old,"
    yield from _backup_lacks(seen, f"newest backup{old}")


def _lacks_in_brief(seen: Readiness, now: float) -> Iterator[str]:
    yield from seen.unknown
    never, failed, late = _by_fault(seen.practised)
    if len(never) == len(seen.practised) and never:
        yield "no rollback was ever drilled"
    else:
        parts = ((never, "never drilled"), (failed, "failed"), (late, "late"))
        counted = ", ".join(f"{len(found)} {word}" for found, word in parts if found)
        yield from [f"rollback drills: {counted}"] * bool(counted)
    yield from _backup_lacks(seen, "newest backup")


def _by_fault(practised: Sequence[Practice]) -> tuple[list[Practice], list[Practice], list[Practice]]:
    """Those that never were drilled, those that failed, and those that are only late."""
    never = [each for each in practised if each.at is None]
    failed = [each for each in practised if each.at is not None and not each.passed]
    late = [each for each in practised if each.at is not None and each.passed and each.late]
    return never, failed, late


def _backup_lacks(seen: Readiness, newest: str) -> Iterator[str]:
    if seen.backup is None:
        yield from () if seen.unknown else ("there is no backup",)
    elif seen.backup.rehearsed is None:
        yield f"{newest} never rehearsed"
    elif not seen.backup.equal:
        yield f"{newest} did not restore equal"


def _names(found: Sequence[Practice]) -> str:
    return ", ".join(each.procedure for each in found)


def _age(now: float, at: float | None) -> str:
    return "never" if at is None else _span(now - at)


def _span(seconds: float) -> str:
    """In its greatest unit alone, rounded down, so that it changes seldom: `41 d`, `3 h`, `9 m`."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "<1 m"
