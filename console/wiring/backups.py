"""From settings to backups: where they are, whose book is backed up, and what is known around it then."""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from console.actions.backup.create import Around, Means, create
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup, Rehearsal, remove, remove_left
from console.actions.backup.losses import Comparisons, lost_since
from console.actions.backup.place import folder_of
from console.actions.backup.programs import programs_of
from console.actions.backup.rehearse import rehearse
from console.actions.backup.restore import Restores
from console.actions.database import Login, UnusableError
from console.actions.discarding import discard
from console.audit.actor import Actor, this_actor
from console.audit.errors import JournalError
from console.audit.open import folder_in, open_journal
from console.audit.record import Act
from console.audit.tail import read_tail
from console.domain.assessment import Assessment
from console.domain.backup import Exchange, Held, pruned
from console.domain.backup_progress import Progress
from console.domain.clock import SystemClock
from console.domain.engine_status import engine_status
from console.domain.foreign import visible
from console.domain.losses import Losses
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.host_lock import LockError, host_lock
from console.runbooks.checks.books import BooksAt, books_of, snapshot
from console.runbooks.checks.ledger import verify_ledger
from console.runbooks.sql_process import login_of
from console.runbooks.store import StoreError, store_of
from console.settings import Settings
from console.sources.errors import SourceError
from console.wiring import open_monitor
from console.wiring.run_guard import own_sources

_TIMEOUT = 10.0
"""Seconds for connecting, and for each statement that isn't about all of the book."""
_LOCK_WAIT = 1.0


def means_of(
    settings: Settings, tell: Callable[[Progress], None], environ: Mapping[str, str] = os.environ
) -> Means:
    """What the chosen context's backups are made and looked through with."""
    named = settings.chosen.backups
    return Means(SystemClock(), lambda: programs_of(named.dump, named.client), environ, tell)


def back_up(settings: Settings, means: Means) -> Backup:
    """Back up the chosen context's book; the journal then knows the manifest. Raises BackupError.

    Where the journal can't be written the backup is there all the same, and the error says so.
    """
    actor, monitor = this_actor(means.environ), open_monitor(settings, (), once=True)
    asyncio.run(monitor.look_once())
    around = _around(settings, actor, monitor.snapshot())
    made = create(_reading(settings, means), folder_of(settings), around, means)
    _note(settings, actor, "backup.create", made, f"manifest {made.digest}")
    return made


def rehearse_here(settings: Settings, backup: Backup, means: Means) -> tuple[Backup, Rehearsal]:
    """Rehearse a backup beside the chosen context's database: what came of it. Raises BackupError."""
    try:
        login = login_of(settings.chosen, means.environ, _TIMEOUT)
    except UnusableError as error:
        raise BackupError(str(error)) from None
    tried, rehearsal = rehearse(backup, login, means, _looked_through)
    words = "; ".join(rehearsal.problems) or "restored equal"
    _note(settings, this_actor(means.environ), "backup.rehearse", tried, words)
    return tried, rehearsal


def restores_of(settings: Settings, means: Means, live: Assessment) -> Restores:
    """Restores of the chosen context's book; `live` is how its sources stand. Raises BackupError."""
    clock, actor = means.clock, this_actor(means.environ)
    try:
        writing = login_of(settings.chosen, means.environ, _TIMEOUT)
    except UnusableError as error:
        raise BackupError(str(error)) from None
    return Restores(
        settings=settings,
        reading=_reading(settings, means),
        writing=writing,
        means=means,
        folder=folder_of(settings),
        journal=open_journal(settings.state, clock),
        actor=actor,
        around=_around(settings, actor, live.snapshot),
        asleep=own_sources(settings),
    )


def losses_of(
    settings: Settings,
    backup: Backup,
    environ: Mapping[str, str] = os.environ,
    seen: Snapshot | None = None,
    compared: Comparisons | None = None,
) -> Losses:
    """What would be lost by restoring a backup now; what can't be told is named, and nothing is raised.

    `seen` is how the context's sources stand, where somebody has looked; without it they are looked at. Rows
    are compared anew, but for what `compared` keeps.
    """
    if seen is None:
        monitor = open_monitor(settings, (), once=True)
        asyncio.run(monitor.look_once())
        seen = monitor.snapshot()
    exchange = seen.exchange.fresh(seen.at) if seen.exchange.configured else None
    doubt = "" if exchange is not None else f"the exchange: {_doubt_of(seen)}"
    means, at = means_of(settings, lambda _progress: None, environ), SystemClock().wall()
    try:
        told = lost_since(backup, _reading(settings, means), at, exchange, doubt, compared=compared)
    except BackupError as error:
        told = Losses(backup.name, backup.manifest.made, at, unknown=(f"the book: {error}",))
    whose = backup.manifest.context
    if whose == settings.context:
        return told
    return replace(told, unknown=(*told.unknown, f"the backup is of context {visible(whose)}"))


def _doubt_of(seen: Snapshot) -> str:
    """Why what the exchange holds isn't known."""
    return seen.exchange.doubt(seen.at) if seen.exchange.configured else "none is configured"


def beyond(settings: Settings, found: Sequence[Backup], now: float) -> tuple[Backup, ...]:
    """The context's backups that its settings don't keep at `now`; the newest restored equal always stays."""
    named, own = (
        settings.chosen.backups,
        [each for each in found if each.manifest.context == settings.context],
    )
    goes = pruned([each.manifest.made for each in own], now, keep=named.keep, days=named.days)
    good = [each for each in own if each.checked.rehearsal and not each.checked.rehearsal.problems]
    return tuple(each for each in own if each.manifest.made in goes and each not in good[:1])


def needed(
    settings: Settings, found: Iterable[Backup], environ: Mapping[str, str] = os.environ
) -> Mapping[str, str]:
    """The backups, by name, that an open run of the context may still restore or compare with, each with why.

    It is one that the run names, or was made since the run began. BackupError where nobody can tell.
    """
    if settings.runs is None and not (settings.state / "runs").exists():
        return {}
    try:
        runs = store_of(settings, environ).latest(settings.context)
    except StoreError as error:
        raise BackupError(f"whether a run needs a backup can't be told: {error}") from None
    why = {}
    for run in (run for run in runs if not run.standing.over):
        named = {Path(value).name.partition(".")[0] for value in run.values.values()}
        for each in found:
            if each.name in named or each.manifest.made >= run.began:
                why[each.name] = f"run {run.id} is open"
    return why


def remove_here(settings: Settings, goes: Sequence[Backup], left: Sequence[Path] = ()) -> None:
    """Remove backups, and files that are `left` of some, each after the journal knows of it.

    Raises JournalError and BackupError.
    """
    for each in goes:
        _removed(settings, each.file, f"manifest {each.digest}", partial(remove, each))
    if not left:
        return
    try:
        with host_lock(folder_of(settings) / ".lock", deadline=_LOCK_WAIT, clock=SystemClock()):
            for file in left:
                _removed(settings, file, "no manifest", partial(remove_left, file))
    except LockError as error:
        raise BackupError(str(error)) from None


def _removed(settings: Settings, file: Path, before: str, work: Callable[[], None]) -> None:
    journal, actor = open_journal(settings.state, SystemClock()), this_actor(os.environ)
    try:
        discard(journal, actor, Act(settings.context, "backup.remove", str(file), before=before), work)
    except (BackupError, OSError) as error:
        told = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        raise BackupError(f"{file}: {told.lower()}") from None


def _reading(settings: Settings, means: Means) -> Login:
    try:
        books = books_of(settings.chosen, means.environ)
    except SourceError as error:
        raise BackupError(str(error)) from None
    return Login(books.url, _TIMEOUT, books.password, books.ca_file, books.server)


def _around(settings: Settings, actor: Actor, seen: Snapshot) -> Around:
    """What the context's sources say; what they don't keeps no backup from being made."""
    return Around(
        context=settings.context,
        by=actor.user,
        engine=engine_status(seen).version,
        flags=_flags_text(settings.chosen.flags_file),
        journal=_journal_head(settings.state),
        exchange=_exchange(seen),
    )


def _flags_text(file: Path | None) -> str | None:
    try:
        return None if file is None else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _journal_head(state: Path) -> tuple[int, str] | None:
    try:
        tail = read_tail(folder_in(state))
    except OSError:
        return None
    return None if tail.last is None else (tail.head.sequence, tail.head.hash)


def _exchange(seen: Snapshot) -> Exchange:
    """What the exchange holds, where it says so now: no answer is no word on positions."""
    said = seen.exchange.fresh(seen.at)
    if said is None:
        return Exchange(unknown="the exchange has not answered")
    without = [venue.market for venue in said.venues if venue.positions is None]
    if without or not said.venues:
        return Exchange(unknown=f"no keys for {', '.join(without) or 'any market'}")
    return Exchange(
        tuple(
            Held(venue.market, position.symbol, position.quantity)
            for venue in said.venues
            for position in venue.positions or ()
            if position.quantity
        )
    )


def _looked_through(scratch: Login, at: float) -> tuple[str, ...]:
    """What is wrong with the book at a login, as of when it was backed up; warnings are not."""
    try:
        with snapshot(BooksAt(scratch.url, scratch.password, scratch.ca_file)) as connection:
            report = verify_ledger(connection, datetime.fromtimestamp(at))
    except SourceError as error:
        raise BackupError(str(error)) from None
    return tuple(
        f"{result.invariant.name}: {result.count or result.unknown}"
        for result in report.results
        if result.severity >= Severity.UNKNOWN
    )


def _note(settings: Settings, actor: Actor, action: str, backup: Backup, words: str) -> None:
    journal = open_journal(settings.state, SystemClock())
    act = Act(settings.context, action, f"{folder_of(settings)}/{backup.name}", reason=words)
    try:
        journal.note(actor, act)
    except JournalError as error:
        raise BackupError(f"{backup.name} is made, and the journal lacks it: {error}") from None
