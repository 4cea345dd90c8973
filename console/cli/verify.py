"""The command `verify`: whether the engine's state is what it should be. Thin.

Exit codes: 0 clean, 1 warnings, 2 findings or bad usage, 3 unknown.
"""

import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, fail, settings_of, tell_all, with_json, with_settings

if TYPE_CHECKING:
    from console.domain.ledger import CheckResult, LedgerReport
    from console.settings import Settings


@click.command()
@with_settings
@click.argument("what", type=click.Choice(["ledger", "all"]), default="all")
@with_json
@click.pass_context
def verify(ctx: click.Context, /, *, what: str, as_json: bool, **given: Any) -> None:
    """Check the engine's books in one consistent snapshot: 0 clean, 1 warnings, 2 findings, 3 unknown.

    Each row that breaks an invariant is listed with what is expected and observed. Nothing is changed. What
    can't be told, as where a column is missing, is unknown and never passes.
    """
    from console.domain.clock import SystemClock  # noqa: PLC0415
    from console.runbooks.checks.books import check_ledger  # noqa: PLC0415 (drivers)
    from console.sources.errors import SourceError  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    try:
        report = check_ledger(settings, os.environ, SystemClock())
    except SourceError as error:
        fail(f"the books can't be checked: {error}", 3)
    tell_all([_as_json(settings, report)] if as_json else _lines(report))
    sys.exit(report.severity.exit_code)


def _as_json(settings: "Settings", report: "LedgerReport") -> str:
    document = {
        "context": settings.context,
        "severity": report.severity.word,
        "exit_code": report.severity.exit_code,
        "checks": [_told(result) for result in report.results],
    }
    return json.dumps(document)


def _told(result: "CheckResult") -> dict[str, object]:
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
