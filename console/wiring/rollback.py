"""The guided way back of one context, as it stands now: what calls for it, and what each procedure needs."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from console.actions.backup.folder import Backup, backups_in
from console.actions.backup.losses import Comparisons
from console.actions.backup.place import folder_of
from console.actions.drills import drills_in, is_late
from console.actions.releases.code import code_of
from console.actions.releases.errors import ReleaseError
from console.actions.rollout.dialect import dialect_of
from console.actions.rollout.history import changes
from console.audit.errors import JournalError
from console.audit.files import journal_files, lines
from console.audit.open import folder_in
from console.audit.record import Phase, Record, RecordError, read_line
from console.domain.access import AccessError
from console.domain.assessment import Assessment
from console.domain.clock import Clock, SystemClock
from console.domain.figures import seconds
from console.domain.losses import Losses
from console.domain.rollback import PROCEDURES, Advice, Change, Drilled, Need, Rollbacks, Way, short_name
from console.domain.rollback_advice import advised as advised_by
from console.domain.rollback_advice import feature_to_lower, trading_features, untold
from console.runbooks.checks.engine_processes import processes_ended
from console.runbooks.drivers import check_commands
from console.runbooks.model import Kind, Risk, Runbook
from console.runbooks.reading import RunbookError
from console.runbooks.run import MoveError
from console.settings import Settings
from console.wiring.backups import losses_of
from console.wiring.releases import standing_of
from console.wiring.runbooks import (
    NoRunbookError,
    check_may_run,
    commands_of,
    newest_rehearsed,
    runbook_named,
)

MOST_CHANGES = 20
"""Of the latest."""
LOSSES_STAND = 30.0
"""Seconds for which what a restore would lose isn't added up again."""
_OTHERS = ("release.", "backup.restore", "kill.trip", "kill.reset", "runbook.passed")
"""How the actions begin that changed something, besides those of the flags file."""
_MARKS = tuple(f'"action":"{name}'.encode() for name in _OTHERS)
_REFUSED = "; what lowers the risk waits for nobody: opsconsole kill trip, opsconsole engine stop"


class Kept:
    """What is kept from one look at a context to the next: the latest losses and changes, no more."""

    def __init__(self) -> None:
        self._losses: tuple[str, float, Losses] | None = None
        self.compared = Comparisons()
        self._changes: tuple[Mapping[str, int], tuple[Change, ...]] | None = None

    def losses(self, digest: str, clock: Clock, find: Callable[[], Losses]) -> Losses:
        """What restoring the backup of this manifest would lose, as it was told lately, or is found now."""
        kept = self._losses
        if kept is None or kept[0] != digest or clock.now() - kept[1] > LOSSES_STAND:
            losses = find()  # it may take longer than it then stands
            kept = self._losses = digest, clock.now(), losses
        return kept[2]

    def changes(self, settings: Settings) -> tuple[tuple[Change, ...], tuple[str, ...]]:
        """What the journal has of changes, the newest first; and why it can't be read."""
        folder = folder_in(settings.state)
        try:
            sizes = {file.name: file.stat().st_size for file in journal_files(folder)}
            if self._changes is None or self._changes[0] != sizes:
                self._changes = sizes, _changes(folder, settings.context)
        except (JournalError, OSError) as error:
            return (), (f"what was changed last: {error}",)
        return self._changes[1], ()


def rollbacks(
    settings: Settings,
    live: Assessment,
    environ: Mapping[str, str] = os.environ,
    *,
    clock: Clock | None = None,
    kept: Kept | None = None,
) -> Rollbacks:
    """Everything that is known of the ways back. It blocks, as databases and disks do.

    What can't be told is in it, and a procedure whose file has a mistake is refused with that.
    """
    clock, kept = clock or SystemClock(), kept or Kept()
    latest, trouble = kept.changes(settings)
    advice = _advice(settings, live, latest)
    feature = next((one.feature for one in advice if one.feature), "")
    feature = feature or feature_to_lower(_trading(settings, live), latest)[0]
    ground = _Ground(settings, live, environ, clock, kept=kept, feature=feature)
    names = dict.fromkeys([*(one.runbook for one in advice if one.runbook in PROCEDURES), *PROCEDURES])
    return Rollbacks(
        at=clock.wall(),
        advice=advice,
        unknown=(*untold(live.triggers), *trouble, *ground.trouble),
        changes=latest[:MOST_CHANGES],
        deployed=_deployed(settings, live, environ),
        ways=tuple(ground.way(name) for name in names),
    )


def advised(settings: Settings, live: Assessment, kept: Kept | None = None) -> tuple[Advice, ...]:
    """What the guide's table says now; of the disk only the journal is read."""
    return _advice(settings, live, (kept or Kept()).changes(settings)[0])


class _Ground:
    """What all procedures are judged by, looked at once."""

    def __init__(
        self,
        settings: Settings,
        live: Assessment,
        environ: Mapping[str, str],
        clock: Clock,
        *,
        kept: Kept,
        feature: str,
    ) -> None:
        self._settings = settings
        self._live = live
        self._environ = environ
        self._clock = clock
        self._kept = kept
        self._commands = commands_of(settings)
        self._backup, self._rehearsed = _newest(settings)
        self._feature = feature
        self.trouble: tuple[str, ...] = ()
        self._drills: Mapping[str, Drilled] = {}
        try:
            self._drills = drills_in(settings.state)
        except (OSError, ValueError) as error:
            self.trouble = (f"drills can't be read: {error}",)

    def way(self, name: str) -> Way:
        """One procedure."""
        try:
            runbook = runbook_named(self._settings, name)
        except (NoRunbookError, RunbookError) as error:
            return Way(name, short_name(name), (), (), (), refusal=str(error).splitlines()[0])
        loses, unknown = self._loses() if _restores(runbook) else (None, "")
        drilled = self._drills.get(name)
        about = runbook.rollback
        return Way(
            runbook=name,
            title=runbook.title,
            undoes=() if about is None else about.undoes,
            cannot=() if about is None else about.cannot,
            needs=() if about is None else tuple(self._need(need) for need in about.needs),
            refusal=self._refusal(runbook),
            loses=loses,
            loses_unknown=unknown,
            drilled=drilled,
            late=is_late(drilled, self._clock.wall(), self._settings.chosen.drills.within),
            values=dict(self._values(runbook)),
        )

    def _values(self, runbook: Runbook) -> Iterator[tuple[str, str]]:
        for parameter in runbook.parameters:
            if parameter.name == "feature" and self._feature:
                yield "feature", self._feature
            elif parameter.kind is Kind.BACKUP and self._backup is not None:
                yield parameter.name, self._backup.name

    def _refusal(self, runbook: Runbook) -> str:
        try:
            check_may_run(self._settings, runbook)
            check_commands(runbook, self._commands)
        except (AccessError, MoveError) as error:
            return f"{error}{'' if runbook.risk is Risk.LOWERS else _REFUSED}"
        return ""

    def _loses(self) -> tuple[Losses | None, str]:
        backup = self._backup
        if backup is None:
            return None, "there is no backup"
        seen, compared = self._live.snapshot, self._kept.compared
        found = partial(losses_of, self._settings, backup, self._environ, seen, compared)
        return self._kept.losses(backup.digest, self._clock, found), ""

    def _need(self, name: str) -> Need:
        if name in ("start", "start_previous", "start_spot"):
            there = name in self._commands
            return Need(f"the command {name}", there, "it is there" if there else "the settings have none")
        asked = {
            "flags": self._of_flags,
            "exchange": self._of_exchange,
            "processes": self._of_processes,
            "release": self._of_release,
            "coin_files": self._of_coin_files,
            "backup": self._of_backup,
        }
        return asked[name]()

    def _of_flags(self) -> Need:
        status = self._live.rollout
        doubt = status.desired_doubt or ("" if status.flags else "not read")
        words = doubt or (status.flags.path if status.flags else "")
        return Need("the flags file", None if doubt else True, words)

    def _of_exchange(self) -> Need:
        state, at = self._live.snapshot.exchange, self._live.at
        usable = state.usable(at)
        return Need("the exchange", True if usable else None, "it answers" if usable else state.doubt(at))

    def _of_processes(self) -> Need:
        found = processes_ended(self._settings, self._environ)
        return Need("the engine's processes", None if found.passes is None else True, found.observed)

    def _of_release(self) -> Need:
        name = "a release to go back to"
        try:
            standing = standing_of(self._settings, self._environ)
        except ReleaseError as error:
            return Need(name, None, str(error))
        return Need(name, bool(standing.previous), standing.previous or standing.why)

    def _of_coin_files(self) -> Need:
        code = code_of(self._settings)
        named = "" if code is None else ", ".join(code.coin_files)
        words = named or "the settings name none under code: coin_files"
        return Need("the coin engine's files", bool(named), words)

    def _of_backup(self) -> Need:
        backup = self._backup
        if backup is None:
            return Need("a backup", False, "there is none: opsconsole backup create")
        age = f"{backup.name}, {seconds(max(0.0, self._clock.wall() - backup.manifest.made))} old"
        rehearsal = backup.checked.rehearsal
        if not self._rehearsed or rehearsal is None:
            return Need("a backup", False, f"the newest, {age}, was never rehearsed")
        ago = seconds(max(0.0, self._clock.wall() - rehearsal.at))
        return Need("a backup", True, f"{age}, rehearsed {ago} ago in {seconds(rehearsal.seconds)}")


def _restores(runbook: Runbook) -> bool:
    return any(parameter.kind is Kind.BACKUP for parameter in runbook.parameters)


def _newest(settings: Settings) -> tuple[Backup | None, bool]:
    """The backup that a restore would take, and whether it was restored equal before."""
    found, _ = backups_in(folder_of(settings))
    rehearsed = newest_rehearsed(found, settings.context)
    if rehearsed is not None:
        return rehearsed, True
    sound = (each for each in found if each.manifest.context == settings.context and not _is_wrong(each))
    return next(sound, None), False


def _is_wrong(backup: Backup) -> bool:
    rehearsal = backup.checked.rehearsal
    return bool(backup.checked.problems or (rehearsal is not None and rehearsal.problems))


def _advice(settings: Settings, live: Assessment, latest: Sequence[Change]) -> tuple[Advice, ...]:
    return advised_by(live.triggers, _trading(settings, live), latest)


def _trading(settings: Settings, live: Assessment) -> tuple[str, ...] | None:
    """The features that trade by the flags file; None where it doesn't say."""
    status = live.rollout
    if status.flags is None or status.desired_doubt:
        return None
    return trading_features(status.flags, dialect_of(settings.chosen))


def _deployed(settings: Settings, live: Assessment, environ: Mapping[str, str]) -> str:
    engine = live.engine
    up = "" if engine.uptime is None else f", up {seconds(engine.uptime)}"
    told = [f"engine {engine.version or 'of no known version'} in the mode {engine.mode or 'unknown'}{up}"]
    try:
        told.append(standing_of(settings, environ).now)
    except ReleaseError as error:
        told.append(f"release not known: {error}")
    trading = _trading(settings, live)
    told.append("which features trade isn't known" if trading is None else _trade(trading))
    return "; ".join(each for each in told if each)


def _trade(trading: Sequence[str]) -> str:
    return f"trading: {', '.join(trading)}" if trading else "no feature trades"


def _changes(folder: Path, context: str) -> tuple[Change, ...]:
    """Raises JournalError."""
    of_flags = [
        Change(one.at, one.user, one.words or one.feature, one.feature)
        for one in changes(folder, context)
        if one.done is not False
    ]
    others = [
        Change(datetime.fromisoformat(one.time).timestamp(), one.user, _what(one))
        for line in lines(folder)
        if any(mark in line.raw for mark in _MARKS) and (one := _done(line.raw, context)) is not None
    ]
    return tuple(sorted([*of_flags, *others], key=lambda one: one.at, reverse=True))


def _done(raw: bytes, context: str) -> Record | None:
    """The record, where it tells of something that was done in the context; it may have been, if unknown."""
    try:
        record = read_line(raw)
    except RecordError:
        return None  # `audit verify` names it
    told = record.phase is Phase.UNKNOWN or record.done is True
    return record if told and record.context == context and record.action.startswith(_OTHERS) else None


def _what(record: Record) -> str:
    if record.action == "runbook.passed":
        return f"run {record.target} passed"
    return f"{record.action.replace('.', ' ')} {record.target}".strip()
