"""`runbook`: procedures, and runs of them that survive this process. Thin.

Exit codes of a run: 0 passed, 1 failed or aborted, 2 bad usage, 3 a person is needed, or it is refused.
"""

import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, fail, log_to, settings_of, tell, tell_all, warn, with_settings

if TYPE_CHECKING:
    from console.domain.assessment import Assessment
    from console.domain.ledger import LedgerReport
    from console.runbooks.executor import Drive, World
    from console.runbooks.model import Ask, Found, Runbook
    from console.runbooks.reading import Known
    from console.runbooks.run import Run, StepRun, Task
    from console.runbooks.store import RunStore
    from console.settings import Settings

_WATCH = 0.5
"""Seconds between two looks of `watch`."""


@click.group()
def runbook() -> None:
    """Procedures step by step, each checked; a run survives the connection it was begun on."""


@runbook.command("list")
@with_settings
@click.pass_context
def list_(ctx: click.Context, /, **given: Any) -> None:
    """Say which runbooks there are, and the latest runs."""
    settings = settings_of(ctx, Given(**given))
    for file in sorted(_shipped().glob("*.yaml")):
        one = _runbook(file.stem)
        tell(f"{one.name:<24} {one.title}. {one.use}")
    with _told_errors():
        for run in _store(settings).latest(settings.context):
            tell(f"{run.id:<40} {run.standing.value}")


@runbook.command()
@with_settings
@click.argument("run_id", metavar="RUN")
@click.pass_context
def show(ctx: click.Context, /, *, run_id: str, **given: Any) -> None:
    """Say where a run stands, and all that was done."""
    settings = settings_of(ctx, Given(**given))
    with _told_errors():
        store = _store(settings)
        found = store.find(run_id)
        tell_all(_run_lines(found))
        for move in store.timeline(run_id):
            what = f"{move.step or 'the run'} {move.state}"
            tell(f"{_instant(move.at)} {what:<28} {move.words} ({move.by}) {move.digest}".rstrip())


@runbook.command()
@with_settings
@click.argument("name", metavar="NAME|FILE")
@click.option(
    "--set", "given_values", multiple=True, metavar="NAME=VALUE", help="A parameter, as often as needed."
)
@click.option("--dry-run", is_flag=True, help="Ask every check, do nothing, write nothing.")
@click.pass_context
def run(
    ctx: click.Context, /, *, name: str, given_values: tuple[str, ...], dry_run: bool, **given: Any
) -> None:
    """Begin a run, and go on until a person is needed."""
    settings, chosen = settings_of(ctx, Given(**given)), _runbook(name)
    try:
        values = chosen.values(dict(_pair(each) for each in given_values))
    except ValueError as error:
        fail("; ".join(str(error).splitlines()))
    if settings.chosen.environment not in chosen.environments:
        fail(f"{chosen.name} is for {', '.join(chosen.environments)}, not {settings.chosen.environment}", 3)
    if dry_run:
        sys.exit(_walk(settings, chosen, values))
    from console.runbooks.drivers import start  # noqa: PLC0415

    with _told_errors():
        _check_role(settings, chosen)
        drive = start(_world(settings), chosen, settings.context, values, secrets.token_hex(3))
        tell(f"run            {drive.run.id}")
        sys.exit(_told_end(drive, drive.go_on()))


@runbook.command()
@with_settings
@click.argument("run_id", metavar="RUN")
@click.option("--note", default="", metavar="TEXT", help="What the step asks to be written down.")
@click.option("--again", is_flag=True, help="Do the failed step again.")
@click.option("--skip", default="", metavar="REASON", help="Leave the step out, and why.")
@click.option("--take-over", default="", metavar="REASON", help="Drive it in place of who does now, and why.")
@click.pass_context
def resume(
    ctx: click.Context, /, *, run_id: str, note: str, again: bool, skip: str, take_over: str, **given: Any
) -> None:
    """Come back to a run: what was under way is settled first, then it goes on until a person is needed."""
    settings = settings_of(ctx, Given(**given))
    from console.runbooks.deciding import Decision, resume  # noqa: PLC0415

    with _told_errors():
        decision = Decision(note, again, skip)
        drive = _taken(settings, run_id, take_over)
        sys.exit(_told_end(drive, resume(drive, decision)))


@runbook.command()
@with_settings
@click.argument("run_id", metavar="RUN")
@click.option("--reason", required=True, help="Why, for the journal.")
@click.option("--take-over", default="", metavar="REASON", help="Drive it in place of who does now, and why.")
@click.pass_context
def abort(ctx: click.Context, /, *, run_id: str, reason: str, take_over: str, **given: Any) -> None:
    """End a run: what runs is ended, and what was done is undone where the runbook says how."""
    settings = settings_of(ctx, Given(**given))
    with _told_errors():
        drive = _taken(settings, run_id, take_over)
        drive.abort(reason)
        sys.exit(_told_end(drive, drive.go_on()))


@runbook.command()
@with_settings
@click.argument("run_id", metavar="RUN")
@click.pass_context
def watch(ctx: click.Context, /, *, run_id: str, **given: Any) -> None:
    """Follow a run that somebody else drives, until it is over or Ctrl+C."""
    settings, last = settings_of(ctx, Given(**given)), None
    with _told_errors():
        store = _store(settings)
        while last is None or not last.standing.over:
            now = store.find(run_id)
            for step in now.steps:
                if last is None or step != last.step(step.name):
                    _tell_step(step)
            last = now
            time.sleep(0 if now.standing.over else _WATCH)
        sys.exit(_end_of(last))


def _walk(settings: "Settings", chosen: "Runbook", values: Mapping[str, str]) -> int:
    from console.runbooks.dry_run import walked  # noqa: PLC0415

    for one in walked(chosen, values, _commands(settings), _checks(settings)):
        tell(f"{one.step.name:<14} {one.text}")
        tell(f"{'':<14} {one.act}")
        for word, found in [*(("before", each) for each in one.before), ("check", one.after)]:
            if found is not None:
                tell(f"{'':<14} {word}: {_answer(found)}")
    return 0


def _answer(found: "Found") -> str:
    word = {True: "passes", False: "does not hold", None: "unknown"}[found.passes]
    return f"{word}: expected {found.expected}; observed {found.observed}"


def _taken(settings: "Settings", run_id: str, reason: str) -> "Drive":
    from console.runbooks.drivers import take  # noqa: PLC0415
    from console.runbooks.reading import runbook_of  # noqa: PLC0415

    world = _world(settings)
    found = world.store.find(run_id)
    if found.context != settings.context:
        fail(f"run {run_id} is of the context {found.context}, not {settings.context}")
    chosen = runbook_of(found.text, f"run {run_id}", found.runbook, _known())
    _check_role(settings, chosen)
    return take(world, chosen, found, reason)


def _world(settings: "Settings") -> "World":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that is lost leaves nothing half done
    from console.audit.actor import this_actor  # noqa: PLC0415
    from console.audit.open import open_journal  # noqa: PLC0415
    from console.audit.redaction import secret_values  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415
    from console.runbooks.executor import World  # noqa: PLC0415

    clock = SystemClock()
    return World(
        store=_store(settings),
        journal=open_journal(settings.state, clock),
        actor=this_actor(os.environ),
        clock=clock,
        wait=time.sleep,
        folder=settings.state / "runs",
        commands=_commands(settings),
        checks=_checks(settings),
        secrets=secret_values(os.environ),
        tell=_tell_step,
    )


def _store(settings: "Settings") -> "RunStore":
    from console.runbooks.store import own_store  # noqa: PLC0415

    return own_store(settings.state)


def _commands(settings: "Settings") -> dict[str, tuple[str, ...]]:
    from console.runbooks.reading import COMMANDS  # noqa: PLC0415

    named = {name: getattr(settings.chosen.commands, name) for name in COMMANDS}
    return {name: tuple(arguments) for name, arguments in named.items() if arguments}


def _checks(settings: "Settings") -> "Mapping[str, Ask]":
    from console.runbooks.askable import checks_of  # noqa: PLC0415

    def live() -> "Assessment":
        import asyncio  # noqa: PLC0415

        from console.wiring import open_monitor  # noqa: PLC0415

        log_to(settings.state / "console.log")
        monitor = open_monitor(settings, (), once=True)
        asyncio.run(monitor.look_once())
        return monitor.assessment()

    def books() -> "LedgerReport":
        from console.domain.clock import SystemClock  # noqa: PLC0415
        from console.runbooks.checks.books import check_ledger  # noqa: PLC0415 (drivers)

        return check_ledger(settings, os.environ, SystemClock())

    return checks_of(live, books)


def _runbook(name: str) -> "Runbook":
    """A shipped runbook by its name, or one of the operator's own by its file."""
    from console.runbooks.reading import RunbookError, load_runbook  # noqa: PLC0415

    shipped = {file.stem: file for file in _shipped().glob("*.yaml")}
    file = Path(name) if name.endswith((".yaml", ".yml")) else shipped.get(name)
    if file is None:
        fail(f"there is no runbook {name}; allowed: {', '.join(sorted(shipped))}, or a file")
    try:
        return load_runbook(file, _known())
    except RunbookError as error:
        for problem in error.problems[:-1]:
            warn(problem)
        fail(error.problems[-1])


def _known() -> "Known":
    from console.runbooks.askable import ARGUMENTS  # noqa: PLC0415
    from console.runbooks.reading import Known  # noqa: PLC0415

    return Known(ARGUMENTS)


def _shipped() -> Path:
    from console.settings_memory import shipped_configs  # noqa: PLC0415

    return shipped_configs() / "runbooks"


def _check_role(settings: "Settings", chosen: "Runbook") -> None:
    """What lowers the risk needs no role; anything else takes an operator."""
    from console.cli.deed import operator_here  # noqa: PLC0415
    from console.domain.access import Role  # noqa: PLC0415
    from console.runbooks.model import Risk  # noqa: PLC0415

    standing = operator_here(settings).standing
    if chosen.risk is not Risk.LOWERS and standing.role < Role.OPERATOR:
        fail(f"{standing}; it takes {Role.OPERATOR.word}", 3)


@contextmanager
def _told_errors() -> Iterator[None]:
    """What is refused or can't be kept is one line, and exit code 3."""
    from console.audit.errors import JournalError  # noqa: PLC0415
    from console.domain.access import AccessError  # noqa: PLC0415
    from console.runbooks.reading import RunbookError  # noqa: PLC0415
    from console.runbooks.run import MoveError  # noqa: PLC0415
    from console.runbooks.store import StoreError  # noqa: PLC0415

    try:
        yield
    except (AccessError, JournalError, MoveError, StoreError) as error:
        fail(str(error), 3)
    except RunbookError as error:  # of the text that a run keeps, which an older console took
        fail(error.problems[0], 3)


def _told_end(drive: "Drive", task: "Task") -> int:
    from console.runbooks.deciding import options  # noqa: PLC0415
    from console.runbooks.model import filled  # noqa: PLC0415
    from console.runbooks.run import Next  # noqa: PLC0415

    if task.next is Next.ASK:
        tell(filled(drive.runbook.step(task.step).text, drive.run.values))
        tell(f"A PERSON IS NEEDED at {task.step}: {options(drive, task)}")
        return 3
    tell(drive.run.standing.value.upper())
    return _end_of(drive.run)


def _end_of(run: "Run") -> int:
    from console.runbooks.run import Standing  # noqa: PLC0415

    return 0 if run.standing is Standing.PASSED else 1


def _run_lines(run: "Run") -> Iterator[str]:
    yield f"{run.id}  {run.standing.value}, driven by {run.driver}, began {_instant(run.began)}"
    for step in run.steps:
        yield f"{step.name:<20} {step.state.value:<8} {step.words}"
        yield from (f"{'':<20} {line}" for line in _kept_lines(step))


def _kept_lines(step: "StepRun") -> Iterator[str]:
    """What is kept with a step: the note, the check's expectation and details, the end of the output."""
    if step.note:
        yield f"note: {step.note}"
    if step.evidence:
        seen = json.loads(step.evidence)
        yield f"expected: {seen['expected']}"
        yield from seen["details"]
    yield from (f"| {line}" for line in step.output.splitlines()[-10:])


def _tell_step(step: "StepRun") -> None:
    tell(f"{step.name:<20} {step.state.value:<8} {step.words}")


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        fail(f"--set {text}: a parameter is NAME=VALUE")
    return name, value


def _instant(at: float) -> str:
    from console.audit.record import iso_time  # noqa: PLC0415

    return f"{iso_time(at)[:19]}Z"
