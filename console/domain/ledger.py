"""What a check of the engine's books comes to: invariants, the rows that break them, and the verdict.

What can't be told is UNKNOWN and never passes: a column that is missing, a value that isn't there.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from console.domain.severity import Severity, worst

EXACT = "none"
LAST_PLACE = "0.00000001 for each trade, and for each coin held"
"""What rounding prices and amounts to eight places can come to over the fills of a position."""
EACH_TRADE = "0.00000001 for each trade"
"""What rounding to eight places can come to over the trades of an account or a position."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """What holds for every row of `table`: `expected` says what, and `tolerance` how exactly.

    `severity` is how bad a row is that breaks it.
    """

    name: str
    table: str
    expected: str
    tolerance: str = EXACT
    severity: Severity = Severity.HIGH


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that breaks an invariant: the values as the database has them, None where it has none.

    `amount` is what is observed beyond what is expected, None where the two are no numbers.
    """

    row: str
    expected: str | None
    observed: str | None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What became of one invariant: `count` rows break it, of which `differences` are the first.

    `unknown` says why it can't be told, "" where it can; rows may break it all the same.
    """

    invariant: Invariant
    count: int = 0
    differences: tuple[Difference, ...] = ()
    unknown: str = ""

    @property
    def severity(self) -> Severity:
        broken = self.invariant.severity if self.count else Severity.OK
        return max(broken, Severity.UNKNOWN) if self.unknown else broken

    @property
    def word(self) -> str:
        """`passed`, `failed` or `unknown`."""
        if self.count:
            return "failed"
        return "unknown" if self.unknown else "passed"

    def lasting(self, earlier: "CheckResult") -> "CheckResult":
        """This result without the rows that broke nothing `earlier`, as far as rows are listed."""
        if earlier.word == "passed":
            return replace(self, count=0, differences=())
        if earlier.unknown or self.count > len(self.differences) or earlier.count > len(earlier.differences):
            return self
        before = {each.row for each in earlier.differences}
        kept = tuple(each for each in self.differences if each.row in before)
        return replace(self, count=len(kept), differences=kept)


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """The invariants of the books at one instant, each with its result."""

    results: tuple[CheckResult, ...]

    @property
    def severity(self) -> Severity:
        return worst(result.severity for result in self.results)

    @property
    def passes(self) -> bool | None:
        """Whether everything passed; None where that can't be told. Warnings don't fail."""
        if self.severity is Severity.UNKNOWN:
            return None
        return self.severity < Severity.UNKNOWN

    def lasting(self, earlier: "LedgerReport") -> "LedgerReport":
        """What of this was there `earlier`, too: of the same invariants, in the same order."""
        pairs = zip(self.results, earlier.results, strict=True)
        return LedgerReport(tuple(now.lasting(before) for now, before in pairs))

    @property
    def words(self) -> str:
        """The verdict on one line."""
        counts = [(sum(result.word == word for result in self.results), word) for word in _WORDS]
        told = ", ".join(f"{count} {word}" for count, word in counts if count)
        return f"ledger {_VERDICTS[self.severity]}: {told or 'nothing was checked'}"


_WORDS = ("passed", "failed", "unknown")
_VERDICTS = {
    Severity.OK: "clean",
    Severity.WARNING: "clean but for warnings",
    Severity.UNKNOWN: "unknown",
    Severity.HIGH: "broken",
    Severity.CRITICAL: "broken",
}


@dataclass(frozen=True, slots=True)
class LedgerLimits:
    """How old a mark price and a resting order may be, how far ahead of us the engine's clock, and how many
    differences of an invariant are listed; the others are counted.
    """

    mark_age: timedelta = timedelta(minutes=5)
    order_age: timedelta = timedelta(hours=24)
    clock_ahead: timedelta = timedelta(minutes=1)
    listed: int = 100


DEFAULT_LIMITS = LedgerLimits()
