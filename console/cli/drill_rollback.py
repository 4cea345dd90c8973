"""`drill rollback`: practise a way back on a paper engine, and put everything back; timed, and kept. Thin.

Exit codes: 0 passed, and all is as it was; 1 not; 2 bad usage, 3 not begun.
"""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import (
    Given,
    fail,
    log_to,
    settings_of,
    tell,
    tell_all,
    warn,
    with_json,
    with_settings,
)

if TYPE_CHECKING:
    from console.wiring.drills import Practised


@click.command("rollback")
@with_settings
@click.argument("name")
@click.option("--scenario", default="", metavar="S", help="What happens to the engine: `paper scenario`.")
@with_json
@click.pass_context
def drill_rollback(ctx: click.Context, /, *, name: str, scenario: str, as_json: bool, **given: Any) -> None:
    """Practise the rollback NAME on a paper engine: enter a scenario, go back, put everything as it was."""
    from console.runbooks.reading import RunbookError  # noqa: PLC0415
    from console.wiring.drill_ground import DrillError  # noqa: PLC0415
    from console.wiring.drills import Drill  # noqa: PLC0415
    from console.wiring.runbooks import REFUSED  # noqa: PLC0415

    options = Given(**given)
    settings = settings_of(ctx, options, context="paper")
    log_to(settings.state / "console.log")
    runbook = name if name.startswith("rollback_") else f"rollback_{name.replace('-', '_')}"
    try:
        drill = Drill(
            settings,
            _tell_nothing if as_json else tell,
            config=options.over(ctx.find_root().obj or Given()).config,
        )
        done = drill.practise(runbook, scenario)
    except (*REFUSED, DrillError, RunbookError) as error:
        fail(f"no drill: {str(error).splitlines()[0]}", 3)
    tell_all(json.dumps(_document(done), indent=2).splitlines() if as_json else _lines(done))
    for each in done.left:
        warn(each)
    sys.exit(0 if done.drilled.passed and not done.left else 1)


def _tell_nothing(_line: str) -> None:
    """Where one document is wanted, nothing is told on the way."""


def _lines(done: "Practised") -> list[str]:
    drilled = done.drilled
    verdict = "PASSED" if drilled.passed else f"FAILED: {drilled.words}"
    return [
        f"report         opsconsole runbook report {done.run}",
        f"{verdict}: {done.runbook} under {drilled.scenario} in {drilled.seconds:.1f} s",
    ]


def _document(done: "Practised") -> dict[str, Any]:
    return {"runbook": done.runbook, "run": done.run, **asdict(done.drilled), "left": list(done.left)}
