"""From settings to runs: which runbooks there are, where runs are kept, and what they are driven with.

Both faces come through here, so that a run is the same whoever drives it.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from console.actions.backup.folder import Backup, backups_in
from console.actions.backup.place import folder_of
from console.actions.roles import roles_in, this_person
from console.audit.actor import this_actor
from console.audit.errors import JournalError
from console.audit.open import open_journal
from console.audit.redaction import secret_values
from console.domain.access import AccessError, Role
from console.domain.assessment import Assessment
from console.domain.clock import Clock, SystemClock
from console.runbooks import drivers
from console.runbooks.acts import COMMANDS, Program
from console.runbooks.askable import ARGUMENTS, Surroundings, checks_of
from console.runbooks.checks import deployment, rollback
from console.runbooks.dry_run import Walked, walked, would
from console.runbooks.executor import Drive
from console.runbooks.model import Ask, Kind, Risk, Runbook
from console.runbooks.reading import Known, RunbookError, load_runbook, runbook_of
from console.runbooks.run import MoveError, Run, StepRun
from console.runbooks.store import StoreError, store_of
from console.runbooks.unread import end_unread, not_undone
from console.runbooks.watch_length import short_watches, takes_short_watches
from console.runbooks.world import World
from console.settings import Settings
from console.settings_memory import shipped_configs
from console.wiring import open_monitor
from console.wiring.paper_commands import paper_commands
from console.wiring.run_guard import Armed, run_guard
from console.wiring.surroundings import surroundings_of

if TYPE_CHECKING:
    from console.domain.losses import Losses

REFUSED = (AccessError, JournalError, MoveError, StoreError)
"""What says in one line that something about a run is refused, or can't be kept."""
KNOWN = Known({**ARGUMENTS, **deployment.ARGUMENTS, **rollback.ARGUMENTS})
"""What every runbook may name."""


class NoRunbookError(LookupError):
    """There is no runbook of that name; the message is one line that names those which are there."""


def runbook_files(settings: Settings) -> Mapping[str, Path]:
    """The runbooks' files, sorted by name; one of the operator's own stands in place of a shipped one."""
    folders = [shipped_configs() / "runbooks", *([settings.runbooks] if settings.runbooks else [])]
    found = {file.stem: file for folder in folders for file in folder.glob("*.yaml")}
    return dict(sorted(found.items()))


def runbook_named(settings: Settings, name: str) -> Runbook:
    """A runbook by its name, or one by its file. Raises NoRunbookError, and RunbookError for its mistakes."""
    files = runbook_files(settings)
    file = Path(name) if name.endswith((".yaml", ".yml")) else files.get(name)
    if file is None:
        raise NoRunbookError(f"there is no runbook {name}; allowed: {', '.join(files)}, or a file")
    return with_newest_backup(load_runbook(file, KNOWN), settings)


def runbooks_of(settings: Settings) -> Mapping[str, Runbook | RunbookError]:
    """All runbooks by name, or what is wrong with one: a mistake in a file hides no other."""
    found: dict[str, Runbook | RunbookError] = {}
    for name, file in runbook_files(settings).items():
        try:
            found[name] = with_newest_backup(load_runbook(file, KNOWN), settings)
        except RunbookError as error:
            found[name] = error
    return found


def with_newest_backup(runbook: Runbook, settings: Settings) -> Runbook:
    """The runbook, whose parameters for a backup have by default the newest that was restored equal."""
    if not any(each.kind is Kind.BACKUP for each in runbook.parameters):
        return runbook
    newest = newest_rehearsed(backups_in(folder_of(settings))[0], settings.context)
    name = None if newest is None else newest.name
    return replace(
        runbook,
        parameters=tuple(
            replace(each, default=each.default or name) if each.kind is Kind.BACKUP else each
            for each in runbook.parameters
        ),
    )


def newest_rehearsed(found: Sequence[Backup], context: str) -> Backup | None:
    """Of a context's backups, the newest first, that which was restored equal last."""
    for each in found:
        rehearsal = each.checked.rehearsal
        if each.manifest.context == context and rehearsal is not None and not rehearsal.problems:
            return each
    return None


def runbook_of_run(run: Run) -> Runbook:
    """The runbook whose text a run keeps. RunbookError where an older console took what this one doesn't."""
    return runbook_of(run.text, f"run {run.id}", run.runbook, KNOWN)


def walk_through(world: World, runbook: Runbook, values: Mapping[str, str]) -> Iterator[Walked]:
    """Each step with what its act would do, and what its checks say now; nothing is done or written."""
    return walked(
        runbook,
        values,
        world.checks,
        commands=world.commands,
        program=world.program,
        environment=world.environment,
        now=world.clock.wall(),
    )


def begin_run(settings: Settings, world: World, runbook: Runbook, values: Mapping[str, str]) -> Drive:
    """Begin a run and drive it; `values` are those of `Runbook.values`.

    Raises AccessError where it may not be run here, or would watch for too short a time, and what
    `drivers.start` does.
    """
    check_may_run(settings, runbook)
    short = short_watches(runbook, values)
    if short and not takes_short_watches(runbook, settings.chosen.environment):
        raise AccessError(f"not begun: {'; '.join(short)}")
    return drivers.start(world, runbook, settings.context, values, token_hex(3))


def take_run(settings: Settings, world: World, run_id: str, reason: str = "") -> Drive:
    """Drive a run that nobody drives any more, or, with a `reason`, take it over.

    Raises AccessError and RunbookError as above, StoreError where it is another context's, and what
    `drivers.take` does.
    """
    run = _run_here(settings, world, run_id)
    runbook = runbook_of_run(run)
    check_may_run(settings, runbook)
    return drivers.take(world, runbook, run, reason)


def end_unread_run(
    settings: Settings, world: World, run_id: str, reason: str, take_over: str = ""
) -> tuple[Run, str]:
    """End a run whose runbook can't be read any more; answers what of it isn't undone, in words.

    Nobody can tell that it only lowers the risk. Raises AccessError where this person is no operator,
    StoreError where it is another context's, and what `end_unread` does.
    """
    run = _run_here(settings, world, run_id)
    _check_operator(settings)
    return end_unread(world, run, reason, take_over), not_undone(run)


def check_may_run(settings: Settings, runbook: Runbook) -> None:
    """AccessError where the runbook isn't for this environment, or this person may not run it.

    What lowers the risk needs no role; anything else takes an operator.
    """
    environment = settings.chosen.environment
    if environment not in runbook.environments:
        raise AccessError(f"{runbook.name} is for {', '.join(runbook.environments)}, not {environment}")
    if runbook.risk is not Risk.LOWERS:
        _check_operator(settings)


def _check_operator(settings: Settings) -> None:
    standing = roles_in(settings.chosen).standing(this_person())
    if standing.role < Role.OPERATOR:
        raise AccessError(f"{standing}; it takes {Role.OPERATOR.word}")


def _run_here(settings: Settings, world: World, run_id: str) -> Run:
    """A run of the chosen context; StoreError for another's."""
    run = world.store.find(run_id)
    if run.context != settings.context:
        raise StoreError(f"run {run_id} is of the context {run.context}, not {settings.context}")
    return run


def world_of(
    settings: Settings,
    *,
    tell: Callable[[StepRun], None],
    config: Path | None = None,
    armed: Armed | None = None,
    clock: Clock | None = None,
    environ: Mapping[str, str] = os.environ,
) -> World:
    """What runs of the chosen context are driven with; `tell` is told every move of a step.

    `config` is the settings file where one was named, `armed` how acts that raise the risk are armed: by
    default for themselves. StoreError where runs can't be kept. It blocks: a screen drives in a thread.
    """
    clock = clock or SystemClock()
    around = surroundings_of(settings, environ, clock)
    commands, program = commands_of(settings), program_of(settings, config)
    live, does = partial(_look, settings, environ, clock), partial(would, commands=commands, program=program)
    guard = run_guard(settings, clock, environ, live=live, would=does, armed=armed)
    return World(
        store=store_of(settings, environ),
        journal=open_journal(settings.state, clock),
        actor=this_actor(environ),
        clock=clock,
        wait=time.sleep,
        folder=settings.state / "runs",
        environment=settings.chosen.environment,
        program=program,
        commands=commands,
        checks=checks_of_context(settings, environ, clock, around),
        permit=guard.permit,
        override=guard.override,
        secrets=secret_values(environ),
        tell=tell,
        let_go=around.let_go,
    )


def program_of(settings: Settings, config: Path | None) -> Program:
    """How this program is called again for the context; `config` is the settings file where one was named."""
    two_person = settings.chosen.access.two_person
    return Program(settings.context, settings.state, config and config.absolute(), two_person)


def commands_of(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """The argument lists of the chosen context that a runbook may run, by name."""
    named = {name: getattr(settings.chosen.commands, name) for name in COMMANDS}
    own = {name: tuple(arguments) for name, arguments in named.items() if arguments}
    return {**paper_commands(settings.chosen), **own}


def checks_of_context(
    settings: Settings,
    environ: Mapping[str, str] = os.environ,
    clock: Clock | None = None,
    around: Surroundings | None = None,
) -> Mapping[str, Ask]:
    """The checks by name; each asks the context's surfaces, or those `around`, anew, and blocks meanwhile."""
    clock = clock or SystemClock()
    deployed = deployment.deployment_checks(settings, environ, clock, commands_of(settings))
    around = around or surroundings_of(settings, environ, clock)
    asked = rollback.Asked(
        settings, environ, around.look, folder_of(settings), partial(_losses, settings, environ)
    )
    return {**checks_of(around), **deployed, **rollback.rollback_checks(asked)}


def _losses(settings: Settings, environ: Mapping[str, str], backup: Backup) -> "Losses":
    from console.wiring.backups import losses_of  # noqa: PLC0415 (only a restore asks)

    return losses_of(settings, backup, environ)


def _look(settings: Settings, environ: Mapping[str, str], clock: Clock) -> Assessment:
    """How things stand, looked at anew."""
    monitor = open_monitor(settings, (), clock=clock, environ=environ, once=True)
    asyncio.run(monitor.look_once())
    return monitor.assessment()
