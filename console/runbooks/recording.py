"""What one driver writes of a run in the journal: an intent before each act, its outcome after it.

Law 1 decides where the journal can't be written: what doesn't raise the risk goes on, and `complaint` says
that the journal lacks it.
"""

from dataclasses import dataclass, field

from console.audit.actor import Actor
from console.audit.errors import JournalError
from console.audit.journal import Journal
from console.audit.open_intents import abandoned_intents, close, open_intents
from console.audit.record import Act, Record
from console.audit.redaction import Json
from console.runbooks.run import Run, State, StepRun


@dataclass(slots=True)
class Recording:
    """The records of `actor`; where one is `needed` and can't be written, JournalError says why."""

    journal: Journal
    actor: Actor
    complaint: str = ""
    _intents: dict[int, Record] = field(default_factory=dict)

    def intent(self, act: Act, *, needed: bool) -> int:
        """The journal's number for what is about to be done, 0 where it lacks that."""
        try:
            record = self.journal.intent(self.actor, act)
        except JournalError as error:
            self._complain(error, needed=needed)
            return 0
        self._intents[record.sequence] = record
        return record.sequence

    def outcome(self, number: int, done: bool | None, *, after: str, evidence: Json, needed: bool) -> None:
        """Close an intent once, also one of a process that is gone; what the journal lacks has no number."""
        if number <= 0:
            return
        try:
            intent = self._intents.get(number) or self._open(number)
            if intent is not None:
                close(self.journal, self.actor, intent, done, after=after, evidence=evidence)
        except JournalError as error:
            self._complain(error, needed=needed)

    def note(self, act: Act, *, needed: bool) -> None:
        """Write down what was decided, or seen, without an act."""
        try:
            self.journal.note(self.actor, act)
        except JournalError as error:
            self._complain(error, needed=needed)

    def taken_complaint(self) -> str:
        """What the journal lacks since it was asked last, in words."""
        complaint, self.complaint = self.complaint, ""
        return complaint

    def close_abandoned(self, run: Run) -> None:
        """Close what a driver on this host was killed at, but for what is running still."""
        done = ("runbook.start", f"runbook.{run.standing.value}")
        try:
            for intent in abandoned_intents(self.journal.folder, self.actor.host):
                if intent.target == run.id:
                    close(self.journal, self.actor, intent, True if intent.action in done else None)
                elif intent.target.startswith(f"{run.id}/"):
                    self._close_step(intent, run.step(intent.target.removeprefix(f"{run.id}/")))
        except JournalError as error:
            self._complain(error, needed=False)

    def _close_step(self, intent: Record, step: StepRun) -> None:
        if step.intent < intent.sequence:
            close(self.journal, self.actor, intent, False)  # its driver didn't come to begin it
        elif step.intent > intent.sequence:
            close(self.journal, self.actor, intent, None)
        elif step.state is not State.RUNNING:
            done = {State.PASSED: True, State.FAILED: False, State.PENDING: False}.get(step.state)
            close(self.journal, self.actor, intent, done, after=step.state.value)

    def _open(self, number: int) -> Record | None:
        opened = open_intents(self.journal.folder)
        return next((one for one in opened if one.sequence == number), None)

    def _complain(self, error: JournalError, *, needed: bool) -> None:
        if needed:
            raise error
        self.complaint = f"THE JOURNAL LACKS IT: {error}"
