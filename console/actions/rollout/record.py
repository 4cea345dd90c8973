"""A change of the flags file as the journal tells it: the intent with the gates' words, then the outcome."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from console.actions.approvals import in_journal
from console.actions.flags_file import Outcome, Written
from console.actions.rollout.history import LOWER, RAISE, Change, changes
from console.actions.rollout.look import Look, digest_of
from console.audit.actor import this_actor
from console.audit.errors import JournalError
from console.audit.open import open_journal
from console.audit.record import Act, Record
from console.domain.access import AccessError
from console.domain.approval import Consent
from console.domain.clock import Clock
from console.domain.gate import Gate
from console.domain.rollout.gates import Asked
from console.domain.rollout.plan import Direction, Plan
from console.patience import within

if TYPE_CHECKING:
    from console.audit.redaction import Json
    from console.settings import Settings

PATIENCE = 0.25
"""Seconds that the journal has before a change that lowers the risk goes on without it."""
LAST_PATIENCE = 1.0
"""Seconds that it has for what came of a change, after that was made."""


class _GivenUpError(Exception):
    """Nobody waits for this record any more."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a change: `plan` is what was written, or was to be, at `at` by the time of day.

    `unrecorded` is why it isn't in the journal, empty where it is; `sequence` is its number there.
    """

    plan: Plan
    outcome: Outcome
    at: float
    unrecorded: str = ""
    sequence: int | None = None

    @property
    def done(self) -> bool:
        return isinstance(self.outcome, Written)


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why a change is made: what was said, the gates as they stood, what a second person agreed to."""

    asked: Asked
    gates: Sequence[Gate] = ()
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class RolloutJournal:
    """The journal of one context's changes, as one person at one console writes it."""

    settings: "Settings"
    clock: Clock
    environ: Mapping[str, str]

    def intent(self, act: Act) -> Record:
        """Record what is about to be done. AccessError where that can't be written."""
        try:
            return self._append(act)
        except JournalError as error:
            raise AccessError(f"nothing is changed: {error}") from None

    def intent_in_time(self, act: Act) -> tuple[Record | None, str]:
        """The intent of what waits for no journal; or why there is none."""

        given_up = threading.Event()

        def still_wanted() -> None:
            if given_up.is_set():
                raise _GivenUpError

        def told() -> Record | str:
            try:
                return self._append(act, still_wanted)
            except JournalError as error:
                return str(error)
            except _GivenUpError:
                return ""

        answer = within(PATIENCE, told, "record a change")
        if isinstance(answer, Record):
            return answer, ""
        given_up.set()  # a record that is late is none, so that the outcome stands alone
        return None, answer or f"the journal doesn't answer within {PATIENCE:g} s"

    def closed(self, applied: Applied, intent: Record | None, act: Act) -> Applied:
        """Record what came of it, within a time; what was done stays done where that can't be written."""

        def told() -> Record | str:
            try:
                return self._close(applied, intent, act)
            except JournalError as error:
                return str(error)

        answer = within(LAST_PATIENCE, told, "record an outcome")
        if isinstance(answer, Record):
            return replace(applied, unrecorded="", sequence=answer.intent or answer.sequence)
        why = answer or f"the journal doesn't answer within {LAST_PATIENCE:g} s"
        return replace(applied, unrecorded=applied.unrecorded or why)

    def history(self) -> tuple[Change, ...]:
        """Every change, newest first. AccessError."""
        journal = open_journal(self.settings.state, self.clock)
        try:
            return changes(journal.folder, self.settings.context)
        except JournalError as error:
            raise AccessError(str(error)) from None

    def _append(self, act: Act, guard: Callable[[], None] = lambda: None) -> Record:
        journal = open_journal(self.settings.state, self.clock)
        return journal.intent(this_actor(self.environ), act, guard=guard)

    def _close(self, applied: Applied, intent: Record | None, act: Act) -> Record:
        journal, actor = open_journal(self.settings.state, self.clock), this_actor(self.environ)
        evidence = {**(act.evidence if isinstance(act.evidence, dict) else {}), **_told(applied.outcome)}
        before, after = plain(applied.plan.before), plain(applied.plan.wrote) if applied.done else None
        if intent is not None:
            return journal.outcome(actor, intent, applied.done, before=before, after=after, evidence=evidence)
        final = replace(act, before=before, after=after, evidence=evidence)
        return journal.note(actor, final, done=applied.done)


def action_of(plan: Plan) -> str:
    """The action under which the change stands in the journal, and is approved."""
    return RAISE if plan.direction is Direction.RAISES else LOWER


def act_of(context: str, plan: Plan, look: Look, grounds: Grounds) -> Act:
    """The change as it is recorded."""
    evidence: dict[str, Json] = {"operation": str(plan.operation), "seen": look.digest}
    if grounds.gates:
        evidence["gates"] = {gate.name: gate.words for gate in grounds.gates}
    if grounds.asked.override.strip():
        evidence["overridden"] = True
    return Act(
        context=context,
        action=action_of(plan),
        target=plan.operation.feature,
        before=plain(plan.before),
        after=plain(plan.wrote),
        reason=grounds.asked.reason.strip(),
        approval=None if grounds.consent is None else in_journal(grounds.consent),
        evidence=evidence,
    )


def plain(written: Mapping[str, object]) -> "Json":
    """Keys of a feature and their values as a journal holds them."""
    return {key: _json(value) for key, value in written.items()}


def _told(outcome: Outcome) -> "dict[str, Json]":
    if not isinstance(outcome, Written):
        return {"why": outcome.why}
    said: dict[str, Json] = {"seen": digest_of(outcome.before), "left": digest_of(outcome.after)}
    return {**said, "remark": outcome.remark} if outcome.remark else said


def _json(value: object) -> "Json":
    if isinstance(value, Mapping):
        return {str(key): str(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [str(each) for each in value]
    return value if isinstance(value, bool | int | str) else None
