"""One question for many invariants of the same rows: only those that break one come back, and one by one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    false,
    not_,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.types import NullType

from console.domain.ledger import CheckResult, Difference, Invariant
from console.runbooks.checks.exact import decimal_of
from console.runbooks.checks.facts import Facts, LackingError

_BROKEN, _UNTOLD = 1, 2
"""What a row says of an invariant; 0 is neither."""
_STREAMED = {"stream_results": True}


@dataclass(frozen=True, slots=True)
class Test:
    """How a row shows whether an invariant holds, as expressions; NULL is that it can't be told.

    `about` says of which rows the invariant speaks.
    """

    observed: ColumnElement[Any]
    expected: ColumnElement[Any]
    holds: ColumnElement[bool]
    about: ColumnElement[bool] = field(default_factory=true)


Rules = Mapping[Invariant, Callable[[Facts], Test]]


class Sweep:
    """`rules` as questions to the rows of `facts`, which are named by their id.

    What the schema lacks costs the rules that ask for it.
    """

    def __init__(self, facts: Facts, rules: Rules) -> None:
        self._facts = facts
        self.rules = rules
        self._tests: dict[Invariant, Test] = {}
        self._lacking: dict[Invariant, str] = {}
        for invariant, rule in rules.items():
            try:
                facts["id"]
                self._tests[invariant] = rule(facts)
            except LackingError as error:
                self._lacking[invariant] = str(error)

    @property
    def suspect(self) -> ColumnElement[bool]:
        """Whether a row breaks one of the rules, or can't be told; NULL is no."""
        return or_(false(), *(and_(test.about, test.holds.is_not(true())) for test in self._tests.values()))

    def sound(self) -> list[CheckResult]:
        """The results where no row is suspect."""
        return [CheckResult(invariant, unknown=self._lacking.get(invariant, "")) for invariant in self.rules]

    def results(self, connection: Connection, listed: int) -> list[CheckResult]:
        """What the rows say, of which at most `listed` differences of each rule are kept.

        Raises SQLAlchemyError.
        """
        findings = {invariant: Findings(listed) for invariant in self.rules}
        for invariant, why in self._lacking.items():
            findings[invariant].unknown = why
        if self._tests:
            question = _question(self._facts, self._tests.values(), self.suspect)
            for found in connection.execute(question, execution_options=_STREAMED):
                _sort_out(found, [findings[invariant] for invariant in self._tests])
        return [found.result(invariant) for invariant, found in findings.items()]


class Findings:
    """What is found against one invariant, the first differences kept and all counted."""

    def __init__(self, listed: int) -> None:
        self.unknown = ""
        self._listed = listed
        self._count = 0
        self._untold = 0
        self._kept: list[Difference] = []

    def add(self, row: object, expected: object, observed: object) -> None:
        """Count a row that breaks the invariant."""
        self._count += 1
        if len(self._kept) < self._listed:
            self._kept.append(_difference(row, expected, observed))

    def add_untold(self, row: object) -> None:
        """Count a row of which it can't be told."""
        self._untold += 1
        self.unknown = self.unknown or f"row {row}: a value is missing or isn't of its kind"

    def result(self, invariant: Invariant) -> CheckResult:
        more = f", and so in {self._untold - 1} more" if self._untold > 1 else ""
        return CheckResult(invariant, self._count, tuple(self._kept), self.unknown + more)


def _question(facts: Facts, tests: Iterable[Test], suspect: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Every suspect row: its name, then three columns for each test."""
    columns: list[ColumnElement[Any]] = [facts["id"]]
    for test in tests:
        verdict = case(
            (and_(test.about, not_(test.holds)), _BROKEN),
            (and_(test.about, test.holds.is_(None)), _UNTOLD),
            else_=0,
        )
        columns += [verdict, test.expected, test.observed]
    as_is = [type_coerce(column, NullType()).label(f"c{at}") for at, column in enumerate(columns)]
    return select(*as_is).select_from(facts.source).where(suspect)


def _sort_out(found: Row[*tuple[Any, ...]], findings: list[Findings]) -> None:
    """Give each invariant its part of a row."""
    for at, of_one in enumerate(findings):
        verdict, expected, observed = found[3 * at + 1 : 3 * at + 4]
        if verdict == _BROKEN:
            of_one.add(found[0], expected, observed)
        elif verdict == _UNTOLD:
            of_one.add_untold(found[0])


def _difference(row: object, expected: object, observed: object) -> Difference:
    wanted, seen = _number(expected), _number(observed)
    amount = None if wanted is None or seen is None else seen - wanted
    return Difference(str(row), _written(expected), _written(observed), amount)


def _number(value: object) -> Decimal | None:
    return decimal_of(value) if isinstance(value, str | int | float | Decimal) else None


def _written(value: object) -> str | None:
    """Numbers without zeros that say nothing."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    number = _number(value)
    if number is None:
        return str(value)
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written
