"""The command `check`: whether a context is ready to be deployed to, by the documents' checklists. Thin.

Exit codes: 0 ready, 1 warnings, 2 findings or bad usage, 3 unknown.
"""

import json
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, log_to, settings_of, tell_all, with_json, with_settings

if TYPE_CHECKING:
    from console.domain.severity import Severity
    from console.runbooks.checks.deployment_checklist import Finding
    from console.settings import Settings

_TITLES = ("CHECK", "VERDICT", "EXPECTED", "OBSERVED", "MENDED BY")
_NARROWEST, _LEAST = 100, 20
"""Cells of a table at least, and of a column of sentences."""


@click.command()
@with_settings
@click.argument("which", type=click.Choice(["guide", "coin", "all"]), required=False)
@with_json
@click.pass_context
def check(ctx: click.Context, /, *, which: str | None, as_json: bool, **given: Any) -> None:
    """Go through the pre-deployment checklists: 0 ready, 1 warnings, 2 findings, 3 unknown.

    All that can be looked at is, and nothing is changed. `guide` is the deployment guide's list, `coin` the
    coin engine's; without either, all that is the context's. A finding names the runbook that mends it.
    """
    from console.domain.severity import worst  # noqa: PLC0415
    from console.runbooks.checks.deployment_checklist import findings, items_of  # noqa: PLC0415 (drivers)
    from console.wiring.runbooks import checks_of_context  # noqa: PLC0415 (as above)

    settings = settings_of(ctx, Given(**given))
    log_to(settings.state / "console.log")
    items, checks = items_of(settings.chosen, which), checks_of_context(settings)
    found = list(findings(items, checks, settings.chosen.environment))
    severity = worst(each.severity for each in found)
    tell_all([_as_json(settings, found, severity)] if as_json else _lines(settings, found, severity))
    sys.exit(severity.exit_code)


def _as_json(settings: "Settings", found: "Sequence[Finding]", severity: "Severity") -> str:
    document = {
        "context": settings.context,
        "environment": settings.chosen.environment,
        "severity": severity.word,
        "exit_code": severity.exit_code,
        "checks": [
            {
                "name": each.item.name,
                "chapter": each.item.chapter,
                "verdict": each.severity.word,
                "expected": each.found.expected,
                "observed": each.found.observed,
                "details": list(each.found.details),
                "mended_by": each.mended_by or None,
            }
            for each in found
        ],
    }
    return json.dumps(document)


def _lines(settings: "Settings", found: "Sequence[Finding]", severity: "Severity") -> Iterator[str]:
    rows = [
        (each.item.name, each.severity.word.upper(), each.found.expected, each.found.observed, each.mended_by)
        for each in found
    ]
    yield from _table([_TITLES, *rows], max(_NARROWEST, shutil.get_terminal_size((140, 0)).columns))
    wrong = sum(bool(each.severity) for each in found)
    ready = f"{wrong} of {len(found)} aren't right" if wrong else f"all {len(found)} are right"
    yield f"{severity.word.upper()}: {settings.context} ({settings.chosen.environment}): {ready}"
    for runbook in dict.fromkeys(each.mended_by for each in found if each.mended_by):
        yield f"to mend it: opsconsole runbook run {runbook}"


def _table(rows: Sequence[tuple[str, ...]], cells: int) -> Iterator[str]:
    """The rows in columns two cells apart; the sentences of the third and the fourth are wrapped to fit."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(_TITLES))]
    sentences = max(2 * _LEAST, cells - 2 * (len(widths) - 1) - sum(widths) + widths[2] + widths[3])
    widths[2], widths[3] = sentences // 2, sentences - sentences // 2
    for row in rows:
        wrapped = [textwrap.wrap(text, width) for text, width in zip(row, widths, strict=True)]
        for parts in zip_longest(*wrapped, fillvalue=""):
            shown = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
            yield "  ".join(shown).rstrip()
