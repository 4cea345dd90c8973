"""The command `backup`: copies of the engine's book, each of one instant, and what they are worth. Thin.

Exit codes: 0 done or sound, 1 something is wrong with a backup, 2 bad usage, 3 it could not be done.
"""

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from console.cli.backup_restore import restore
from console.cli.backup_told import ProgressLine, document_of, listed_line, losses_document, made_lines
from console.cli.command_line import (
    Given,
    fail,
    settings_of,
    tell,
    tell_all,
    warn,
    with_json,
    with_settings,
    with_yes,
)
from console.cli.deed import operator_here

if TYPE_CHECKING:
    from pathlib import Path

    from console.actions.backup.create import Means
    from console.actions.backup.folder import Backup
    from console.settings import Settings


@click.group()
def backup() -> None:
    """Copies of the engine's book, each of one instant: made, listed, verified, rehearsed, pruned."""


backup.add_command(restore)


@backup.command()
@with_settings
@click.pass_context
def create(ctx: click.Context, /, **given: Any) -> None:
    """Back up the book of the context, whole or not at all; the engine goes on meanwhile."""
    settings = settings_of(ctx, Given(**given))
    from console.wiring.backups import back_up  # noqa: PLC0415

    _end_in_order()
    with _told_errors(), _means(settings) as means:
        made = back_up(settings, means)
    tell_all(made_lines(made))


@backup.command("list")
@with_settings
@with_json
@click.pass_context
def list_(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Say which backups there are, how old and how large, verified and rehearsed or not."""
    settings = settings_of(ctx, Given(**given))
    found = _found(settings)
    for file in _left(settings):
        warn(f"{file} has no manifest, and is no backup: opsconsole backup prune removes it")
    if as_json:
        tell(json.dumps([document_of(each) for each in found]))
    else:
        tell_all([listed_line(each, time.time()) for each in found] or ["there is no backup"])


@backup.command()
@with_settings
@click.argument("name", metavar="[NAME|FILE]", default="")
@click.pass_context
def verify(ctx: click.Context, /, *, name: str, **given: Any) -> None:
    """Check a backup's files against its manifest, or those of every backup; 1 when one fails."""
    settings = settings_of(ctx, Given(**given))
    from console.actions.backup.rehearse import verify as verified  # noqa: PLC0415

    with _told_errors(), _means(settings) as means:
        looked_at = [verified(each, means) for each in _chosen(settings, name)]
    for each in looked_at:
        tell_all(f"{each.name}  {words}" for words in each.checked.problems or ("sound",))
    sys.exit(1 if any(each.checked.problems for each in looked_at) else 0)


@backup.command()
@with_settings
@click.argument("name", metavar="[NAME|FILE]", default="")
@click.pass_context
def rehearse(ctx: click.Context, /, *, name: str, **given: Any) -> None:
    """Restore a backup (the newest by default) into a scratch place, compare it, and drop it again."""
    settings = settings_of(ctx, Given(**given))
    from console.wiring.backups import rehearse_here  # noqa: PLC0415

    _end_in_order()
    with _told_errors(), _means(settings) as means:
        _require_operator(settings)
        tried, rehearsal = rehearse_here(settings, _chosen(settings, name)[0], means)
    tell_all(f"{tried.name}  {words}" for words in rehearsal.problems or ("restored equal",))
    tell(f"in {rehearsal.seconds:.1f} s")
    sys.exit(1 if rehearsal.problems else 0)


@backup.command()
@with_settings
@with_json
@click.argument("name", metavar="NAME|FILE")
@click.pass_context
def losses(ctx: click.Context, /, *, name: str, as_json: bool, **given: Any) -> None:
    """Say what restoring a backup would lose: rows, amounts, and what the exchange holds beyond it.

    1 where something of that can't be told.
    """
    settings = settings_of(ctx, Given(**given))
    from console.domain.losses import lines_of  # noqa: PLC0415
    from console.wiring.backups import losses_of  # noqa: PLC0415

    with _told_errors():
        told = losses_of(settings, _chosen(settings, name)[0])
    if as_json:
        tell(json.dumps(losses_document(told)))
    else:
        tell_all(lines_of(told))
    sys.exit(1 if told.unknown else 0)


@backup.command()
@with_settings
@with_yes
@click.pass_context
def prune(ctx: click.Context, /, *, yes: bool, **given: Any) -> None:
    """Remove the backups beyond those that the settings keep, and what is left of unfinished ones.

    The newest that was restored equal always stays, and what an open run needs.
    """
    settings = settings_of(ctx, Given(**given))
    from console.wiring.backups import beyond, needed, remove_here  # noqa: PLC0415

    aged, left = beyond(settings, _found(settings), time.time()), _left(settings)
    with _told_errors():
        why = needed(settings, aged) if aged else {}
        goes = [each for each in aged if each.name not in why]
        if yes and (goes or left):
            _require_operator(settings)
            remove_here(settings, goes, left)
    names = [*(each.name for each in goes), *(f"{file.name}, which has no manifest" for file in left)]
    told = [f"{'removed' if yes else 'would remove'} {name}" for name in names]
    told += [f"stays {name}: {words}" for name, words in why.items()]
    tell_all(told or ["nothing is beyond what the settings keep"])


def _found(settings: "Settings") -> "tuple[Backup, ...]":
    """The context's backups, the newest first; manifests that are none are told of.

    So is whose those are that are there, where none is the context's: it may have been called otherwise.
    """
    from console.actions.backup.folder import backups_in  # noqa: PLC0415
    from console.actions.backup.place import folder_of  # noqa: PLC0415
    from console.domain.foreign import visible  # noqa: PLC0415

    found, problems = backups_in(folder_of(settings))
    for problem in problems:
        warn(problem)
    own = tuple(each for each in found if each.manifest.context == settings.context)
    others = ", ".join(sorted({visible(each.manifest.context) for each in found}))
    if others and not own:
        warn(f"the backups in {folder_of(settings)} are of {others}, none is of {settings.context}")
    return own


def _left(settings: "Settings") -> "tuple[Path, ...]":
    """What is left there of backups that were never finished, or half removed."""
    from console.actions.backup.folder import left_in  # noqa: PLC0415
    from console.actions.backup.place import folder_of  # noqa: PLC0415

    return left_in(folder_of(settings), time.time())


def _chosen(settings: "Settings", name: str) -> "tuple[Backup, ...]":
    """The named backup, or all of them; there is at least one."""
    from console.actions.backup.folder import backup_named  # noqa: PLC0415
    from console.actions.backup.place import folder_of  # noqa: PLC0415

    found = (backup_named(folder_of(settings), name),) if name else _found(settings)
    if not found:
        fail("there is no backup", 3)
    return found


@contextmanager
def _means(settings: "Settings") -> "Iterator[Means]":
    """What backups are made with; how far it is, is told."""
    from console.domain.clock import SystemClock  # noqa: PLC0415
    from console.wiring.backups import means_of  # noqa: PLC0415

    line = ProgressLine(SystemClock())
    try:
        yield means_of(settings, line.look)
    finally:
        line.end()


def _end_in_order() -> None:
    """Have SIGTERM and a terminal that is lost end the command like Ctrl+C, which leaves nothing behind."""
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.default_int_handler)


def _require_operator(settings: "Settings") -> None:
    """What writes into the database, or takes backups away, takes an operator."""
    from console.domain.access import AccessError, Role  # noqa: PLC0415

    standing = operator_here(settings).standing
    if standing.role < Role.OPERATOR:
        raise AccessError(f"{standing}; it takes {Role.OPERATOR.word}")


@contextmanager
def _told_errors() -> Iterator[None]:
    """What could not be done is one line, and exit code 3."""
    from console.actions.backup.errors import BackupError  # noqa: PLC0415
    from console.audit.errors import JournalError  # noqa: PLC0415
    from console.domain.access import AccessError  # noqa: PLC0415

    try:
        yield
    except (AccessError, BackupError, JournalError) as error:
        fail(str(error), 3)
