"""A restore of a backup, from its gates to what came of it: everything is refused before anything is done.

Before the tables are touched, what stands in them is backed up too: a restore can be taken back by another.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions.approvals import in_journal
from console.actions.backup.create import Around, Means, create, database_of
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup
from console.actions.backup.put_back import LEFT_ALONE, Side, put_back, side_of
from console.actions.backup.rehearse import problems_of
from console.actions.backup.sums import lacking
from console.actions.backup.tables import columns_in
from console.actions.checkpoint import Operator, checkpoint_of
from console.actions.database import Login, UnusableError, connected
from console.actions.engine.processes import processes_of
from console.audit.actor import Actor
from console.audit.errors import JournalError
from console.audit.journal import Journal
from console.audit.points import Point, pass_by
from console.audit.record import Act, Record, iso_time
from console.domain.access import AccessError
from console.domain.approval import Consent, Deed
from console.domain.assessment import Assessment
from console.domain.foreign import visible
from console.domain.gate import Gate
from console.domain.restore_gates import Asked, Ended, Ground, restore_gates, still_gates
from console.domain.surfaces import Exchange, ServerIdentity
from console.sources.connections import checked_url, identity_of

if TYPE_CHECKING:
    from console.settings import Settings

ACTION = "backup.restore"
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it: `before` is the backup of what stood there, `kept` where the old tables are.

    `complaint` says what the journal lacks of it, if anything.
    """

    before: Backup
    kept: str
    complaint: str


@dataclass(frozen=True, slots=True)
class Restores:
    """Restores of one context's book, read by `reading` and written by `writing`.

    What stands there before is backed up into `folder`, wherever the backup lies that is restored.
    `asleep` are the sources that need no engine; only they have to be fresh, as none may live. `point` is
    passed between any two things that last.
    """

    settings: "Settings"
    reading: Login
    writing: Login
    means: Means
    folder: Path
    journal: Journal
    actor: Actor
    around: Around
    asleep: Collection[str]
    point: Point = pass_by

    @property
    def phrase(self) -> str:
        """What has to be typed."""
        return f"{self.settings.chosen.environment} {self.settings.context}"

    def deed(self, backup: Backup, asked: Asked) -> Deed:
        """What a restore would do, for a second person to agree to."""
        context, manifest = self.settings.context, backup.manifest
        tables = [name for name in manifest.tables if name not in LEFT_ALONE]
        what = (
            f"replace {', '.join(tables)} by the backup of {iso_time(manifest.made)[:19]}Z",
            f"manifest {backup.digest}",
            f"leave {', '.join(LEFT_ALONE)} as it is",
            "keep what stands there now, as a backup and as tables",
            *([f"reason: {asked.reason.strip()}"] if asked.reason.strip() else []),
        )
        return Deed(context, ACTION, f"{context} {backup.name}", what)

    def gates(self, backup: Backup, asked: Asked, who: Operator, live: Assessment) -> tuple[Gate, ...]:
        """Every gate in order, as it stands. Reads all of the backup, and asks the database."""
        own = restore_gates(asked, self._ground(backup, live))
        checkpoint = checkpoint_of(self.settings.chosen, self.means.clock)
        return checkpoint.gates(self.deed(backup, asked), who, self._asleep(live), own)

    def restore(
        self,
        backup: Backup,
        asked: Asked,
        who: Operator,
        live: Assessment,
        *,
        now: Callable[[], Assessment],
        approved: Callable[[], Consent] | None,
        begun: Callable[[Backup], None],
    ) -> Restored:
        """Do it, which takes as long as loading the backup; `begun` is told the backup of what stands there.

        `now` is how things stand once all is loaded: an engine that lives by then leaves it at that.
        `approved` takes the second person's consent, right before. Raises AccessError, of which RefusedError
        is one, before anything was done, and BackupError for what went wrong: then the tables are as before,
        unless it says otherwise.
        """
        gates = restore_gates(asked, self._ground(backup, live))
        deed = self.deed(backup, asked)
        checkpoint = checkpoint_of(self.settings.chosen, self.means.clock)
        consent = checkpoint.let_through(deed, who, self._asleep(live), gates, approved)
        try:
            before = create(self.reading, self.folder, self.around, self.means)
        except BackupError as error:
            raise AccessError(f"not restored: what stands there can't be backed up: {error}") from None
        begun(before)
        act = Act(
            self.settings.context,
            ACTION,
            backup.name,
            before=_named(before),
            after=_named(backup),
            reason=asked.reason,
            approval=None if consent is None else in_journal(consent),
            evidence={gate.name: gate.words for gate in gates},
        )
        return self._carried_out(backup, before, self._intended(act), now)

    def _intended(self, act: Act) -> Record:
        """Have the journal know what is about to be done. Raises AccessError."""
        try:
            intent = self.journal.intent(self.actor, act)
        except JournalError as error:
            raise AccessError(f"not restored: {error}") from None
        self.point("intent")
        return intent

    def _carried_out(
        self, backup: Backup, before: Backup, intent: Record, now: Callable[[], Assessment]
    ) -> Restored:
        """The restore itself, from the intent to its outcome. Raises BackupError."""
        try:
            kept, failure = (
                put_back(backup, self.writing, self.means, self.point, partial(self._still, now)),
                "",
            )
        except BackupError as error:
            kept, failure = "", str(error)
        side = self._side(before, backup) if failure else Side.NEW
        words = failure or f"the old tables are in {kept}"
        noted = self._noted(intent, side, words)
        if failure:
            told = "which tables stand there can't be told" if side is None else side.value
            raise BackupError("; ".join(part for part in (failure, told, noted) if part))
        return Restored(before, kept, noted)

    def _side(self, before: Backup, backup: Backup) -> Side | None:
        """Which tables stand there now, None where that can't be told."""
        try:
            return side_of(self.reading, before.manifest, backup.manifest)
        except BackupError:
            return None

    def _noted(self, intent: Record, side: Side | None, words: str) -> str:
        """Close the journal's intent by what stands there; what is wrong with the journal, in words."""
        done = None if side is None else side is Side.NEW
        try:
            self.journal.outcome(self.actor, intent, done, after=words)
        except JournalError as error:
            return f"THE JOURNAL LACKS IT: {error}"
        return ""

    def _ground(self, backup: Backup, live: Assessment) -> Ground:
        server, columns, lacks = self._database(backup)
        rehearsal, exchange = backup.checked.rehearsal, live.snapshot.exchange
        return Ground(
            manifest=backup.manifest,
            problems=(*problems_of(backup), *([lacks] if lacks else [])),
            rehearsed=None if rehearsal is None else rehearsal.problems,
            context=self.settings.context,
            server=server,
            database=database_of(self.reading),
            columns=columns,
            engine=live.engine,
            ended=self._ended(),
            kill=live.kill,
            exchange_age=exchange.age(live.at) if _holds(exchange.value) else None,
            phrase=self.phrase,
            exchange_doubt="" if exchange.usable(live.at) else exchange.doubt(live.at),
        )

    def _database(
        self, backup: Backup
    ) -> tuple[ServerIdentity | None, Mapping[str, tuple[str, ...]] | None, str]:
        """The database that answers now, the columns of its tables, and what it lacks to compare the backup.

        None for what it doesn't say.
        """
        try:
            with connected(self.reading) as connection:
                identity = identity_of(connection, checked_url(self.reading.url))
                return identity, columns_in(connection), lacking(connection, backup.manifest.format)
        except UnusableError:
            return None, None, ""

    def _ended(self) -> Ended:
        """Whether the engine's processes have ended, all that the context names and what they left."""
        told = processes_of(self.settings, self.means.environ)
        running = [f"process {each.pid} ({each.name}) lives" for each in (*told.found, *told.children)]
        words = running or told.doubts or told.over or ("no process runs",)
        return Ended(told.ended, visible("; ".join(words[:_MOST_NAMED])))

    def _still(self, now: Callable[[], Assessment]) -> None:
        """BackupError where an engine lives by now, or the kill switch isn't tripped any more."""
        live = now()
        for gate in still_gates(live.engine, self._ended(), live.kill):
            if gate.passes is not True:
                raise BackupError(f"{gate.name}: {gate.words}")

    def _asleep(self, live: Assessment) -> Assessment:
        """What is known without an engine: the guard asks no stopped one to be fresh."""
        return replace(live, sources=tuple(each for each in live.sources if each.name in self.asleep))


def _named(backup: Backup) -> str:
    return f"backup {backup.name}, manifest {backup.digest}"


def _holds(exchange: Exchange | None) -> bool:
    """Whether every market says what it holds."""
    venues = () if exchange is None else exchange.venues
    return bool(venues) and all(venue.positions is not None for venue in venues)
