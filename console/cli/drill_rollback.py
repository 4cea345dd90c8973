"""`drill rollback`: practise a way back on a paper engine, and put everything back; timed, and kept. Thin.

`drill back` puts back what a drill has left that was killed; the next drill does so first as well.

Exit codes: 0 passed, and all is as it was; 1 not; 2 bad usage, 3 not begun.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    from console.wiring.drills import Drill, Practised


@click.command("rollback")
@with_settings
@click.argument("name")
@click.option("--scenario", default="", metavar="S", help="What happens to the engine: `paper scenario`.")
@with_json
@click.pass_context
def drill_rollback(ctx: click.Context, /, *, name: str, scenario: str, as_json: bool, **given: Any) -> None:
    """Practise the rollback NAME on a paper engine: enter a scenario, go back, put everything as it was.

    Ctrl+C, SIGTERM or a lost terminal break it off: everything is put back all the same, and it counts as a
    drill that has not passed.
    """
    runbook = name if name.startswith("rollback_") else f"rollback_{name.replace('-', '_')}"
    with _drill(ctx, Given(**given), _tell_nothing if as_json else tell) as drill:
        done = drill.practise(runbook, scenario)
    tell_all(json.dumps(_document(done), indent=2).splitlines() if as_json else _lines(done))
    sys.exit(_told_left(done.left) or int(not done.drilled.passed))


@click.command("back")
@with_settings
@click.pass_context
def drill_back(ctx: click.Context, /, **given: Any) -> None:
    """Put back what a rollback drill has left that was killed: paper engine, code, flags, kill switch."""
    with _drill(ctx, Given(**given), tell) as drill:
        left = drill.put_back()
    if not left:
        tell("no drill has left anything" if left is None else "everything is as it was before the drill")
    sys.exit(_told_left(left or ()))


@contextmanager
def _drill(ctx: click.Context, options: Given, say: Callable[[str], None]) -> "Iterator[Drill]":
    """The drills of the context; why one can't be begun is one line, and exit code 3."""
    from console.runbooks.reading import RunbookError  # noqa: PLC0415
    from console.wiring.drill_ground import DrillError  # noqa: PLC0415
    from console.wiring.drills import Drill  # noqa: PLC0415
    from console.wiring.runbooks import REFUSED  # noqa: PLC0415

    settings = settings_of(ctx, options, context="paper")
    log_to(settings.state / "console.log")
    try:
        yield Drill(settings, say, config=options.over(ctx.find_root().obj or Given()).config)
    except (*REFUSED, DrillError, RunbookError, OSError) as error:
        fail(f"no drill: {str(error).splitlines()[0]}", 3)


def _told_left(left: tuple[str, ...]) -> int:
    """Say what isn't as it was, and how to end it; the exit code for that."""
    for each in left:
        warn(each)
    if left:
        warn("not everything is as it was: opsconsole drill back")
    return int(bool(left))


def _tell_nothing(_line: str) -> None:
    """Where one document is wanted, nothing is told on the way."""


def _lines(done: "Practised") -> Iterator[str]:
    drilled = done.drilled
    if done.run:
        yield f"report         opsconsole runbook report {done.run}"
    verdict = "PASSED" if drilled.passed else "FAILED"
    why = "" if drilled.passed else f": {drilled.words}"
    yield f"{verdict}: {done.runbook} under {drilled.scenario} in {drilled.seconds:.1f} s{why}"


def _document(done: "Practised") -> dict[str, Any]:
    return {"runbook": done.runbook, "run": done.run, **asdict(done.drilled), "left": list(done.left)}
