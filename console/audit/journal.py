"""The journal: append-only lines, each fsynced and chained to the one before, safe for many consoles at once.

An append either returns the record, which is then durable, or raises JournalError after a bounded wait for
the lock. What it does not bound is a disk that hangs: whoever can't wait appends in a thread of its own.
"""

import hashlib
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from console.audit.actor import Actor
from console.audit.anchors import AnchorFile
from console.audit.errors import AnchorError, JournalError
from console.audit.files import (
    LOCK,
    RESERVE,
    journal_file,
    make_folder,
    number_of,
    open_file,
    sync,
)
from console.audit.lock import held
from console.audit.points import Point, around, pass_by
from console.audit.record import MOST_BYTES, Act, Draft, Phase, Record, chained
from console.audit.redaction import Json, secret_values
from console.audit.reserve import Reserve
from console.audit.tail import Tail, read_tail
from console.domain.clock import Clock

SEAL = "journal.seal"
"""The action of the record that says: what stands before me was torn by a crash, and here is its hash."""
ROTATE = "journal.rotate"
"""The action of the first record of a further file; it names the file before."""

LARGEST = 16 * 1024 * 1024
"""Bytes after which a file is followed by another."""
WAIT = 1.0
"""Seconds that an append waits for other consoles."""


class Journal:
    """The journal in `folder`. Making one touches nothing; it may be used from several threads.

    `anchor` is told each head while the lock is held. `secrets` are values that never enter, by default those
    of the environment's variables that are named like secrets.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        point: Point = pass_by,
        *,
        anchor: AnchorFile | None = None,
        wait: float = WAIT,
        largest: int = LARGEST,
        secrets: Collection[str] | None = None,
    ) -> None:
        self.folder = folder
        self.complaint = ""
        """Why the last head could not be anchored; empty when it could."""
        self._clock = clock
        self._point = point
        self._anchor = anchor
        self._wait = wait
        self._largest = largest
        self._secrets = secret_values(os.environ) if secrets is None else secrets
        self._reserve = Reserve(folder / RESERVE, point)

    def prepare(self) -> None:
        """Make the folder and keep space in it, before there is a need; JournalError when that fails."""
        try:
            make_folder(self.folder, self._point)
        except OSError as error:
            raise self._unwritable(error) from error
        self._reserve.fill()

    def intent(self, actor: Actor, act: Act, *, guard: Callable[[], None] = lambda: None) -> Record:
        """Write down what is about to be done. Its sequence is the id by which it is closed.

        `guard` is called under the lock; what it raises goes through, and nothing is written.
        """
        return self._append(Draft(actor, act, Phase.INTENT), guard)

    def outcome(
        self,
        actor: Actor,
        intent: Record,
        done: bool | None,
        *,
        before: Json = None,
        after: Json = None,
        evidence: Json = None,
        guard: Callable[[], None] = lambda: None,
    ) -> Record:
        """Close `intent`: done, not done, or unknown (None). `after` is what was read back.

        `before` is what was there, where that wasn't any more what the intent has.
        `guard` is called under the lock; what it raises goes through, and nothing is written.
        """
        act = Act(
            context=intent.context,
            action=intent.action,
            target=intent.target,
            before=intent.before if before is None else before,
            after=after,
            reason=intent.reason,
            approval=intent.approval,
            evidence=evidence,
            drill=intent.drill,
        )
        phase = Phase.UNKNOWN if done is None else Phase.OUTCOME
        return self._append(Draft(actor, act, phase, intent.sequence, done), guard)

    def note(self, actor: Actor, act: Act, *, done: bool = True) -> Record:
        """Write down what has happened and had no intent, such as an arming, or failed to."""
        return self._append(Draft(actor, act, Phase.OUTCOME, done=done))

    def _append(self, draft: Draft, guard: Callable[[], None] = lambda: None) -> Record:
        try:
            make_folder(self.folder, self._point)
            with held(self.folder / LOCK, self._clock, self._wait, self._point):
                guard()
                record = self._write(draft)
                self._keep_head(record)
                self._reserve.fill()
        except OSError as error:
            raise self._unwritable(error) from error
        return record

    def _write(self, draft: Draft) -> Record:
        """Write `draft` after the last record; before it, what a crash or a full file asks for."""
        tail = read_tail(self.folder)
        file, descriptor = self._open(tail)
        try:
            drafts = [*self._seal(draft.actor, tail), *self._rotate(draft.actor, tail, file), draft]
            records, head = [], tail.head
            for one in drafts:
                records.append(chained(one, head, self._clock.wall(), self._secrets))
                head = records[-1].head
            text = b"".join(record.line + b"\n" for record in records)
            if len(text) > MOST_BYTES:
                raise JournalError(f"a record of {len(text)} bytes; at most {MOST_BYTES} are allowed")
            self._reserve.write(descriptor, text if tail.ended or file != tail.file else b"\n" + text)
            with around(self._point, "journal.fsync"):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if file != tail.last:
            with around(self._point, "journal.names"):
                sync(self.folder)
        return records[-1]

    def _open(self, tail: Tail) -> tuple[Path, int]:
        """The file that is appended to. One that a crash left unfinished isn't followed by another yet."""
        if tail.file is None:
            return self._created(journal_file(self.folder, 1))
        if tail.size >= self._largest and tail.ended and not tail.torn and tail.last == tail.file:
            # A large file is better than a record that isn't written.
            with suppress(OSError):
                sync(tail.file)  # whoever wrote its last record may have been killed before the fsync
                return self._created(journal_file(self.folder, number_of(tail.file) + 1))
        return tail.file, open_file(tail.file, os.O_WRONLY | os.O_APPEND)

    def _created(self, file: Path) -> tuple[Path, int]:
        with around(self._point, "journal.create"):
            return file, open_file(file, os.O_WRONLY | os.O_APPEND)

    def _seal(self, actor: Actor, tail: Tail) -> tuple[Draft, ...]:
        if tail.file is None or not tail.torn:
            return ()
        evidence: Json = {"bytes": len(tail.torn), "sha256": hashlib.sha256(tail.torn).hexdigest()}
        return (_of_journal(actor, SEAL, tail.file.name, evidence),)

    def _rotate(self, actor: Actor, tail: Tail, file: Path) -> tuple[Draft, ...]:
        if tail.last is None or tail.last == file:
            return ()
        evidence: Json = {"file": tail.last.name, "hash": tail.head.hash}
        return (_of_journal(actor, ROTATE, file.name, evidence),)

    def _keep_head(self, record: Record) -> None:
        if self._anchor is None:
            return
        try:
            self._anchor.keep(record.head)
            self.complaint = ""
        except AnchorError as error:
            self.complaint = str(error)

    def _unwritable(self, error: OSError) -> JournalError:
        return JournalError(f"the journal in {self.folder} can't be written: {error.strerror or error}")


def _of_journal(actor: Actor, action: str, target: str, evidence: Json) -> Draft:
    """What the journal says of itself."""
    return Draft(actor, Act("", action, target, evidence=evidence), Phase.OUTCOME, done=True)
