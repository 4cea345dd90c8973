"""The command `verify`: whether the engine's state is what it should be. Thin.

Exit codes: 0 clean, 1 warnings, 2 findings or bad usage, 3 unknown.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, fail, log_to, settings_of, tell_all, with_json, with_settings
from console.domain.severity import Severity, worst

if TYPE_CHECKING:
    from console.domain.ledger import CheckResult, LedgerReport
    from console.domain.truth import Row, Truth
    from console.runbooks.askable import Surroundings
    from console.runbooks.model import Found
    from console.settings import Settings

Json = dict[str, object]


@click.command()
@with_settings
@click.argument("what", type=click.Choice(["ledger", "positions", "all"]), default="all")
@with_json
@click.pass_context
def verify(ctx: click.Context, /, *, what: str, as_json: bool, **given: Any) -> None:
    """Check the engine's state: 0 clean, 1 warnings, 2 findings, 3 unknown. Nothing is changed.

    `ledger` looks at the books in one consistent snapshot, and lists each row that breaks an invariant with
    what is expected and observed. `positions` compares what the database, the engine and the exchange say is
    open, the resting orders and the balances. What can't be told is unknown and never passes.
    """
    from console.domain.clock import SystemClock  # noqa: PLC0415
    from console.sources.errors import SourceError  # noqa: PLC0415
    from console.wiring.surroundings import surroundings_of  # noqa: PLC0415 (drivers)

    settings = settings_of(ctx, Given(**given))
    asked = surroundings_of(settings, os.environ, SystemClock())
    standing = None
    if what != "ledger":
        log_to(settings.state / "console.log")
        standing = _standing(asked)
    report = None
    try:
        report = None if what == "positions" else asked.ledger()
    except SourceError as error:
        if standing is None:
            fail(f"the books can't be checked: {error}", 3)
        standing = standing.with_answer("ledger", _unread(str(error)))
    verdict = worst(one.severity for one in (report, standing) if one is not None)
    lines = [*(() if standing is None else _lines_of(standing)), *(() if report is None else _lines(report))]
    tell_all([_as_json(settings, verdict, report, standing)] if as_json else lines)
    sys.exit(verdict.exit_code)


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the engine holds by all who tell of it, and what the checks make of that, by name."""

    truth: "Truth"
    answers: "tuple[tuple[str, Found], ...]"

    @property
    def severity(self) -> Severity:
        return worst(_severity(found) for _, found in self.answers)

    def with_answer(self, name: str, found: "Found") -> "_Standing":
        return _Standing(self.truth, (*self.answers, (name, found)))


def _standing(asked: "Surroundings") -> _Standing:
    from console.runbooks.checks.accounts import balances  # noqa: PLC0415 (as above)
    from console.runbooks.checks.exchange import exchange, resting_orders  # noqa: PLC0415
    from console.runbooks.checks.positions import Truths, positions  # noqa: PLC0415

    resting = resting_orders(asked.look, asked.pending, asked.wait)
    truth = Truths(asked.look, asked.not_exported, asked.wait).now()
    last = asked.look("database", "exchange", "engine")
    return _Standing(
        truth,
        (
            ("positions", positions(truth)),
            ("resting_orders", resting),
            ("balances", balances(lambda *_: last)),
            ("exchange", exchange(lambda *_: last)),
        ),
    )


def _unread(why: str) -> "Found":
    from console.runbooks.model import Found  # noqa: PLC0415

    return Found(None, "every invariant of the books holds", f"the books can't be checked: {why}")


def _severity(found: "Found") -> Severity:
    return {True: Severity.OK, False: Severity.HIGH, None: Severity.UNKNOWN}[found.passes]


def _as_json(
    settings: "Settings", verdict: Severity, report: "LedgerReport | None", standing: _Standing | None
) -> str:
    document: Json = {
        "context": settings.context,
        "severity": verdict.word,
        "exit_code": verdict.exit_code,
        "checks": [] if report is None else [_told(result) for result in report.results],
    }
    if standing is not None:
        document["answers"] = [_answer_json(name, found) for name, found in standing.answers]
        document["positions"] = [_row_json(row) for row in standing.truth.rows]
    return json.dumps(document)


def _answer_json(name: str, found: "Found") -> Json:
    return {
        "check": name,
        "result": _RESULTS[found.passes],
        "severity": _severity(found).word,
        "expected": found.expected,
        "observed": found.observed,
        "details": list(found.details),
    }


def _row_json(row: "Row") -> Json:
    """Amounts are signed decimal text: coins, but of `due` and `exchange` at COIN-M, which are contracts."""
    return {
        "market": row.market,
        "symbol": row.symbol,
        "side": row.side,
        "finding": row.finding.value,
        "database": _decimal(row.books),
        "engine": _decimal(row.engine),
        "due": _decimal(row.due),
        "exchange": _decimal(row.there),
        "netted": row.netted,
    }


def _decimal(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


_RESULTS = {True: "passed", False: "failed", None: "unknown"}


def _lines_of(standing: _Standing) -> Iterator[str]:
    for name, found in standing.answers:
        yield f"{name} {_RESULTS[found.passes]}: {found.observed}"
        if found.passes is not True:
            yield f"  expected: {found.expected}"
            yield from (f"  {line}" for line in found.details)


def _told(result: "CheckResult") -> Json:
    invariant = result.invariant
    return {
        "check": invariant.name,
        "table": invariant.table,
        "expected": invariant.expected,
        "tolerance": invariant.tolerance,
        "result": result.word,
        "severity": result.severity.word,
        "unknown": result.unknown,
        "count": result.count,
        "differences": [
            {
                "row": each.row,
                "expected": each.expected,
                "observed": each.observed,
                "amount": None if each.amount is None else format(each.amount, "f"),
            }
            for each in result.differences
        ],
    }


def _lines(report: "LedgerReport") -> Iterator[str]:
    yield report.words
    for result in sorted(report.results, key=lambda result: -result.severity):
        if result.word != "passed":
            yield from _of_one(result)


def _of_one(result: "CheckResult") -> Iterator[str]:
    invariant = result.invariant
    yield (
        f"{result.severity.word.upper()} {invariant.name}, in {invariant.table}: {invariant.expected}"
        f" (tolerance: {invariant.tolerance})"
    )
    if result.unknown:
        yield f"  can't be told: {result.unknown}"
    for each in result.differences:
        off = "" if each.amount is None else f", {each.amount:+f} off"
        yield f"  {each.row}: expected {each.expected or 'none'}, found {each.observed or 'none'}{off}"
    if result.count > len(result.differences):
        yield f"  and {result.count - len(result.differences)} more"
