"""`rollback`: the guided way back: what calls for it, which procedures there are, and runs of them. Thin.

Exit codes of `list`: 0 nothing calls for a rollback, 1 something does, 2 bad usage, 3 not all is known, and
nothing known does. Those of `run`: 0 passed, 1 failed or aborted, 2 bad usage, 3 a person is needed, or it
is refused.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import (
    Given,
    monitor_of,
    settings_of,
    tell_all,
    warn,
    with_json,
    with_settings,
)
from console.cli.runbook_drive import told_refusals, values_of, wheel_of, with_parameters

if TYPE_CHECKING:
    from console.cli.runbook_open import OpenRun
    from console.domain.rollback import Advice, Change, Drilled, Need, Rollbacks, Way
    from console.settings import Settings

PREFIX = "rollback_"
_PATIENCE = 10.0
"""Seconds that every source has to answer in."""


@click.group()
def rollback() -> None:
    """The way back from a deployment: what calls for it, what each procedure undoes and needs, and runs."""


@rollback.command("list")
@with_settings
@with_json
@click.pass_context
def list_(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Say what the guide recommends now, which run is open, and how each procedure stands: needs, losses,
    the last drill.
    """
    from console.cli.runbook_open import open_lines, open_runs  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    found, runs = and_runs(_looked(settings), open_runs(settings))
    if as_json:
        told = None if runs is None else [each.document for each in runs]
        tell_all([json.dumps({**_document(found), "open_runs": told}, default=str)])
    else:
        tell_all([*open_lines(runs or ()), *_lines(found)])
    sys.exit(exit_code(found))


@rollback.command()
@with_settings
@click.argument("name")
@with_parameters
@click.option("--dry-run", is_flag=True, help="Ask every check, do nothing, write nothing.")
@click.pass_context
def run(
    ctx: click.Context, /, *, name: str, parameters: tuple[str, ...], dry_run: bool, **given: Any
) -> None:
    """Begin the procedure NAME, as `rollback list` has it, and go on until a person is needed."""
    wheel = wheel_of(ctx, Given(**given))
    chosen = wheel.named(runbook_of(name))
    values = values_of(chosen, parameters)
    with told_refusals():
        sys.exit(wheel.walk(chosen, values) if dry_run else wheel.begin(chosen, values))


def exit_code(found: "Rollbacks") -> int:
    """What calls for a rollback counts before what nobody can tell."""
    if found.advice:
        return 1
    return 3 if found.unknown else 0


def and_runs(
    found: "Rollbacks", runs: "tuple[OpenRun, ...] | str"
) -> "tuple[Rollbacks, tuple[OpenRun, ...] | None]":
    """Both; runs that can't be read are one thing more that isn't known."""
    if isinstance(runs, str):
        return replace(found, unknown=(*found.unknown, f"open runs: {runs}")), None
    return found, runs


def runbook_of(name: str) -> str:
    """The runbook of a procedure that may be named without what all of them begin with."""
    return name if name.startswith(PREFIX) else f"{PREFIX}{name.replace('-', '_')}"


def _looked(settings: "Settings") -> "Rollbacks":
    from console.wiring.rollback import rollbacks  # noqa: PLC0415

    monitor = monitor_of(settings, once=True)
    try:
        asyncio.run(asyncio.wait_for(monitor.look_once(), _PATIENCE))
    except TimeoutError:
        warn(f"not everything has answered within {_PATIENCE:g} s: what it would say is told as unknown")
    return rollbacks(settings, monitor.assessment(), os.environ)


def _lines(found: "Rollbacks") -> Iterator[str]:
    yield from (line for one in found.advice for line in _advice_lines(one))
    if not found.advice:
        yield "nothing calls for a rollback, as far as it can be told"
    yield from (f"unknown        {words}" for words in found.unknown)
    yield f"deployed       {found.deployed}"
    yield from (f"changed        {line}" for line in _change_lines(found.changes[:5], found.at))
    for way in found.ways:
        yield ""
        yield from _way_lines(way, found.at)


def _advice_lines(one: "Advice") -> Iterator[str]:
    yield f"ADVISED        {one.action}: {one.condition}: {one.evidence}"
    if one.why_feature:
        yield f"feature        {one.feature or 'for you to say'}: {one.why_feature}"
    more = f" --set feature={one.feature}" if one.feature else ""
    yield f"begin by       opsconsole runbook run {one.runbook}{more}"


def _change_lines(changes: "Sequence[Change]", now: float) -> Iterator[str]:
    from console.domain.figures import seconds  # noqa: PLC0415

    for one in changes:
        yield f"{one.what}, by {one.by}, {seconds(max(0.0, now - one.at))} ago"


def _way_lines(way: "Way", now: float) -> Iterator[str]:
    yield f"{way.runbook}  {way.title}"
    yield from (f"  undoes       {words}" for words in way.undoes)
    yield from (f"  cannot       {words}" for words in way.cannot)
    yield from (f"  needs        {_need_words(need)}" for need in way.needs)
    if way.loses is not None:
        from console.domain.losses import lines_of  # noqa: PLC0415

        yield from (f"  loses        {line}" for line in lines_of(way.loses))
    if way.loses_unknown:
        yield f"  loses        not known: {way.loses_unknown}"
    yield f"  last drill   {_drill_words(way.drilled, now)}{', LATE' if way.late else ''}"
    if way.refusal:
        yield f"  REFUSED      {way.refusal}"
    values = "".join(f" --set {name}={value}" for name, value in way.values.items())
    yield f"  begin by     opsconsole rollback run {way.runbook.removeprefix(PREFIX)}{values}"


def _need_words(need: "Need") -> str:
    sign = {True: "", False: "LACKING: ", None: "UNKNOWN: "}[need.met]
    return f"{sign}{need.name}: {need.words}"


def _drill_words(drilled: "Drilled | None", now: float) -> str:
    from console.domain.figures import seconds  # noqa: PLC0415

    if drilled is None:
        return "never"
    ended = "passed" if drilled.passed else f"FAILED: {drilled.words}"
    ago = seconds(max(0.0, now - drilled.at))
    return f"{ago} ago under {drilled.scenario}, in {seconds(drilled.seconds)}, {ended}"


def _document(found: "Rollbacks") -> dict[str, Any]:
    """As one document; instants are in seconds since 1970, amounts are text."""
    return asdict(found)
